/** How one subscribes to topics and publishes to them, and what of it is bounded. WebSocketHub takes these. */
import type { WebSocketListener } from "./websocketprofile.ts";

/** What is bounded. */
export interface HubLimits {
  /** Most topics and patterns of one connection. */
  readonly maxTopics: number;
  /** Most UTF-16 units of a name or pattern. */
  readonly maxTopicLength: number;
  /** Most different patterns of all connections. */
  readonly maxPatterns: number;
}

/** How somebody subscribes. */
export interface SubscribeOptions {
  /** Makes it present in the topic, as this; what the presence of the topic shows. For names, not for patterns. */
  readonly presence?: unknown;
  /** Several subscriptions of one key are one presence: a user's id, for one with two tabs. Default: each is one. */
  readonly presenceKey?: unknown;
  /** Id of the last message the client has got: what was kept since is sent first. May come from the client as it is. */
  readonly since?: string | null | undefined;
  /** Without since: how many of the messages kept are sent first. Default 0. */
  readonly last?: number | undefined;
}

/** What a subscription began with. */
export interface Subscribed {
  /** How many messages kept have been sent. */
  readonly replayed: number;
  /** False: some since the id given may be lost; an id that is not known, or is none of ours, too. */
  readonly isComplete: boolean;
  /** Id of the last message published so far, of any topic: a client that gets none can come back with it. */
  readonly lastId: string;
}

/** How something is published. */
export interface HubPublishOptions {
  /** A handler, or several, that are not to get it. */
  readonly except?: WebSocketListener | ReadonlySet<WebSocketListener> | undefined;
  /** Under queuePolicy coalesce: the message of the same key that is still queued is replaced. */
  readonly key?: unknown;
  /** False: no history keeps it. Default true. */
  readonly retain?: boolean | undefined;
}
