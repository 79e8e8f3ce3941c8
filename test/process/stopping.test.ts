/** The end of prefork: signals to the parent, while workers serve, start, are replaced or stop already. */
import * as assert from "uvu/assert";
import { RawClient } from "../support/rawclient.ts";
import {
  afterwards,
  ask,
  gone,
  isAlive,
  type Prefork,
  preforkSuite,
  start,
} from "./preforktools.ts";

const stopped = preforkSuite("the parent of prefork");

/** A client that waits for an answer, which its worker gives once it is sent SIGUSR2. */
async function askSlowly(program: Prefork): Promise<{ client: RawClient; worker: number }> {
  const client = await RawClient.connect({ port: program.port });
  afterwards(() => client.destroy());
  await client.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
  const [, pid] = await program.prints(/^begun (\d+)/);
  return { client, worker: Number(pid) };
}

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  stopped(
    `told to stop by ${signal} has requests in progress answered, and ends with 0`,
    async () => {
      const program = start({ workers: 2 });
      const serving = await program.serves(2);
      const { client, worker } = await askSlowly(program);
      program.kill(signal);
      program.kill(signal);
      await program.prints(/^stopping/);
      process.kill(worker, "SIGUSR2");
      const response = await client.readResponse();
      assert.is(response.status, 200);
      assert.equal(response.headers("connection"), ["close"]);
      assert.is(await program.end(), 0);
      for (const { pid } of serving) assert.not(isAlive(pid));
      const refused = await ask(program.port).catch((error: unknown) => error);
      assert.is((refused as { code?: string }).code, "ECONNREFUSED");
    },
  );
}

stopped(
  "has workers that do not finish within graceMs cut off what is left, and ends with 0",
  async () => {
    const program = start({ workers: 2, options: { graceMs: 300 } });
    await program.serves(2);
    const { client } = await askSlowly(program);
    program.kill("SIGTERM");
    assert.is(await program.end(), 0);
    await client.gone();
  },
);

stopped("kills a worker that hangs when it is to stop, and ends with 0", async () => {
  const program = start({ workers: 2, options: { graceMs: 200, hangTimeoutMs: 0 } });
  const serving = await program.serves(2);
  const hung = ask(program.port, "/hang").catch((error: unknown) => error);
  await program.prints(/^hangs/);
  program.kill("SIGTERM");
  assert.is(await program.end(), 0);
  assert.instance(await hung, Error);
  for (const { pid } of serving) await gone(pid);
});

stopped("kills the workers when it is told to stop again in earnest", async () => {
  const program = start({ workers: 2, options: { graceMs: 3_600_000 } });
  const serving = await program.serves(2);
  await askSlowly(program);
  let isOver = false;
  void program.ended.then(() => {
    isOver = true;
  });
  while (!isOver) {
    program.kill("SIGINT");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.is(await program.end(), 130);
  for (const { pid } of serving) await gone(pid);
});

stopped("told so while workers start leaves none behind", async () => {
  const program = start({ workers: 4 });
  await program.until(() => program.serving.length === 1, "first worker");
  program.kill("SIGTERM");
  assert.is(await program.end(), 0);
  for (const { pid } of program.serving) await gone(pid);
});

stopped("told so while it waits to start a worker again ends at once", async () => {
  const program = start({ workers: 2, exitAtStart: 3 });
  await program.logs(/it is started again in 400 ms/);
  program.kill("SIGTERM");
  assert.is(await program.end(), 0);
});

stopped("told so while workers are replaced leaves neither old nor new ones", async () => {
  const program = start({ workers: 2 });
  await program.serves(2);
  program.kill("SIGHUP");
  await program.until(() => program.serving.length === 3, "new worker");
  program.kill("SIGTERM");
  assert.is(await program.end(), 0);
  for (const { pid } of program.serving) await gone(pid);
});

stopped("takes no notice of SIGHUP any more while it stops", async () => {
  const program = start({ workers: 2 });
  const serving = await program.serves(2);
  const { client, worker } = await askSlowly(program);
  program.kill("SIGTERM");
  // Of two signals that wait for a process, the kernel gives it SIGHUP first.
  await program.prints(/^stopping/);
  program.kill("SIGHUP");
  process.kill(worker, "SIGUSR2");
  assert.is((await client.readResponse()).status, 200);
  assert.is(await program.end(), 0);
  assert.is(program.serving.length, serving.length);
});

stopped("ends with a worker told by itself to stop still counted as done", async () => {
  const program = start({ workers: 2 });
  const [first, second] = await program.serves(2);
  assert.ok(first !== undefined && second !== undefined);
  process.kill(first?.pid ?? 0, "SIGTERM");
  await program.logs(/has come to its end/);
  // Ctrl-C reaches every process of a terminal; the parent decides.
  process.kill(second?.pid ?? 0, "SIGINT");
  await ask(program.port);
  assert.ok(isAlive(second?.pid ?? 0));
  process.kill(second?.pid ?? 0, "SIGTERM");
  assert.is(await program.end(), 0);
});

stopped.run();
