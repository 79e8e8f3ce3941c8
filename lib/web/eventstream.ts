/**
 * EventStream: server-sent events, the response that a browser's EventSource reads.
 *
 *     class Ticker extends RequestHandler {
 *       async get() {
 *         const events = this.eventStream({ retryMs: 3_000 });
 *         await events.send({ event: "hello", data: { from: events.lastEventId } });
 *         await events.sendAll(prices(events.signal));
 *       }
 *     }
 *
 * A browser that has lost its stream comes back by itself, with the id of the last event it saw. While there is nothing to
 * say, a comment goes out every keepAliveMs, which keeps proxies from closing the connection and finds out that a client
 * has vanished; its deadline is on the loop's timing wheel, so a hundred thousand idle streams cost no timer each.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
import { describe, quote } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";
import { type Input, integer, options, resolve } from "../base/options.ts";
import type { HTTPServerRequest } from "../http/httpserverrequest.ts";
import {
  checkUnsent,
  jsonLine,
  type PushHandler,
  PushStream,
  pushStreamOptions,
} from "./pushstream.ts";
import { RESPONSE, type ResponseWriter } from "./responsewriter.ts";

/** The options of an EventStream. */
export const eventStreamOptions = options({
  /** Most bytes that are kept for a client which does not keep up, beyond the server's highWaterBytes. What is sent within one turn counts until the turn is over; one message is always taken. */
  maxBufferedBytes: pushStreamOptions.maxBufferedBytes,
  /** What happens to an event beyond them: "close" ends the connection; "wait" keeps it until there is room, for senders that await. */
  whenFull: pushStreamOptions.whenFull,
  /** How long a client waits before it comes back, in ms; null = as it likes. */
  retryMs: integer({ default: null, min: 0, max: 2 ** 31 - 1 }),
  /** Silence after which a comment is sent, in ms; to within 100 ms. 0 = never. */
  keepAliveMs: integer({ default: 15_000, min: 0, max: 3_600_000 }),
});
export type EventStreamOptions = Input<typeof eventStreamOptions>;

/** One event. Without `data` no event reaches the page, but id, retry and comments have their effect. */
export interface ServerSentEvent {
  /** Text, of any number of lines; anything else is sent as JSON. */
  readonly data?: unknown;
  /** The event's type, on one line; "message" if it is not given. */
  readonly event?: string;
  /** What the client sends as Last-Event-ID when it comes back; on one line, without NUL. */
  readonly id?: string | number;
  /** As the option, from now on. */
  readonly retryMs?: number;
  /** For people who read the stream; of any number of lines. */
  readonly comment?: string;
}

/** What a stream needs of its handler. */
export interface EventHandler extends PushHandler {
  readonly request: HTTPServerRequest;
}

const CONTENT_TYPE = "text/event-stream; charset=utf-8";

/** no-transform: a proxy that compresses would hold events back. */
const CACHE_CONTROL = "no-store, no-transform";

const LINE_END = /\r\n|\r|\n/;

/** Reads as nothing, and shows that somebody is there. */
const KEEP_ALIVE = ":\n\n";

const keys: readonly string[] = ["data", "event", "id", "retryMs", "comment"];

export class EventStream extends PushStream<string | ServerSentEvent> {
  /** The id of the last event that the client has seen, from its field Last-Event-ID; null if this is its first visit. */
  readonly lastEventId: string | null;

  readonly #loop: ResponseWriter["exchange"]["loop"];
  readonly #keepAliveMs: number;
  #lastSentMs = 0;
  /** On the loop's wheel; 0 = none. */
  #deadline = 0;

