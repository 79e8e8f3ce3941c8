/** Vectors: the version (RFC 9112 §2.3). Well-formed and unknown is 505; malformed is 400. */
import { accepted, acceptedLast, PLAIN, refused, refusedEach, type Vector } from "./vector.ts";

const of = (version: string): string => `GET / ${version}\r\nHost: a\r\n\r\n`;

export const versions: readonly Vector[] = [
  accepted("HTTP/1.1", PLAIN, "hello"),
  acceptedLast("HTTP/1.0", of("HTTP/1.0"), "hello"),
  acceptedLast("HTTP/1.0 without Host", "GET / HTTP/1.0\r\n\r\n", "hello"),

  ...["HTTP/2.0", "HTTP/1.2", "HTTP/1.9", "HTTP/0.9", "HTTP/0.0", "HTTP/3.0", "HTTP/9.9"].map(
    (version) => refused(version, of(version), 505),
  ),
  refused("HTTP/2.0 without Host", "GET / HTTP/2.0\r\n\r\n", 505),
  refused("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),

  ...refusedEach(
    [
      "HTTP/1",
      "HTTP/1.",
      "HTTP/.1",
      "HTTP/11",
      "HTTP/1.10",
      "HTTP/11.1",
      "HTTP/1.1.1",
      "HTTP/01.1",
      "HTTP/1,1",
      "HTTP/1:1",
      "HTTP/-1.1",
      "HTTP/+1.1",
      "HTTP/1.-1",
      "HTTP/a.b",
      "HTTP/1.x",
      "HTTP/1.1x",
      "HTTP/1.1\x00",
      "HTTP/1.1;",
      "HTTP /1.1",
      "HTTP/ 1.1",
      "HTTP/1 .1",
      "HTTP/1. 1",
      "HTTP1.1",
      "HTTP\\1.1",
      "HTTP//1.1",
      "http/1.1",
      "Http/1.1",
      "hTTP/1.1",
      "HTTPS/1.1",
      "XTTP/1.1",
      "TTP/1.1",
      "HTTP",
      "HTTP/",
      "ICE/1.0",
      "RTSP/1.0",
      "SIP/2.0",
      "1.1",
    ].map((version) => [`${JSON.stringify(version)} as version`, of(version)] as const),
  ),
];
