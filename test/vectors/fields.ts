/** Vectors: field lines, their names, values and ends (RFC 9112 §5, RFC 9110 §5). */
import { accepted, get, HIDDEN, refused, refusedEach, type Vector } from "./vector.ts";

/** The value of X-A as the handler sees it: JSON of latin1 text, written as UTF-8. */
function value(name: string, line: string, seen: string): Vector {
  const bytes = `GET /field?n=X-A HTTP/1.1\r\nHost: a\r\n${line}\r\n\r\n`;
  return accepted(name, bytes, Buffer.from(JSON.stringify(seen), "utf8").toString("latin1"));
}

const bad = (name: string, line: string): Vector => refused(name, get(`${line}\r\n`));
const hex = (byte: number): string => `0x${byte.toString(16).padStart(2, "0")}`;

/** Every byte of US-ASCII that may not stand in a field name, but for CR, LF and the colon. */
const NOT_IN_NAMES = [
  ...Array.from({ length: 0x21 }, (_, byte) => byte).filter((b) => b !== 0x0d && b !== 0x0a),
  ...[...'"(),/;<=>?@[\\]{}'].map((c) => c.charCodeAt(0)),
  0x7f,
  0x80,
  0xe9,
  0xff,
];

/** Every control byte that may not stand in a field value, but for CR and LF. */
const NOT_IN_VALUES = [
  ...Array.from({ length: 0x20 }, (_, byte) => byte).filter((b) => ![9, 10, 13].includes(b)),
  0x7f,
];

export const fields: readonly Vector[] = [
  value("a value", "X-A: b", "b"),
  value("an empty value", "X-A:", ""),
  value("a value of white space only", "X-A: \t ", ""),
  value("no space after the colon", "X-A:b", "b"),
  value("white space around the value", "X-A:  \t v \t", "v"),
  value("a tab inside the value", "X-A: a\tb", "a\tb"),
  value("obs-text, as latin1", "X-A: \xe9", "\xe9"),
  value("all of obs-text", "X-A: \x80\xa0\xff", "\x80\xa0\xff"),
  value("a no-break space at the edge is kept", "X-A: \xa0b\xa0", "\xa0b\xa0"),
  value("NEL at the edge is kept", "X-A: b\x85", "b\x85"),
  value("colons and quotes in the value", 'X-A: a:b, "c:d"', 'a:b, "c:d"'),
  value(
    "every visible character",
    "X-A: !\"#$%&'()*+,-./09:;<=>?@AZ[\\]^_`az{|}~",
    "!\"#$%&'()*+,-./09:;<=>?@AZ[\\]^_`az{|}~",
  ),
  value("the name in lower case", "x-a: b", "b"),
  value("two lines of one name", "X-A: a\r\nX-A: b", "a,b"),
  value("two lines of one name, apart", "X-A: a\r\nX-B: x\r\nx-a: b", "a,b"),
  accepted("a name of every token character", get("!#$%&'*+-.^_`|~09azAZ: b\r\n"), "hello"),
  accepted("a name of digits", get("123: b\r\n"), "hello"),
  accepted("an underscore in the name", get("Content_Length: 5\r\n"), "hello"),
  accepted("sixty fields", get("X-A: b\r\n".repeat(60)), "hello"),

  ...NOT_IN_NAMES.map((byte) => bad(`${hex(byte)} in a name`, `X${String.fromCharCode(byte)}A: b`)),
  ...NOT_IN_VALUES.map((byte) =>
    bad(`${hex(byte)} in a value`, `X-A: a${String.fromCharCode(byte)}b`),
  ),

  ...refusedEach([
    ["no colon", get("asdf\r\n")],
    ["no colon, in HTTP/1.0", "GET / HTTP/1.0\r\nasdf\r\n\r\n"],
    ["no colon in the first line", "GET / HTTP/1.1\r\nasdf\r\nHost: a\r\n\r\n"],
    ["no name", get(": bar\r\n")],
    ["no name, only a colon", get(":\r\n")],
    ["a space before the colon", get("Foo : bar\r\n")],
    ["a tab before the colon", get("Foo\t: bar\r\n")],
    ["a space in the name", get("Fo o: bar\r\n")],
    ["a name in UTF-8", get("F\xc3\xa9: bar\r\n")],
    ["a space before the colon of Content-Length", get("Content-Length : 5\r\n")],
    ["a space before the colon of Transfer-Encoding", get("Transfer-Encoding : chunked\r\n")],
    ["a space before the colon of Host", "GET / HTTP/1.1\r\nHost : a\r\n\r\n"],
    ["NUL at the end of a value", get("X-A: b\x00\r\n")],
    ["NUL at the start of a value", get("X-A:\x00b\r\n")],
    ["NUL as the name", get("\x00: b\r\n")],

    ["folded by a space", get("X-A: a\r\n b\r\n")],
    ["folded by a tab", get("X-A: a\r\n\tb\r\n")],
    ["folded by several", get("X-A: a\r\n \t b\r\n")],
    ["folded, nothing in the continuation", get("X-A: a\r\n \r\n")],
    ["folded at once", get("X-A:\r\n b\r\n")],
    ["a space before the first field", "GET / HTTP/1.1\r\n Host: a\r\n\r\n"],
    ["a space before the first of two fields", "GET / HTTP/1.1\r\n X-A: b\r\nHost: a\r\n\r\n"],
    ["a tab before the first field", "GET / HTTP/1.1\r\n\tHost: a\r\n\r\n"],
    ["Host folded", "GET / HTTP/1.1\r\nHost:\r\n a\r\n\r\n"],
    ["white space alone before the end", "GET / HTTP/1.1\r\nHost: a\r\n \r\n\r\n"],

    ["a field ended by LF", get("X-A: b\nX-B: c\r\n")],
    ["a field ended by CR", get("X-A: b\rX-B: c\r\n")],
    ["a field ended by CR CR LF", get("X-A: b\r\r\nX-B: c\r\n")],
    ["a field ended by LF CR", get("X-A: b\n\rX-B: c\r\n")],
    ["CR in a value", get("X-A: a\rb\r\n")],
    ["CR at the end of a value", get("X-A: b\r\r\n")],
    ["CR in a name", get("X\rA: b\r\n")],
    ["LF in a name", get("X\nA: b\r\n")],
    ["CR after the colon", get("X-A:\rb\r\n")],
    ["LF after the colon", get("X-A:\nb\r\n")],
    ["the head ended by LF LF", "GET / HTTP/1.1\r\nHost: a\n\n"],
    ["the head ended by CR LF LF", "GET / HTTP/1.1\r\nHost: a\r\n\n"],
    ["the head ended by LF CR LF", "GET / HTTP/1.1\r\nHost: a\n\r\n"],
    ["the head ended by CR LF CR and a letter", `GET / HTTP/1.1\r\nHost: a\r\n\rx\r\n\r\n`],
    ["a field smuggled behind LF", get("X-A: b\nTransfer-Encoding: chunked\r\n")],
    ["a field smuggled behind CR", get("X-A: b\rContent-Length: 35\r\n") + HIDDEN],
    ["a request smuggled behind LF LF", get(`X-A: b\n\n${HIDDEN.replaceAll("\r\n", "\n")}`)],
    ["a request behind a refused field", get("Foo : bar\r\n") + HIDDEN],
  ]),
];