  /**
   * Sends the head: the stream is open.
   *
   * @throws CodedError ERR_HTTP_HEADERS_SENT if the response has begun; ERR_OPTION_TYPE, ERR_OPTION_RANGE,
   *   ERR_UNKNOWN_OPTION
   */
  constructor(handler: EventHandler, given: EventStreamOptions = {}) {
    const resolved = resolve("EventStream", eventStreamOptions, given);
    const response = handler[RESPONSE];
    checkUnsent(response, "an event stream");
    super(handler, response, resolved);
    this.#loop = response.exchange.loop;
    this.#keepAliveMs = resolved.keepAliveMs;
    this.lastEventId = lastEventIdOf(handler.request);
    handler.setHeader("Content-Type", CONTENT_TYPE);
    if (response.lines("Cache-Control").length === 0) {
      handler.setHeader("Cache-Control", CACHE_CONTROL);
    }
    // nginx would keep events until it has a buffer full of them.
    handler.setHeader("X-Accel-Buffering", "no");
    this.open(resolved.retryMs === null ? "" : formatEvent({ retryMs: resolved.retryMs }));
    if (this.#keepAliveMs > 0 && !this.isClosed) this.#keepAlive();
  }

  /** @throws CodedError ERR_UNKNOWN_OPTION, too, for an object with other keys than those of an event */
  override send(event: string | ServerSentEvent): Promise<void> {
    const text = formatEvent(typeof event === "string" ? { data: event } : event);
    this.#lastSentMs = this.#loop.clock.now();
    return this.push(text);
  }

  /** Sends a comment, which no page sees. */
  comment(text: string): Promise<void> {
    return this.send({ comment: text });
  }

  protected override onOver(): void {
    if (this.#deadline !== 0) this.#loop.wheel.cancel(this.#deadline);
    this.#deadline = 0;
  }

  // Steps.

  #keepAlive(): void {
    const { wheel, clock } = this.#loop;
    this.#lastSentMs = clock.now();
    const deadlineMs = this.#lastSentMs + this.#keepAliveMs;
    this.#deadline = wheel.addCallback(deadlineMs, (nowMs) => this.#onDeadline(nowMs));
    this.#loop.wheelChanged(deadlineMs);
  }

  #onDeadline(nowMs: number): void {
    if (this.isClosed) return;
    if (nowMs - this.#lastSentMs >= this.#keepAliveMs) {
      this.#lastSentMs = nowMs;
      // A client that is behind has enough to read.
      if (!this.isBehind) this.push(KEEP_ALIVE);
    }
    this.#loop.wheel.update(this.#deadline, this.#lastSentMs + this.#keepAliveMs);
  }
}

/**
 * Writes an event as it is on the wire, with the empty line that ends it.
 *
 * @throws CodedError ERR_ARGUMENT_TYPE, ERR_ARGUMENT_RANGE, ERR_UNKNOWN_OPTION
 */
export function formatEvent(event: ServerSentEvent): string {
  checkKeys(event);
  const { data, event: type, id, retryMs, comment } = event;
  let text = "";
  if (comment !== undefined) text += lines(":", checkText("comment", comment));
  if (type !== undefined) text += `event: ${checkLine("event", type)}\n`;
  if (id !== undefined) text += `id: ${checkLine("id", typeof id === "number" ? `${id}` : id)}\n`;
  if (retryMs !== undefined) text += `retry: ${checkRetry(retryMs)}\n`;
  if (data !== undefined) text += lines("data:", typeof data === "string" ? data : jsonLine(data));
  return `${text}\n`;
}

function lines(name: string, value: string): string {
  let text = "";
  for (const line of value.split(LINE_END)) text += `${name} ${line}\n`;
  return text;
}

function checkKeys(event: ServerSentEvent): void {
  if (typeof event !== "object" || event === null || Array.isArray(event)) {
    throw new CodedError(
      "ERR_ARGUMENT_TYPE",
      `an event is ${describe(event)}; allowed are a string and an object such as { data }`,
    );
  }
  for (const key of Object.keys(event)) {
    if (keys.includes(key)) continue;
    throw new CodedError(
      "ERR_UNKNOWN_OPTION",
      `an event has no ${quote(key)}, it has ${keys.join(", ")}; an object to be sent is written { data: object }`,
    );
  }
}

function checkText(name: string, value: unknown): string {
  if (typeof value === "string") return value;
  throw new CodedError(
    "ERR_ARGUMENT_TYPE",
    `the ${name} of an event is ${describe(value)}; allowed is a string`,
  );
}

/** Whoever could put a line end into a type or an id could write events of his own. */
function checkLine(name: string, value: unknown): string {
  const text = checkText(name, value);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (!/[\r\n\x00]/.test(text)) return text;
  throw new CodedError(
    "ERR_ARGUMENT_RANGE",
    `the ${name} of an event is ${quote(text)}; allowed is one line without NUL`,
  );
}

function checkRetry(retryMs: unknown): number {
  if (Number.isSafeInteger(retryMs) && (retryMs as number) >= 0) return retryMs as number;
  throw new CodedError(
    "ERR_ARGUMENT_RANGE",
    `the retryMs of an event is ${describe(retryMs)}; allowed is an integer from 0`,
  );
}

/** Browsers send it as UTF-8; a field is latin1, a character a byte. */
function lastEventIdOf(request: HTTPServerRequest): string | null {
  const value = request.headers.get("Last-Event-ID");
  return value === null ? null : Buffer.from(value, "latin1").toString("utf8");
}
