/** A server that has run out of descriptors: it rests instead of spinning, and serves again when some are free. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { LineChild } from "../support/linechild.ts";
import { RawClient } from "../support/rawclient.ts";

const CONNECTIONS = 100;

/** Enough to load the program; it takes most of them itself then. */
const DESCRIPTORS = 256;

/** Asks the child how much CPU time it has used. */
async function cpuMs(child: LineChild): Promise<number> {
  child.say("");
  return Number(await child.line());
}

const starved = suite("a server without a descriptor left");

starved("rests, tells some clients at once, and serves again when some have gone", async () => {
  const module = new URL("starved.child.js", import.meta.url);
  const child = new LineChild(module, { descriptors: DESCRIPTORS });
  const clients: RawClient[] = [];
  try {
    const port = Number(await child.line());
    for (let i = 0; i < CONNECTIONS; i++) clients.push(await RawClient.connect({ port }));
    // One that was accepted before the descriptors ran out is served on.
    assert.is((await clients[0]?.get("/"))?.status, 200);
    child.say("warned");
    assert.match(
      await child.line(),
      /^cannot accept connections: the process has no descriptors left \(it may have 256\), or no memory; \d+ were closed unanswered, and others wait; raise the limit \(ulimit -n, /,
    );
    const before = { cpuMs: await cpuMs(child), atMs: performance.now() };
    // Not for an event: that nothing happens in this time is what is tested.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    assert.is((await clients[0]?.get("/"))?.status, 200);
    const usedMs = (await cpuMs(child)) - before.cpuMs;
    const share = usedMs / (performance.now() - before.atMs);
    assert.ok(share < 0.5, `${Math.round(share * 100)} % of a CPU used; a spin uses all of it`);
    for (const client of clients.splice(0)) client.destroy();
    // The first newcomers may still be turned away: the child learns one by one who has gone.
    let served = 0;
    for (let attempts = 0; served < 3 && attempts < 100; attempts++) {
      const client = await RawClient.connect({ port });
      clients.push(client);
      const response = await client.get("/").catch(() => null);
      if (response?.status === 200) served++;
    }
    assert.is(served, 3);
    assert.is(await child.end(), 0);
  } finally {
    child.kill();
    for (const client of clients) client.destroy();
  }
});

starved.run();
