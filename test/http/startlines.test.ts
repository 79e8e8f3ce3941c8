/** Start lines: what is one, and what is not. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { HTTPInputError } from "../../lib/base/errors.ts";
import {
  parseRequestStartLine,
  parseResponseStartLine,
  RequestStartLine,
  ResponseStartLine,
} from "../../lib/http/startlines.ts";

const requests = suite("the first line of a request");

requests("is a method, a target and a version", () => {
  assert.equal(
    parseRequestStartLine("GET /a?b=c HTTP/1.1"),
    new RequestStartLine("GET", "/a?b=c", "HTTP/1.1"),
  );
  assert.is(parseRequestStartLine("FOO! * HTTP/1.0").method, "FOO!");
  assert.is(parseRequestStartLine("GET /\xff HTTP/1.1").path, "/\xff");
});

requests("is refused if anything else stands in it", () => {
  for (const line of [
    "",
    "GET",
    "GET /",
    "GET / ",
    "GET  / HTTP/1.1",
    "GET /  HTTP/1.1",
    " GET / HTTP/1.1",
    "GET / HTTP/1.1 ",
    "GET / HTTP/1.1\r",
    "GET / HTTP/2.0",
    "GET / http/1.1",
    "GET / HTTP/1.10",
    "GET /a b HTTP/1.1",
    "GET /\t HTTP/1.1",
    "GET /\x7f HTTP/1.1",
    "G,T / HTTP/1.1",
    "GET /\u0100 HTTP/1.1",
  ]) {
    assert.throws(
      () => parseRequestStartLine(line),
      (error: unknown) =>
        error instanceof HTTPInputError &&
        error.status === 400 &&
        error.code === "ERR_HTTP_REQUEST_LINE",
      JSON.stringify(line),
    );
  }
});

requests.run();

const responses = suite("the first line of a response");

responses("is a version, a code and a phrase, which may be missing", () => {
  assert.equal(
    parseResponseStartLine("HTTP/1.1 200 OK"),
    new ResponseStartLine("HTTP/1.1", 200, "OK"),
  );
  assert.is(parseResponseStartLine("HTTP/1.1 404 Not  Found").reason, "Not  Found");
  assert.is(parseResponseStartLine("HTTP/1.0 204 ").reason, "");
  assert.is(parseResponseStartLine("HTTP/1.1 999").code, 999);
});

responses("is refused if anything else stands in it", () => {
  for (const line of [
    "",
    "HTTP/1.1",
    "HTTP/1.1 20",
    "HTTP/1.1 2000 OK",
    "HTTP/1.1 099 OK",
    "HTTP/1.1  200 OK",
    "HTTP/2 200 OK",
    "HTTP/1.1 200 O\nK",
    "HTTP/1.1 200 \u0100",
    "ICY 200 OK",
  ]) {
    assert.throws(
      () => parseResponseStartLine(line),
      (error: unknown) => error instanceof HTTPInputError && error.code === "ERR_HTTP_SYNTAX",
      JSON.stringify(line),
    );
  }
});

responses.run();
