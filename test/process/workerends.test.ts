/** Workers that come to their end, never start, or crash too often: when the parent ends, and with which code. */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import * as assert from "uvu/assert";
import { afterwards, ask, gone, isAlive, preforkSuite, start, whoAnswers } from "./preforktools.ts";

const supervised = preforkSuite("a worker");

supervised(
  "that ends with 0 is not started again; with the last of them the parent ends",
  async () => {
    const program = start({ form: "jobs", workers: 3 });
    assert.is(await program.end(), 0);
    assert.equal(program.lines.map((line) => line.slice(0, 5)).sort(), ["job 0", "job 1", "job 2"]);
  },
);

for (const reusePort of [false, true]) {
  const what = reusePort ? "the connections too that would have been its own" : "the connections";
  supervised(`that ends with 0 leaves ${what} to the others`, async () => {
    const program = start({ workers: 2, reusePort });
    const before = await program.serves(2);
    await ask(program.port, "/exit?code=0").catch(() => {});
    await program.logs(/has come to its end/);
    const left = before.filter(({ pid }) => isAlive(pid));
    assert.is(left.length, 1);
    for (let i = 0; i < 16; i++) assert.is((await whoAnswers(program.port)).pid, left[0]?.pid);
    assert.is(program.serving.length, 2);
    program.kill("SIGTERM");
    assert.is(await program.end(), 0);
  });
}

supervised(
  "that cannot start is tried five times, then the parent says so and ends with 1",
  async () => {
    const program = start({ workers: 2, exitAtStart: 3 });
    assert.is(await program.end(), 1);
    assert.match(
      program.stderr,
      /error worker \d \(pid \d+\) ended with exit code 3; giving up: worker \d has ended 5 times in a row before it was ready\n/,
    );
    assert.match(program.stderr, /it is started again now[\s\S]*it is started again in 100 ms/);
  },
);

supervised(
  "that does not get ready in time is killed, and counts as one that cannot start",
  async () => {
    const program = start({
      form: "never",
      workers: 1,
      options: { readyTimeoutMs: 1_000, maxRestarts: 0 },
    });
    assert.is(await program.end(), 1);
    assert.match(
      program.stderr,
      /was not ready within 1000 ms \(readyTimeoutMs\) and was killed; giving up/,
    );
  },
);

supervised(
  "is started again maxRestarts times; then the others stop, and the parent ends with 1",
  async () => {
    const program = start({ workers: 2, options: { maxRestarts: 1 } });
    await program.serves(2);
    await ask(program.port, "/kill").catch(() => {});
    await program.serves(3);
    await ask(program.port, "/kill").catch(() => {});
    assert.is(await program.end(), 1);
    assert.match(program.stderr, /giving up: more than 1 restarts \(maxRestarts\)/);
    for (const { pid } of program.serving) assert.not(isAlive(pid), "no orphan");
  },
);

supervised("that finds its port taken says how workers share one, and is given up", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port } = other.address() as { port: number };
  const program = start({ form: "late", port, workers: 2 });
  assert.is(await program.end(), 1);
  other.close();
  assert.match(
    program.stderr,
    /cannot listen on 127\.0\.0\.1:\d+: the address is in use; workers share what is bound, by bind\(\) or bindSockets\(\), before they are forked/,
  );
  assert.match(program.stderr, /giving up: worker \d has ended 5 times in a row/);
});

supervised(
  "that has not called start() yet notices that its parent was killed, and ends",
  async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "landspout-orphan-"));
    afterwards(() => rmSync(folder, { recursive: true }));
    // It exists: the workers wait for ever before they call start().
    const program = start({ workers: 2, waitIfExists: folder });
    await program.until(
      () => program.lines.filter((line) => line.startsWith("waits ")).length === 2,
      "two workers that wait",
    );
    const workers = program.descendants();
    assert.is(workers.length, 2);
    program.kill("SIGKILL");
    for (const pid of workers) await gone(pid);
    assert.match(program.stderr, /worker \d: the parent has gone/);
  },
);

supervised.run();
