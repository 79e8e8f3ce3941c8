/**
 * The app that other people's programs are set upon: who asks, large bodies both ways in a checkable pattern, a WebSocket that
 * echoes, an answer that waits. For the tests of this folder.
 */
import { createHash, type Hash } from "node:crypto";
import { RequestHandler, WebSocketHandler } from "../../lib/index.ts";
import { type Deferred, deferred } from "../support/deferred.ts";
import type { Routes } from "../support/servers.ts";

const PIECE_BYTES = 64 * 1024;

/** GET: who asks, by what, over which version, and for which host. */
class Whom extends RequestHandler {
  get() {
    const { remoteIp, protocol, version, host } = this.request;
    this.write({ remoteIp, protocol, version, host });
  }
}

class Hello extends RequestHandler {
  get() {
    this.write("Hello, world");
  }
  head() {
    this.get();
  }
}

/** POST or PUT: how many bytes the body has, and their hash. It is read piece by piece. */
class Taken extends RequestHandler {
  static override readonly streamRequestBody = true;
  readonly #hash: Hash = createHash("sha256");
  #bytes = 0;

  override dataReceived(piece: Buffer) {
    this.#hash.update(piece);
    this.#bytes += piece.length;
  }
  post() {
    const { headers } = this.request;
    this.write({
      bytes: this.#bytes,
      sha256: this.#hash.digest("hex"),
      chunked: headers.get("transfer-encoding") === "chunked",
      expected: headers.get("expect") ?? null,
    });
  }
  put() {
    this.post();
  }
}

/** GET /given/N: N bytes of the pattern, as fast as they are taken; chunked with ?chunked=1. */
class Given extends RequestHandler {
  async get({ bytes }: { bytes: string }) {
    const total = Number(bytes);
    this.setHeader("Content-Type", "application/octet-stream");
    if (this.getQueryArgument("chunked", null) === null) this.setHeader("Content-Length", bytes);
    for (let sent = 0; sent < total; sent += PIECE_BYTES) {
      this.write(PATTERN.subarray(0, Math.min(PIECE_BYTES, total - sent)));
      await this.flush();
    }
  }
}

/** What the answers of Waits have come to. */
export interface Waiting {
  /** A request has arrived. */
  readonly begun: Deferred<void>;
  /** Its client has gone. */
  readonly gone: Deferred<void>;
  /** Resolved by the test: it may answer. */
  readonly go: Deferred<void>;
}

/** Says as which subprotocol it was opened, and echoes. */
class Echo extends WebSocketHandler {
  override selectSubprotocol(offered: readonly string[]) {
    return offered.includes("landspout") ? "landspout" : null;
  }
  override getCompressionOptions() {
    return {};
  }
  override open() {
    this.writeMessage(`open ${this.selectedSubprotocol} ${this.request.remoteIp}`);
  }
  override onMessage(message: string | Buffer) {
    if (message === "close") this.close(4000, "as asked");
    else void this.writeMessage(message);
  }
}

/** The routes, and the state of the one that waits. */
export function neighbourApp(): { readonly routes: Routes; readonly waiting: Waiting } {
  const waiting: Waiting = { begun: deferred(), gone: deferred(), go: deferred() };
  class Waits extends RequestHandler {
    override onConnectionClose() {
      waiting.gone.resolve();
    }
    async get() {
      waiting.begun.resolve();
      await Promise.race([waiting.go.promise, waiting.gone.promise]);
      this.write("at last");
    }
  }
  const routes: Routes = [
    ["/", Hello],
    ["/whom", Whom],
    ["/taken", Taken],
    ["/given/:bytes", Given],
    ["/waits", Waits],
    ["/echo", Echo],
  ];
  return { routes, waiting };
}

/** Bytes of every value, in an order that no block size divides. */
const PATTERN = Buffer.from(
  Array.from({ length: PIECE_BYTES }, (_, at) => (at * 31 + at / 251) & 255),
);

/** What /given/N sends. */
export function givenBytes(total: number): Buffer {
  return Buffer.alloc(total, PATTERN);
}

export function sha256(bytes: string | Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
