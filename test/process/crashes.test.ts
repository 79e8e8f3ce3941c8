/** Workers that crash or hang are replaced; what waits for them waits on; a parent that is gone leaves no orphans. */
import * as assert from "uvu/assert";
import { RawClient, within } from "../support/rawclient.ts";
import {
  afterwards,
  ask,
  DEADLINE_MS,
  gone,
  isAlive,
  preforkSuite,
  start,
  whoAnswers,
} from "./preforktools.ts";

const supervised = preforkSuite("a worker");

for (const [how, target] of [
  ["a signal", "/kill"],
  ["exit code 7", "/exit?code=7"],
] as const) {
  supervised(`that is ended by ${how} is started again, with its task`, async () => {
    const program = start({ workers: 2 });
    const before = await program.serves(2);
    const error = await ask(program.port, target).catch((reason: unknown) => reason);
    assert.instance(error, Error);
    const after = await program.serves(3);
    const dead = before.find(({ pid }) => !isAlive(pid));
    assert.is(after.at(-1)?.task, dead?.task);
    assert.match(program.stderr, /ended.*; it is started again now/);
    for (let i = 0; i < 5; i++) assert.is.not((await whoAnswers(program.port)).pid, dead?.pid);
    program.kill("SIGTERM");
    assert.is(await program.end(), 0);
  });
}

supervised("whose loop does not turn is killed after hangTimeoutMs, and replaced", async () => {
  const program = start({ workers: 2, options: { hangTimeoutMs: 4_000 } });
  const before = await program.serves(2);
  const hung = ask(program.port, "/hang").catch((error: unknown) => error);
  await program.logs(
    /has not answered for 4000 ms \(hangTimeoutMs\) and was killed; it is started/,
  );
  assert.instance(await within(hung, "end of the connection", DEADLINE_MS), Error);
  await program.serves(3);
  assert.is(before.filter(({ pid }) => isAlive(pid)).length, 1);
  program.kill("SIGTERM");
  assert.is(await program.end(), 0);
});

supervised("finishes its requests and ends when the parent is gone", async () => {
  const program = start({ workers: 2 });
  const serving = await program.serves(2);
  const slow = await RawClient.connect({ port: program.port });
  afterwards(() => slow.destroy());
  await slow.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
  const [, worker] = await program.prints(/^begun (\d+)/);
  program.kill("SIGKILL");
  await program.prints(/^stopping/);
  process.kill(Number(worker), "SIGUSR2");
  await slow.receives("HTTP/1.1 200 OK");
  for (const { pid } of serving) await gone(pid);
  assert.match(program.stderr, /the parent has gone; what is in progress is finished/);
  const refused = await ask(program.port).catch((error: unknown) => error);
  assert.is((refused as { code?: string }).code, "ECONNREFUSED");
});

supervised("whose connections wait when it dies leaves them to the others", async () => {
  const program = start({ workers: 2, reusePort: true });
  const before = await program.serves(2);
  const victim = before[0];
  assert.ok(victim);
  process.kill(victim?.pid ?? 0, "SIGSTOP");
  // Half of them come to the socket of the worker that is stopped, and wait there.
  const answers = Array.from({ length: 16 }, () => whoAnswers(program.port));
  await Promise.race(answers);
  process.kill(victim?.pid ?? 0, "SIGKILL");
  const pids = (await Promise.all(answers)).map(({ pid }) => pid);
  assert.not(pids.includes(victim?.pid ?? 0));
});

supervised(
  "killed again and again under load takes only what it had accepted with it",
  async () => {
    const KILLS = 3;
    const program = start({ workers: 2 });
    await program.serves(2);
    let isOver = false;
    let answered = 0;
    const faults: unknown[] = [];
    const load = Array.from({ length: 4 }, async () => {
      while (!isOver) {
        await whoAnswers(program.port).then(
          () => answered++,
          (error: unknown) => faults.push(error),
        );
      }
    });
    for (let i = 1; i <= KILLS; i++) {
      const victim = program.serving.filter(({ pid }) => isAlive(pid)).at(i % 2);
      process.kill(victim?.pid ?? 0, "SIGKILL");
      await program.serves(2 + i);
    }
    isOver = true;
    await Promise.all(load);
    assert.ok(answered > KILLS, String(answered));
    for (const fault of faults) {
      // Cut off with its worker: neither refused nor left waiting.
      assert.match(String(fault), /ECONNRESET|cut off|EPIPE/);
    }
    assert.ok(faults.length <= KILLS * load.length, String(faults));
  },
);

supervised.run();
