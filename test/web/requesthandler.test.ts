/** The life of a RequestHandler: which hook is called when, and what write, flush and finish promise. */
import * as assert from "uvu/assert";
import { RequestHandler } from "../../lib/index.ts";
import { deferred, until } from "../support/deferred.ts";
import { turns } from "../support/rawclient.ts";
import { loggedErrors, serverSuite, startServer } from "../support/servers.ts";

const POST = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";

let events: string[] = [];

/** Notes every hook. */
class Noting extends RequestHandler {
  override setDefaultHeaders() {
    events.push("setDefaultHeaders");
  }

  override initialize(args: { name?: string }) {
    events.push(`initialize ${args.name ?? ""}`);
  }

  override prepare(): void | Promise<void> {
    events.push(`prepare ${this.pathArgs.join()}`);
  }

  get(...args: (string | null)[]) {
    events.push(`get ${args.join()}`);
    this.write("got");
  }

  override onFinish() {
    events.push("onFinish");
  }

  override onConnectionClose() {
    events.push("onConnectionClose");
  }
}

function failing(): never {
  throw new Error("deliberate");
}

const life = serverSuite("the life of a handler");
life.before.each(() => {
  events = [];
});
life("goes setDefaultHeaders, initialize, prepare, verb, onFinish", async () => {
  const { connect } = await startServer([["/(.*)", Noting, { name: "n" }]]);
  await (await connect()).get("/x");
  await until(() => events.includes("onFinish"), "onFinish");
  assert.equal(events, ["setDefaultHeaders", "initialize n", "prepare x", "get x", "onFinish"]);
});
life("is one per request", async () => {
  const seen = new Set<RequestHandler>();
  class Self extends RequestHandler {
    get() {
      seen.add(this);
    }
  }
  const { connect } = await startServer([["/", Self]]);
  const client = await connect();
  for (let i = 0; i < 3; i++) await client.get("/");
  assert.is(seen.size, 3);
});
life("waits for an async prepare before the verb", async () => {
  class Waiting extends Noting {
    override async prepare() {
      events.push("prepare begins");
      await turns(3);
      events.push("prepare ends");
    }
  }
  const { connect } = await startServer([["/(.*)", Waiting]]);
  await (await connect()).get("/x");
  assert.equal(events.slice(2, 5), ["prepare begins", "prepare ends", "get x"]);
});
life("begins after the whole body has come", async () => {
  class Post extends Noting {
    post() {
      events.push(`post ${this.request.body}`);
    }
  }
  const { connect } = await startServer([["/", Post]]);
  const client = await connect();
  await client.send(POST.slice(0, -1));
  await turns(4);
  assert.equal(events, []);
  await client.send("o");
  await client.readResponse();
  assert.ok(events.includes("post hello"));
});
life("skips the verb when prepare has finished", async () => {
  class Done extends Noting {
    override prepare() {
      this.finish("done");
    }
  }
  const { connect } = await startServer([["/", Done]]);
  const response = await (await connect()).get("/");
  assert.is(response.status, 200);
  assert.is(response.text, "done");
  assert.is(events.filter((event) => event.startsWith("get")).length, 0);
  assert.is(events.filter((event) => event === "onFinish").length, 1);
});
life("skips the verb when an async prepare has finished", async () => {
  class Done extends Noting {
    override async prepare() {
      await turns(2);
      this.finish("done");
    }
  }
  const { connect } = await startServer([["/", Done]]);
  assert.is((await (await connect()).get("/")).text, "done");
  assert.is(events.filter((event) => event.startsWith("get")).length, 0);
});
life("skips the verb when prepare throws, and still ends with onFinish", async () => {
  class Throwing extends Noting {
    override prepare() {
      throw new Error("deliberate");
    }
  }
  const { connect } = await startServer([["/", Throwing]]);
  assert.is((await (await connect()).get("/")).status, 500);
  await until(() => events.includes("onFinish"), "onFinish");
  assert.is(events.filter((event) => event.startsWith("get")).length, 0);
});
life("that fails in initialize is answered with 500", async () => {
  class Failing extends RequestHandler {
    override initialize() {
      throw new Error("deliberate");
    }

    get() {}
  }
  const { connect } = await startServer([["/", Failing]]);
  const client = await connect();
  assert.is((await client.get("/")).status, 500);
  assert.is((await client.get("/")).status, 500);
});
life("that fails to be made is answered with 500", async () => {
  class Failing extends RequestHandler {
    readonly broken = failing();

    get() {}
  }
  const { connect } = await startServer([["/", Failing]]);
  const client = await connect();
  assert.is((await client.get("/")).status, 500);
  assert.is((await client.get("/")).status, 500);
});
life("hears of onFinish once, and of onConnectionClose not, when it answered", async () => {
  const { connect } = await startServer([["/(.*)", Noting]]);
  const client = await connect();
  await client.get("/");
  client.destroy();
  await turns(10);
  assert.is(events.filter((event) => event === "onFinish").length, 1);
  assert.is(events.filter((event) => event === "onConnectionClose").length, 0);
});
life("hears of a throwing onFinish in the log only", async () => {
  class Bad extends RequestHandler {
    get() {
      this.write("fine");
    }

    override onFinish() {
      throw new Error("deliberate");
    }
  }
  const { connect } = await startServer([["/", Bad]]);
  const client = await connect();
  assert.is((await client.get("/")).text, "fine");
  assert.is((await client.get("/")).text, "fine");
  assert.is(loggedErrors().length, 2);
});
for (const method of ["GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"]) {
  life(`calls the verb of ${method}`, async () => {
    class All extends RequestHandler {
      get() {
        this.write("GET");
      }

      post() {
        this.write("POST");
      }

      put() {
        this.write("PUT");
      }

      delete() {
        this.write("DELETE");
      }

      options() {
        this.write("OPTIONS");
      }

      patch() {
        this.write("PATCH");
      }
    }
    const { connect } = await startServer([["/", All]]);
    const client = await connect();
    await client.send(`${method} / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n`);
    assert.is((await client.readResponse()).text, method);
  });
}
life("never calls a method that is no verb", async () => {
  class Tempting extends RequestHandler {
    get() {}

    secret() {
      this.write("secret");
    }
  }
  const { connect } = await startServer([["/", Tempting]]);
  const client = await connect();
  for (const method of [
    "SECRET",
    "secret",
    "WRITE",
    "finish",
    "constructor",
    "__proto__",
    "toString",
  ]) {
    await client.send(`${method} / HTTP/1.1\r\nHost: a\r\n\r\n`);
    assert.is((await client.readResponse()).status, 405, method);
  }
});
life.run();

