/**
 * Topic and Subscription: who is subscribed to what, so that joining and leaving cost the same however many there are.
 *
 *     Topic.members: [ Subscription, Subscription, … ]      each knows its place in the list
 *     connection.topics: one Subscription, or ManySubscriptions by topic
 *
 * The hub makes and ends them. Fields are plain: one Subscription is made per connection and topic, and it is internal.
 */
import type { Present, TopicPresence } from "./topicpresence.ts";
import type { WebSocketConnection } from "./websocketconnection.ts";
import type { TopicMemberships } from "./websocketprofile.ts";

/** Who ends subscriptions when their connection has ended: the hub. */
export interface TopicOwner {
  endAll(subscriptions: readonly Subscription[]): void;
}

/** A topic, or a pattern, that has subscribers. */
export class Topic {
  readonly owner: TopicOwner;
  readonly name: string;
  readonly isPattern: boolean;
  readonly members: Subscription[] = [];
  presence: TopicPresence | null = null;

  constructor(owner: TopicOwner, name: string, isPattern: boolean) {
    this.owner = owner;
    this.name = name;
    this.isPattern = isPattern;
  }

  add(subscription: Subscription): void {
    subscription.index = this.members.length;
    this.members.push(subscription);
  }

  /** The last one takes its place. */
  remove(subscription: Subscription): void {
    const last = this.members.pop();
    if (last === undefined || last === subscription) return;
    last.index = subscription.index;
    this.members[last.index] = last;
  }
}

/** The subscriptions of one connection. */
export interface Memberships extends TopicMemberships {
  readonly size: number;
  get(topic: Topic): Subscription | null;
  all(): readonly Subscription[];
  /** With one more. @returns what the connection keeps from now on */
  with(subscription: Subscription): Memberships;
  /** Without one of them. @returns what the connection keeps from now on */
  without(subscription: Subscription): Memberships | null;
}

/** One connection in one topic; of most connections the only one. */
export class Subscription implements Memberships {
  readonly connection: WebSocketConnection;
  readonly topic: Topic;
  /** Its place in the topic's list. */
  index = 0;
  /** Who it makes present; null = nobody. */
  present: Present | null = null;

  constructor(connection: WebSocketConnection, topic: Topic) {
    this.connection = connection;
    this.topic = topic;
  }

  get size(): number {
    return 1;
  }

  get(topic: Topic): Subscription | null {
    return topic === this.topic ? this : null;
  }

  all(): readonly Subscription[] {
    return [this];
  }

  with(subscription: Subscription): Memberships {
    return new ManySubscriptions(this, subscription);
  }

  without(): null {
    return null;
  }

  end(): void {
    this.topic.owner.endAll([this]);
  }
}

class ManySubscriptions implements Memberships {
  readonly #byTopic = new Map<Topic, Subscription>();

  constructor(one: Subscription, other: Subscription) {
    this.#byTopic.set(one.topic, one).set(other.topic, other);
  }

  get size(): number {
    return this.#byTopic.size;
  }

  get(topic: Topic): Subscription | null {
    return this.#byTopic.get(topic) ?? null;
  }

  all(): readonly Subscription[] {
    return [...this.#byTopic.values()];
  }

  with(subscription: Subscription): Memberships {
    this.#byTopic.set(subscription.topic, subscription);
    return this;
  }

  without(subscription: Subscription): Memberships | null {
    this.#byTopic.delete(subscription.topic);
    if (this.#byTopic.size > 1) return this;
    return this.all()[0] ?? null;
  }

  end(): void {
    const subscriptions = this.all();
    subscriptions[0]?.topic.owner.endAll(subscriptions);
  }
}
