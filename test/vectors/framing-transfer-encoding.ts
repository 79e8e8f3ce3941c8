/** Vectors: Transfer-Encoding, alone and beside Content-Length (RFC 9112 §6.1 and §6.3). */
import { accepted, get, HIDDEN, post, refused, refusedEach, type Vector } from "./vector.ts";

const CHUNKS = "5\r\nhello\r\n0\r\n\r\n";
const of = (value: string): string => post(`Transfer-Encoding: ${value}\r\n`, CHUNKS);
const fields = (text: string): string => post(text, CHUNKS);
const bad = (value: string): Vector =>
  refused(`the coding ${JSON.stringify(value)}`, of(value) + HIDDEN);

/** A body that ends at another place for each framing: one of the two would see HIDDEN. */
const CL_TE = `0\r\n\r\n${HIDDEN}`;

export const framingTransferEncoding: readonly Vector[] = [
  accepted("chunked", of("chunked"), "5:hello"),
  accepted("chunked in capitals", of("CHUNKED"), "5:hello"),
  accepted("chunked in mixed case", of("cHuNkEd"), "5:hello"),
  accepted("white space around it", of(" \tchunked \t"), "5:hello"),
  accepted("no space after the colon", fields("Transfer-Encoding:chunked\r\n"), "5:hello"),
  accepted("the name in lower case", fields("transfer-encoding: chunked\r\n"), "5:hello"),
  accepted("chunks on GET are read", get("Transfer-Encoding: chunked\r\n") + CHUNKS, "hello"),
  accepted(
    "a request hidden in a chunk",
    post(
      "Transfer-Encoding: chunked\r\n",
      `${HIDDEN.length.toString(16)}\r\n${HIDDEN}\r\n0\r\n\r\n`,
    ),
    `${HIDDEN.length}:${HIDDEN}`,
  ),
  accepted("Transfer_Encoding is another field", post("Transfer_Encoding: chunked\r\n", ""), "0:"),
  accepted(
    "X-Transfer-Encoding is another field",
    post("X-Transfer-Encoding: chunked\r\n", ""),
    "0:",
  ),
  accepted("TE is another field", post("TE: trailers, chunked\r\n", ""), "0:"),
  {
    name: "chunked in HTTP/1.0 is faulty: refused, or answered and closed",
    bytes: `POST /body HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n${CHUNKS}${HIDDEN}`,
    wanted: [{ status: [400, 200] }],
    end: "closed",
  },

  ...[
    "",
    " ",
    "gzip",
    "deflate",
    "compress",
    "identity",
    "trailers",
    "gzip, chunked",
    "gzip,chunked",
    "chunked, gzip",
    "identity, chunked",
    "chunked, identity",
    "chunked, chunked",
    "chunked,chunked",
    "chunked,",
    ",chunked",
    ", chunked",
    ",",
    "chunked chunked",
    "chunked identity",
    "identity chunked",
    "xchunked",
    "chunkedx",
    "chunke",
    "hunked",
    "c hunked",
    "chunked;",
    "chunked; q=1",
    "chunked;a=b",
    "chunked:",
    "chunked.",
    "-chunked",
    "x-chunked",
    "'chunked'",
    '"chunked"',
    "[chunked]",
    "(chunked)",
    "chunked\x00",
    "\x00chunked",
    "chunked\x0b",
    "\x0bchunked",
    "\x0cchunked",
    "\x08chunked",
    "chunked\x7f",
    "\xa0chunked",
    "chunked\xa0",
    "chunked\x85",
    "\xffchunked",
    "c\xc3\xa9unked",
    "chunk\xc4\xb1ed",
    "chunked\rx",
    "cow",
    "1",
  ].map(bad),

  ...refusedEach([
    [
      "two lines of chunked",
      fields("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
    ],
    [
      "two lines, the second unknown",
      fields("Transfer-Encoding: chunked\r\nTransfer-encoding: cow\r\n"),
    ],
    [
      "two lines, the first unknown",
      fields("Transfer-Encoding: x\r\nTransfer-Encoding: chunked\r\n"),
    ],
    [
      "two lines, the first identity",
      fields("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n"),
    ],
    [
      "two lines, the second identity",
      fields("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"),
    ],
    ["two lines, the first empty", fields("Transfer-Encoding:\r\nTransfer-Encoding: chunked\r\n")],
    ["two lines, the second empty", fields("Transfer-Encoding: chunked\r\nTransfer-Encoding:\r\n")],
    [
      "two lines, apart",
      fields("Transfer-Encoding: chunked\r\nX-A: b\r\nTransfer-Encoding: gzip\r\n"),
    ],
    ["folded", fields("Transfer-Encoding:\r\n chunked\r\n")],
    ["folded by a tab", fields("Transfer-Encoding:\r\n\tchunked\r\n")],
    ["a space before the colon", fields("Transfer-Encoding : chunked\r\n")],
    ["a tab before the colon", fields("Transfer-Encoding\t: chunked\r\n")],
    ["a vertical tab before the colon", fields("Transfer-Encoding\x0b: chunked\r\n")],
    ["NUL before the colon", fields("Transfer-Encoding\x00: chunked\r\n")],
    ["a space before the name", fields(" Transfer-Encoding: chunked\r\n")],
    ["behind bare LF", fields("X-A: b\nTransfer-Encoding: chunked\r\n")],
    ["behind bare CR", fields("X-A: b\rTransfer-Encoding: chunked\r\n")],
    ["ended by bare LF", fields("Transfer-Encoding: chunked\nX-A: b\r\n")],
    ["an unknown coding in HTTP/1.0", "POST /body HTTP/1.0\r\nTransfer-Encoding: gzip\r\n\r\n"],

    [
      "Content-Length, then chunked",
      post(`Content-Length: ${CL_TE.length}\r\nTransfer-Encoding: chunked\r\n`, CL_TE),
    ],
    [
      "chunked, then Content-Length",
      post(`Transfer-Encoding: chunked\r\nContent-Length: ${CL_TE.length}\r\n`, CL_TE),
    ],
    [
      "chunked, then a Content-Length that ends in the chunks",
      post(
        "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
        `${HIDDEN.length.toString(16)}\r\n${HIDDEN}\r\n0\r\n\r\n`,
      ),
    ],
    [
      "Content-Length: 0, then chunked",
      fields("Content-Length: 0\r\nTransfer-Encoding: chunked\r\n"),
    ],
    [
      "chunked, then Content-Length: 0",
      fields("Transfer-Encoding: chunked\r\nContent-Length: 0\r\n"),
    ],
    [
      "chunked, then the right Content-Length",
      fields(`Transfer-Encoding: chunked\r\nContent-Length: ${CHUNKS.length}\r\n`),
    ],
    [
      "chunked, then a Content-Length that is no number",
      fields("Transfer-Encoding: chunked\r\nContent-Length: x\r\n"),
    ],
    [
      "a Content-Length that is no number, then chunked",
      fields("Content-Length: +5\r\nTransfer-Encoding: chunked\r\n"),
    ],
    [
      "chunked, then an empty Content-Length",
      fields("Transfer-Encoding: chunked\r\nContent-Length:\r\n"),
    ],
    [
      "Content-Length, then an unknown coding",
      post(`Content-Length: 5\r\nTransfer-Encoding: xchunked\r\n`, `hello${HIDDEN}`),
    ],
    [
      "Content-Length, then identity",
      post(`Content-Length: 5\r\nTransfer-Encoding: identity\r\n`, `hello${HIDDEN}`),
    ],
    [
      "Content-Length, then an empty coding",
      post(`Content-Length: 5\r\nTransfer-Encoding:\r\n`, `hello${HIDDEN}`),
    ],
    [
      "identity, then Content-Length",
      post(`Transfer-Encoding: identity\r\nContent-Length: 5\r\n`, `hello${HIDDEN}`),
    ],
    [
      "both on GET",
      get(`Content-Length: ${CL_TE.length}\r\nTransfer-Encoding: chunked\r\n`) + CL_TE,
    ],
    [
      "both in HTTP/1.0",
      `POST /body HTTP/1.0\r\nContent-Length: ${CL_TE.length}\r\nTransfer-Encoding: chunked\r\n\r\n${CL_TE}`,
    ],
    [
      "both, in capitals and apart",
      post(`CONTENT-LENGTH: ${CL_TE.length}\r\nX-A: b\r\nTRANSFER-ENCODING: CHUNKED\r\n`, CL_TE),
    ],
  ]),
];
