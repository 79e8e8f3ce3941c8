/** Request bodies that a reader takes as they arrive: pieces, back-pressure, limits, deadlines, and how they end early. */
import { gzipSync } from "node:zlib";
import * as assert from "uvu/assert";
import type { CodedError } from "../../lib/base/errors.ts";
import type { Exchange, RequestDispatcher } from "../../lib/server/exchange.ts";
import { deferred, until } from "../support/deferred.ts";
import { turns } from "../support/rawclient.ts";
import { serverSuite } from "../support/servers.ts";
import { answer, post, Recorder, reading, serving } from "./serving.ts";

const streaming = serverSuite("a streamed body");

streaming("comes in pieces of at most chunkBytes, then its end, then its request", async () => {
  const readers: Recorder[] = [];
  await serving(reading(readers), { chunkBytes: 16 }, async ({ connect }) => {
    const client = await connect();
    await client.send(post("Content-Length: 40") + "z".repeat(40));
    assert.is((await client.readResponse()).text, '[16,16,8,"end"]');
    assert.is(readers[0]?.text, "z".repeat(40));
    await client.send(post("Content-Length: 16") + "y".repeat(16));
    assert.is((await client.readResponse()).text, '[16,"end"]');
    await client.send(post("Content-Length: 17") + "x".repeat(17));
    assert.is((await client.readResponse()).text, '[16,1,"end"]');
    await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert.is((await client.readResponse()).text, "none");
  });
});

streaming("of chunks comes decoded, and pipelined ones stay apart", async () => {
  const readers: Recorder[] = [];
  await serving(reading(readers), {}, async ({ connect }) => {
    const client = await connect();
    const one = `${post("Transfer-Encoding: chunked")}5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n`;
    await client.send(`${one + post("Content-Length: 3")}two${one}`);
    for (const wanted of ["hello!", "two", "hello!"]) {
      assert.is((await client.readResponse()).status, 200);
      assert.is(readers.shift()?.text, wanted);
    }
    await client.staysOpen();
  });
});

streaming("is not given on while the reader's promise is pending, whatever arrives", async () => {
  const gates = [deferred(), deferred(), deferred(), deferred()];
  let calls = 0;
  let inside = 0;
  class Slow extends Recorder {
    override async onBody(piece: Buffer): Promise<void> {
      assert.is(++inside, 1);
      super.onBody(piece);
      await gates[calls++]?.promise;
      inside--;
    }
    override async onBodyEnd(): Promise<void> {
      assert.is(inside, 0);
      super.onBodyEnd();
      await gates[calls++]?.promise;
    }
  }
  const readers: Recorder[] = [];
  await serving(
    reading(readers, () => new Slow()),
    { chunkBytes: 16 },
    async ({ connect }) => {
      const client = await connect();
      await client.send(post("Content-Length: 40"));
      await client.send("z".repeat(40));
      for (const [at, events] of [[16], [16, 16], [16, 16, 8], [16, 16, 8, "end"]].entries()) {
        await until(() => calls === at + 1, "call");
        await turns(4);
        assert.equal(readers[0]?.events, events);
        assert.is(client.unread, "");
        gates[at]?.resolve();
      }
      assert.is((await client.readResponse()).status, 200);
      await client.send(`${post("Content-Length: 1")}z`);
      assert.is((await client.readResponse()).status, 200);
    },
  );
});

streaming("that its reader takes slowly is left in the kernel", async () => {
  const gate = deferred();
  class Stuck extends Recorder {
    override onBody(piece: Buffer): PromiseLike<unknown> | undefined {
      super.onBody(piece);
      return this.events.length === 1 ? gate.promise : undefined;
    }
  }
  const readers: Recorder[] = [];
  const length = 64 * 1024 * 1024;
  await serving(
    reading(readers, () => new Stuck()),
    {},
    async ({ connect }) => {
      const client = await connect();
      await client.send(post(`Content-Length: ${length}`));
      const bytes = Buffer.alloc(1024 * 1024, "a");
      for (let sent = 0; sent < length; sent += bytes.length) void client.send(bytes);
      await until(() => readers[0]?.events.length === 1, "first piece");
      let taken = -1;
      while (taken !== client.sentBytes) {
        taken = client.sentBytes;
        await turns(50);
      }
      assert.ok(taken < length / 2, `${taken} bytes were taken`);
      gate.resolve();
      assert.is((await client.readResponse()).status, 200);
      assert.is(Buffer.concat(readers[0]?.pieces ?? []).length, length);
    },
  );
});

streaming("waits until the promise of startBody has settled; 100 Continue does, too", async () => {
  const gate = deferred();
  const reader = new Recorder();
  const dispatcher: RequestDispatcher = {
    async startBody(exchange) {
      await gate.promise;
      exchange.bodyReader = reader;
    },
    startRequest: (exchange) => answer(exchange, "done"),
  };
  await serving(dispatcher, { maxBodyBytes: 10 }, async ({ connect }) => {
    const client = await connect();
    await client.send(post("Content-Length: 5\r\nExpect: 100-continue"));
    await turns(4);
    assert.is(client.unread, "");
    gate.resolve();
    assert.is((await client.readResponse()).status, 100);
    await client.send("hello");
    assert.is((await client.readResponse()).text, "done");
    assert.is(reader.text, "hello");
    await client.send(`${post("Content-Length: 5\r\nExpect: 100-continue")}hello`);
    assert.is((await client.readFinalResponse()).text, "done");
  });
});

