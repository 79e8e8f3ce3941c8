/**
 * inject(): asks an application without a socket.
 *
 *     const response = await inject(app, "/");
 *     const made = await inject(app, { path: "/posts", body: { title: "Tea" }, cookies: response.cookies });
 *
 * Nothing is a stand-in: the bytes of the request go through the addon's parser, the limits of the server, the router and
 * the handler, and those of the answer through the serializer and the send queue. Only the kernel's socket is left out: no
 * port is opened, and nothing is left that would hold the process.
 */
import type { IOStream } from "../net/iostream.ts";
import type { ResponseHead } from "../http/responsehead.ts";
import { InjectedHead, InjectedResponse } from "./injectedresponse.ts";
import { Injection } from "./injection.ts";
import { type InjectRequest, requestOf } from "./injectrequest.ts";
import { connectTo, type InjectTarget, LOCAL_IP } from "./memoryserver.ts";

/**
 * Sends one request on a connection of its own and reads the whole answer, whatever its status. Redirects are not followed,
 * bodies are not decompressed.
 *
 * @param target  an Application; whatever else HTTPServer takes; or an HTTPServer, for options of its own
 * @param request a path, a URL, or what to ask in full
 * @returns rejects with CodedError ERR_INJECT_TIMEOUT, ERR_INJECT_BROKEN if the connection ends before the answer does,
 *   ERR_SERVER_STOPPED; for what cannot be sent ERR_ARGUMENT_TYPE, ERR_ARGUMENT_RANGE, ERR_UNKNOWN_OPTION, ERR_OPTION_TYPE,
 *   ERR_OPTION_RANGE, HTTPInputError
 */
export async function inject(
  target: InjectTarget,
  request: string | URL | InjectRequest,
): Promise<InjectedResponse> {
  const { injection, head, name } = await asked(target, request);
  try {
    const pieces: Buffer[] = [];
    for await (const piece of injection.pieces()) pieces.push(piece);
    const { trailers, interim } = injection;
    return new InjectedResponse(name, head, interim, { body: Buffer.concat(pieces), trailers });
  } finally {
    injection.end();
  }
}

/** An answer that is read piece by piece: for await (const piece of it). */
export class InjectedStream extends InjectedHead implements AsyncIterable<Buffer> {
  readonly #injection: Injection;
  readonly #pieces: AsyncGenerator<Buffer, void, undefined>;

  /** @internal injectStream() makes them. */
  constructor(injection: Injection, head: ResponseHead) {
    super(head, injection.interim);
    this.#injection = injection;
    this.#pieces = injection.pieces();
  }

  /**
   * The next piece of the body, as it arrived; null at its end. Each has timeoutMs to come.
   *
   * @returns rejects with CodedError ERR_INJECT_TIMEOUT, ERR_INJECT_BROKEN
   */
  async read(): Promise<Buffer | null> {
    this.#injection.setTimer();
    try {
      const { value, done } = await this.#pieces.next();
      if (done === true) this.close();
      return done === true ? null : value;
    } catch (error) {
      this.close();
      throw error;
    } finally {
      this.#injection.stopTimer();
    }
  }

  /** Pieces, until the end. A loop that is left closes the connection. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined> {
    try {
      for (let next = await this.read(); next !== null; next = await this.read()) yield next;
    } finally {
      this.close();
    }
  }

  /** Closes the connection: the handler is told that its client has gone. */
  close(): void {
    this.#injection.end();
  }

  /** close(): at the end of the block that has it as `using`. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * As inject(), for answers that are looked at while they come: server-sent events, long downloads. It must be read to its
 * end, or closed.
 *
 * @returns settles with the head of the answer; rejects as inject() does
 */
export async function injectStream(
  target: InjectTarget,
  request: string | URL | InjectRequest,
): Promise<InjectedStream> {
  const { injection, head } = await asked(target, request);
  injection.stopTimer();
  return new InjectedStream(injection, head);
}

/** How injectConnection() connects. */
export interface InjectConnectionOptions {
  /** The address that the client is said to have. Default "127.0.0.1". */
  readonly remoteIp?: string | undefined;
}

/**
 * A connection without a socket, for bytes of the test's own: malformed requests, pipelined ones, other protocols.
 *
 * @returns the client's end, which the test closes
 * @throws CodedError ERR_ARGUMENT_TYPE, ERR_ARGUMENT_RANGE, ERR_SERVER_STOPPED; SystemError EMFILE
 */
export function injectConnection(
  target: InjectTarget,
  { remoteIp = LOCAL_IP }: InjectConnectionOptions = {},
): IOStream {
  return connectTo(target, remoteIp).stream;
}

interface Asked {
  readonly injection: Injection;
  readonly head: ResponseHead;
  readonly name: string;
}

async function asked(target: InjectTarget, given: string | URL | InjectRequest): Promise<Asked> {
  const request = await requestOf(given);
  const injection = new Injection(request, connectTo(target, request.remoteIp));
  try {
    injection.begin();
    return { injection, head: await injection.head(), name: request.name };
  } catch (error) {
    injection.end();
    throw error;
  }
}