const output = serverSuite("write, flush and finish");
output("write takes text, bytes and objects, in order", async () => {
  class Writes extends RequestHandler {
    get() {
      this.write("é");
      this.write(Buffer.from([0xff, 0x00]));
      this.write(new Uint8Array([1]));
    }
  }
  const { connect } = await startServer([["/", Writes]]);
  const response = await (await connect()).get("/");
  assert.equal([...response.body], [0xc3, 0xa9, 0xff, 0, 1]);
  assert.is(response.header("content-length"), "5");
});
output("write turns an object into JSON, safe inside a script", async () => {
  class Json extends RequestHandler {
    get() {
      this.write({ a: "</script>", b: [1, null] });
    }
  }
  const { connect } = await startServer([["/", Json]]);
  const response = await (await connect()).get("/");
  assert.is(response.header("content-type"), "application/json; charset=UTF-8");
  assert.is(response.text, '{"a":"<\\/script>","b":[1,null]}');
});
for (const [what, value] of [
  ["an array", [1]],
  ["a number", 1],
  ["null", null],
  ["undefined", undefined],
  ["true", true],
] as const) {
  output(`write refuses ${what}`, async () => {
    let error: unknown = null;
    class Writes extends RequestHandler {
      get() {
        try {
          this.write(value as unknown as string);
        } catch (thrown) {
          error = thrown;
        }
        this.write("caught");
      }
    }
    const { connect } = await startServer([["/", Writes]]);
    assert.is((await (await connect()).get("/")).text, "caught");
    assert.instance(error, Error);
  });
}
output("write and finish after finish throw, and add nothing", async () => {
  const errors: unknown[] = [];
  class Twice extends RequestHandler {
    get() {
      this.finish("a");
      for (const again of [() => this.finish("b"), () => this.write("c")]) {
        try {
          again();
        } catch (error) {
          errors.push(error);
        }
      }
    }
  }
  const { connect } = await startServer([["/", Twice]]);
  const client = await connect();
  assert.is((await client.get("/")).text, "a");
  assert.is((await client.get("/")).text, "a");
  assert.is(errors.length, 4);
  assert.ok(errors.every((error) => error instanceof Error));
});
output("flush sends the head and what was written, before the handler ends", async () => {
  const gate = deferred();
  class Streaming extends RequestHandler {
    async get() {
      this.write("one");
      await this.flush();
      await gate.promise;
      this.write("two");
    }
  }
  const { connect } = await startServer([["/", Streaming]]);
  const client = await connect();
  await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await client.receives("\r\n\r\n3\r\none\r\n");
  gate.resolve();
  await client.receives("3\r\ntwo\r\n0\r\n\r\n");
});
output("flush with nothing written sends the head alone", async () => {
  const gate = deferred();
  class Heads extends RequestHandler {
    async get() {
      await this.flush();
      await gate.promise;
    }
  }
  const { connect } = await startServer([["/", Heads]]);
  const client = await connect();
  await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await client.receives("\r\n\r\n");
  gate.resolve();
  await client.receives(/^0\r\n\r\n$/);
});
output("flush waits for a client that does not read", async () => {
  let flushed = 0;
  class Streaming extends RequestHandler {
    async get() {
      for (; flushed < 400; flushed++) {
        this.write(Buffer.alloc(65_536, "x"));
        await this.flush();
      }
    }
  }
  const { connect } = await startServer([["/", Streaming]]);
  const client = await connect({ paused: true });
  await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  let before = -1;
  while (before !== flushed) {
    before = flushed;
    await turns(100);
  }
  assert.ok(flushed < 300, `${flushed} flushes of 64 KiB went ahead of the client`);
  client.resume();
  assert.is((await client.readResponse()).body.length, 400 * 65_536);
});
output("of a handler that returns nothing is an empty 200", async () => {
  class Nothing extends RequestHandler {
    get() {}
  }
  const { connect } = await startServer([["/", Nothing]]);
  const response = await (await connect()).get("/");
  assert.is(response.status, 200);
  assert.is(response.text, "");
});
output("of a synchronous verb leaves in the turn that read the request", async () => {
  const sentByThen = deferred<number>();
  class Hello extends RequestHandler {
    get() {
      this.write("hello");
      const { loop } = server;
      const { sentBytes } = loop.stats();
      // After this turn, and before another could begin.
      setImmediate(() => sentByThen.resolve(loop.stats().sentBytes - sentBytes));
    }
  }
  const { server, connect } = await startServer([["/", Hello]]);
  const { head, text } = await (await connect()).get("/");
  assert.is(text, "hello");
  assert.is(await sentByThen.promise, head.length + 4 + text.length);
});
output.run();