streaming("whose request was started in startBody is not started again", async () => {
  let started = 0;
  const reader = new Recorder();
  const dispatcher: RequestDispatcher = {
    startBody(exchange) {
      exchange.isStarted = true;
      exchange.bodyReader = {
        onBody: (piece) => reader.onBody(piece),
        onBodyEnd: () => answer(exchange, "mine") as undefined,
        onBodyAborted: (error) => reader.onBodyAborted(error),
      };
    },
    startRequest: () => {
      started++;
    },
  };
  await serving(dispatcher, {}, async ({ connect }) => {
    const client = await connect();
    await client.send(`${post("Content-Length: 5")}hello`);
    assert.is((await client.readResponse()).text, "mine");
    assert.is(started, 0);
  });
});

streaming("may be answered before it has arrived; the connection ends then", async () => {
  for (const [fields, rest] of [
    ["Transfer-Encoding: chunked", ""],
    ["Transfer-Encoding: chunked", "4\r\nasdf\r\n"],
    ["Content-Length: 10\r\nExpect: 100-continue", ""],
    ["Content-Length: 4", "asdf"],
  ]) {
    const reader = new Recorder();
    const dispatcher: RequestDispatcher = {
      startBody(exchange) {
        exchange.isStarted = true;
        exchange.bodyReader = reader;
        exchange.sendHead(401, "Unauthorized", "", 2);
        exchange.write("no");
        exchange.finish();
      },
      startRequest: () => assert.unreachable(),
    };
    await serving(dispatcher, {}, async ({ connect }) => {
      const client = await connect();
      await client.send(post(fields ?? "") + rest);
      const response = await client.readResponse();
      assert.is(response.status, 401);
      assert.is(response.header("connection"), "close");
      await client.closed();
      assert.equal(reader.events, ["aborted ERR_HTTP_FINISHED"]);
    });
  }
});

streaming("may be answered when it has ended, by a connection that goes on", async () => {
  for (const coding of ["none", "gzip"]) {
    const events: string[] = [];
    const dispatcher: RequestDispatcher = {
      startBody(exchange) {
        exchange.isStarted = true;
        exchange.bodyReader = {
          onBody: (piece) => events.push(`${piece}`) as unknown as undefined,
          onBodyEnd: async () => {
            answer(exchange, "mine");
            await turns(2);
          },
          onBodyAborted: () => events.push("aborted"),
        };
      },
      startRequest: (exchange) => answer(exchange, "whole"),
    };
    await serving(dispatcher, { decompressRequest: true }, async ({ connect }) => {
      const client = await connect();
      const body = coding === "gzip" ? gzipSync("hello") : Buffer.from("hello");
      const head = post(`Content-Encoding: ${coding}\r\nContent-Length: ${body.length}`);
      for (let i = 0; i < 3; i++) await client.send(Buffer.concat([Buffer.from(head), body]));
      for (let i = 0; i < 3; i++) assert.is((await client.readResponse()).text, "mine");
      assert.is((await client.get("/")).text, "whole");
      await client.staysOpen();
      assert.equal(events, ["hello", "hello", "hello"]);
    });
  }
});

streaming("that is encoded and answered before it was all decoded is aborted", async () => {
  const reader = new Recorder();
  const dispatcher: RequestDispatcher = {
    startBody(exchange) {
      exchange.isStarted = true;
      exchange.bodyReader = {
        onBody(piece) {
          answer(exchange, "enough");
          return reader.onBody(piece);
        },
        onBodyEnd: () => reader.onBodyEnd(),
        onBodyAborted: (error) => reader.onBodyAborted(error),
      };
    },
    startRequest: () => assert.unreachable(),
  };
  await serving(dispatcher, { decompressRequest: true, chunkBytes: 2 }, async ({ connect }) => {
    const client = await connect();
    const body = gzipSync("hello");
    const head = post(`Content-Encoding: gzip\r\nContent-Length: ${body.length}`);
    await client.send(Buffer.concat([Buffer.from(head), body]));
    assert.is((await client.readResponse()).text, "enough");
    await turns(4);
    assert.equal(reader.events, ["aborted ERR_HTTP_FINISHED", 2]);
  });
});

streaming("may be echoed while it arrives", async () => {
  const dispatcher: RequestDispatcher = {
    startBody(exchange) {
      exchange.isStarted = true;
      exchange.sendHead(200, "OK", "", null);
      exchange.bodyReader = {
        onBody: (piece) => exchange.write(piece) as undefined,
        onBodyEnd: () => exchange.finish() as undefined,
        onBodyAborted: () => assert.unreachable(),
      };
    },
    startRequest: () => assert.unreachable(),
  };
  await serving(dispatcher, {}, async ({ connect }) => {
    const client = await connect();
    await client.send(post("Content-Length: 6"));
    await client.receives("Transfer-Encoding: chunked\r\n");
    await client.send("abc");
    await client.receives("3\r\nabc\r\n");
    await client.send("def");
    await client.receives("3\r\ndef\r\n0\r\n\r\n");
    await client.closed();
  });
});

streaming("cannot be given a reader too late, nor a request without a body one", async () => {
  const codes: unknown[] = [];
  const attempt = (exchange: Exchange) => {
    try {
      exchange.bodyReader = new Recorder();
    } catch (error) {
      codes.push((error as CodedError).code);
    }
    // Limits may be set for any request, as in Tornado.
    exchange.setMaxBodyBytes(1);
    exchange.setBodyTimeoutMs(0);
    answer(exchange, "hello");
  };
  await serving({ startRequest: attempt }, {}, async ({ connect }) => {
    const client = await connect();
    await client.get("/");
    await client.send(`${post("Content-Length: 1")}a`);
    await client.readResponse();
    assert.equal(codes, ["ERR_STATE", "ERR_STATE"]);
  });
});

streaming.run();
