/**
 * WebSocket /chat: the chat. A client enters one room at a time, says something, and hears what is said there.
 *
 *     client ─▶ { kind: "enter", room, since }    since: id of the last message it has; null if it has none
 *            ─▶ { kind: "say", text, key }        key: the client's own, by which it knows its message again
 *     server ─▶ { kind: "message", id, room, from, text, atMs, key }
 *            ─▶ { kind: "entered", room, you, members, isComplete }    after what was missed
 *            ─▶ { kind: "members", members }
 *            ─▶ { kind: "refused", key, reason }
 *
 * A client that has lost its connection enters again with `since`, and is sent what it has missed first. A page of another
 * origin gets 403 instead of a connection: that is WebSocketHandler's checkOrigin().
 */
import { WebSocketHandler, type WebSocketOptions } from "landspout";
import { newGuest, type Person, personOf } from "./person.ts";
import { isRoom, type Member, membersOf, topicOf } from "./rooms.ts";

/** Most characters of what is said at once. */
const LONGEST_TEXT = 500;

/** How many of the last messages somebody sees who has never been there. */
const SHOWN_MESSAGES = 50;

/** So many messages may be said in a row, then one per SAY_EVERY_MS. */
const MOST_IN_A_ROW = 10;
const SAY_EVERY_MS = 500;

/** "Policy violation": what came is nothing that our page sends. RFC 6455 §7.4.1. */
const POLICY_VIOLATION = 1008;

type Command =
  | { readonly kind: "enter"; readonly room: string; readonly since: string | null }
  | { readonly kind: "say"; readonly text: string; readonly key: string };

export class Chat extends WebSocketHandler {
  static override readonly websocket: WebSocketOptions = {
    maxMessageBytes: 8 * 1024,
    // A client that has vanished without a word is out of the room within a minute.
    pingIntervalMs: 25_000,
    // Whoever does not keep up is disconnected; it comes back, and is sent what it has missed.
    maxQueuedBytes: 256 * 1024,
    queuePolicy: "close",
  };

  #person: Person = newGuest();
  #topic: string | null = null;
  /** When the next message would be due if they were said evenly: it may lie MOST_IN_A_ROW messages ahead. */
  #dueAtMs = 0;

  override prepare(): void {
    this.#person = personOf(this) ?? this.#person;
  }

  override onMessage(message: string | Buffer): void {
    const command = commandOf(message);
    if (command === null) this.close(POLICY_VIOLATION, "not a command of the chat");
    else if (command.kind === "enter") this.#enter(command.room, command.since);
    else this.#say(command.text, command.key);
  }

  #enter(room: string, since: string | null): void {
    const topic = topicOf(room);
    if (this.#topic !== null && this.#topic !== topic) this.unsubscribe(this.#topic);
    this.#topic = topic;
    const { id, name } = this.#person;
    const you: Member = { id, name };
    // Two windows of one person are one presence.
    const presence = { presence: you, presenceKey: id };
    const { isComplete } = this.subscribe(topic, { ...presence, since, last: SHOWN_MESSAGES });
    const members = membersOf(this.application, topic);
    this.writeMessage({ kind: "entered", room, you, members, isComplete });
  }

  #say(text: string, key: string): void {
    const problem = this.#problemOf(text);
    if (problem !== null) {
      this.writeMessage({ kind: "refused", key, reason: problem });
      return;
    }
    const topic = this.#topic ?? "";
    const { id, name } = this.#person;
    const from: Member = { id, name };
    const said = { room: topic.slice(topicOf("").length), from, text, atMs: Date.now(), key };
    this.application.publish(topic, (id) => ({ kind: "message", id, ...said }));
  }

  /** @returns why it cannot be said; null if it can */
  #problemOf(text: string): string | null {
    if (this.#topic === null) return "enter a room first";
    if (text.trim() === "") return "there is nothing in it";
    if (text.length > LONGEST_TEXT) return `at most ${LONGEST_TEXT} characters at once`;
    const nowMs = Date.now();
    const dueAtMs = Math.max(this.#dueAtMs, nowMs) + SAY_EVERY_MS;
    if (dueAtMs - nowMs > MOST_IN_A_ROW * SAY_EVERY_MS) return "that was a lot: wait a moment";
    this.#dueAtMs = dueAtMs;
    return null;
  }
}

/** What a client has sent; null if it is no command. */
function commandOf(message: string | Buffer): Command | null {
  if (typeof message !== "string") return null;
  let value: Readonly<Record<string, unknown>>;
  try {
    value = Object(JSON.parse(message));
  } catch {
    return null;
  }
  const { kind, room, since = null, text, key } = value;
  if (kind === "enter") {
    if (!isRoom(room) || (since !== null && typeof since !== "string")) return null;
    return { kind, room, since };
  }
  if (kind === "say" && typeof text === "string" && typeof key === "string") {
    return { kind, text, key };
  }
  return null;
}
