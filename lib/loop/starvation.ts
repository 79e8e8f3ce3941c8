/**
 * A loop that cannot accept for want of descriptors or memory says so in the log.
 *
 * The addon counts it, rests and tries again; no turn need come of it, so somebody looks at the counts every second while
 * there are listening sockets. ListeningSockets has it do so.
 */
import { log } from "../base/log.ts";
import { Rarely } from "../base/rarely.ts";
import { STAT_ACCEPT_ERRORS, STAT_SHED } from "../native/addon.ts";
import { openFilesLimit } from "./descriptorlimit.ts";
import type { IOLoop } from "./ioloop.ts";

const LOOK_MS = 1_000;
const LOG_INTERVAL_MS = 10_000;

const watches = new WeakMap<IOLoop, Starvation>();

/** Looks as long as anybody wishes it. @returns ends the wish; may be called again */
export function watchStarvation(loop: IOLoop): () => void {
  let watch = watches.get(loop);
  if (watch === undefined) {
    watch = new Starvation(loop);
    watches.set(loop, watch);
  }
  return watch.add();
}

class Starvation {
  readonly #loop: IOLoop;
  readonly #rarely = new Rarely(LOG_INTERVAL_MS);
  /** Asked for in time: without a descriptor it could not be read. */
  readonly #limit = openFilesLimit();
  #users = 0;
  #timer: NodeJS.Timeout | null = null;
  #failed = 0;
  #shed = 0;

  constructor(loop: IOLoop) {
    this.#loop = loop;
  }

  add(): () => void {
    if (this.#users++ === 0) {
      this.#failed = this.#count(STAT_ACCEPT_ERRORS);
      this.#timer = setInterval(() => this.#look(), LOOK_MS).unref();
    }
    let isWished = true;
    return () => {
      if (!isWished) return;
      isWished = false;
      if (--this.#users > 0 || this.#timer === null) return;
      clearInterval(this.#timer);
      // What has happened since the last look.
      this.#look();
    };
  }

  #look(): void {
    const failed = this.#count(STAT_ACCEPT_ERRORS);
    if (failed === this.#failed) return;
    this.#failed = failed;
    this.#rarely.pass(this.#loop.clock.now(), () => {
      const shed = this.#count(STAT_SHED);
      const turnedAway = shed - this.#shed;
      this.#shed = shed;
      log.warn(
        `cannot accept connections: the process has no descriptors left (it may have ${this.#limit}), or no memory; ` +
          `${turnedAway} were closed unanswered, and others wait; raise the limit (ulimit -n, systemd's LimitNOFILE) ` +
          "or set maxConnections below it",
      );
    });
  }

  #count(index: number): number {
    return this.#loop.poller.stats[index] ?? 0;
  }
}
