/** Vectors: Expect (RFC 9110 §10.1.1). Interim responses are passed over: body.test.ts looks at them. */
import { accepted, acceptedLast, get, PLAIN, post, refused, type Vector } from "./vector.ts";

const EXPECT = "Expect: 100-continue\r\n";

export const expectations: readonly Vector[] = [
  accepted("with a length", post(`${EXPECT}Content-Length: 5\r\n`, "hello"), "5:hello"),
  accepted(
    "in capitals",
    post("EXPECT: 100-CONTINUE\r\nContent-Length: 5\r\n", "hello"),
    "5:hello",
  ),
  accepted(
    "with chunks",
    post(`${EXPECT}Transfer-Encoding: chunked\r\n`, "5\r\nhello\r\n0\r\n\r\n"),
    "5:hello",
  ),
  accepted("without a body", get(EXPECT), "hello"),
  accepted("with an empty body", post(`${EXPECT}Content-Length: 0\r\n`, ""), "0:"),
  accepted(
    "and the next request",
    post(`${EXPECT}Content-Length: 5\r\n`, "hello") + PLAIN,
    "5:hello",
    "hello",
  ),
  acceptedLast(
    "in HTTP/1.0",
    `POST /body HTTP/1.0\r\n${EXPECT}Content-Length: 5\r\n\r\nhello`,
    "5:hello",
  ),
  refused(
    "with both framings",
    post(`${EXPECT}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n`, "hello"),
  ),
  refused(
    "with a length that is too long",
    post(`${EXPECT}Content-Length: 4294967301\r\n`, "hello"),
    413,
  ),
  refused(
    "with a coding that is unknown",
    post(`${EXPECT}Transfer-Encoding: gzip, chunked\r\n`, "hello"),
  ),
];
