/**
 * CompressionGate: how many whole bodies of an application may be in a compressor at once.
 *
 * ContentCompression passes through it before it makes a compressor for a long body. Each has up to megabytes of memory
 * while it works or waits for a thread of Node's pool, which has four; a hundred clients at once need not have a hundred.
 */

/** Twice the threads of Node's pool as it is by default, so that none of them waits for us. */
const MOST_AT_WORK = 8;

export class CompressionGate {
  #atWork = 0;
  readonly #waiting: (() => void)[] = [];

  /** Runs `job` when there is room; jobs start in order. @returns what it returns */
  async run<T>(job: () => Promise<T>): Promise<T> {
    // Whoever leaves hands its place over, so that nobody who comes in between can take it.
    if (this.#atWork < MOST_AT_WORK) this.#atWork++;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await job();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#atWork--;
      else next();
    }
  }
}
