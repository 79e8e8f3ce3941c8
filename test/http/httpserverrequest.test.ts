/** HTTPServerRequest: what a client asked for. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { HTTPInputError } from "../../lib/base/errors.ts";
import { HTTPHeaders } from "../../lib/http/httpheaders.ts";
import { HTTPServerRequest, type HTTPServerRequestInit } from "../../lib/http/httpserverrequest.ts";

interface Given extends Partial<Omit<HTTPServerRequestInit, "headers" | "body">> {
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

function request(given: Given = {}): HTTPServerRequest {
  return new HTTPServerRequest({
    method: "GET",
    uri: "/",
    version: "HTTP/1.1",
    context: { remoteIp: "10.0.0.1", protocol: "http", nowMs: () => 1250 },
    startTime: 1000,
    ...given,
    headers: new HTTPHeaders({ Host: "Example.com:8080", ...given.headers }),
    body: Buffer.from(given.body ?? "", "latin1"),
  });
}

function form(body: string, headers: Record<string, string> = {}): HTTPServerRequest {
  const fields = { "Content-Type": "application/x-www-form-urlencoded", ...headers };
  return request({ method: "POST", uri: "/args?a=bar", headers: fields, body });
}

const line = suite("the request line of a request");

line("is method, target and version as sent", () => {
  const got = request({ method: "PUT", uri: "/a%20b?c=%20&d", version: "HTTP/1.0" });
  assert.is(got.method, "PUT");
  assert.is(got.uri, "/a%20b?c=%20&d");
  assert.is(got.path, "/a%20b");
  assert.is(got.query, "c=%20&d");
  assert.is(got.version, "HTTP/1.0");
  assert.is(got.headers.get("host"), "Example.com:8080");
});

line("may be without a query", () => {
  assert.is(request({ uri: "/a" }).path, "/a");
  assert.is(request({ uri: "/a" }).query, "");
  assert.is(request({ uri: "/a?" }).query, "");
});

line("in absolute form has its path and its host, which outranks the Host field", () => {
  const got = request({ uri: "http://other:1/p?q=1" });
  assert.is(got.path, "/p");
  assert.is(got.query, "q=1");
  assert.is(got.host, "other:1");
  assert.is(got.hostName, "other");
  assert.equal(got.queryArguments.get("q"), ["1"]);
  assert.is(got.fullUrl(), "http://other:1/p?q=1");
});

line("keeps *", () => {
  const got = request({ method: "OPTIONS", uri: "*" });
  assert.is(got.path, "*");
  assert.is(got.host, "Example.com:8080");
  assert.is(got.fullUrl(), "http://Example.com:8080");
});

line.run();

const whom = suite("for whom and from where a request is");

whom("is said by the Host field, in lower case without the port for hostName", () => {
  assert.is(request().host, "Example.com:8080");
  assert.is(request().hostName, "example.com");
  assert.is(request({ headers: { Host: "[::1]:80" } }).hostName, "[::1]");
});

whom("is 127.0.0.1 where HTTP/1.0 leaves it out", () => {
  const headers = new HTTPHeaders();
  const context = { remoteIp: "10.0.0.1", protocol: "http" } as const;
  const body = Buffer.alloc(0);
  const got = new HTTPServerRequest({
    method: "GET",
    uri: "/",
    version: "HTTP/1.0",
    headers,
    body,
    context,
    startTime: performance.now(),
  });
  assert.is(got.host, "127.0.0.1");
  assert.is(got.fullUrl(), "http://127.0.0.1/");
  assert.ok(got.requestTime() >= 0, "on performance.now() where the context has no clock");
});

whom("is put together in the full URL", () => {
  assert.is(request({ uri: "/a?b" }).fullUrl(), "http://Example.com:8080/a?b");
  assert.is(request({ uri: "/a?" }).fullUrl(), "http://Example.com:8080/a?");
  assert.is(request({ uri: "/a" }).fullUrl(), "http://Example.com:8080/a");
});

whom("is asked of the context when it is asked for, and not before", () => {
  let asked = 0;
  const context = {
    get remoteIp() {
      asked++;
      return "10.0.0.2";
    },
    protocol: "https",
  } as const;
  const got = request({ context });
  assert.is(asked, 0);
  assert.is(got.remoteIp, "10.0.0.2");
  assert.is(got.protocol, "https");
  assert.is(asked, 1);
});

whom("says how long ago in ms", () => {
  assert.is(request().requestTime(), 250);
});

whom.run();

const args = suite("the arguments of a request");

args("of query and body are merged, the query's first", () => {
  const got = form("a=hello&b=2");
  assert.equal(Object.fromEntries(got.arguments), { a: ["bar", "hello"], b: ["2"] });
  assert.equal(Object.fromEntries(got.queryArguments), { a: ["bar"] });
  assert.equal(Object.fromEntries(got.bodyArguments), { a: ["hello"], b: ["2"] });
});

args("are parsed once", () => {
  const got = form("a=1");
  assert.is(got.arguments, got.arguments);
  assert.is(got.queryArguments, got.queryArguments);
  assert.is(got.bodyArguments, got.bodyArguments);
});

args("keep blank values", () => {
  assert.equal(form("a=").arguments.get("a"), ["bar", ""]);
});

args("are bytes as latin1 text", () => {
  assert.equal(form("a=\xd5\xc5%FF").bodyArguments.get("a"), ["\xd5\xc5\xff"]);
});

args("are read from a form whatever parameters and case its type has", () => {
  const type = "Application/X-WWW-Form-Urlencoded; charset=utf-8";
  assert.equal(form("a=1", { "Content-Type": type }).bodyArguments.get("a"), ["1"]);
});

args("are not read from a body of another type, or without one", () => {
  assert.is(form("a=1", { "Content-Type": "text/plain" }).bodyArguments.size, 0);
  assert.is(request({ body: "a=1" }).bodyArguments.size, 0);
  assert.is(form("").bodyArguments.size, 0);
});

args("of a form with a Content-Encoding are refused", () => {
  for (const read of ["bodyArguments", "arguments", "files"] as const) {
    const got = form("a=1", { "Content-Encoding": "gzip" });
    assert.throws(
      () => got[read],
      (error: unknown) =>
        error instanceof HTTPInputError &&
        error.status === 400 &&
        error.code === "ERR_HTTP_FORM_ENCODING",
    );
    assert.is(got[read].size, read === "arguments" ? 1 : 0, "what is refused is not there");
    assert.is(got.queryArguments.size, 1);
  }
});

args("are at most 1000, in query and body each", () => {
  const many = "a=1&".repeat(1000);
  assert.is(request({ uri: `/?${many}` }).arguments.get("a")?.length, 1000);
  assert.is(form(many).bodyArguments.get("a")?.length, 1000);
  assert.throws(() => request({ uri: `/?${many}a` }).arguments, /more than [0-9]+ arguments/);
  assert.throws(() => form(`${many}a`).bodyArguments, /more than [0-9]+ arguments/);
});

args.run();

const cookies = suite("the cookies of a request");

cookies("are read from all Cookie fields, once", () => {
  const headers = new HTTPHeaders([
    ["Cookie", "a=1; b=2"],
    ["Cookie", 'a="3\\0734"'],
  ]);
  const context = { remoteIp: "", protocol: "http" } as const;
  const body = Buffer.alloc(0);
  const got = new HTTPServerRequest({
    method: "GET",
    uri: "/",
    version: "HTTP/1.1",
    headers,
    body,
    context,
    startTime: 0,
  });
  assert.equal(Object.fromEntries(got.cookies), { a: "3;4", b: "2" });
  assert.is(got.cookies, got.cookies);
  assert.is(request().cookies.size, 0);
});

cookies.run();

const body = suite("the body of a request");

body("is its bytes; files there are none", () => {
  assert.equal(form("a=1").body, Buffer.from("a=1"));
  assert.is(request().body.length, 0);
  assert.is(request().files.size, 0);
});

body.run();
