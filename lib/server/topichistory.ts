/**
 * TopicHistory: the last messages of topics, bounded, for clients that come back.
 *
 * The hub numbers its messages, all topics together; a history keeps those of one topic, and the number of the newest one
 * it has dropped: so it can tell whether a client has missed something that is gone. HistoryRules has the histories, by the
 * rules of keepHistory().
 */
import { MiB } from "../base/bytes.ts";
import { type Input, integer, options, type Resolved } from "../base/options.ts";
import { matchesTopic, TopicIndex } from "../websocket/topics.ts";
import type { PreparedMessage } from "./preparedmessage.ts";

export const historyOptions = options({
  /** Most messages of a topic. */
  messages: integer({ default: 100, min: 1, max: 1_000_000 }),
  /** Most bytes of the messages of a topic. */
  maxBytes: integer({ default: 1 * MiB, min: 1, max: 1024 * MiB }),
  /** Age at which a message is forgotten, in ms; null = never. */
  maxAgeMs: integer({ default: null, min: 1, max: 365 * 86_400_000 }),
  /** Most topics that a pattern keeps messages of; the one that was silent longest is forgotten. */
  maxTopics: integer({ default: 1_000, min: 1, max: 1_000_000 }),
});

export type HistoryOptions = Input<typeof historyOptions>;
export type ResolvedHistoryOptions = Resolved<typeof historyOptions>;

/** A message that is kept. */
export interface KeptMessage {
  /** Its number in this hub. */
  readonly number: number;
  /** The id it came with from another hub; null = made of its number. */
  readonly foreignId: string | null;
  readonly message: PreparedMessage;
  readonly atMs: number;
}

/** What a client that comes back is owed. */
export interface Missed {
  readonly messages: readonly KeptMessage[];
  /** False: there may have been more. */
  readonly isComplete: boolean;
}

class TopicHistory {
  /** From #first on; before it there is nothing. */
  #messages: (KeptMessage | undefined)[] = [];
  #first = 0;
  #bytes = 0;
  /** Number of the newest message that is gone. */
  droppedNumber: number;

  constructor(droppedNumber: number) {
    this.droppedNumber = droppedNumber;
  }

  /** Number of the newest message. */
  get lastNumber(): number {
    return this.#messages[this.#messages.length - 1]?.number ?? this.droppedNumber;
  }

  add(kept: KeptMessage, rule: ResolvedHistoryOptions): void {
    this.#messages.push(kept);
    this.#bytes += kept.message.bytes;
    this.trim(rule, kept.atMs);
  }

  /** Drops what is too old, or too much. */
  trim({ messages, maxBytes, maxAgeMs }: ResolvedHistoryOptions, nowMs: number): void {
    for (;;) {
      const oldest = this.#messages[this.#first];
      if (oldest === undefined) break;
      const count = this.#messages.length - this.#first;
      const isOld = maxAgeMs !== null && nowMs - oldest.atMs >= maxAgeMs;
      if (count <= messages && this.#bytes <= maxBytes && !isOld) break;
      this.#messages[this.#first++] = undefined;
      this.#bytes -= oldest.message.bytes;
      this.droppedNumber = oldest.number;
    }
    // The front is cut off when it is half of the list: each message is moved once at most.
    if (this.#first * 2 >= this.#messages.length) {
      this.#messages = this.#messages.slice(this.#first);
      this.#first = 0;
    }
  }

  /** Those after a number, in order. */
  after(number: number): readonly KeptMessage[] {
    let at = this.#messages.length;
    while (at > this.#first && (this.#messages[at - 1]?.number ?? 0) > number) at--;
    return this.#messages.slice(at) as KeptMessage[];
  }

  find(foreignId: string): number | null {
    for (let at = this.#messages.length - 1; at >= this.#first; at--) {
      const kept = this.#messages[at];
      if (kept?.foreignId === foreignId) return kept.number;
    }
    return null;
  }
}

/** One call of keepHistory(). */
export class HistoryRule {
  options: ResolvedHistoryOptions;
  /** By topic, the longest silent first. */
  readonly histories = new Map<string, TopicHistory>();
  /** Number of the newest message, of any topic without a history, that may be gone. */
  forgottenNumber: number;

  constructor(options: ResolvedHistoryOptions, forgottenNumber: number) {
    this.options = options;
    this.forgottenNumber = forgottenNumber;
  }

  add(topic: string, kept: KeptMessage): void {
    const history = this.histories.get(topic) ?? new TopicHistory(this.forgottenNumber);
    this.histories.delete(topic);
    this.histories.set(topic, history);
    history.add(kept, this.options);
    this.forget();
  }

  /** Keeps to maxTopics. */
  forget(): void {
    for (const [topic, { lastNumber }] of this.histories) {
      if (this.histories.size <= this.options.maxTopics) return;
      this.histories.delete(topic);
      this.forgottenNumber = Math.max(this.forgottenNumber, lastNumber);
    }
  }
}

export class HistoryRules {
  readonly #rules = new TopicIndex<HistoryRule>();
  readonly #nowMs: () => number;

  /** @param nowMs the time of maxAgeMs */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** @param lastNumber of the last message of the hub */
  set(pattern: string, options: ResolvedHistoryOptions | null, lastNumber: number): void {
    const rule = this.#rules.get(pattern);
    if (options === null) this.#rules.delete(pattern);
    else if (rule === null) this.#rules.set(pattern, new HistoryRule(options, lastNumber));
    else {
      rule.options = options;
      rule.forget();
      for (const history of rule.histories.values()) history.trim(options, this.#nowMs());
    }
  }

  /** The rule that decides about a topic; null = nothing is kept. */
  of(topic: string): HistoryRule | null {
    return this.#rules.match(topic)[0] ?? null;
  }

  add(
    rule: HistoryRule,
    topic: string,
    number: number,
    foreignId: string | null,
    message: PreparedMessage,
  ): void {
    rule.add(topic, { number, foreignId, message, atMs: this.#nowMs() });
  }

  /**
   * What was published to a topic, or to those that a pattern matches, after a message.
   *
   * @param after number of a message of this hub; the id of another hub's; or null: all that is kept
   * @param lastNumber of the last message of the hub
   */
  missed(
    pattern: string,
    isPattern: boolean,
    after: number | string | null,
    lastNumber: number,
  ): Missed {
    const nowMs = this.#nowMs();
    let dropped = -1;
    const found: TopicHistory[] = [];
    for (const rule of isPattern ? this.#rules : this.#rules.match(pattern).slice(0, 1)) {
      const names = isPattern ? rule.histories.keys() : [pattern];
      for (const name of names) {
        const history = rule.histories.get(name);
        if (history === undefined || !matchesTopic(pattern, name)) continue;
        history.trim(rule.options, nowMs);
        found.push(history);
        dropped = Math.max(dropped, history.droppedNumber);
      }
      if (isPattern || found.length === 0) dropped = Math.max(dropped, rule.forgottenNumber);
    }
    // Where nothing is kept, nothing is missed only if nothing has been published.
    if (dropped === -1) dropped = lastNumber;
    const number = typeof after === "string" ? numberOf(found, after) : after;
    const messages = found.flatMap((history) => [...history.after(number ?? -1)]);
    if (found.length > 1) messages.sort((a, b) => a.number - b.number);
    return { messages, isComplete: number !== null && number >= dropped };
  }
}

function numberOf(histories: readonly TopicHistory[], foreignId: string): number | null {
  for (const history of histories) {
    const number = history.find(foreignId);
    if (number !== null) return number;
  }
  return null;
}
