/**
 * Turns the addresses in a plain text into links, after tornado.escape.linkify.
 *
 * For text that users wrote: it is escaped first, so the result is safe in a page, and only the
 * protocols that are permitted become links. Tornado does this with one regular expression, which
 * goes back to the start of a hyphenated word at each hyphen; here the text is walked by hand, and
 * each character is looked at a fixed number of times, whoever chose it.
 *
 *     linkify("Hello http://landspout.example!")
 *     // Hello <a href="http://landspout.example">http://landspout.example</a>!
 */
import { xhtmlEscape } from "./escape.ts";

/** How links are made. */
export interface LinkifyOptions {
  /** Show at most about 30 characters of an address, the whole of it as the title. Default false. */
  readonly shorten?: boolean | undefined;
  /**
   * More attributes of each link, as `rel="nofollow"`; or a function that says which, given the
   * escaped address. It stands in the page as it is. Default "".
   */
  readonly extraParams?: string | ((href: string) => string) | undefined;
  /** Leave "www.example.com", without a protocol, as it is. Default false. */
  readonly requireProtocol?: boolean | undefined;
  /** Default http and https. With "javascript" in it, whoever wrote the text runs in the page. */
  readonly permittedProtocols?: Iterable<string> | undefined;
}

/** An address found in the escaped text. */
interface Address {
  /** As it stands in the text. */
  readonly url: string;
  /** "http"; null for an address that begins with "www." */
  readonly protocol: string | null;
  /** Length of "http://"; 0 without a protocol. */
  readonly prefixLength: number;
}

const DEFAULT_PROTOCOLS: readonly string[] = ["http", "https"];

/** Longest address that shorten leaves alone. */
const MOST_SHOWN = 30;

/** A shortened address may be this much longer before it is cut without regard to its parts. */
const TOO_LONG = 1.5;

/** Characters of the path that a shortened address keeps. */
const PATH_SHOWN = 8;

/** The run that may be a protocol, or end in "www". */
const WORDS = /[\p{L}\p{N}_-]+/gu;

/** Where the next ":" or "." decides. */
const WWW = /(?:^|-)www$/;
const LEADING_HYPHENS = /^-*/;

/** Most slashes after the colon that belong to the protocol. */
const MOST_SLASHES = 3;

/** Never inside an address. The entities are those of the five characters that were escaped. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: Python counts these four as spaces
const BREAKS = /[\s\x1c-\x1f\x85&()]/;
const ENTITIES_INSIDE: readonly string[] = ["&amp;", "&quot;"];

/** Inside an address and not at its end: it is the sentence's. */
const PUNCTUATION = new Set("!\"#$%&'()*+,.:;<=>?@[]^`{|}~");

/**
 * Escapes a text and makes links of the addresses in it.
 *
 * Punctuation at the end of an address is left outside, a closing parenthesis unless its partner is
 * inside.
 *
 * @returns HTML
 * @throws CodedError ERR_ARGUMENT_RANGE for bytes that are not UTF-8
 */
export function linkify(value: string | Uint8Array, options: LinkifyOptions = {}): string {
  const text = xhtmlEscape(value);
  const protocols = new Set(options.permittedProtocols ?? DEFAULT_PROTOCOLS);
  let html = "";
  let done = 0;
  for (const { index, 0: word } of text.matchAll(WORDS)) {
    if (index < done) continue; // part of the address before
    const found = addressAt(text, word, index);
    if (found === null) continue;
    const { address, start } = found;
    const isLink =
      address.protocol === null
        ? options.requireProtocol !== true
        : protocols.has(address.protocol);
    html += text.slice(done, start) + (isLink ? link(address, options) : address.url);
    done = start + address.url.length;
  }
  return html + text.slice(done);
}

