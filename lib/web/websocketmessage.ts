/** What may be sent over a WebSocket, and how it becomes text or bytes. WebSocketHandler and the client call it. */
import { describe } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";
import type { WebSocketConnection } from "../server/websocketconnection.ts";
import { type JSONObject, jsonText } from "./jsontext.ts";

/** A message to send: text, bytes, or a plain object to be sent as JSON. */
export type WebSocketMessage = string | Uint8Array | JSONObject;

/** How a message is sent. */
export interface WriteMessageOptions {
  /** As a binary message, or as text; default: bytes are binary, all else is text. */
  readonly binary?: boolean | undefined;
  /** With queuePolicy coalesce: the queued message of the same key is replaced. */
  readonly key?: unknown;
}

/**
 * Sends a message. @returns as WebSocketConnection.sendText()
 *
 * @throws CodedError ERR_HTTP_WRITE_TYPE for what is no message
 */
export function sendMessage(
  connection: WebSocketConnection,
  message: WebSocketMessage,
  options?: WriteMessageOptions,
): Promise<void> {
  const key = options?.key;
  if (message instanceof Uint8Array) {
    return options?.binary === false
      ? connection.sendText(Buffer.from(message).toString("utf8"), key)
      : connection.sendBytes(message, key);
  }
  if (
    typeof message !== "string" &&
    (typeof message !== "object" || message === null || Array.isArray(message))
  ) {
    throw new CodedError(
      "ERR_HTTP_WRITE_TYPE",
      `writeMessage() was given ${describe(message)}; allowed are strings, bytes and plain objects`,
    );
  }
  const text = typeof message === "string" ? message : jsonText(message);
  return options?.binary === true
    ? connection.sendBytes(Buffer.from(text), key)
    : connection.sendText(text, key);
}
