/** One listening socket in several processes: each connection is served, once, whoever else is busy. */
import { closeSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { IOLoop } from "../../lib/index.ts";
import { LineChild } from "../support/linechild.ts";
import { RawClient } from "../support/rawclient.ts";

const BATCHES = 20;
const BATCH = 10;

const shared = suite("a listener that two processes share");

/** Runs two children on one listening socket. Each connection's answer is the pid of who served it. */
async function withChildren(
  test: (children: readonly LineChild[], connect: () => Promise<number>) => Promise<void>,
): Promise<void> {
  const loop = new IOLoop();
  const fd = loop.poller.bind(4, "127.0.0.1", 0, 128, false, false, -1);
  if (typeof fd !== "number") throw new Error(`bind: ${fd.join(" ")}`);
  const port = loop.poller.fdName(fd)?.[1] ?? 0;
  const module = new URL("sharedlistener.child.js", import.meta.url);
  const children = [0, 1].map(() => new LineChild(module, { inherited: [fd] }));
  closeSync(fd);
  loop.close();
  try {
    for (const child of children) assert.is(await child.line(), "ready");
    await test(children, async () => {
      const client = await RawClient.connect({ port, deadlineMs: 30_000 });
      const answer = (await client.readToEnd()).toString("latin1");
      client.destroy();
      assert.match(answer, /^\d+\n$/);
      return Number(answer);
    });
  } finally {
    for (const child of children) child.kill();
  }
}

shared("has every connection served once", () =>
  withChildren(async (children, connect) => {
    const served = new Map(children.map(({ pid }) => [pid, 0]));
    for (let batch = 0; batch < BATCHES; batch++) {
      for (const pid of await Promise.all(Array.from({ length: BATCH }, connect))) {
        served.set(pid, (served.get(pid) ?? 0) + 1);
      }
    }
    for (const child of children) {
      const ended = child.end();
      assert.is(Number(await child.line()), served.get(child.pid));
      assert.is(await ended, 0);
    }
    assert.is(served.size, children.length);
    assert.is(
      [...served.values()].reduce((a, b) => a + b),
      BATCHES * BATCH,
    );
  }),
);

shared(
  "is served by one while the other stands still, and by the other when that one has ended",
  () =>
    withChildren(async ([first, second], connect) => {
      if (first === undefined || second === undefined) throw new Error("no children");
      first.signal("SIGSTOP");
      for (let i = 0; i < BATCH; i++) assert.is(await connect(), second.pid);
      first.signal("SIGCONT");
      const ended = second.end();
      await second.line();
      assert.is(await ended, 0);
      for (let i = 0; i < BATCH; i++) assert.is(await connect(), first.pid);
    }),
);

shared.run();
