/** What may be published to topics. Application and WebSocketHandler call it. */
import { describe } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";
import type { MessageContent } from "../server/preparedmessage.ts";
import type { HistoryOptions } from "../server/topichistory.ts";
import type { HubPublishOptions } from "../server/topicoptions.ts";
import type { PresenceListener } from "../server/topicpresence.ts";
import type { WebSocketHub } from "../server/websockethub.ts";
import type { WebSocketListener } from "../server/websocketprofile.ts";
import { jsonText } from "./jsontext.ts";
import type { WebSocketMessage } from "./websocketmessage.ts";

/** A message, or a function that makes it of its id: for clients that are to come back with the id of the last one. */
export type TopicMessage = WebSocketMessage | ((id: string) => WebSocketMessage);

/** How a message is published. */
export interface PublishOptions extends HubPublishOptions {
  /** As a binary message, or as text; default: bytes are binary, all else is text. */
  readonly binary?: boolean | undefined;
}

/** The topics of an application, as every handler finds them in this.application; Application says what each does. */
export interface TopicApplication {
  publish(topic: string, message: TopicMessage, options?: PublishOptions): number;
  subscriberCount(topic: string): number;
  topics(): string[];
  presence(topic: string): unknown[];
  onPresence(topicOrPattern: string, listener: PresenceListener): () => void;
  keepHistory(topicOrPattern: string, options?: HistoryOptions | null): void;
}

/**
 * Publishes a message to a topic.
 *
 * @returns how many connections get it
 * @throws CodedError ERR_TOPIC_NAME; ERR_HTTP_WRITE_TYPE for what is no message; ERR_STATE as WebSocketHub.publish()
 */
export function publishMessage(
  hub: WebSocketHub,
  topic: string,
  message: TopicMessage,
  options: PublishOptions = {},
): number {
  const { binary } = options;
  if (typeof message !== "function") return hub.publish(topic, contentOf(message, binary), options);
  return hub.publish(topic, (id) => contentOf(message(id), binary), options);
}

/** Options with one more who is not to get the message. */
export function but(listener: WebSocketListener, options: PublishOptions = {}): PublishOptions {
  const { except } = options;
  if (except === undefined) return { ...options, except: listener };
  const others = except instanceof Set ? [...except] : [except as WebSocketListener];
  return { ...options, except: new Set([listener, ...others]) };
}

function contentOf(message: WebSocketMessage, binary: boolean | undefined): MessageContent {
  if (typeof message === "string") return { payload: message, isBinary: binary === true };
  if (message instanceof Uint8Array) {
    if (binary !== false) return { payload: message, isBinary: true };
    return { payload: Buffer.from(message).toString("utf8"), isBinary: false };
  }
  const isMessage = typeof message === "object" && message !== null && !Array.isArray(message);
  if (!isMessage || message instanceof Promise) {
    throw new CodedError(
      "ERR_HTTP_WRITE_TYPE",
      `publish() was given ${describe(message)}; allowed are strings, bytes and plain objects`,
    );
  }
  return { payload: jsonText(message), isBinary: binary === true };
}
