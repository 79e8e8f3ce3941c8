/**
 * ResponseHeaders: the fields a handler's response will have.
 *
 * RequestHandler makes one when its response has more to say than its Content-Type: Server, Content-Type, Date, then
 * what the handler adds.
 */
import { describe } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";
import { checkFieldName, checkFieldValue } from "../http/fieldvalue.ts";
import { formatTimestamp } from "../http/httpdate.ts";

/** What a field may be set to: text (latin1), a number, or a date written as HTTP writes it. */
export type FieldValue = string | number | bigint | Date | Uint8Array;

export const DEFAULT_CONTENT_TYPE = "text/html; charset=UTF-8";
export const JSON_CONTENT_TYPE = "application/json; charset=UTF-8";

const CONTENT_TYPE = "Content-Type";

/** Fields that say how a message is delimited or a connection used: the server writes them. */
const FRAMING = new Set([
  "Content-Length",
  "Transfer-Encoding",
  "Connection",
  "Keep-Alive",
  "Date",
]);

export class ResponseHeaders {
  /** In Http-Header-Case, each with its lines in order; empty ones stand for the server's own name and the time of sending. */
  readonly #lines: Map<string, string[]>;

  constructor(contentType: string) {
    this.#lines = new Map([
      ["Server", [""]],
      [CONTENT_TYPE, [contentType]],
      ["Date", [""]],
    ]);
  }

  set(name: string, value: FieldValue): void {
    const text = fieldText(value);
    const spelled = checkFieldName(name);
    checkFieldValue(text);
    this.#lines.set(spelled, [text]);
  }

  add(name: string, value: FieldValue): void {
    const text = fieldText(value);
    const spelled = checkFieldName(name);
    checkFieldValue(text);
    const lines = this.#lines.get(spelled);
    if (lines === undefined) this.#lines.set(spelled, [text]);
    else lines.push(text);
  }

  clear(name: string): void {
    this.#lines.delete(checkFieldName(name));
  }

  /** The lines of a field; none if it is not set. */
  getList(name: string): readonly string[] {
    return this.#lines.get(checkFieldName(name)) ?? [];
  }

  has(name: string): boolean {
    return this.getList(name).length > 0;
  }

  /** Complete field lines, without those that the server writes. */
  text(server: string, date: string): string {
    let text = "";
    for (const [name, lines] of this.#lines) {
      if (FRAMING.has(name)) {
        // The one option that is not the server's: Upgrade must be named where it is sent. RFC 9110 §7.8.
        if (name === "Connection" && lines.some(namesUpgrade)) text += "Connection: Upgrade\r\n";
        continue;
      }
      for (const line of lines)
        text += name === "Server" && line === "" ? server : `${name}: ${line}\r\n`;
    }
    const dates = this.#lines.get("Date");
    if (dates !== undefined) text += `Date: ${dates[0] || date}\r\n`;
    return text;
  }
}

function namesUpgrade(line: string): boolean {
  return /(?:^|,)\s*upgrade\s*(?:,|$)/i.test(line);
}

function fieldText(value: FieldValue): string {
  if (typeof value === "string") return value;
  if (typeof value === "bigint" || Number.isFinite(value)) return String(value);
  if (value instanceof Date) return formatTimestamp(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString("latin1");
  throw new CodedError(
    "ERR_ARGUMENT_TYPE",
    `a field's value is ${describe(value)}; allowed are strings, finite numbers, Dates and bytes`,
  );
}