/** The address whose protocol, or "www", is at the end of the word that stands at `at`. */
function addressAt(
  text: string,
  word: string,
  at: number,
): { readonly address: Address; readonly start: number } | null {
  const after = at + word.length;
  if (text.charAt(after) === ":") {
    const hyphens = LEADING_HYPHENS.exec(word)?.[0].length ?? 0;
    const protocol = word.slice(hyphens);
    if (protocol === "") return null;
    // With as many slashes as there are; else the last of them is the whole rest of the address.
    for (let slashes = slashCount(text, after + 1); slashes > 0; slashes--) {
      const rest = after + 1 + slashes;
      const end = endOfAddress(text, rest);
      if (end === rest) continue;
      const start = at + hyphens;
      const prefixLength = rest - start;
      return { address: { url: text.slice(start, end), protocol, prefixLength }, start };
    }
    return null;
  }
  if (text.charAt(after) !== "." || !WWW.test(word)) return null;
  const end = endOfAddress(text, after + 1);
  const start = after - "www".length;
  if (end === after + 1) return null;
  return { address: { url: text.slice(start, end), protocol: null, prefixLength: 0 }, start };
}

function slashCount(text: string, at: number): number {
  let count = 0;
  while (count < MOST_SLASHES && text.charAt(at + count) === "/") count++;
  return count;
}

/** Where what begins at `at` ends as an address; `at` if there is nothing of one. */
function endOfAddress(text: string, at: number): number {
  let end = at;
  for (;;) {
    const run = runFrom(text, end);
    if (run.lastOwn > end) end = run.lastOwn;
    // Punctuation between here and the parenthesis ends the address.
    if (end !== run.end || text.charAt(end) !== "(") return end;
    const inner = runFrom(text, end + 1);
    if (text.charAt(inner.end) !== ")") return end;
    end = inner.end + 1;
  }
}

/**
 * The characters from `at` on that an address may have.
 * @returns where they end, and where they end without the punctuation after them; `at` if there is
 *   nothing else
 */
function runFrom(text: string, at: number): { readonly end: number; readonly lastOwn: number } {
  let end = at;
  let lastOwn = at;
  while (end < text.length) {
    const character = text.charAt(end);
    if (BREAKS.test(character)) {
      const entity = ENTITIES_INSIDE.find((inside) => text.startsWith(inside, end));
      if (entity === undefined) break;
      end += entity.length;
      continue;
    }
    end++;
    if (!PUNCTUATION.has(character)) lastOwn = end;
  }
  return { end, lastOwn };
}

function link(address: Address, options: LinkifyOptions): string {
  const href = address.protocol === null ? `http://${address.url}` : address.url;
  const { extraParams = "" } = options;
  let params = "";
  if (typeof extraParams === "function") params = ` ${extraParams(href).trim()}`;
  else if (extraParams !== "") params = ` ${extraParams.trim()}`;
  const shown = options.shorten === true ? shortened(address) : address.url;
  const title = shown === address.url ? "" : ` title="${href}"`;
  return `<a href="${href}"${params}${title}>${shown}</a>`;
}

/** The host and the first of the path, with "..."; the whole if that is no shorter. */
function shortened({ url, prefixLength }: Address): string {
  if (url.length <= MOST_SHOWN) return url;
  let shown = url;
  const [host = "", first] = url.slice(prefixLength).split("/");
  if (first !== undefined) {
    const [name = ""] = cut(first, PATH_SHOWN).split(/[?.]/);
    shown = `${url.slice(0, prefixLength)}${host}/${name}`;
  }
  if (shown.length > MOST_SHOWN * TOO_LONG) shown = cut(shown, MOST_SHOWN);
  if (shown === url) return url;
  // Not in the middle of an entity.
  const entity = shown.lastIndexOf("&");
  if (entity > MOST_SHOWN - "&quot".length) shown = shown.slice(0, entity);
  shown += "...";
  return shown.length < url.length ? shown : url;
}

/** The first characters of a text, without half of a surrogate pair at their end. */
function cut(text: string, length: number): string {
  return text.slice(0, length).replace(/[\ud800-\udbff]$/, "");
}
