/** Request targets and hosts. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { HTTPInputError } from "../../lib/base/errors.ts";
import { isHost, parseTarget, splitHost } from "../../lib/http/requesttarget.ts";

const targets = suite("a request target");

targets("in origin form has path and query", () => {
  assert.equal(parseTarget("GET", "/"), { path: "/", query: "", authority: null });
  assert.equal(parseTarget("GET", "/a%20b?c?d"), { path: "/a%20b", query: "c?d", authority: null });
  assert.equal(parseTarget("GET", "//host/a"), { path: "//host/a", query: "", authority: null });
});

targets("in absolute form has the host as well", () => {
  assert.equal(parseTarget("GET", "http://a.b:80/c?d"), {
    path: "/c",
    query: "d",
    authority: "a.b:80",
  });
  assert.equal(parseTarget("GET", "HTTPS://a"), { path: "/", query: "", authority: "a" });
  assert.equal(parseTarget("GET", "http://a?b"), { path: "/", query: "b", authority: "a" });
  assert.equal(parseTarget("GET", "http://[::1]:8/"), {
    path: "/",
    query: "",
    authority: "[::1]:8",
  });
});

targets("may be the server itself", () => {
  assert.equal(parseTarget("OPTIONS", "*"), { path: "*", query: "", authority: null });
  assert.equal(parseTarget("OPTIONS", "http://a:1"), { path: "*", query: "", authority: "a:1" });
  assert.equal(parseTarget("OPTIONS", "http://a/"), { path: "/", query: "", authority: "a" });
});

targets("of another form is refused", () => {
  for (const target of [
    "",
    "a",
    "a:80",
    "*a",
    "ftp://a/",
    "http:/a",
    "http://",
    "http:///a",
    "http://u:p@a/",
    "http://a:b/",
    "http://a,b/",
  ]) {
    assert.throws(
      () => parseTarget("GET", target),
      (error: unknown) =>
        error instanceof HTTPInputError && error.status === 400 && error.code === "ERR_HTTP_TARGET",
      target,
    );
  }
});

targets.run();

const hosts = suite("a host");

hosts("is a name or an address, with or without a port", () => {
  for (const host of [
    "a",
    "a.b-c_d",
    "127.0.0.1:80",
    "a:",
    "a:0",
    "a:65535",
    "[::1]",
    "[::ffff:1.2.3.4]:1",
    "x%20y",
  ]) {
    assert.ok(isHost(host), host);
  }
});

hosts("is one, and nothing else", () => {
  for (const host of [
    "",
    ":80",
    "a,b",
    "a b",
    "a/b",
    "u@a",
    "a:65536",
    "a:1:2",
    "a:x",
    "::1",
    "[::1",
    "[1.2.3.4]",
    "[g]",
    "a\x7f",
    "a\xe9",
    "a?",
    "a#",
    "a\\b",
  ]) {
    assert.not(isHost(host), host);
  }
});

hosts("is taken apart at its port", () => {
  assert.equal(splitHost("a.b:80"), { hostName: "a.b", port: 80 });
  assert.equal(splitHost("a.b"), { hostName: "a.b", port: null });
  assert.equal(splitHost("a:"), { hostName: "a", port: null });
  assert.equal(splitHost("[::1]:80"), { hostName: "[::1]", port: 80 });
  assert.equal(splitHost("[::1]"), { hostName: "[::1]", port: null });
});

hosts.run();
