/**
 * ResponseHeaders: the fields a handler's response will have.
 *
 * RequestHandler owns one. Most responses differ from the default in their Content-Type alone: as long as that is so,
 * that is all there is here, and the response uses a ready-made head. The first call that asks for more makes the whole
 * set: Server, Content-Type, Date, then what the handler adds.
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
  /** The Content-Type, if there is no more than that to say; else null. */
  simpleType: string | null = DEFAULT_CONTENT_TYPE;
  /** In Http-Header-Case, each with its lines in order; null while simpleType is not. */
  #lines: Map<string, string[]> | null = null;

  /** @hot bench/run.mjs: once per response that sets its Content-Type; allocates nothing */
  set(name: string, value: FieldValue): void {
    const text = fieldText(value);
    const spelled = name === CONTENT_TYPE ? name : checkFieldName(name);
    checkFieldValue(text);
    if (this.#lines === null && spelled === CONTENT_TYPE) {
      this.simpleType = text;
      return;
    }
    this.#all().set(spelled, [text]);
  }

  add(name: string, value: FieldValue): void {
    const text = fieldText(value);
    const spelled = checkFieldName(name);
    checkFieldValue(text);
    const all = this.#all();
    const lines = all.get(spelled);
    if (lines === undefined) all.set(spelled, [text]);
    else lines.push(text);
  }

  clear(name: string): void {
    this.#all().delete(checkFieldName(name));
  }

  /** The lines of a field; none if it is not set. */
  getList(name: string): readonly string[] {
    const spelled = checkFieldName(name);
    if (this.#lines === null)
      return spelled === CONTENT_TYPE && this.simpleType !== null ? [this.simpleType] : [];
    return this.#lines.get(spelled) ?? [];
  }

  has(name: string): boolean {
    return this.getList(name).length > 0;
  }

  /** Complete field lines, without those that the server writes. */
  text(server: string, date: string): string {
    let text = "";
    const all = this.#all();
    for (const [name, lines] of all) {
      if (FRAMING.has(name)) continue;
      for (const line of lines)
        text += name === "Server" && line === "" ? server : `${name}: ${line}\r\n`;
    }
    const dates = all.get("Date");
    if (dates !== undefined) text += `Date: ${dates[0] || date}\r\n`;
    return text;
  }

  #all(): Map<string, string[]> {
    if (this.#lines === null) {
      // Empty values stand for the server's own name and the time of sending.
      this.#lines = new Map([["Server", [""]]]);
      if (this.simpleType !== null) this.#lines.set(CONTENT_TYPE, [this.simpleType]);
      this.#lines.set("Date", [""]);
      this.simpleType = null;
    }
    return this.#lines;
  }
}

function fieldText(value: FieldValue): string {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  if (value instanceof Date) return formatTimestamp(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString("latin1");
  throw new CodedError(
    "ERR_ARGUMENT_TYPE",
    `a field's value is ${describe(value)}; allowed are strings, numbers, Dates and bytes`,
  );
}
