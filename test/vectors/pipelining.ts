/** Vectors: several requests in one go (RFC 9112 §9.3.2), and where one of them is refused. */
import {
  accepted,
  chunked,
  get,
  HIDDEN,
  PLAIN,
  post,
  refusedSecond,
  type Vector,
} from "./vector.ts";

const BODY = post("Content-Length: 5\r\n", "hello");
const CHUNKS = chunked("5\r\nhello\r\n0\r\n\r\n");

export const pipelining: readonly Vector[] = [
  accepted("two", PLAIN.repeat(2), "hello", "hello"),
  accepted("five", PLAIN.repeat(5), "hello", "hello", "hello", "hello", "hello"),
  accepted("an empty line between", `${PLAIN}\r\n${PLAIN}`, "hello", "hello"),
  accepted("a body, then none", BODY + PLAIN, "5:hello", "hello"),
  accepted("none, then a body", PLAIN + BODY, "hello", "5:hello"),
  accepted("chunks, then a body, then none", CHUNKS + BODY + PLAIN, "5:hello", "5:hello", "hello"),
  accepted("an empty body, then none", post("Content-Length: 0\r\n", "") + PLAIN, "0:", "hello"),
  {
    name: "HEAD, then GET",
    bytes: `HEAD / HTTP/1.1\r\nHost: a\r\n\r\n${PLAIN}`,
    wanted: [
      { status: 200, body: "", method: "HEAD" },
      { status: 200, body: "hello" },
    ],
    end: "open",
  },
  {
    name: "404 and 405 do not end the connection",
    bytes: `GET /nothing HTTP/1.1\r\nHost: a\r\n\r\nDELETE / HTTP/1.1\r\nHost: a\r\n\r\n${PLAIN}`,
    wanted: [{ status: 404 }, { status: 405 }, { status: 200, body: "hello" }],
    end: "open",
  },
  {
    name: "a body is read though nobody wants it",
    bytes: `POST /nothing HTTP/1.1\r\nHost: a\r\nContent-Length: ${HIDDEN.length}\r\n\r\n${HIDDEN}${PLAIN}`,
    wanted: [{ status: 404 }, { status: 200, body: "hello" }],
    end: "open",
  },
  {
    name: "chunks are read though nobody wants them",
    bytes: `DELETE / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n${PLAIN}`,
    wanted: [{ status: 405 }, { status: 200, body: "hello" }],
    end: "open",
  },
  {
    name: "a request, then half of one",
    bytes: `${PLAIN}GET / HT`,
    wanted: [{ status: 200, body: "hello" }],
    end: "waiting",
  },

  refusedSecond("two empty lines between", `${PLAIN}\r\n\r\n${PLAIN}`, "hello"),
  refusedSecond("bare LF between", `${PLAIN}\n${PLAIN}`, "hello"),
  refusedSecond(
    "bare LF behind an equal Content-Length twice",
    `${post("Content-Length: 0\r\nContent-Length: 0\r\n", "")}\n${HIDDEN}`,
    "0:",
  ),
  {
    name: "bare LF behind an unknown method",
    bytes: `BREW / HTTP/1.1\r\nHost: a\r\n\r\n\n${HIDDEN}`,
    wanted: [{ status: 405 }, { status: 400 }],
    end: "closed",
  },
  {
    name: "a HEAD that is refused has no body in its response",
    bytes: "HEAD / HTTP/1.1\r\n\r\n",
    wanted: [{ status: 400, body: "", method: "HEAD" }],
    end: "closed",
  },
  refusedSecond("bare CR between", `${PLAIN}\r${PLAIN}`, "hello"),
  refusedSecond("garbage behind a request", `${PLAIN}\x00garbage\r\n\r\n${HIDDEN}`, "hello"),
  refusedSecond("a second without Host", `${PLAIN}GET / HTTP/1.1\r\n\r\n${HIDDEN}`, "hello"),
  refusedSecond("a second with a bad field", PLAIN + get("Foo : bar\r\n") + HIDDEN, "hello"),
  refusedSecond(
    "a second with both framings",
    PLAIN + post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n") + HIDDEN,
    "hello",
  ),
  refusedSecond("a second with a bad chunk", `${PLAIN}${chunked("x\r\n")}${HIDDEN}`, "hello"),
  refusedSecond(
    "a second of an unknown version",
    `${PLAIN}GET / HTTP/2.0\r\nHost: a\r\n\r\n${HIDDEN}`,
    "hello",
    505,
  ),
  refusedSecond(
    "a second CONNECT",
    `${PLAIN}CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n${HIDDEN}`,
    "hello",
    501,
  ),
  refusedSecond(
    "the rest of a body that was longer than it said",
    `${post("Content-Length: 2\r\n", "hello\r\n\r\n")}${HIDDEN}`,
    "2:he",
  ),
  refusedSecond("data behind the last chunk", `${CHUNKS}hello\r\n\r\n${HIDDEN}`, "5:hello"),
];
