/** detachStream(): a request's connection as an IOStream, with every byte behind its head. */
import * as assert from "uvu/assert";
import { detachStream } from "../../lib/server/detachstream.ts";
import type { Exchange } from "../../lib/server/exchange.ts";
import { type IOStream, StreamClosedError } from "../../lib/index.ts";
import { deferred, until } from "../support/deferred.ts";
import { serverSuite } from "../support/servers.ts";
import { answer, serving } from "./serving.ts";

const UPGRADE = "GET /lines HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: lines\r\n\r\n";
const ASK = "GET /lines HTTP/1.1\r\nHost: a\r\n\r\n";

/** Answers each line with itself, reversed, until "bye". */
async function speakLines(stream: IOStream): Promise<void> {
  void stream.write("HTTP/1.1 101 Switching Protocols\r\n\r\n");
  for (;;) {
    const line = (await stream.readUntil("\n", { maxBytes: 100 })).toString().trimEnd();
    if (line === "bye") return stream.close();
    await stream.write(`${[...line].reverse().join("")}\n`);
  }
}

const detached = serverSuite("a stream of a detached connection");

for (const when of ["at once", "later"]) {
  detached(`speaks a line protocol, bytes behind the head included, detached ${when}`, async () => {
    for (const cut of [0, 10, UPGRADE.length, UPGRADE.length + 1, UPGRADE.length + 6]) {
      const gate = deferred();
      let started = 0;
      const ended: unknown[] = [];
      const dispatcher = {
        startRequest(exchange: Exchange): void {
          started++;
          const detach = () =>
            speakLines(detachStream(exchange)).then(
              () => ended.push("closed"),
              (error: unknown) => ended.push(error),
            );
          if (when === "at once") void detach();
          else void gate.promise.then(detach);
        },
      };
      await serving(dispatcher, {}, async ({ connect, server }) => {
        const client = await connect();
        const text = `${UPGRADE}one\ntwo\nGET / HTTP/1.1\n`;
        await client.sendPieces([text.slice(0, cut), text.slice(cut)]);
        await until(() => started === 1, "request");
        gate.resolve();
        await client.receives("\r\n\r\n");
        assert.is(await client.receives("1.1/PTTH / TEG\n"), "eno\nowt\n1.1/PTTH / TEG\n");
        await client.send("three\nbye\n");
        await client.receives("eerht\n");
        await client.closed();
        await until(() => server.connectionCount === 0, "end");
        assert.equal(ended, ["closed"]);
      });
    }
  });
}

detached(
  "of an ordinary request takes what comes later, and hears of the client's end",
  async () => {
    const ended = deferred<unknown>();
    const dispatcher = {
      startRequest(exchange: Exchange): void {
        speakLines(detachStream(exchange, { maxBufferBytes: 1000 })).catch(ended.resolve);
      },
    };
    await serving(dispatcher, {}, async ({ connect, server }) => {
      const client = await connect();
      await client.send(ASK);
      await client.receives("\r\n\r\n");
      await client.send("abc\n");
      await client.receives("cba\n");
      client.endSending();
      await client.closed();
      assert.instance(await ended.promise, StreamClosedError);
      await until(() => server.connectionCount === 0, "end");
    });
  },
);

detached("is refused as detach() is, and the request can be answered", async () => {
  const codes: unknown[] = [];
  const dispatcher = {
    startRequest(exchange: Exchange): void {
      for (const attempt of [
        () => detachStream(exchange, { maxBuffer: 1 } as object),
        () => detachStream(exchange),
      ]) {
        try {
          attempt();
        } catch (error) {
          codes.push((error as { code?: string }).code);
        }
      }
      answer(exchange, "refused");
    },
  };
  await serving(dispatcher, {}, async ({ connect }) => {
    const client = await connect();
    await client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert.is((await client.readResponse()).text, "refused");
    assert.equal(codes, ["ERR_UNKNOWN_OPTION", "ERR_STATE"]);
  });
});

detached.run();
