/** Vectors: the four forms of a target (RFC 9112 §3.2). */
import { accepted, refused, refusedEach, type Vector } from "./vector.ts";

interface Seen {
  readonly path: string;
  readonly query?: string;
  readonly host?: string;
}

const of = (target: string, host = "a"): string =>
  `GET ${target} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;

/** The handler sees this path, query and host; the URI is the target as sent. */
function seen(name: string, target: string, { path, query = "", host = "a" }: Seen): Vector {
  const text = JSON.stringify({ uri: target, path, query, host });
  return accepted(name, of(target), Buffer.from(text).toString("latin1"));
}

export const targets: readonly Vector[] = [
  seen("a path", "/target", { path: "/target" }),
  seen("a path and a query", "/target?a=b&c", { path: "/target", query: "a=b&c" }),
  seen("an empty query", "/target?", { path: "/target" }),
  seen("a question mark in the query", "/target?a?b", { path: "/target", query: "a?b" }),
  seen("a slash in the query", "/target?a/b", { path: "/target", query: "a/b" }),
  seen("percent-encoding is left alone", "/target/%2F%00%zz?%41", {
    path: "/target/%2F%00%zz",
    query: "%41",
  }),
  seen("dots are left alone", "/target/../a/./b", { path: "/target/../a/./b" }),
  seen("two slashes are left alone", "/target//a", { path: "/target//a" }),
  seen("a colon and an at sign", "/target/a:b@c", { path: "/target/a:b@c" }),
  seen("a URL in the query", "/target?u=http://b/c", { path: "/target", query: "u=http://b/c" }),
  seen("every character of a path", "/target/-._~!$&'()*+,;=:@", {
    path: "/target/-._~!$&'()*+,;=:@",
  }),
  seen("raw UTF-8, as curl sends it", "/target/caf\xc3\xa9?q=\xc3\xa9", {
    path: "/target/caf\xc3\xa9",
    query: "q=\xc3\xa9",
  }),
  seen("raw bytes that are no UTF-8", "/target\x80\xff", { path: "/target\x80\xff" }),
  {
    name: "raw bytes, and a method that nobody knows",
    bytes: "BREW /target\xe9 HTTP/1.1\r\nHost: a\r\n\r\n",
    wanted: [{ status: 405 }],
    end: "open",
  },
  seen("an absolute target", "http://a/target", { path: "/target" }),
  seen("an absolute target with a query", "http://a/target?b=c", { path: "/target", query: "b=c" }),
  seen("an absolute target with a port", "http://a:8080/target", {
    path: "/target",
    host: "a:8080",
  }),
  seen("the host of an absolute target counts", "http://b.example/target", {
    path: "/target",
    host: "b.example",
  }),
  seen("an absolute target with an IPv6 address", "http://[::1]:80/target", {
    path: "/target",
    host: "[::1]:80",
  }),
  seen("a scheme in capitals", "HTTP://a/target", { path: "/target" }),
  accepted("an absolute target without a path", of("http://a"), "hello"),
  accepted("an absolute target without a path, with a query", of("http://a?b=c"), "hello"),
  accepted("an absolute target of the root", of("http://a/"), "hello"),
  {
    name: "a path that begins with two slashes",
    bytes: of("//b/target"),
    wanted: [{ status: 404 }],
    end: "open",
  },
  {
    name: "OPTIONS *",
    bytes: "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
    wanted: [{ status: [200, 204], body: "" }],
    end: "open",
  },

  ...refusedEach([
    ["a path without a slash", of("target")],
    ["a path without a slash, with one inside", of("target/a")],
    ["a query only", of("?a=b")],
    ["a fragment only", of("#a")],
    ["an authority", of("a:80")],
    ["no authority in an absolute target", of("http://")],
    ["an empty authority in an absolute target", of("http:///target")],
    ["one slash in an absolute target", of("http:/target")],
    ["no scheme", of("://a/target")],
    ["a bad port in an absolute target", of("http://a:b/target")],
    ["a comma in an absolute target's host", of("http://a,b/target")],
    ["* for GET", of("*")],
    ["* and more", "OPTIONS *a HTTP/1.1\r\nHost: a\r\n\r\n"],
    ["a scheme that is not HTTP", of("ftp://a/target")],
    ["a user in an absolute target", of("http://u@a/target")],
    ["a backslash for a slash", of("\\target")],
    ["a raw byte in an absolute target's host", of("http://\xe9/target")],
    ["a raw byte without a slash before it", of("\xe9")],
    ["a raw byte, and a fragment", of("/target\xe9#a")],
    ["a raw byte, and a control", of("/target\xe9\x01")],
    ["a raw byte, and DEL", of("/target\xe9\x7f")],
  ]),
  refused("CONNECT with an authority", "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", 501),
];
