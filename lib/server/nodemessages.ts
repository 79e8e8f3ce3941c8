/**
 * Node's own request and response objects for one of our requests: what a `(req, res)` listener expects.
 *
 * nodeListener makes them. Frameworks set the prototypes of both (Express does) and look for what node:http documents and
 * for some of what it does not, so they are of Node's own classes, between which and our connection a StandInSocket
 * stands. This is the one file of landspout that touches node:http: its two classes are used as plain objects, nothing of
 * its server, parser or sockets; and it is loaded when the first listener is mounted, not before.
 *
 * What is ours is defined on the objects themselves, for a framework's prototype would hide it:
 *
 *     req._read                  Readable's hook: the reader wants more
 *     res.chunkedEncoding        always false: our server delimits the body
 *     res.writableNeedDrain      that of the socket
 */
import type * as http from "node:http";
import { CodedError } from "../base/errors.ts";
import type { BodyReader } from "./bodyreader.ts";
import type { Exchange } from "./exchange.ts";
import type { StandInSocket } from "./standinsocket.ts";

export type NodeRequest = http.IncomingMessage;
export type NodeResponse = http.ServerResponse;

/** What IncomingMessage has that its types leave out. */
interface Internals {
  _addHeaderLines(lines: string[], count: number): void;
}

const nothing = (): void => {};

/** What is ours of each response; the same functions for all, so that all have one shape. */
const ownProperties: PropertyDescriptorMap & ThisType<NodeResponse> = {
  // Our server writes what delimits the body.
  chunkedEncoding: { get: () => false, set: nothing },
  writableNeedDrain: {
    get() {
      return !this.destroyed && !this.writableEnded && this.socket?.writableNeedDrain === true;
    },
  },
};

let loaded: typeof http | null = null;

function nodeHttp(): typeof http {
  loaded ??= process.getBuiltinModule("node:http");
  return loaded;
}

/** Makes the request; its body is to be pushed by NodeBody, or by pushWhole(). */
export function makeNodeRequest(exchange: Exchange, socket: StandInSocket): NodeRequest {
  const { IncomingMessage } = nodeHttp();
  // Node's types want the socket of a network; its documentation any Duplex.
  const req = new IncomingMessage(
    socket as unknown as ConstructorParameters<typeof IncomingMessage>[0],
  );
  const minor = exchange.version === "HTTP/1.0" ? 0 : 1;
  req.method = exchange.method;
  req.url = exchange.uri;
  req.httpVersionMajor = 1;
  req.httpVersionMinor = minor;
  req.httpVersion = `1.${minor}`;
  const lines = fieldLines(exchange);
  (req as unknown as Internals)._addHeaderLines(lines, lines.length);
  req._read = nothing;
  return req;
}

/** Makes the response to a request. What is written to it goes to `socket`. */
export function makeNodeResponse(
  exchange: Exchange,
  req: NodeRequest,
  socket: StandInSocket,
): NodeResponse {
  const { ServerResponse } = nodeHttp();
  const res = new ServerResponse(req);
  Object.defineProperties(res, ownProperties);
  // For HTTP/1.0 too: Node is to say how long the body is if it knows that, and no more.
  res.useChunkedEncodingByDefault = true;
  res.shouldKeepAlive = exchange.keepAlive;
  socket.on("drain", () => {
    if (!res.destroyed && !res.writableEnded) res.emit("drain");
  });
  res.assignSocket(socket as unknown as Parameters<typeof res.assignSocket>[0]);
  return res;
}

/** Gives a request the body that is there already. */
export function pushWhole(req: NodeRequest, body: Buffer): void {
  if (body.length > 0) req.push(body);
  req.complete = true;
  req.push(null);
}

/** Gives a request its body as it comes. */
export class NodeBody implements BodyReader {
  readonly #req: NodeRequest;
  /** Lets the next piece come, once the listener has read what is there. */
  #release: (() => void) | null = null;

  constructor(req: NodeRequest) {
    this.#req = req;
    req._read = () => this.#goOn();
  }

  onBody(piece: Buffer): Promise<void> | undefined {
    // Destroyed: the listener wants no more. What still comes is dropped.
    if (this.#req.destroyed || this.#req.push(piece)) return undefined;
    return new Promise((resolve) => {
      this.#release = resolve;
    });
  }

  onBodyEnd(): undefined {
    this.#req.complete = true;
    // Its "end" comes with a later tick, when the connection knows that the body is whole: an answer before would close it.
    this.#req.push(null);
  }

  onBodyAborted(): void {
    this.#goOn();
    // After the connection has said why: by then it is known whether there is anything left to be cut off.
    process.nextTick(() => this.#req.destroy(abortedError()));
  }

  #goOn(): void {
    const release = this.#release;
    this.#release = null;
    release?.();
  }
}

/** What node:http destroys a request with whose client has gone. */
export function abortedError(): Error {
  const error: NodeJS.ErrnoException = new Error("aborted", {
    cause: new CodedError("ERR_HTTP_CONNECTION_CLOSED", "the client has closed the connection"),
  });
  error.code = "ECONNRESET";
  return error;
}

/** Names and values in turn. Names are spelled as HTTPHeaders spells them, lines of one name stand together. */
function fieldLines(exchange: Exchange): string[] {
  const { headers } = exchange;
  // A body that the server has decoded is not as long as was said; that there is one must still show.
  const isDecoded = headers.has("X-Consumed-Content-Encoding");
  const lines: string[] = [];
  for (const [name, value] of headers.getAll()) {
    if (isDecoded && name === "Content-Length") lines.push("Transfer-Encoding", "chunked");
    else lines.push(name, value);
  }
  return lines;
}
