/**
 * WebSocketHub: the topics of one application: who is subscribed to what, and how a message reaches them.
 *
 *     publish ──▶ PreparedMessage, framed once ──▶ each subscriber's socket, or its queue if it does not keep up
 *         ├──▶ TopicHistory, if it is kept
 *         └──▶ Backplane, if there is one
 *
 * Application and WebSocketHandler are its faces. No code of a user's runs while a message is being delivered: who is
 * subscribed when publish() begins to deliver gets it, each connection once, whatever number of its patterns match.
 */
import { randomBytes } from "node:crypto";
import { describe } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";
import { log } from "../base/log.ts";
import { resolve } from "../base/options.ts";
import { isPromise } from "../base/promises.ts";
import { checkPattern, checkTopic, TopicIndex } from "../websocket/topics.ts";
import type { Backplane, BackplaneMessage } from "./backplane.ts";
import { type MessageContent, PreparedMessage } from "./preparedmessage.ts";
import { type HistoryOptions, HistoryRules, historyOptions } from "./topichistory.ts";
import type { HubLimits, HubPublishOptions, Subscribed, SubscribeOptions } from "./topicoptions.ts";
import {
  type PresenceEvent,
  PresenceEvents,
  type PresenceListener,
  TopicPresence,
} from "./topicpresence.ts";
import { type Memberships, Subscription, Topic, type TopicOwner } from "./topicsubscription.ts";
import type { WebSocketConnection } from "./websocketconnection.ts";
import { closedError, type WebSocketListener } from "./websocketprofile.ts";

export class WebSocketHub implements TopicOwner {
  readonly #limits: HubLimits;
  readonly #topics = new Map<string, Topic>();
  readonly #patterns = new TopicIndex<Topic>();
  readonly #events = new PresenceEvents();
  readonly #histories: HistoryRules;
  /** Says whose ids are whose: another for each process, and each time it is started. */
  readonly #origin = `${randomBytes(6).toString("hex")}-`;
  #lastNumber = 0;
  /** Of publications that reach more than one list: a connection remembers the last one it got. */
  #lastStamp = 0;
  #isMaking = false;
  #backplane: Backplane | null = null;

  /** @param nowMs the time of histories, in ms */
  constructor(limits: HubLimits, nowMs: () => number) {
    this.#limits = limits;
    this.#histories = new HistoryRules(nowMs);
  }

  // For handlers.

