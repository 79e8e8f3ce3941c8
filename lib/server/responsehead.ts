/**
 * The head of a response whose fields come from outside: of an HTTPConnection's user, a Node listener, a fetch handler.
 *
 * They know nothing of our connection, so what says how the body is delimited and whether the connection goes on is read
 * out of their fields, and written anew by Exchange.sendHead.
 */
import { CodedError, HTTPInputError } from "../base/errors.ts";
import { log } from "../base/log.ts";
import { checkFieldName, checkFieldValue, checkReason } from "../http/fieldvalue.ts";
import { reasonPhrase } from "../http/httpstatus.ts";
import type { Exchange } from "./exchange.ts";
import { SERVER_LINE } from "./responsepieces.ts";

/** Fields of one connection, which the next one has of its own. RFC 9110 §7.6.1 */
const HOP_BY_HOP = new Set(["Connection", "Keep-Alive", "Transfer-Encoding", "Content-Length"]);

const FIRST_FINAL_STATUS = 200;
const LAST_STATUS = 999;

export interface ForeignHead {
  /** 200 to 999; of an interim response below 200. */
  readonly status: number;
  /** "" = the standard phrase. */
  readonly reason: string;
  /** One pair per line, in any case. */
  readonly fields: Iterable<readonly [name: string, value: string]>;
  /** Bytes of the body if that is known better than Content-Length knows it; null = not known; undefined = ask the field. */
  readonly bodyBytes?: number | null;
}

/**
 * Sends a head. A Date is added if there is none, RFC 9110 §6.6.1, and the name of the server.
 *
 * @throws CodedError ERR_HTTP_STATUS, ERR_HTTP_FIELD_NAME, ERR_HTTP_FIELD_VALUE, ERR_HTTP_BODY_LENGTH, and
 *   ERR_HTTP_HEADERS_SENT; nothing has been sent then
 */
export function sendForeignHead(exchange: Exchange, head: ForeignHead): void {
  const { status } = head;
  if (!(Number.isInteger(status) && status >= FIRST_FINAL_STATUS && status <= LAST_STATUS)) {
    throw new CodedError(
      "ERR_HTTP_STATUS",
      `the status of a response is ${status}; allowed are integers from 200 to 999`,
    );
  }
  let text = "";
  let declared: number | null = null;
  let closes = false;
  let hasDate = false;
  let hasServer = false;
  for (const [name, value] of head.fields) {
    const spelled = checkFieldName(name);
    checkFieldValue(value);
    if (spelled === "Content-Length") declared = lengthOf(value);
    else if (spelled === "Connection") closes ||= /(?:^|,)\s*close\s*(?:,|$)/i.test(value);
    if (HOP_BY_HOP.has(spelled)) continue;
    hasDate ||= spelled === "Date";
    hasServer ||= spelled === "Server";
    text += `${spelled}: ${value}\r\n`;
  }
  if (!hasServer) text = SERVER_LINE + text;
  if (!hasDate) text += `Date: ${exchange.server.pieces.date()}\r\n`;
  if (closes) exchange.keepAlive = false;
  const reason = head.reason === "" ? reasonPhrase(status) : checkReason(head.reason);
  exchange.sendHead(status, reason, text, head.bodyBytes === undefined ? declared : head.bodyBytes);
}

/**
 * Sends an interim response, 102 or 103; HTTP/1.0 knows none.
 *
 * @throws CodedError ERR_HTTP_FIELD_NAME, ERR_HTTP_FIELD_VALUE
 * @see RFC 9110 §15.2
 */
export function sendInterim(exchange: Exchange, { status, reason, fields }: ForeignHead): void {
  let text = `HTTP/1.1 ${status} ${checkReason(reason)}\r\n`;
  for (const [name, value] of fields) {
    checkFieldValue(value);
    text += `${checkFieldName(name)}: ${value}\r\n`;
  }
  if (exchange.isHeadSent || exchange.isFinished || exchange.version === "HTTP/1.0") return;
  exchange.loop.outbox.writeLatin1(exchange.slot, exchange.generation, `${text}\r\n`);
}

/** Answers a request whose answer has failed: with an error if nothing has been sent, else by closing the connection. */
export function answerFailure(exchange: Exchange, status = 500): void {
  if (exchange.isFinished) return;
  if (exchange.isHeadSent) {
    // What is left could be taken for a complete body.
    exchange.abort();
    return;
  }
  const body = `${status} ${reasonPhrase(status)}\n`;
  sendForeignHead(exchange, {
    status,
    reason: "",
    fields: [["Content-Type", "text/plain; charset=UTF-8"]],
    bodyBytes: body.length,
  });
  exchange.write(body);
  exchange.finish();
}

/** Names a request for the log: "GET /path (127.0.0.1)". */
export function summaryOf(exchange: Exchange): string {
  return `${exchange.method} ${exchange.uri} (${exchange.remoteIp})`;
}

/**
 * Logs what somebody threw instead of answering, and answers in their place.
 *
 * An HTTPInputError, and any error that carries a client's fault as `statusCode` or `status`, 400 to 499, is answered
 * with that.
 */
export function failExchange(exchange: Exchange, who: string, error: unknown): void {
  const isWrongLength = error instanceof CodedError && error.code === "ERR_HTTP_BODY_LENGTH";
  if (exchange.isGone && !isWrongLength) {
    // The client's going makes whoever answers fail; nobody is at fault. (A wrong length ends the connection by itself.)
    log.info(`${who} failed after its client had gone: ${summaryOf(exchange)}`, error);
    return;
  }
  const status = clientStatusOf(error);
  if (status === null) log.error(`Uncaught exception in ${who}: ${summaryOf(exchange)}`, error);
  else log.info(`${status} ${summaryOf(exchange)}: ${(error as Error).message}`);
  answerFailure(exchange, status ?? 500);
}

function clientStatusOf(error: unknown): number | null {
  if (error instanceof HTTPInputError) return error.status;
  if (!(error instanceof Error)) return null;
  const { statusCode, status } = error as { statusCode?: unknown; status?: unknown };
  const code = statusCode ?? status;
  return typeof code === "number" && Number.isInteger(code) && code >= 400 && code <= 499
    ? code
    : null;
}

function lengthOf(value: string): number {
  if (/^\d{1,15}$/.test(value)) return Number(value);
  throw new CodedError(
    "ERR_HTTP_BODY_LENGTH",
    `Content-Length was set to ${JSON.stringify(value)}; allowed is a number of bytes`,
  );
}
