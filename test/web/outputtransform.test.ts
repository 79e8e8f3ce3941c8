/** Output transforms of a user's own: what they are given, what they may do, what becomes of their mistakes. */
import * as zlib from "node:zlib";
import * as assert from "uvu/assert";
import { RESPONSE } from "../../lib/web/responsewriter.ts";
import {
  Application,
  type HTTPServerRequest,
  type OutputTransform,
  type OutputTransformClass,
  RequestHandler,
  type ResponseHeaders,
  type TransformedHead,
} from "../../lib/index.ts";
import { deferred, until } from "../support/deferred.ts";
import type { RawResponse } from "../support/rawresponse.ts";
import {
  loggedErrors,
  type Routes,
  type Settings,
  serverSuite,
  startApplication,
  startServer,
} from "../support/servers.ts";

let events: string[] = [];
let gate = deferred();

const upper = (chunk: Buffer): Buffer => Buffer.from(chunk.toString().toUpperCase());
const later = <T>(value: T): Promise<T> =>
  new Promise((resolve) => setImmediate(() => resolve(value)));

/** Says aloud what passes. */
class Shout implements OutputTransform {
  readonly #request: HTTPServerRequest;
  constructor(request: HTTPServerRequest) {
    this.#request = request;
  }
  transformFirstChunk(
    status: number,
    headers: ResponseHeaders,
    chunk: Buffer,
    finishing: boolean,
  ): TransformedHead | Promise<TransformedHead> {
    events.push(`first ${status} ${JSON.stringify(chunk.toString())} ${finishing}`);
    headers.set("X-Path", this.#request.path);
    return [status, headers, upper(chunk)];
  }
  transformChunk(chunk: Buffer, finishing: boolean): Uint8Array | Promise<Uint8Array> {
    events.push(`${JSON.stringify(chunk.toString())} ${finishing}`);
    return upper(chunk);
  }
  onAbort() {
    events.push("abort");
  }
}

/** As Shout, in its own time. */
class SlowShout extends Shout {
  override async transformFirstChunk(...given: Parameters<Shout["transformFirstChunk"]>) {
    await later(null);
    return super.transformFirstChunk(...given);
  }
  override async transformChunk(...given: Parameters<Shout["transformChunk"]>) {
    await later(null);
    return super.transformChunk(...given);
  }
}

/** Puts brackets around each piece: what is sent is longer than what was written. */
class Bracket implements OutputTransform {
  transformFirstChunk(status: number, headers: ResponseHeaders, chunk: Buffer): TransformedHead {
    return [status, headers, this.transformChunk(chunk)];
  }
  transformChunk(chunk: Buffer): Uint8Array {
    return new Uint8Array([0x5b, ...chunk, 0x5d]);
  }
}

class Page extends RequestHandler {
  get() {
    if (this.getArgument("length", null) !== null) this.setHeader("Content-Length", 11);
    this.write("hello ");
    this.write(Buffer.from("world"));
  }
  override onFinish() {
    events.push(`finished ${this.getStatus()}`);
  }
}

class Stream extends RequestHandler {
  async get() {
    this.setHeader("X-Before", "1");
    this.write("one ");
    const flushed = this.flush();
    this.setHeader("X-After", "1");
    this.setStatus(202);
    await flushed;
    this.write("two ");
    await this.flush();
    this.write("three");
  }
  override onFinish() {
    events.push(`finished ${this.getStatus()}`);
  }
}

class Empty extends RequestHandler {
  get() {
    this.setStatus(204);
  }
}

class Gated extends RequestHandler {
  get() {
    this.finish("gated");
  }
  override onFinish() {
    events.push("finished");
  }
}

class Redirecting extends RequestHandler {
  get() {
    void this.flush();
    this.redirect("/elsewhere");
  }
}

const routes: Routes = [
  ["/", Page],
  ["/s", Stream],
  ["/204", Empty],
  ["/gated", Gated],
  ["/redirect", Redirecting],
];

async function get(
  target: string,
  transforms: readonly OutputTransformClass[],
  { fields = "", settings = {} as Settings } = {},
): Promise<RawResponse> {
  const { connect } = await startServer(routes, {}, { ...settings, transforms });
  return (await connect()).get(target, fields);
}

function suiteOf(name: string) {
  const t = serverSuite(name);
  t.before.each(() => {
    events = [];
    gate = deferred();
  });
  return t;
}

const transform = suiteOf("an output transform");
for (const Class of [Shout, SlowShout]) {
  transform(`of the kind ${Class.name} changes a whole response`, async () => {
    const response = await get("/", [Class]);
    assert.is(response.text, "HELLO WORLD");
    assert.is(response.framing, "length");
    assert.is(response.header("x-path"), "/");
    assert.ok(response.header("etag"));
    await until(() => events.length === 2, "the end");
    assert.equal(events, ['first 200 "hello world" true', "finished 200"]);
  });
  transform(`of the kind ${Class.name} changes a stream, piece by piece`, async () => {
    const response = await get("/s", [Class]);
    assert.is(response.status, 200);
    assert.is(response.text, "ONE TWO THREE");
    assert.is(response.framing, "chunked");
    assert.is(response.chunks.length, 3);
    assert.is(response.header("x-before"), "1");
    assert.is(response.header("x-after"), null);
    await until(() => events.length === 4, "the end");
    assert.equal(events.slice(0, 3), ['first 200 "one " false', '"two " false', '"three" true']);
  });
}
transform("gets what others have made, in their order, and compression comes last", async () => {
  const settings: Settings = { compressResponse: { minBytes: 0 } };
  const fields = "Accept-Encoding: gzip\r\n";
  assert.is((await get("/", [Bracket, SlowShout, Bracket])).text, "[[HELLO WORLD]]");
  assert.is(events[0], 'first 200 "[hello world]" true');
  const response = await get("/s", [Bracket, SlowShout], { fields, settings });
  assert.is(zlib.gunzipSync(response.body).toString(), "[ONE ][TWO ][THREE]");
});
transform("may be added later, and is for responses from then on", async () => {
  const app = new Application(routes, { compressResponse: { minBytes: 0 } });
  const { connect } = await startApplication(app);
  const client = await connect();
  assert.is((await client.get("/")).text, "hello world");
  app.addTransform(Shout);
  app.addTransform(Bracket);
  assert.is((await client.get("/")).text, "[HELLO WORLD]");
  const { body } = await client.get("/", "Accept-Encoding: gzip\r\n");
  assert.is(zlib.gunzipSync(body).toString(), "[HELLO WORLD]");
});
transform("need not care for the length of a whole body", async () => {
  assert.is((await get("/?length", [Bracket])).header("content-length"), "13");
  assert.is((await get("/", [Bracket])).header("content-length"), "13");
});
transform("may change the status", async () => {
  class Teapot extends Bracket {
    override transformFirstChunk(
      _: number,
      headers: ResponseHeaders,
      chunk: Buffer,
    ): TransformedHead {
      return [418, headers, chunk];
    }
  }
  const response = await get("/", [Teapot]);
  assert.is(response.status, 418);
  assert.is(events[0], "finished 418");
});
transform("may keep all back until the end", async () => {
  class Whole implements OutputTransform {
    #kept: Buffer[] = [];
    transformFirstChunk(status: number, headers: ResponseHeaders, chunk: Buffer): TransformedHead {
      this.#kept.push(Buffer.from(chunk));
      return [status, headers, Buffer.alloc(0)];
    }
    transformChunk(chunk: Buffer, finishing: boolean): Buffer {
      this.#kept.push(Buffer.from(chunk));
      return finishing ? Buffer.concat(this.#kept) : Buffer.alloc(0);
    }
  }
  const response = await get("/s", [Whole]);
  assert.is(response.text, "one two three");
  assert.is(response.chunks.length, 1);
});
transform("sees the head of what has no body, and how long that would have been", async () => {
  class Spy extends Shout {
    override transformFirstChunk(...given: Parameters<Shout["transformFirstChunk"]>) {
      events.push(`length ${given[1].getList("Content-Length")}`);
      return super.transformFirstChunk(...given);
    }
  }
  const { connect } = await startServer(routes, {}, { transforms: [Spy] });
  const client = await connect();
  const etag = (await client.get("/")).header("etag");
  events = [];
  const response = await client.get("/", `If-None-Match: ${etag}\r\n`);
  assert.is(response.status, 304);
  assert.is(response.header("x-path"), "/");
  assert.equal(events, ["length 11", 'first 304 "" true', "finished 304"]);
  events = [];
  void client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
  const head = await client.readResponse({ method: "HEAD" });
  assert.is(head.header("content-length"), "11");
  assert.equal(events, ["length 11", 'first 200 "hello world" true', "finished 200"]);
  assert.is((await client.get("/204")).status, 204);
});
transform("cannot be overtaken by a redirect once the head is on its way", async () => {
  const response = await get("/redirect", [SlowShout]);
  assert.is(response.status, 500);
  assert.is(loggedErrors().length, 1);
});
transform("is told if the client leaves, and its handler is finished then", async () => {
  class Waiting extends Shout {
    override async transformFirstChunk(...given: Parameters<Shout["transformFirstChunk"]>) {
      events.push("waiting");
      await gate.promise;
      return super.transformFirstChunk(...given);
    }
  }
  const { connect } = await startServer(routes, {}, { transforms: [Waiting] });
  const client = await connect();
  await client.send("GET /gated HTTP/1.1\r\nHost: a\r\n\r\n");
  await until(() => events.includes("waiting"), "the transform");
  client.abort();
  await until(() => events.includes("finished"), "the end");
  assert.equal(events, ["waiting", "abort", "finished"]);
  gate.resolve();
});
transform("keeps a file from being sent past it, unless it says otherwise", async () => {
  let tells: (boolean | undefined)[] = [];
  class Asking extends RequestHandler {
    get() {
      tells.push(this[RESPONSE].transformsBody());
    }
  }
  class Careful extends Shout {
    transformsBody() {
      return false;
    }
  }
  for (const transforms of [[Shout], [Careful], [Careful, Shout], []]) {
    const { connect } = await startServer([["/", Asking]], {}, { transforms });
    await (await connect()).get("/");
  }
  assert.equal(tells, [true, false, true, false]);
  tells = [];
});
transform.run();
