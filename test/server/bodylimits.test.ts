/** The limits of one request's body, kept whole and streamed: the server's, and those that its dispatcher sets. */
import * as assert from "uvu/assert";
import type { CodedError } from "../../lib/base/errors.ts";
import type { Exchange, RequestDispatcher } from "../../lib/server/exchange.ts";
import { IOLoop } from "../../lib/index.ts";
import { deferred, until } from "../support/deferred.ts";
import { turns } from "../support/rawclient.ts";
import { MINUTE_MS, serverSuite } from "../support/servers.ts";
import { answer, post, Recorder, SlowRecorder, serving } from "./serving.ts";

const limits = serverSuite("the limits of one body");

/** Sets limits by the request's target, "/max" or "/max/timeout". */
function limited(reader: Recorder | null): RequestDispatcher {
  return {
    startBody(exchange) {
      const [, max, timeout] = exchange.uri.split("/");
      if (max !== undefined && max !== "") exchange.setMaxBodyBytes(Number(max));
      if (timeout !== undefined) exchange.setBodyTimeoutMs(Number(timeout));
      exchange.bodyReader = reader;
    },
    startRequest: (exchange) => answer(exchange, `${exchange.maxBodyBytes}`),
  };
}

for (const [what, max, length, status] of [
  ["at the server's limit", "", 10, 200],
  ["over the server's limit", "", 11, 413],
  ["over the server's limit and at its own", "20", 20, 200],
  ["over its own, higher limit", "20", 21, 413],
  ["under the server's limit and over its own", "5", 6, 413],
  ["at its own, lower limit", "5", 5, 200],
] as const) {
  for (const reader of [null, new Recorder()]) {
    const how = reader === null ? "buffered" : "streamed";
    limits(`hold for a declared length ${what}, ${how}`, async () => {
      await serving(limited(reader), { maxBodyBytes: 10 }, async ({ connect }) => {
        const client = await connect();
        const fields = `Content-Length: ${length}\r\nExpect: 100-continue`;
        await client.send(post(fields, `/${max}`));
        const first = await client.readResponse();
        assert.is(first.status, status === 200 ? 100 : status);
        if (status === 200) {
          await client.send("x".repeat(length));
          assert.is((await client.readResponse()).status, 200);
          return;
        }
        await client.closed();
        if (reader !== null) assert.equal(reader.events, ["aborted ERR_HTTP_BODY_TOO_LARGE"]);
      });
    });
    limits(`hold for a chunked body ${what}, ${how}`, async () => {
      if (reader !== null) reader.events.length = 0;
      await serving(limited(reader), { maxBodyBytes: 10 }, async ({ connect }) => {
        const client = await connect();
        const chunks = `1\r\nx\r\n${(length - 1).toString(16)}\r\n${"x".repeat(length - 1)}\r\n`;
        await client.send(`${post("Transfer-Encoding: chunked", `/${max}`)}${chunks}0\r\n\r\n`);
        assert.is((await client.readResponse()).status, status === 413 ? 400 : 200);
        if (status === 413 && reader !== null) {
          assert.is(reader.events.at(-1), "aborted ERR_HTTP_BODY_TOO_LARGE");
        }
      });
    });
  }
}

limits("may be lowered on the way", async () => {
  const reader = new Recorder();
  let first: Exchange | null = null;
  const dispatcher: RequestDispatcher = {
    startBody(exchange) {
      first = exchange;
      exchange.bodyReader = reader;
    },
    startRequest: () => assert.unreachable(),
  };
  await serving(dispatcher, {}, async ({ connect }) => {
    const client = await connect();
    await client.send(`${post("Content-Length: 100")}hello`);
    await until(() => reader.events.length === 1, "piece");
    first?.setMaxBodyBytes(99);
    assert.is((await client.readResponse()).status, 413);
    assert.equal(reader.events, [5, "aborted ERR_HTTP_BODY_TOO_LARGE"]);
    assert.ok(first?.isGone);
  });
});

limits("are whole numbers from 0 on", async () => {
  const codes: unknown[] = [];
  const dispatcher: RequestDispatcher = {
    startRequest(exchange) {
      for (const wrong of [-1, 1.5, Number.NaN, "1" as never, 2 ** 53]) {
        for (const call of ["setMaxBodyBytes", "setBodyTimeoutMs"] as const) {
          try {
            exchange[call](wrong);
          } catch (error) {
            codes.push((error as CodedError).code);
          }
        }
      }
      answer(exchange, "");
    },
  };
  await serving(dispatcher, {}, async ({ connect }) => {
    await (await connect()).get("/");
    assert.equal(codes, new Array(10).fill("ERR_ARGUMENT_RANGE"));
  });
});

limits("of time may be a body's own", async () => {
  const reader = new Recorder();
  await serving(limited(reader), { bodyTimeoutMs: 60 * MINUTE_MS }, async ({ connect, server }) => {
    const client = await connect();
    await client.send(post("Content-Length: 42", `//${10 * MINUTE_MS}`));
    await until(() => server.stats().connections.busy === 1, "half a request");
    IOLoop.current().clock.advance(9 * MINUTE_MS);
    await client.staysOpen();
    IOLoop.current().clock.advance(MINUTE_MS + 1_000);
    assert.is((await client.readResponse()).status, 408);
    await client.closed();
    assert.equal(reader.events, ["aborted ERR_HTTP_BODY_TIMEOUT"]);
  });
});

limits("of time do not count what the reader takes", async () => {
  const gate = deferred();
  const reader = new SlowRecorder(gate.promise);
  const options = {
    bodyTimeoutMs: 5 * MINUTE_MS,
    minBodyBytesPerSecond: 0,
    keepAliveTimeoutMs: MINUTE_MS,
  };
  await serving(limited(reader), options, async ({ connect }) => {
    const client = await connect();
    await client.send(`${post("Content-Length: 10")}hello`);
    await until(() => reader.events.length === 1, "piece");
    for (let i = 0; i < 10; i++) IOLoop.current().clock.advance(4 * MINUTE_MS);
    await client.staysOpen();
    gate.resolve();
    await turns(4);
    IOLoop.current().clock.advance(4 * MINUTE_MS);
    await client.staysOpen();
    IOLoop.current().clock.advance(MINUTE_MS + 1_000);
    assert.is((await client.readResponse()).status, 408);
    assert.equal(reader.events, [5, "aborted ERR_HTTP_BODY_TIMEOUT"]);
  });
});

limits.run();
