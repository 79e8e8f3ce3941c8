/**
 * HappyEyeballs: one connection out of several addresses, after Tornado's: the addresses of the first one's family one
 * after the other, and 300 ms later, or when the first has failed, those of the other family beside them. The first
 * connection wins; those that come later are closed.
 *
 * @see RFC 8305
 */
import { CodedError } from "../base/errors.ts";
import { IOLoop } from "../loop/ioloop.ts";
import { IOStream } from "./iostream.ts";
import type { IOStreamOptions } from "./iostreamoptions.ts";
import type { ResolvedAddress } from "./resolver.ts";

/** How long the first family has to itself. To within one tick of the wheel, 100 ms. */
const HEAD_START_MS = 300;

/** From where connections are made. */
export interface Source {
  readonly sourceAddress: string | undefined;
  readonly sourcePort: number | undefined;
}

export class HappyEyeballs {
  readonly #loop = IOLoop.current();
  readonly #primary: ResolvedAddress[];
  readonly #secondary: ResolvedAddress[];
  readonly #source: Source;
  readonly #options: IOStreamOptions;
  readonly #attempts = new Set<IOStream>();
  #remaining: number;
  #headStart = 0;
  #lastError: Error | null = null;
  #settled: { resolve(stream: IOStream): void; reject(error: Error): void } | null = null;

  constructor(addresses: readonly ResolvedAddress[], source: Source, options: IOStreamOptions) {
    const first = addresses[0]?.family;
    this.#primary = addresses.filter(({ family }) => family === first);
    this.#secondary = addresses.filter(({ family }) => family !== first);
    this.#remaining = addresses.length;
    this.#source = source;
    this.#options = options;
  }

  /** @returns the first stream that is connected; rejects with the last refusal if none can be. Called once */
  connect(): Promise<IOStream> {
    return new Promise((resolve, reject) => {
      this.#settled = { resolve, reject };
      if (this.#secondary.length > 0) {
        const deadlineMs = this.#loop.clock.now() + HEAD_START_MS;
        this.#headStart = this.#loop.wheel.addCallback(deadlineMs, () => this.#startSecondary());
        this.#loop.wheelChanged(deadlineMs);
      }
      this.#tryNext(this.#primary);
    });
  }

  /** Gives up: connect() rejects with `error`, and every attempt ends. After the end: nothing happens. */
  cancel(error: Error): void {
    this.#settle()?.reject(error);
  }

  #tryNext(addresses: ResolvedAddress[]): void {
    const next = addresses.shift();
    if (next === undefined) {
      if (this.#remaining > 0) return;
      const error = this.#lastError ?? new CodedError("ERR_ADDRESS", "there is no address");
      this.#settle()?.reject(error);
      return;
    }
    const stream = new IOStream(this.#options);
    this.#attempts.add(stream);
    let connected: Promise<IOStream>;
    try {
      connected = stream.connect({ host: next.address, port: next.port, ...this.#source });
    } catch (error) {
      connected = Promise.reject(error);
    }
    connected.then(
      () => this.#onConnected(stream),
      (error: Error) => this.#onRefused(stream, error, addresses),
    );
  }

  #onConnected(stream: IOStream): void {
    this.#attempts.delete(stream);
    const settled = this.#settle();
    if (settled === null) stream.abort();
    else settled.resolve(stream);
  }

  #onRefused(stream: IOStream, error: Error, addresses: ResolvedAddress[]): void {
    this.#attempts.delete(stream);
    if (this.#settled === null) return;
    this.#lastError = error;
    this.#remaining--;
    this.#tryNext(addresses);
    this.#startSecondary();
  }

  #startSecondary(): void {
    if (this.#settled === null || this.#headStart === 0) return;
    this.#loop.wheel.cancel(this.#headStart);
    this.#headStart = 0;
    this.#tryNext(this.#secondary);
  }

  /** The outcome is known: ends what is still being tried. @returns whom to tell; null if it was known before */
  #settle(): { resolve(stream: IOStream): void; reject(error: Error): void } | null {
    const settled = this.#settled;
    this.#settled = null;
    this.#loop.wheel.cancel(this.#headStart);
    this.#headStart = 0;
    for (const stream of this.#attempts) stream.abort();
    this.#attempts.clear();
    return settled;
  }
}
