/**
 * A raw TCP client for tests: bytes out, bytes in, nothing of HTTP done for the caller but the
 * reading of responses (rawresponse.ts).
 *
 * Every suite that talks to a server over a socket uses it. It promises that every wait is bounded:
 * a wait that cannot be met rejects, with what was waited for and what had been received until then,
 * so that a failing test says what happened instead of hanging.
 *
 * The client never ends its own side because the server ended the other one (allowHalfOpen): what a
 * server does with bytes that arrive after its answer is part of what is tested.
 */
import * as net from "node:net";
import { ByteQueue, type RawResponse, takeResponse } from "./rawresponse.ts";

/** Where to connect, and how patient to be. */
export interface RawClientOptions {
  readonly port?: number;
  readonly host?: string;
  /** A Unix socket, in place of host and port. */
  readonly path?: string;
  /** How long any one wait may last before it rejects. */
  readonly deadlineMs?: number;
  /** True: nothing is read until `resume()`, so that the kernel's buffers fill and stay full. */
  readonly paused?: boolean;
}

/** Which response is being waited for. */
export interface ResponseOptions {
  /** The method of the request that is answered: a response to HEAD has no body. */
  readonly method?: string;
}

/** A test that passes waits for none of this; a machine that is busy with other things may need it. */
const DEADLINE_MS = 30_000;

/** Waits for `count` whole turns of the event loop; two let a peer in this process read what was sent. */
export async function turns(count = 2): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise<void>((resolve) => setImmediate(resolve));
}

