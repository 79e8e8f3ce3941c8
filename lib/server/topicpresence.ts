/**
 * Presence: who is in a topic, and who hears of it when that changes. The hub has the events, each topic its present ones.
 *
 * Several subscriptions with one key are one presence: a person with two tabs joins once and leaves once.
 */
import { log } from "../base/log.ts";
import { isPromise } from "../base/promises.ts";
import { TopicIndex } from "../websocket/topics.ts";

/** What has happened: somebody has joined a topic, has left it, or has said something else of itself. */
export interface PresenceEvent {
  readonly kind: "join" | "leave" | "update";
  readonly topic: string;
  /** What was given at subscribe. */
  readonly presence: unknown;
  /** How many are present after it. */
  readonly count: number;
}

export type PresenceListener = (event: PresenceEvent) => unknown;

/** One who is present. Its fields are plain: only TopicPresence writes them. */
export class Present {
  readonly key: unknown;
  value: unknown;
  subscriptionCount = 1;

  constructor(key: unknown, value: unknown) {
    this.key = key;
    this.value = value;
  }
}

export class TopicPresence {
  readonly #byKey = new Map<unknown, Present>();

  get count(): number {
    return this.#byKey.size;
  }

  values(): unknown[] {
    return Array.from(this.#byKey.values(), (present) => present.value);
  }

  /** @returns the one who is present now; with a subscriptionCount of 1 it has just joined */
  join(key: unknown, value: unknown): Present {
    let present = this.#byKey.get(key);
    if (present === undefined) {
      present = new Present(key, value);
      this.#byKey.set(key, present);
    } else {
      present.value = value;
      present.subscriptionCount++;
    }
    return present;
  }

  /** @returns true if it has left: no other subscription has its key */
  leave(present: Present): boolean {
    present.subscriptionCount--;
    if (present.subscriptionCount > 0) return false;
    this.#byKey.delete(present.key);
    return true;
  }
}

/** Tells listeners, one event after the other: what a listener brings about is told when all have heard of the cause. */
export class PresenceEvents {
  readonly #listeners = new TopicIndex<Set<PresenceListener>>();
  #waiting: PresenceEvent[] = [];
  #isTelling = false;

  /** @returns a function that ends it */
  listen(pattern: string, listener: PresenceListener): () => void {
    const listeners = this.#listeners.get(pattern) ?? new Set();
    if (listeners.size === 0) this.#listeners.set(pattern, listeners);
    // A listener of its own each time, so that one function may listen twice.
    const own: PresenceListener = (event) => listener(event);
    listeners.add(own);
    return () => {
      const isLast = listeners.delete(own) && listeners.size === 0;
      if (isLast && this.#listeners.get(pattern) === listeners) this.#listeners.delete(pattern);
    };
  }

  tell(event: PresenceEvent): void {
    if (this.#listeners.size === 0) return;
    this.#waiting.push(event);
    if (this.#isTelling) return;
    this.#isTelling = true;
    for (let i = 0; i < this.#waiting.length; i++) {
      const next = this.#waiting[i];
      if (next !== undefined) this.#tellAll(next);
    }
    this.#waiting = [];
    this.#isTelling = false;
  }

  #tellAll(event: PresenceEvent): void {
    for (const listeners of this.#listeners.match(event.topic)) {
      for (const listener of [...listeners]) {
        if (!listeners.has(listener)) continue;
        try {
          const result = listener(event);
          if (isPromise(result)) Promise.resolve(result).catch(logged);
        } catch (error) {
          logged(error);
        }
      }
    }
  }
}

function logged(error: unknown): void {
  log.error("Uncaught exception in a listener to presence", error);
}
