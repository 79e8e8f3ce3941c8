/**
 * HTTPHeaders: the fields of a message by name, without regard to case.
 *
 *     const headers = new HTTPHeaders({ "content-type": "text/html" });
 *     headers.add("Set-Cookie", "a=1");
 *     headers.get("Content-Type");   // "text/html"
 *     headers.getList("set-cookie"); // ["a=1"]
 *
 * It has two forms. The general one is a map from Http-Header-Case names to lists of values. The
 * lazy one, made per request, is the text of a whole head and the offsets that the parser found in
 * it: reading a header walks the offsets and slices one value. The first call that changes the
 * headers or goes through all of them turns the lazy form into the general one. A value is latin1:
 * each character is one byte as it is on the wire.
 */
import { quote } from "../base/describe.ts";
import { HTTPInputError } from "../base/errors.ts";
import { fieldValueFault, fieldValueMessage, spellFieldName } from "./fieldvalue.ts";
import { fieldIdOf, fieldIds, UNKNOWN_FIELD } from "./knownfields.ts";
import { ID_SHIFT, nameIsAt, OFFSET_MASK, SPAN_LENGTH, type Spans, spansOf } from "./spans.ts";

/** One field: its name in Http-Header-Case and its value. */
export type HeaderPair = readonly [name: string, value: string];

/** What headers can be made from: pairs, in which a name may come more than once, or an object. */
export type HeaderPairs = Iterable<HeaderPair> | Readonly<Record<string, string>>;

/** The fields of a message. Field and name mean the same in every spelling. */
export class HTTPHeaders implements Iterable<HeaderPair> {
  /** Lazy form: the text of the head; "" in the general form. */
  #head = "";
  /** Lazy form: its fields; null until asked for, if the head came without. */
  #spans: Spans | null = null;
  #spansHaveIds = false;
  /** General form: values by name, both in the order they came; null in the lazy form. */
  #lists: Map<string, string[]> | null = null;

  /** @throws HTTPInputError as add() does */
  constructor(fields?: HeaderPairs) {
    if (fields === undefined) return;
    const pairs = Symbol.iterator in fields ? fields : Object.entries(fields);
    for (const [name, value] of pairs as Iterable<HeaderPair>) this.add(name, value);
  }

  /**
   * Makes the lazy form of the headers of a request.
   *
   * @param head  the whole head as latin1: request line CRLF, field lines each with CRLF, CRLF;
   *   already judged
   * @param spans where its fields are, see spans.ts; ids are those of the list given to
   *   setFieldNames
   */
  static fromHead(head: string, spans: Spans): HTTPHeaders {
    const headers = new HTTPHeaders();
    headers.#head = head;
    headers.#spans = spans;
    headers.#spansHaveIds = fieldIds.size > 0;
    return headers;
  }

  /** The same where there are no spans: they are looked for when the first header is read. */
  static fromHeadText(head: string): HTTPHeaders {
    const headers = new HTTPHeaders();
    headers.#head = head;
    return headers;
  }

  /**
   * Parses a section of field lines, such as the head of a part of a multipart body.
   *
   * @param text lines that end in CRLF or LF; an empty last line is allowed
   * @throws HTTPInputError as parseLine() does
   */
  static parse(text: string): HTTPHeaders {
    const headers = new HTTPHeaders();
    let at = 0;
    while (at < text.length) {
      const newline = text.indexOf("\n", at);
      const next = newline === -1 ? text.length : newline + 1;
      headers.parseLine(text.slice(at, next));
      at = next;
    }
    return headers;
  }

  // Reading.

