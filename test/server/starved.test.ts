/** A server that has run out of descriptors: it rests instead of spinning, and serves again when some are free. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { RawClient, within } from "../support/rawclient.ts";

const CONNECTIONS = 100;

/** Enough to load the program; it takes most of them itself then. */
const DESCRIPTORS = 256;

/** The child of this test, asked and answered by lines. */
class Child {
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;

  constructor() {
    const module = fileURLToPath(new URL("starved.child.js", import.meta.url));
    this.#process = spawn(
      "/bin/sh",
      ["-c", `ulimit -n ${DESCRIPTORS}; exec "$@"`, "sh", process.execPath, module],
      { stdio: ["pipe", "pipe", "inherit"] },
    );
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  async line(): Promise<string> {
    const { value } = await within(this.#lines.next(), "line of the child", 30_000);
    return String(value);
  }

  async cpuMs(): Promise<number> {
    this.#process.stdin.write("\n");
    return Number(await this.line());
  }

  async end(): Promise<unknown> {
    const exited = once(this.#process, "exit");
    this.#process.stdin.end();
    return (await within(exited, "end of the child"))[0];
  }

  kill(): void {
    this.#process.kill("SIGKILL");
  }
}

const starved = suite("a server without a descriptor left");

starved("rests, tells some clients at once, and serves again when some have gone", async () => {
  const child = new Child();
  const clients: RawClient[] = [];
  try {
    const port = Number(await child.line());
    for (let i = 0; i < CONNECTIONS; i++) clients.push(await RawClient.connect({ port }));
    // One that was accepted before the descriptors ran out is served on.
    assert.is((await clients[0]?.get("/"))?.status, 200);
    const before = { cpuMs: await child.cpuMs(), atMs: performance.now() };
    // Not for an event: that nothing happens in this time is what is tested.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    assert.is((await clients[0]?.get("/"))?.status, 200);
    const usedMs = (await child.cpuMs()) - before.cpuMs;
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