  /**
   * Subscribes a connection to a topic, or to a pattern. Once more is not an error: presence is changed, since is answered.
   *
   * @throws CodedError ERR_TOPIC_NAME, ERR_TOPIC_LIMIT, ERR_WEBSOCKET_CLOSED; ERR_ARGUMENT_RANGE for presence in a pattern
   */
  subscribe(
    connection: WebSocketConnection,
    name: string,
    options: SubscribeOptions = {},
  ): Subscribed {
    const isPattern = checkPattern(name, this.#limits.maxTopicLength);
    const { presence, presenceKey } = options;
    if (isPattern && presence !== undefined) {
      throw new CodedError(
        "ERR_ARGUMENT_RANGE",
        `presence in the pattern ${describe(name)}; allowed is the name of one topic`,
      );
    }
    if (connection.isClosing) throw closedError();
    const memberships = connection.topics as Memberships | null;
    const known = this.#find(name);
    let subscription = known === null ? null : (memberships?.get(known) ?? null);
    if (subscription === null) this.#checkRoom(memberships, name, isPattern && known === null);
    const subscribed = this.#replay(connection, name, isPattern, options);
    // What was replayed may have been more than its queue takes.
    if (connection.isClosing) throw closedError();
    if (subscription === null) {
      const topic = known ?? this.#make(name, isPattern);
      subscription = new Subscription(connection, topic);
      topic.add(subscription);
      connection.topics = memberships?.with(subscription) ?? subscription;
    }
    if (presence !== undefined) this.#enter(subscription, presence, presenceKey ?? subscription);
    return subscribed;
  }

  /** @returns false if it was not subscribed to just this */
  unsubscribe(connection: WebSocketConnection, name: string): boolean {
    const memberships = connection.topics as Memberships | null;
    const topic = this.#find(name);
    const subscription = topic === null ? null : memberships?.get(topic);
    if (!memberships || !subscription) return false;
    connection.topics = memberships.without(subscription);
    this.endAll([subscription]);
    return true;
  }

  /** What a connection is subscribed to. */
  topicsOf(connection: WebSocketConnection): string[] {
    const memberships = connection.topics as Memberships | null;
    return memberships?.all().map(({ topic }) => topic.name) ?? [];
  }

  /** @internal Subscriptions that their connections have dropped. */
  endAll(subscriptions: readonly Subscription[]): void {
    for (const subscription of subscriptions) {
      const { topic } = subscription;
      topic.remove(subscription);
      if (topic.members.length > 0) continue;
      if (topic.isPattern) this.#patterns.delete(topic.name);
      else this.#topics.delete(topic.name);
    }
    for (const subscription of subscriptions) this.#leave(subscription);
  }

  // For everybody.

  /**
   * Sends a message to the subscribers of a topic, and of the patterns that match it.
   *
   * @hot bench/micro/topics.bench.mjs: once per publication; no allocation per receiver that keeps up
   * @param content the message, or what makes it of its id; that may not publish
   * @returns how many connections get it
   * @throws CodedError ERR_TOPIC_NAME; ERR_STATE inside of such a function
   */
  publish(
    name: string,
    content: MessageContent | ((id: string) => MessageContent),
    options: HubPublishOptions = {},
  ): number {
    if (!this.#topics.has(name)) checkTopic(name, this.#limits.maxTopicLength);
    this.#checkOrder();
    const number = this.#lastNumber + 1;
    const made = typeof content === "function" ? this.#makeContent(content, number) : content;
    this.#lastNumber = number;
    const { key, retain = true } = options;
    const backplane = this.#backplane;
    const count = this.#deliver(name, made, options, number, null);
    if (backplane !== null)
      this.#pass(backplane, name, made, { id: this.#idOf(number), key, retain });
    return count;
  }

  /** How many connections are subscribed to just this, a name or a pattern. */
  subscriberCount(name: string): number {
    return this.#find(name)?.members.length ?? 0;
  }

  /** The topics and patterns that have subscribers. */
  topics(): string[] {
    return [...this.#topics.keys(), ...Array.from(this.#patterns, (topic) => topic.name)];
  }

  /** Who is present in a topic, in the order they joined: what was given at subscribe. */
  presence(name: string): unknown[] {
    return this.#topics.get(name)?.presence?.values() ?? [];
  }

  /**
   * Calls a function whenever somebody joins or leaves a topic, or one that a pattern matches.
   *
   * @returns a function that ends it
   * @throws CodedError ERR_TOPIC_NAME, ERR_ARGUMENT_TYPE
   */
  onPresence(pattern: string, listener: PresenceListener): () => void {
    checkPattern(pattern, this.#limits.maxTopicLength);
    if (typeof listener !== "function") {
      throw new CodedError(
        "ERR_ARGUMENT_TYPE",
        `the listener of onPresence() is ${describe(listener)}; allowed is a function`,
      );
    }
    return this.#events.listen(pattern, listener);
  }

  /**
   * Keeps the last messages of a topic, or of each that a pattern matches. Of several that match, one decides: from the
   * left, a name is before "*", and that before "**".
   *
   * @param options null: no longer
   * @throws CodedError ERR_TOPIC_NAME, ERR_UNKNOWN_OPTION, ERR_OPTION_TYPE, ERR_OPTION_RANGE
   */
  keepHistory(pattern: string, options: HistoryOptions | null): void {
    checkPattern(pattern, this.#limits.maxTopicLength);
    const resolved = options === null ? null : resolve("keepHistory", historyOptions, options);
    this.#histories.set(pattern, resolved, this.#lastNumber);
  }

  /** Joins the hubs of other processes; null leaves them. */
  connectBackplane(backplane: Backplane | null): void {
    if (this.#backplane !== null) this.#backplane.onMessage = null;
    this.#backplane = backplane;
    if (backplane !== null) backplane.onMessage = (message) => this.#receive(message);
  }

  // Steps.

  #find(name: string): Topic | null {
    return this.#topics.get(name) ?? (name.includes("*") ? this.#patterns.get(name) : null);
  }

  #checkRoom(memberships: Memberships | null, name: string, isNewPattern: boolean): void {
    const { maxTopics, maxPatterns } = this.#limits;
    if (memberships !== null && memberships.size >= maxTopics) {
      throw new CodedError(
        "ERR_TOPIC_LIMIT",
        `no room for ${describe(name)}: the connection has ${maxTopics} topics, all it may have (websocketMaxTopics)`,
      );
    }
    if (isNewPattern && this.#patterns.size >= maxPatterns) {
      throw new CodedError(
        "ERR_TOPIC_LIMIT",
        `no room for ${describe(name)}: the application has ${maxPatterns} patterns, all it may have (websocketMaxPatterns)`,
      );
    }
  }

  #make(name: string, isPattern: boolean): Topic {
    const topic = new Topic(this, name, isPattern);
    if (isPattern) this.#patterns.set(name, topic);
    else this.#topics.set(name, topic);
    return topic;
  }

  #enter(subscription: Subscription, value: unknown, key: unknown): void {
    const { topic, present } = subscription;
    if (present !== null && present.key === key) {
      present.value = value;
      this.#tell("update", topic, value);
      return;
    }
    this.#leave(subscription);
    // Who heard of that may have unsubscribed it.
    if (topic.members[subscription.index] !== subscription) return;
    topic.presence ??= new TopicPresence();
    subscription.present = topic.presence.join(key, value);
    if (subscription.present.subscriptionCount === 1) this.#tell("join", topic, value);
  }

  #leave(subscription: Subscription): void {
    const { topic, present } = subscription;
    if (present === null || topic.presence === null) return;
    subscription.present = null;
    if (topic.presence.leave(present)) this.#tell("leave", topic, present.value);
  }

  #tell(kind: PresenceEvent["kind"], topic: Topic, presence: unknown): void {
    this.#events.tell({ kind, topic: topic.name, presence, count: topic.presence?.count ?? 0 });
  }