  /**
   * The value of a header.
   *
   * @hot bench/micro/httpheaders.bench.mjs: once per header that a handler reads; allocates the
   *   value
   * @returns the values in the order they came, joined with "," if there are several; null if there
   *   is none
   * @see RFC 9110 §5.3
   */
  get(name: string): string | null {
    if (this.#lists !== null) return this.#getFromLists(name);
    const spans = this.#spans ?? this.#findSpans();
    const id = this.#spansHaveIds ? fieldIdOf(name) : UNKNOWN_FIELD;
    const at = id === UNKNOWN_FIELD ? this.#findName(spans, 0, name) : findId(spans, 0, id);
    if (at === spans.length) return null;
    const value = this.#value(spans, at);
    const next = at + SPAN_LENGTH;
    const again =
      id === UNKNOWN_FIELD ? this.#findName(spans, next, name) : findId(spans, next, id);
    return again === spans.length ? value : this.getList(name).join(",");
  }

  /** The values of a header, one per field line, in the order they came; none = []. */
  getList(name: string): string[] {
    if (this.#lists !== null) return [...(this.#listOf(name) ?? [])];
    const spans = this.#spans ?? this.#findSpans();
    const values: string[] = [];
    for (let at = 0; at < spans.length; at += SPAN_LENGTH) {
      if (nameIsAt(this.#head, (spans[at] ?? 0) & OFFSET_MASK, name))
        values.push(this.#value(spans, at));
    }
    return values;
  }

  /** Tells whether there is such a header. */
  has(name: string): boolean {
    if (this.#lists !== null) return this.#listOf(name) !== undefined;
    return this.get(name) !== null;
  }

  /** Count of different names. */
  get size(): number {
    return this.#general().size;
  }

  /** The names in Http-Header-Case, in the order they first came. */
  names(): IterableIterator<string> {
    return this.#general().keys();
  }

  /**
   * One [name, value] per field line; lines of one name stand together, where the first of them
   * came.
   */
  *getAll(): Generator<HeaderPair> {
    for (const [name, values] of this.#general()) {
      for (const value of values) yield [name, value];
    }
  }

  /** One [name, value] per name, the values joined as get() joins them. */
  *[Symbol.iterator](): Generator<HeaderPair> {
    for (const [name, values] of this.#general()) yield [name, values.join(",")];
  }

  /** The field lines as they go on the wire, each with CRLF. */
  toString(): string {
    let text = "";
    for (const [name, value] of this.getAll()) text += `${name}: ${value}\r\n`;
    return text;
  }

  /** Headers of the same content that change independently of these. */
  copy(): HTTPHeaders {
    const copy = new HTTPHeaders();
    copy.#head = this.#head;
    copy.#spans = this.#spans;
    copy.#spansHaveIds = this.#spansHaveIds;
    if (this.#lists !== null) {
      copy.#lists = new Map();
      for (const [name, values] of this.#lists) copy.#lists.set(name, [...values]);
    }
    return copy;
  }

  // Changing.

  /**
   * Adds a field line; those of the same name stay.
   *
   * @throws HTTPInputError 400 ERR_HTTP_FIELD_NAME if the name is not a token; 400
   *   ERR_HTTP_FIELD_VALUE if the value begins or ends with a space or tab, or has a character
   *   outside `[\x09\x20-\x7e\x80-\xff]`
   * @see RFC 9110 §5.1, §5.5
   */
  add(name: string, value: string): void {
    const spelling = checkedName(name);
    checkValue(value);
    const lists = this.#general();
    const values = lists.get(spelling);
    if (values === undefined) lists.set(spelling, [value]);
    else values.push(value);
  }

  /** Puts one field line in the place of all of that name. @throws HTTPInputError as add() does */
  set(name: string, value: string): void {
    const spelling = checkedName(name);
    checkValue(value);
    this.#general().set(spelling, [value]);
  }

  /** Removes all field lines of a name. @returns whether there were any */
  delete(name: string): boolean {
    const spelling = spellFieldName(name);
    return spelling !== null && this.#general().delete(spelling);
  }

  /**
   * Adds the field of one line, `name: value`; what surrounds the value is trimmed, and only space
   * and tab are.
   *
   * @param line with or without its CRLF or LF; an empty one adds nothing
   * @throws HTTPInputError 400 ERR_HTTP_FIELD_LINE if there is no colon or the line begins with a
   *   space or tab, which would fold it into the one before; and as add() does
   * @see RFC 9112 §5
   */
  parseLine(line: string): void {
    let end = line.length;
    if (line.charAt(end - 1) === "\n") end -= line.charAt(end - 2) === "\r" ? 2 : 1;
    if (end === 0) return;
    const first = line.charAt(0);
    if (first === " " || first === "\t") {
      throw new HTTPInputError(
        400,
        "ERR_HTTP_FIELD_LINE",
        `field line ${quote(line)} begins with white space; RFC 9112 §5.2 allows no folded lines here`,
      );
    }
    const colon = line.indexOf(":");
    if (colon === -1) {
      throw new HTTPInputError(
        400,
        "ERR_HTTP_FIELD_LINE",
        `field line ${quote(line)} has no colon; RFC 9112 §5 asks for "name: value"`,
      );
    }
    this.add(line.slice(0, colon), trimmed(line, colon + 1, end));
  }

  // Steps.

  #getFromLists(name: string): string | null {
    const values = this.#listOf(name);
    if (values === undefined) return null;
    return values.length === 1 ? (values[0] ?? null) : values.join(",");
  }

  #listOf(name: string): string[] | undefined {
    const spelling = spellFieldName(name);
    return spelling === null ? undefined : this.#lists?.get(spelling);
  }

  #findSpans(): Spans {
    this.#spans = spansOf(this.#head);
    return this.#spans;
  }

  /**
   * @hot as get().
   * @returns the offset of the first triple from `at` on with this name, or the length
   */
  #findName(spans: Spans, from: number, name: string): number {
    let at = from;
    const head = this.#head;
    while (at < spans.length && !nameIsAt(head, spans[at]! & OFFSET_MASK, name)) at += SPAN_LENGTH;
    return at;
  }

  /** @hot as get(). */
  #value(spans: Spans, at: number): string {
    return this.#head.slice(spans[at + 1]!, spans[at + 2]!);
  }

  /** The general form, made from the lazy one if there is none yet. */
  #general(): Map<string, string[]> {
    if (this.#lists !== null) return this.#lists;
    const lists = new Map<string, string[]>();
    const spans = this.#spans ?? this.#findSpans();
    for (let at = 0; at < spans.length; at += SPAN_LENGTH) {
      const nameStart = (spans[at] ?? 0) & OFFSET_MASK;
      const name = checkedName(this.#head.slice(nameStart, this.#head.indexOf(":", nameStart)));
      const values = lists.get(name);
      if (values === undefined) lists.set(name, [this.#value(spans, at)]);
      else values.push(this.#value(spans, at));
    }
    this.#lists = lists;
    this.#head = "";
    this.#spans = null;
    return lists;
  }
}

/**
 * @hot as get().
 * @returns the offset of the first triple from `at` on with this id, or the length
 */
function findId(spans: Spans, from: number, id: number): number {
  let at = from;
  while (at < spans.length && spans[at]! >>> ID_SHIFT !== id) at += SPAN_LENGTH;
  return at;
}

function checkedName(name: string): string {
  const spelling = spellFieldName(name);
  if (spelling !== null) return spelling;
  throw new HTTPInputError(
    400,
    "ERR_HTTP_FIELD_NAME",
    `field name ${quote(name)} is not a token; see RFC 9110 §5.1`,
  );
}

function checkValue(value: string): void {
  const at = fieldValueFault(value);
  if (at !== -1) {
    throw new HTTPInputError(400, "ERR_HTTP_FIELD_VALUE", fieldValueMessage(value, at));
  }
  if (trimmed(value, 0, value.length).length !== value.length) {
    throw new HTTPInputError(
      400,
      "ERR_HTTP_FIELD_VALUE",
      `field value ${quote(value)} begins or ends with white space, which is not part of a value`,
    );
  }
}

/**
 * Cuts off spaces and tabs; String.prototype.trim would take U+00A0 and U+0085 too, which are bytes
 * of the value.
 */
function trimmed(text: string, from: number, to: number): string {
  let start = from;
  let end = to;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isBlank(character: number): boolean {
  return character === 0x20 || character === 0x09;
}
