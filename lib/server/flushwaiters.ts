/** FlushWaiters: who waits until the kernel has taken what a connection has written (flush()). HTTP1Connection has one. */
import { CodedError } from "../base/errors.ts";
import type { IOLoop } from "../loop/ioloop.ts";

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class FlushWaiters {
  readonly #all: Waiter[] = [];
  readonly #check: () => void;

  /** @param check called in the next iteration of the loop when somebody has begun to wait */
  constructor(check: () => void) {
    this.#check = check;
  }

  get isEmpty(): boolean {
    return this.#all.length === 0;
  }

  add(loop: IOLoop): Promise<void> {
    return quiet(
      new Promise((resolve, reject) => {
        this.#all.push({ resolve, reject });
        if (this.#all.length === 1) loop.addCallback(this.#check);
      }),
    );
  }

  /** What a connection that is closed answers. */
  refused(): Promise<void> {
    return quiet(Promise.reject(closedError()));
  }

  resolve(): void {
    for (const waiter of this.#all.splice(0)) waiter.resolve();
  }

  /** The client has gone. */
  reject(): void {
    for (const waiter of this.#all.splice(0)) waiter.reject(closedError());
  }
}

/** What is said to whom the client's going concerns. */
export function closedError(): CodedError {
  return new CodedError("ERR_HTTP_CONNECTION_CLOSED", "the client has closed the connection");
}

/** Most callers do not wait; that a client has gone must not end the process as an unhandled rejection. */
function quiet(promise: Promise<void>): Promise<void> {
  promise.catch(ignore);
  return promise;
}

function ignore(): void {}
