/** Prefork: the forms it comes in, what workers inherit, what they know, what is refused. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { availableParallelism, tmpdir } from "node:os";
import path from "node:path";
import { Worker } from "node:worker_threads";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { cpuCount, forkProcesses, HTTPServer, taskId } from "../../lib/index.ts";
import { RawClient, within } from "../support/rawclient.ts";
import { afterwards, ask, gone, preforkSuite, start, whoAnswers } from "./preforktools.ts";

const forms = preforkSuite("prefork");

for (const form of ["start", "fork"] as const) {
  for (const reusePort of [false, true]) {
    const how = reusePort ? "a socket each of one port" : "one socket";
    forms(`by ${form} has workers serve on ${how}, and the parent watch`, async () => {
      const program = start({ form, workers: 3, reusePort });
      const serving = await program.serves(3);
      assert.equal(serving.map(({ task }) => task).sort(), [0, 1, 2]);
      assert.is(new Set(serving.map(({ port }) => port)).size, 1);
      const pids = new Set(serving.map(({ pid }) => pid));
      assert.is(pids.size, 3);
      assert.not(pids.has(program.pid));
      const first = serving[0];
      for (let i = 0; i < 20; i++) {
        const { task, pid } = await whoAnswers(program.port);
        assert.is(serving.find((one) => one.pid === pid)?.task, task);
      }
      assert.is(first?.port, program.port);
      program.kill("SIGTERM");
      assert.is(await program.end(), 0);
    });
  }
}

forms("of a TCPServer serves the same way", async () => {
  const program = start({ form: "tcp" });
  await program.serves(2);
  const client = await RawClient.connect({ port: program.port });
  afterwards(() => client.destroy());
  await client.send("hello\n");
  await client.receives("hello\n");
  client.endSending();
  await client.closed();
  program.kill("SIGTERM");
  assert.is(await program.end(), 0);
});

forms("of two servers has each worker serve both", async () => {
  const program = start({ form: "two" });
  await program.until(() => program.serving.length === 4, "two servers in two workers");
  const ports = new Set(program.serving.map(({ port }) => port));
  assert.is(ports.size, 2);
  for (const port of ports) assert.ok(Number.isInteger((await whoAnswers(port)).task));
});

forms("of 1 stays in the process, which has no task", async () => {
  const program = start({ workers: 1 });
  await program.until(() => program.serving.length === 1, "server");
  assert.is(program.serving[0]?.pid, program.pid);
  assert.is((await whoAnswers(program.port)).task, null);
  program.kill("SIGTERM");
  assert.is(await program.end(), 0);
});

forms("of 0 is one worker per CPU", async () => {
  const program = start({ workers: 0 });
  assert.is((await program.serves(availableParallelism())).length, cpuCount());
});

forms("on a Unix socket keeps its file while workers are replaced, and no longer", async () => {
  // A path has one socket, whatever is asked for.
  const reusePort = true;
  const folder = mkdtempSync(path.join(tmpdir(), "landspout-"));
  afterwards(() => rmSync(folder, { recursive: true }));
  const file = path.join(folder, "socket");
  const program = start({ path: file, reusePort });
  const before = await program.serves(2);
  program.kill("SIGHUP");
  await program.serves(4);
  for (const { pid } of before) await gone(pid);
  const { pid } = await whoAnswers({ path: file });
  assert.not(before.some((one) => one.pid === pid));
  program.kill("SIGTERM");
  assert.is(await program.end(), 0);
  assert.not(existsSync(file));
});

forms("passes over what a program says over the same channel", async () => {
  const messages = [
    null,
    1,
    "ready",
    [],
    { landspout: null },
    { landspout: "no such" },
    { landspout: "pong", id: -1 },
    { landspout: "pong", id: "1" },
    { landspout: "stats", id: {}, stats: 1 },
    { landspout: "stats", id: 0, stats: null },
    { landspout: "askAll" },
    { cmd: "NODE_", landspout: 5 },
  ];
  const program = start({ messages });
  await program.serves(2);
  await whoAnswers(program.port);
  program.kill("SIGTERM");
  assert.is(await program.end(), 0);
});

forms("keeps its variable and its sockets from what a worker starts", async () => {
  const program = start({ grandchild: true, workers: 2 });
  await program.serves(2);
  const isThere = (line: string) => /^grandchild \d+ undefined$/.test(line);
  await program.until(() => program.lines.filter(isThere).length === 2, "both sleepers");
  const { port } = program;
  program.kill("SIGTERM");
  assert.is(await program.end(), 0);
  // The sleepers live. If they held the socket, it could not be bound again.
  const server = createServer();
  await within(
    new Promise<void>((resolve, reject) => {
      server.on("error", reject).listen(port, "127.0.0.1", resolve);
    }),
    "the port",
  );
  server.close();
});

forms("adds up the figures of all workers, whichever is asked", async () => {
  const program = start({ workers: 2 });
  const serving = await program.serves(2);
  for (let i = 0; i < 10; i++) await whoAnswers(program.port);
  const { body } = await ask(program.port, "/stats");
  const { total, workers } = JSON.parse(body) as {
    total: { servers: { requests: number } };
    workers: { task: number; pid: number; stats: { servers: { requests: number } } }[];
  };
  assert.equal(
    workers.map(({ task, pid }) => ({ task, pid })).sort((a, b) => a.task - b.task),
    serving.map(({ task, pid }) => ({ task, pid })).sort((a, b) => (a.task ?? 0) - (b.task ?? 0)),
  );
  assert.is(total.servers.requests, 11);
  const sum = workers.reduce((count, { stats }) => count + stats.servers.requests, 0);
  assert.is(sum, 11);
});

forms.run();

const refused = suite("prefork, asked wrongly,");

async function rejectsWith(promise: Promise<unknown>, code: string): Promise<void> {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  assert.is((error as { code?: string } | null)?.code, code);
}

for (const count of [1025, 1.5, Number.NaN, Number.POSITIVE_INFINITY, "2"] as number[]) {
  refused(`takes no count of ${JSON.stringify(count)} (${typeof count})`, async () => {
    await rejectsWith(forkProcesses(count), "ERR_ARGUMENT_RANGE");
    const server = new HTTPServer(() => {}).bind(0, "127.0.0.1");
    await rejectsWith(server.start(count), "ERR_ARGUMENT_RANGE");
    await server.stop();
  });
}

refused("takes no options that it does not have, or out of their range", async () => {
  const wrong = { maxRestart: 1 } as object;
  await rejectsWith(forkProcesses(2, wrong), "ERR_UNKNOWN_OPTION");
  await rejectsWith(forkProcesses(2, { maxRestarts: -1 }), "ERR_OPTION_RANGE");
  await rejectsWith(forkProcesses(2, { graceMs: 3_600_001 }), "ERR_OPTION_RANGE");
});

refused("starts a server once, and not after its stop", async () => {
  const server = new HTTPServer(() => {}).bind(0, "127.0.0.1");
  assert.is(server.address, null);
  await server.start(1);
  assert.is.not(server.address, null);
  await rejectsWith(server.start(1), "ERR_STATE");
  await server.stop();
  await rejectsWith(server.start(1), "ERR_SERVER_STOPPED");
});

refused("does not begin in a worker thread", async () => {
  const url = new URL("../../lib/index.js", import.meta.url).href;
  const thread = new Worker(
    `import(${JSON.stringify(url)}).then(async ({ forkProcesses }) => {
       const { parentPort } = await import("node:worker_threads");
       await forkProcesses(2).catch((error) => parentPort.postMessage(error.code));
     });`,
    { eval: true },
  );
  const code = await within(
    new Promise((resolve) => thread.once("message", resolve)),
    "its error",
    30_000,
  );
  await thread.terminate();
  assert.is(code, "ERR_STATE");
});

refused(
  "does not begin in a program that came by standard input: there is no script to run again",
  () => {
    const url = new URL("../../lib/index.js", import.meta.url).href;
    const input = `import { forkProcesses } from ${JSON.stringify(url)}; await forkProcesses(2);`;
    for (const name of [[], ["-"]]) {
      const args = ["--input-type=module", ...name];
      const { status, stderr } = spawnSync(process.execPath, args, { input, encoding: "utf8" });
      assert.is(status, 1, stderr);
      assert.match(stderr, /it has none: put the program into a file/);
    }
  },
);

refused("has no task outside", () => {
  assert.is(taskId(), null);
});

refused.run();
