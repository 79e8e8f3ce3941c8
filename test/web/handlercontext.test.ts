/** What surrounds a handler at work: its AbortSignal, AsyncLocalStorage, and what comes before prepare(). */
import { AsyncLocalStorage } from "node:async_hooks";
import * as assert from "uvu/assert";
import { RequestHandler } from "../../lib/index.ts";
import { type Deferred, deferred } from "../support/deferred.ts";
import { serverSuite, startServer } from "../support/servers.ts";

let aborted: Deferred<unknown>;
let started: Deferred<void>;

class Waits extends RequestHandler {
  async get() {
    const { signal } = this;
    assert.is(signal, this.signal);
    signal.addEventListener("abort", () => aborted.resolve(signal.reason));
    started.resolve();
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
  }
}

class Answers extends RequestHandler {
  static last: AbortSignal | null = null;
  get() {
    Answers.last = this.signal;
    this.write("done");
  }
}

class TooLate extends RequestHandler {
  async get() {
    const gone = new Promise((resolve) => {
      this.onConnectionClose = () => resolve(null);
    });
    started.resolve();
    await gone;
    aborted.resolve(this.signal.aborted);
  }
}

const signal = serverSuite("this.signal");
signal("fires when the client goes away, with the reason", async () => {
  aborted = deferred();
  started = deferred();
  const { connect } = await startServer([["/", Waits]]);
  const client = await connect();
  await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await started.promise;
  client.abort();
  const reason = (await aborted.promise) as { code?: string };
  assert.is(reason.code, "ERR_HTTP_CONNECTION_CLOSED");
});
signal("does not fire after the response", async () => {
  const { connect } = await startServer([["/", Answers]]);
  const client = await connect();
  assert.is((await client.get("/")).text, "done");
  client.abort();
  await client.gone();
  assert.is(Answers.last?.aborted, false);
});
signal("has fired if it is first asked for afterwards", async () => {
  aborted = deferred();
  started = deferred();
  const { connect } = await startServer([["/", TooLate]]);
  const client = await connect();
  await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await started.promise;
  client.abort();
  assert.is(await aborted.promise, true);
});
signal.run();

const storage = new AsyncLocalStorage<string>();
const finished: (string | undefined)[] = [];

class InContext extends RequestHandler {
  override prepare() {
    const name = this.getArgument("name", null);
    if (name !== null) storage.enterWith(name);
  }
  get() {
    this.write(`${storage.getStore()}`);
  }
  async post() {
    await new Promise((resolve) => setImmediate(resolve));
    this.write(`${storage.getStore()}`);
  }
  override onFinish() {
    finished.push(storage.getStore());
  }
}

class Streams extends InContext {
  static override readonly streamRequestBody = true;
  seen: unknown[] = [];
  override dataReceived() {
    this.seen.push(storage.getStore());
  }
  override async post() {
    this.write({ seen: this.seen, now: storage.getStore() });
  }
}

const context = serverSuite("an AsyncLocalStorage entered in prepare()");
for (const method of ["GET", "POST"]) {
  context(`is there until onFinish(), for ${method}, and for no other request`, async () => {
    finished.length = 0;
    const { connect } = await startServer([["/", InContext]]);
    const client = await connect();
    const request = (query: string) => `${method} /${query} HTTP/1.1\r\nHost: a\r\n\r\n`;
    await client.send(request("?name=ann") + request("") + request("?name=bob"));
    const texts = [];
    for (let i = 0; i < 3; i++) texts.push((await client.readResponse()).text);
    assert.equal(texts, ["ann", "undefined", "bob"]);
    assert.equal(finished, ["ann", undefined, "bob"]);
  });
}
context("is there in dataReceived()", async () => {
  const { connect } = await startServer([["/", Streams]]);
  const client = await connect();
  await client.send("POST /?name=ann HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n");
  await client.send("x");
  await client.send("y");
  const { seen, now } = JSON.parse((await client.readResponse()).text);
  assert.is(now, "ann");
  assert.ok(seen.length > 0 && seen.every((name: string) => name === "ann"));
});
context.run();

const calls: string[] = [];
class Ordered extends RequestHandler {
  static override readonly SUPPORTED_METHODS = [...RequestHandler.SUPPORTED_METHODS, "COPY"];
  override setDefaultHeaders() {
    calls.push("setDefaultHeaders");
  }
  override initialize() {
    calls.push("initialize");
  }
  override prepare() {
    calls.push("prepare");
  }
  copy() {
    calls.push("copy");
  }
}

const order = serverSuite("before a verb");
order(
  "prepare() runs for a method that is supported, though the class has no verb for it",
  async () => {
    const { connect } = await startServer([["/", Ordered]]);
    const client = await connect();
    for (const [method, status, hooks] of [
      ["COPY", 200, ["setDefaultHeaders", "initialize", "prepare", "copy"]],
      ["PUT", 405, ["setDefaultHeaders", "initialize", "prepare", "setDefaultHeaders"]],
      ["BREW", 405, ["setDefaultHeaders", "initialize", "setDefaultHeaders"]],
    ] as const) {
      calls.length = 0;
      await client.send(`${method} / HTTP/1.1\r\nHost: a\r\n\r\n`);
      assert.is((await client.readResponse()).status, status);
      assert.equal(calls, hooks);
    }
  },
);
order.run();
