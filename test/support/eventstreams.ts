/** Streams under test: a handler that opens one, a client that has its head, and what is read of it. */
import { CodedError } from "../../lib/base/errors.ts";
import { EventStream, type EventStreamOptions } from "../../lib/web/eventstream.ts";
import { RequestHandler } from "../../lib/index.ts";
import { deferred } from "./deferred.ts";
import type { RawClient } from "./rawclient.ts";
import { type ServerOptions, startServer } from "./servers.ts";

export const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/** A handler whose verb opens a stream and does something with it. */
export function streaming(
  work: (events: EventStream, handler: RequestHandler) => unknown,
  options: EventStreamOptions = {},
): typeof RequestHandler {
  return class extends RequestHandler {
    get() {
      return work(new EventStream(this, options), this);
    }
  };
}

/** A server with one stream that stays open, a client that has its head, and the stream. */
export async function openStream(
  options: EventStreamOptions = {},
  serverOptions: ServerOptions = {},
) {
  const made = deferred<EventStream>();
  const ended = deferred<void>();
  const Handler = streaming((events) => {
    made.resolve(events);
    return events.closed.finally(ended.resolve);
  }, options);
  const started = await startServer([["/", Handler]], serverOptions);
  const client = await started.connect();
  await client.send(GET);
  const head = await client.receives("\r\n\r\n");
  return { ...started, client, head, events: await made.promise, verbEnded: ended.promise };
}

/** "settled", or the code that a promise rejects with. */
export async function codeOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => "settled",
    (error: unknown) => (error instanceof CodedError ? error.code : error),
  );
}

/** The data of the next chunk. */
export async function chunk(client: RawClient): Promise<string> {
  const size = Number.parseInt(await client.receives("\r\n"), 16);
  const text = await client.receives(new RegExp(`^[^]{${size}}\r\n`));
  return Buffer.from(text.slice(0, -2), "latin1").toString();
}