  #idOf(number: number): string {
    return this.#origin + number.toString(36);
  }

  /** @returns a number of ours; the id itself if it is another hub's; null if it cannot be one */
  #numberOf(id: unknown): number | string | null {
    if (typeof id !== "string") return null;
    if (!id.startsWith(this.#origin)) return id;
    const number = Number.parseInt(id.slice(this.#origin.length), 36);
    return number <= this.#lastNumber && this.#idOf(number) === id ? number : null;
  }

  #replay(
    connection: WebSocketConnection,
    name: string,
    isPattern: boolean,
    { since, last = 0 }: SubscribeOptions,
  ): Subscribed {
    const lastId = this.#idOf(this.#lastNumber);
    const isBack = since !== undefined && since !== null && since !== "";
    if (!isBack && !(last > 0)) return { replayed: 0, isComplete: true, lastId };
    const after = isBack ? this.#numberOf(since) : null;
    const missed = this.#histories.missed(name, isPattern, after, this.#lastNumber);
    const messages = isBack ? missed.messages : missed.messages.slice(-last);
    let replayed = 0;
    for (const { message } of messages) {
      if (!connection.resendPrepared(message)) break;
      replayed++;
      if (message.isLarge) connection.profile.loop.outbox.flush();
    }
    return { replayed, isComplete: isBack ? missed.isComplete : true, lastId };
  }

  /** Messages leave in the order of their numbers. */
  #checkOrder(): void {
    if (!this.#isMaking) return;
    throw new CodedError(
      "ERR_STATE",
      "publish() inside of the function that makes a message of its id; do it afterwards",
    );
  }

  #makeContent(make: (id: string) => MessageContent, number: number): MessageContent {
    this.#isMaking = true;
    try {
      return make(this.#idOf(number));
    } finally {
      this.#isMaking = false;
    }
  }

  #deliver(
    name: string,
    content: MessageContent,
    { except, key, retain }: HubPublishOptions,
    number: number,
    foreignId: string | null,
  ): number {
    const topic = this.#topics.get(name);
    const patterns = this.#patterns.match(name);
    const rule = retain === false ? null : this.#histories.of(name);
    if (topic === undefined && patterns.length === 0 && rule === null) return 0;
    const message = new PreparedMessage(content, rule !== null);
    if (rule !== null) this.#histories.add(rule, name, number, foreignId, message);
    const isMany = patterns.length + (topic === undefined ? 0 : 1) > 1;
    const stamp = isMany ? ++this.#lastStamp : 0;
    let count = 0;
    if (topic !== undefined) count += deliverTo(topic.members, message, except, key, stamp);
    for (const { members } of patterns) count += deliverTo(members, message, except, key, stamp);
    return count;
  }

  #pass(
    backplane: Backplane,
    topic: string,
    { payload, isBinary }: MessageContent,
    rest: Pick<BackplaneMessage, "id" | "key" | "retain">,
  ): void {
    const bytes = typeof payload === "string" ? Buffer.from(payload) : payload;
    try {
      const result = backplane.publish({ topic, payload: bytes, isBinary, ...rest });
      if (isPromise(result)) Promise.resolve(result).catch(notPassed);
    } catch (error) {
      notPassed(error);
    }
  }

  #receive(message: BackplaneMessage): void {
    const { topic, id } = message;
    checkTopic(topic, this.#limits.maxTopicLength);
    this.#checkOrder();
    this.#lastNumber++;
    this.#deliver(topic, message, message, this.#lastNumber, id);
  }
}

/** @returns how many get it */
function deliverTo(
  members: readonly Subscription[],
  message: PreparedMessage,
  except: HubPublishOptions["except"],
  key: unknown,
  stamp: number,
): number {
  const several = except instanceof Set ? (except as ReadonlySet<WebSocketListener>) : null;
  const count = members.length;
  let got = 0;
  for (let i = 0; i < count; i++) {
    const { connection } = members[i]!;
    const { listener } = connection;
    if (listener === except || several?.has(listener) === true) continue;
    if (stamp !== 0 && !connection.isFirst(stamp)) continue;
    if (connection.sendPrepared(message, key)) got++;
  }
  // What is not copied into the arena is pinned until it is flushed.
  if (message.isLarge && count > 0) members[0]!.connection.profile.loop.outbox.flush();
  return got;
}

function notPassed(error: unknown): void {
  log.error("Uncaught exception in a backplane: a message has not been passed on", error);
}
