/** What a handler is given: path arguments, and the getArgument family over query and form. */
import * as assert from "uvu/assert";
import { RequestHandler } from "../../lib/index.ts";
import { Args, MERGED } from "../support/args.ts";
import type { RawClient } from "../support/rawclient.ts";
import { serverSuite, startServer } from "../support/servers.ts";

class Missing extends RequestHandler {
  get() {
    this.write(this.getArgument("foo"));
  }
}

class Path extends RequestHandler {
  get(...args: unknown[]) {
    const named = args[0] !== null && typeof args[0] === "object";
    this.write({ args: named ? [] : args, kw: named ? args[0] : {} });
  }
}

const routes: Parameters<typeof startServer>[0] = [
  ["/args", Args],
  ["/missing", Missing],
  ["/p/(.*)", Path],
  ["/s/([^/]*)/([^/]*)", Path],
  ["/opt/(.+)?", Path],
  ["/kw/(?<path>.*)", Path],
  ["/exact", Path],
];

async function json(target: string): Promise<Record<string, unknown>> {
  const { connect } = await startServer(routes);
  const response = await (await connect()).get(target);
  assert.is(response.status, 200, response.text);
  return JSON.parse(response.text);
}

async function form(target: string, body: string, type: string): Promise<RawClient> {
  const { connect } = await startServer(routes);
  const client = await connect();
  await client.send(
    `POST ${target} HTTP/1.1\r\nHost: a\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  return client;
}

const FORM = "application/x-www-form-urlencoded";

async function posted(target: string, body: string, type = FORM): Promise<Record<string, unknown>> {
  const response = await (await form(target, body, type)).readResponse();
  assert.is(response.status, 200, response.text);
  return JSON.parse(response.text);
}

const query = serverSuite("arguments of the query");
query("have control bytes turned into spaces and their edges stripped", async () => {
  assert.equal(await json("/args?a=%20x%00y%20"), { all: ["x y"], raw: [" x y "] });
});
query("come in order, blank ones kept", async () => {
  assert.equal((await json("/args?a=1&b=2&a=&a=3&a")).all, ["1", "", "3", ""]);
});
query("have plus as a space, and UTF-8 decoded", async () => {
  assert.equal((await json("/args?a=x+y&a=%C3%A9&a=%2B")).all, ["x y", "é", "+"]);
});
query("are split at & alone", async () => {
  assert.equal((await json("/args?a=1;a=2")).all, ["1;a=2"]);
});
query("are none when there is no query", async () => {
  assert.equal((await json("/args")).all, []);
  assert.equal((await json("/args?")).all, []);
});
query("that are not UTF-8 are refused with 400", async () => {
  const { connect } = await startServer(routes);
  const client = await connect();
  assert.is((await client.get("/args?a=%FF")).status, 400);
  assert.is((await client.get("/args?b=%FF")).status, 200, "only what is asked for is decoded");
});
query("that are missing without a default are refused with 400", async () => {
  const { connect } = await startServer(routes);
  const client = await connect();
  assert.is((await client.get("/missing")).status, 400);
  assert.is((await client.get("/missing?foo=")).status, 200);
  assert.is((await client.get("/missing?foo=bar")).text, "bar");
});
query("may be 1000", async () => {
  assert.is(((await json(`/args?${"a=1&".repeat(999)}a=1`)).all as string[]).length, 1_000);
});
query("may not be 1001", async () => {
  const { connect } = await startServer(routes);
  assert.is((await (await connect()).get(`/args?${"a=1&".repeat(1_000)}a=1`)).status, 400);
});
for (const name of ["__proto__", "constructor", "hasOwnProperty"]) {
  query(`may be called ${name}`, async () => {
    class Named extends RequestHandler {
      get() {
        this.write({ v: this.getArguments(name) });
      }
    }
    const { connect } = await startServer([["/", Named]]);
    const client = await connect();
    assert.equal(JSON.parse((await client.get("/")).text), { v: [] });
    assert.equal(JSON.parse((await client.get(`/?${name}=1`)).text), { v: ["1"] });
  });
}
query.run();

const body = serverSuite("arguments of a form");
body("come after those of the query, and the last counts", async () => {
  const seen = await posted("/args?a=bar", "a=hello");
  assert.equal(seen, MERGED);
});
body("may be blank", async () => {
  const seen = await posted("/args?a=bar", "a=");
  assert.equal(seen.b, [""]);
  assert.is(seen.one, "");
});
body("are not read from another type of content", async () => {
  assert.equal((await posted("/args", "a=1", "text/plain")).all, []);
});
body("are read whatever the parameters of the type", async () => {
  assert.equal((await posted("/args", "a=1", `${FORM}; charset=utf-8`)).all, ["1"]);
});
body("are null without a value when null is the default", async () => {
  const seen = await posted("/args", "b=1");
  assert.is(seen.one, null);
  assert.is(seen.oneQ, null);
  assert.is(seen.oneB, null);
});
body("are percent-decoded", async () => {
  assert.equal((await posted("/args", "a=%C3%A9+%26&a=x%3Dy")).b, ["é &", "x=y"]);
});
body("may be 1000, and not 1001", async () => {
  assert.is(((await posted("/args", `${"a=1&".repeat(999)}a=1`)).b as string[]).length, 1_000);
  const client = await form("/args", `${"a=1&".repeat(1_000)}a=1`, FORM);
  assert.is((await client.readResponse()).status, 400);
});
body("in a coding that nobody undoes are refused", async () => {
  const { connect } = await startServer(routes);
  const client = await connect();
  await client.send(
    `POST /args HTTP/1.1\r\nHost: a\r\nContent-Type: ${FORM}\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\na=1`,
  );
  assert.is((await client.readResponse()).status, 400);
});
body.run();

const path = serverSuite("arguments of the path");
path("are percent-decoded, once", async () => {
  assert.equal((await json("/p/%3F?%3F=%3F")).args, ["?"]);
  assert.equal((await json("/p/%C3%A9")).args, ["é"]);
  assert.equal((await json("/p/%2541")).args, ["%41"]);
});
path("keep their plus", async () => {
  assert.equal((await json("/p/1+1")).args, ["1+1"]);
});
path("are not split by an escaped slash", async () => {
  assert.equal((await json("/s/a%2Fb/c%2Fd")).args, ["a/b", "c/d"]);
});
path("are null where a group did not take part", async () => {
  assert.equal((await json("/opt/")).args, [null]);
  assert.equal((await json("/opt/x")).args, ["x"]);
});
path("come as one object when they are named", async () => {
  const seen = await json("/kw/foo");
  assert.equal(seen, { args: [], kw: { path: "foo" } });
});
path("that are not UTF-8 are refused with 400", async () => {
  const { connect } = await startServer(routes);
  assert.is((await (await connect()).get("/p/%FF")).status, 400);
});
path("match at both ends of the path only", async () => {
  const { connect } = await startServer(routes);
  const client = await connect();
  assert.is((await client.get("/exact")).status, 200);
  assert.is((await client.get("/exact?a=b")).status, 200);
  assert.is((await client.get("/exactx")).status, 404);
  assert.is((await client.get("/x/exact")).status, 404);
  assert.is((await client.get("/exact%0A")).status, 404);
});
path.run();
