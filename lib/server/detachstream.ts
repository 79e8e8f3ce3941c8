/** detachStream(): the connection of a request as an IOStream, for protocols that begin as HTTP and go on otherwise. */
import { IOStream } from "../net/iostream.ts";
import type { IOStreamOptions } from "../net/iostreamoptions.ts";
import type { Exchange } from "./exchange.ts";

/**
 * Takes a request's connection away from HTTP. What the client has sent behind the head is read first. Nothing of a
 * response has been or will be sent; the stream's owner ends the connection, and its server no longer waits for it.
 *
 * @throws CodedError ERR_STATE as Exchange.detach() does, and nothing has changed; ERR_UNKNOWN_OPTION, …
 */
export function detachStream(exchange: Exchange, options: IOStreamOptions = {}): IOStream {
  const stream = IOStream.ofSlot(exchange, options, null);
  exchange.detach(IOStream.ownerOf(stream));
  return stream;
}