/** Bounds the wait for `promise`: rejects with `what` when the deadline passes first. */
export async function within<T>(
  promise: Promise<T>,
  what: string,
  deadlineMs = DEADLINE_MS,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no ${what} within ${deadlineMs} ms`)), deadlineMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** One connection. Made by `RawClient.connect`, or by `connect` of a started test server. */
export class RawClient {
  readonly #socket: net.Socket;
  readonly #deadlineMs: number;
  readonly #unread = new ByteQueue();
  readonly #waiting = new Set<() => void>();
  #state: "open" | "ended" | "closed" = "open";
  #fault: Error | null = null;

  private constructor(socket: net.Socket, deadlineMs: number) {
    this.#socket = socket;
    this.#deadlineMs = deadlineMs;
    socket.on("data", (bytes: Buffer) => {
      this.#unread.append(bytes);
      this.#wake();
    });
    socket.on("end", () => {
      if (this.#state === "open") this.#state = "ended";
      this.#wake();
    });
    socket.on("error", (error) => {
      this.#fault ??= error;
      this.#wake();
    });
    socket.on("close", () => {
      this.#state = "closed";
      this.#wake();
    });
  }

  /** Connects; rejects with the socket's error when that is refused. */
  static async connect(options: RawClientOptions): Promise<RawClient> {
    const socket =
      options.path === undefined
        ? net.connect({
            port: options.port ?? 0,
            host: options.host ?? "127.0.0.1",
            allowHalfOpen: true,
            noDelay: true,
          })
        : net.connect({ path: options.path, allowHalfOpen: true });
    if (options.paused === true) socket.pause();
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
    const client = new RawClient(socket, options.deadlineMs ?? DEADLINE_MS);
    if (options.paused === true) socket.pause();
    return client;
  }

  /** What has arrived and no wait has consumed, as latin1. */
  get unread(): string {
    return this.#unread.text();
  }

  /** How many of the bytes given to `send` the kernel has taken. */
  get sentBytes(): number {
    return this.#socket.bytesWritten - this.#socket.writableLength;
  }

  /** The client's own port: tells connections apart in a server's log. */
  get localPort(): number {
    return this.#socket.localPort ?? 0;
  }

  /**
   * Sends bytes (a string is latin1). Resolves when the kernel has taken them, and also when it
   * never will because the connection broke: the wait that follows tells.
   */
  send(bytes: string | Uint8Array): Promise<void> {
    const buffer = typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes;
    return new Promise((resolve) => this.#socket.write(buffer, () => resolve()));
  }

  /** Sends pieces one by one, letting the server read each before the next leaves. */
  async sendPieces(pieces: Iterable<string | Uint8Array>): Promise<void> {
    for (const piece of pieces) {
      void this.send(piece);
      await turns(2);
    }
  }

  /** Ends the sending side (FIN); reading goes on. */
  endSending(): void {
    this.#socket.end();
  }

  /** Stops reading: the kernel's buffers fill. */
  pause(): void {
    this.#socket.pause();
  }

  /** Reads again after `pause()` or `paused: true`. */
  resume(): void {
    this.#socket.resume();
  }

  /** Breaks the connection with RST. */
  abort(): void {
    this.#socket.resetAndDestroy();
  }

  /** Closes the connection, whatever state it is in. */
  destroy(): void {
    this.#socket.destroy();
  }

  /** Waits until `wanted` is among the unread bytes, consumes all up to its end, and returns that. */
  receives(wanted: string | RegExp): Promise<string> {
    return this.#until(
      `receive ${wanted instanceof RegExp ? wanted : JSON.stringify(wanted)}`,
      () => {
        const text = this.#unread.text();
        const end = endOf(text, wanted);
        return end < 0 ? undefined : this.#unread.take(end).toString("latin1");
      },
    );
  }

  /** Waits until so many bytes are unread, and consumes them. */
  bytes(count: number): Promise<Buffer> {
    return this.#until(`receive ${count} bytes`, () =>
      this.#unread.size < count ? undefined : this.#unread.take(count),
    );
  }

  /** Reads the next response, interim ones (1xx) included, and consumes it. */
  readResponse(options: ResponseOptions = {}): Promise<RawResponse> {
    return this.#until("read a response", () =>
      takeResponse(this.#unread, {
        head: options.method === "HEAD",
        ended: this.#state !== "open",
      }),
    );
  }

  /** Reads the next response that is not an interim one. */
  async readFinalResponse(options: ResponseOptions = {}): Promise<RawResponse> {
    for (;;) {
      const response = await this.readResponse(options);
      if (response.status >= 200) return response;
    }
  }

  /** Sends a GET for `target` and reads its response. */
  async get(target: string, fields = ""): Promise<RawResponse> {
    void this.send(`GET ${target} HTTP/1.1\r\nHost: a\r\n${fields}\r\n`);
    return this.readFinalResponse();
  }

  /** Waits for the server to end the connection, and returns what came before, unread until now. */
  readToEnd(): Promise<Buffer> {
    return this.#until("read to the end", () =>
      this.#state === "open" ? undefined : this.#unread.take(this.#unread.size),
    );
  }

  /** Waits for an orderly end (FIN) with no byte before it. A reset, or any unread byte, rejects. */
  async closed(): Promise<void> {
    const rest = await this.readToEnd();
    if (rest.length > 0) {
      throw new Error(`the end of the connection came after ${quote(rest)} that nothing asked for`);
    }
  }

  /** Waits until the connection is gone, be it by FIN or by RST, whatever bytes came before. */
  gone(): Promise<void> {
    const isGone = () => (this.#state === "open" && this.#fault === null ? undefined : true);
    return this.#until("see the connection gone", isGone, { faultIsFine: true }).then(() => {});
  }

  /** Throws if the server has ended or broken the connection, as far as this side has seen. */
  assertOpen(): void {
    if (this.#fault !== null) throw new Error(`the connection broke: ${this.#fault.message}`);
    if (this.#state !== "open") {
      throw new Error(`the connection was ended; unread: ${quote(this.#unread.peek())}`);
    }
  }

  /** `assertOpen` after some turns of the event loop in which an end or a byte would have come. */
  async staysOpen(): Promise<void> {
    await turns(4);
    this.assertOpen();
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  #until<T>(what: string, attempt: () => T | undefined, { faultIsFine = false } = {}): Promise<T> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        this.#waiting.delete(check);
        clearTimeout(timer);
      };
      const fail = (why: string): void => {
        settle();
        reject(new Error(`could not ${what}: ${why}; unread: ${quote(this.#unread.peek())}`));
      };
      const check = (): void => {
        try {
          const fault = this.#fault;
          if (fault !== null && !faultIsFine) {
            fail(`the connection broke (${fault.message})`);
            return;
          }
          const found = attempt();
          if (found !== undefined) {
            settle();
            resolve(found);
          } else if (this.#state !== "open") {
            fail("the connection was ended");
          }
        } catch (error) {
          fail(error instanceof Error ? error.message : String(error));
        }
      };
      const timer = setTimeout(
        () => fail(`${this.#deadlineMs} ms have passed and the connection is ${this.#state}`),
        this.#deadlineMs,
      );
      this.#waiting.add(check);
      check();
    });
  }
}

function endOf(text: string, wanted: string | RegExp): number {
  if (typeof wanted === "string") {
    const at = text.indexOf(wanted);
    return at < 0 ? -1 : at + wanted.length;
  }
  const match = wanted.exec(text);
  return match === null ? -1 : match.index + match[0].length;
}

/** Bytes for a message: latin1, escaped, the beginning and the end when there are many. */
export function quote(bytes: Uint8Array | string): string {
  const text = typeof bytes === "string" ? bytes : Buffer.from(bytes).toString("latin1");
  if (text.length <= 600) return JSON.stringify(text);
  return `${JSON.stringify(text.slice(0, 400))} …${text.length} bytes… ${JSON.stringify(text.slice(-150))}`;
}
