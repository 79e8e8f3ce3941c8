/**
 * An HTTPServer with a dispatcher of the test's own, for suites of the server floor.
 *
 *     await serving({ startRequest: answer("hello") }, {}, async ({ connect }) => { … });
 */
import type { BodyReader } from "../../lib/server/bodyreader.ts";
import type { Exchange, RequestDispatcher } from "../../lib/server/exchange.ts";
import { HTTPServer } from "../../lib/index.ts";
import { RawClient } from "../support/rawclient.ts";
import type { ServerOptions } from "../support/servers.ts";

export interface Serving {
  readonly server: HTTPServer;
  readonly port: number;
  connect(): Promise<RawClient>;
}

/** Serves while `test` runs. */
export async function serving(
  dispatcher: RequestDispatcher,
  options: ServerOptions,
  test: (serving: Serving) => Promise<void>,
): Promise<void> {
  const server = new HTTPServer(dispatcher, options).listen(0, "127.0.0.1");
  const { address } = server;
  const port = address !== null && "port" in address ? address.port : 0;
  const clients: RawClient[] = [];
  const connect = async (): Promise<RawClient> => {
    const client = await RawClient.connect({ port });
    clients.push(client);
    return client;
  };
  try {
    await test({ server, port, connect });
  } finally {
    for (const client of clients) client.destroy();
    server.closeAllConnections();
    await server.stop();
  }
}

/** Answers with a text and 200. */
export function answer(exchange: Exchange, text: string): void {
  if (exchange.isFinished) return;
  exchange.sendHead(200, "OK", "", Buffer.byteLength(text));
  exchange.write(text);
  exchange.finish();
}

/** Writes down what it is told: sizes of pieces, "end", "aborted CODE". */
export class Recorder implements BodyReader {
  readonly events: (number | string)[] = [];
  readonly pieces: Buffer[] = [];

  onBody(piece: Buffer): PromiseLike<unknown> | undefined {
    this.events.push(piece.length);
    this.pieces.push(piece);
    return undefined;
  }

  onBodyEnd(): PromiseLike<unknown> | undefined {
    this.events.push("end");
    return undefined;
  }

  onBodyAborted(error: Error): void {
    this.events.push(`aborted ${"code" in error ? String(error.code) : error.message}`);
  }

  get text(): string {
    return Buffer.concat(this.pieces).toString("latin1");
  }
}

/** Takes no piece before a promise has settled. */
export class SlowRecorder extends Recorder {
  readonly #gate: PromiseLike<unknown>;

  constructor(gate: PromiseLike<unknown>) {
    super();
    this.#gate = gate;
  }

  override onBody(piece: Buffer): PromiseLike<unknown> | undefined {
    super.onBody(piece);
    return this.#gate;
  }
}

/** A request with a body. */
export function post(fields: string, target = "/"): string {
  return `POST ${target} HTTP/1.1\r\nHost: a\r\n${fields}\r\n\r\n`;
}

/** Reads each body into the next of `readers`, then answers with what was read. */
export function reading(readers: Recorder[], make = () => new Recorder()): RequestDispatcher {
  const byExchange = new Map<Exchange, Recorder>();
  return {
    startBody(exchange) {
      const reader = make();
      readers.push(reader);
      byExchange.set(exchange, reader);
      exchange.bodyReader = reader;
    },
    startRequest(exchange) {
      const reader = byExchange.get(exchange);
      answer(exchange, reader === undefined ? "none" : JSON.stringify(reader.events));
    },
  };
}
