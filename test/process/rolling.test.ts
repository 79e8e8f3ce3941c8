/** Workers that are replaced while they serve: none is missed, no request is lost, a bad successor changes nothing. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import * as assert from "uvu/assert";
import { RawClient } from "../support/rawclient.ts";
import {
  afterwards,
  DEADLINE_MS,
  gone,
  isAlive,
  preforkSuite,
  start,
  whoAnswers,
} from "./preforktools.ts";

const replaced = preforkSuite("SIGHUP");

replaced("has every worker replaced, one by one", async () => {
  const program = start({ workers: 2 });
  const before = await program.serves(2);
  program.kill("SIGHUP");
  const after = (await program.serves(4)).slice(2);
  assert.equal(
    after.map(({ task }) => task),
    [0, 1],
  );
  for (const { pid } of before) await gone(pid);
  for (let i = 0; i < 5; i++) {
    const { pid } = await whoAnswers(program.port);
    assert.ok(after.some((one) => one.pid === pid));
  }
  assert.not.match(program.stderr, /started again/);
  program.kill("SIGTERM");
  assert.is(await program.end(), 0);
});

replaced("again and again is done again once, and ends with all workers new", async () => {
  const program = start({ workers: 2 });
  await program.serves(2);
  for (let i = 0; i < 5; i++) {
    program.kill("SIGHUP");
    await new Promise((resolve) => setImmediate(resolve));
  }
  await program.logs(/the workers are replaced/);
  await program.serves(4);
  assert.ok(isAlive(program.pid));
  program.kill("SIGTERM");
  assert.is(await program.end(), 0);
});

for (const way of ["exitIfExists", "waitIfExists"] as const) {
  replaced(`keeps the old workers if a new one does not get ready (${way})`, async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "landspout-"));
    afterwards(() => rmSync(folder, { recursive: true }));
    const flag = path.join(folder, "flag");
    const program = start({ workers: 2, [way]: flag, options: { readyTimeoutMs: 10_000 } });
    const before = await program.serves(2);
    writeFileSync(flag, "");
    program.kill("SIGHUP");
    await program.logs(/error the new worker 0 .*; the workers are not replaced any further/);
    for (const { pid } of before) assert.ok(isAlive(pid));
    await whoAnswers(program.port);
    rmSync(flag);
    program.kill("SIGHUP");
    await program.serves(4);
    for (const { pid } of before) await gone(pid);
    program.kill("SIGTERM");
    assert.is(await program.end(), 0);
  });
}

replaced("answers every request meanwhile, connections kept alive or not", async () => {
  const ROLLS = 2;
  const program = start({ workers: 2 });
  await program.serves(2);
  let isOver = false;
  let count = 0;
  const failures: unknown[] = [];
  const load = async (request: () => Promise<void>) => {
    while (!isOver) {
      await request().then(
        () => count++,
        (error: unknown) => failures.push(error),
      );
    }
  };
  const one = async () => void (await whoAnswers(program.port));
  const keptAlive = () =>
    keepAsking(
      program.port,
      () => isOver,
      () => count++,
    );
  const loads = [load(one), load(one), load(keptAlive), load(keptAlive)];
  for (let roll = 1; roll <= ROLLS; roll++) {
    const before = program.serving.slice(-2);
    program.kill("SIGHUP");
    await program.serves(2 + 2 * roll);
    for (const { pid } of before) await gone(pid);
  }
  isOver = true;
  await Promise.all(loads);
  assert.equal(failures, []);
  assert.ok(count > 10, String(count));
  program.kill("SIGTERM");
  assert.is(await program.end(), 0);
});

replaced.run();

/** Asks over one connection until the server says that it closes it; rejects if a request is not answered. */
async function keepAsking(
  port: number,
  isOver: () => boolean,
  onAnswer: () => void,
): Promise<void> {
  const client = await RawClient.connect({ port, deadlineMs: DEADLINE_MS });
  try {
    while (!isOver()) {
      await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      const response = await client.readResponse();
      assert.is(response.status, 200);
      onAnswer();
      if (response.headers("connection").includes("close")) return;
    }
  } finally {
    client.destroy();
  }
}
