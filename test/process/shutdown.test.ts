/**
 * The end of a process: signals, shutdown(), what is registered; in processes of their own. (What becomes of a server's
 * connections: test/server/stop.test.ts.)
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { until } from "../support/deferred.ts";
import { RawClient, within } from "../support/rawclient.ts";
import { handshake, peerOf } from "../support/websockets.ts";

const script = fileURLToPath(new URL("./shutdown.child.js", import.meta.url));
const DEADLINE_MS = 30_000;

/** A program under test. */
class Program {
  readonly child: ChildProcess;
  readonly lines: string[] = [];
  readonly clients: RawClient[] = [];
  stderr = "";
  readonly #closed: Promise<{ code: number | null; signal: string | null }>;

  constructor(mode: string) {
    this.child = spawn(process.execPath, [script, mode], { stdio: ["ignore", "pipe", "pipe"] });
    let rest = "";
    this.child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      this.lines.push(...lines);
    });
    this.child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
    });
    this.#closed = once(this.child, "close").then(([code, signal]) => ({ code, signal }));
  }

  async port(): Promise<number> {
    await this.says(/^listening /);
    return Number(this.lines.find((line) => line.startsWith("listening "))?.slice(10));
  }

  async says(line: RegExp): Promise<void> {
    const isSaid = () => this.lines.some((said) => line.test(said));
    const isOver = () => isSaid() || this.child.exitCode !== null;
    await until(isOver, `${line} among the lines`, DEADLINE_MS);
    if (!isSaid()) throw new Error(`it ended without ${line}: ${this.lines} ${this.stderr}`);
  }

  async connect(): Promise<RawClient> {
    const client = await RawClient.connect({ port: await this.port() });
    this.clients.push(client);
    return client;
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** @returns the exit code, or the signal's name */
  async ended(): Promise<number | string | null> {
    const { code, signal } = await within(this.#closed, "the program's end", DEADLINE_MS);
    return signal ?? code;
  }
}

const programs: Program[] = [];
const refusals = new WeakMap<Program, { isRefused: boolean; isTrying: boolean }>();

function run(mode = ""): Program {
  const program = new Program(mode);
  programs.push(program);
  return program;
}

function programSuite(name: string) {
  const t = suite(name);
  t.after.each(() => {
    for (const { child, clients } of programs.splice(0)) {
      for (const client of clients) client.destroy();
      child.kill("SIGKILL");
    }
  });
  return t;
}

const GET_SLOW = "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n";

const signals = programSuite("a program that serves");

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  signals(`ends with 0 after ${signal}, whatever else is open`, async () => {
    const program = run();
    const client = await program.connect();
    assert.is((await client.get("/")).text, "hello");
    program.kill(signal);
    await client.closed();
    client.destroy();
    assert.is(await program.ended(), 0);
    assert.is(program.stderr, "");
  });
}

signals("answers what is in progress before it ends", async () => {
  const program = run("long");
  const client = await program.connect();
  await client.send(GET_SLOW);
  await program.says(/^begun$/);
  program.kill("SIGTERM");
  // It listens no more: the stop has begun.
  await until(() => refusesConnections(program), "the end of listening");
  program.kill("SIGUSR2");
  const response = await client.readResponse();
  assert.is(response.text, "slow answer");
  assert.is(response.header("connection"), "close");
  client.destroy();
  assert.is(await program.ended(), 0);
});

signals(
  "cuts off what is in progress after stopGraceMs, telling its handler, and ends with 0",
  async () => {
    const program = run("short");
    const client = await program.connect();
    await client.send(GET_SLOW);
    await program.says(/^begun$/);
    program.kill("SIGTERM");
    await client.gone();
    assert.is(await program.ended(), 0);
    assert.equal(program.lines.slice(1), ["begun", "told that the client has gone", "exit 0"]);
  },
);

signals("takes two signals within a moment for one", async () => {
  const program = run("long");
  const client = await program.connect();
  await client.send(GET_SLOW);
  await program.says(/^begun$/);
  program.kill("SIGINT");
  program.kill("SIGINT");
  await until(() => refusesConnections(program), "the end of listening");
  program.kill("SIGUSR2");
  assert.is((await client.readResponse()).text, "slow answer");
  client.destroy();
  assert.is(await program.ended(), 0);
});

signals("ends at once when SIGINT comes again in earnest", async () => {
  const program = run("long");
  const client = await program.connect();
  await client.send(GET_SLOW);
  await program.says(/^begun$/);
  let isOver = false;
  const ended = program.ended().finally(() => {
    isOver = true;
  });
  while (!isOver) {
    program.kill("SIGINT");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.is(await ended, 130);
});

signals("that listens for the signal itself ends the process itself", async () => {
  const program = run("own");
  const client = await program.connect();
  await client.send(GET_SLOW);
  await program.says(/^begun$/);
  program.kill("SIGTERM");
  await program.says(/^the program's own$/);
  await until(() => refusesConnections(program), "the end of listening");
  program.kill("SIGUSR2");
  assert.is((await client.readResponse()).text, "slow answer");
  client.destroy();
  assert.is(await program.ended(), 7);
  assert.ok(program.lines.includes("has stopped"));
});

signals("leaves signals alone with handleSignals: false", async () => {
  const program = run("deaf");
  await program.port();
  program.kill("SIGTERM");
  assert.is(await program.ended(), "SIGTERM");
});

signals("leaves signals alone again once its server has stopped", async () => {
  const program = run("stopped");
  await program.says(/^stopped/);
  program.kill("SIGTERM");
  assert.is(await program.ended(), "SIGTERM");
});

signals("still hears them when one of its servers has stopped", async () => {
  const program = run("twice");
  await program.says(/^the other has stopped$/);
  program.kill("SIGTERM");
  assert.is(await program.ended(), 0);
});

signals("closes WebSockets with 1001 on its way", async () => {
  const program = run();
  const client = await program.connect();
  void client.send(handshake("/socket"));
  await client.receives("\r\n\r\n");
  program.kill("SIGTERM");
  assert.is((await peerOf(client).frame()).payload.readUInt16BE(0), 1001);
  client.destroy();
  assert.is(await program.ended(), 0);
});

signals("may go on accepting for drainDelayMs, saying that it is not ready", async () => {
  const program = run("drain");
  assert.is((await (await program.connect()).get("/readyz")).status, 200);
  program.kill("SIGTERM");
  let status = 200;
  while (status === 200) status = (await (await program.connect()).get("/readyz")).status;
  assert.is(status, 503);
  assert.is((await (await program.connect()).get("/")).text, "hello");
});

signals.run();

const ending = programSuite("shutdown()");

ending(
  "answers the request whose handler has called it, tells WebSockets of a restart, ends with 0",
  async () => {
    const program = run();
    const socket = await program.connect();
    void socket.send(handshake("/socket"));
    await socket.receives("\r\n\r\n");
    const client = await program.connect();
    const response = await client.get("/shutdown");
    assert.is(response.text, "shutting down");
    client.destroy();
    assert.is((await peerOf(socket).frame()).payload.readUInt16BE(0), 1012);
    socket.destroy();
    assert.is(await program.ended(), 0);
  },
);

ending("stops all that is registered, waits for none that hangs, and logs what fails", async () => {
  const program = run("stoppables");
  await program.port();
  program.kill("SIGTERM");
  assert.is(await program.ended(), 0);
  assert.equal(program.lines.slice(1).sort(), [
    "exit 0",
    "one fails",
    "one hangs",
    "one was given undefined",
  ]);
  assert.match(program.stderr, /could not be stopped[\s\S]*cannot stop/);
  assert.match(program.stderr, /has not stopped within 100 ms/);
});

ending("writes the last lines of the log before it ends", async () => {
  const program = run("chatty");
  await program.port();
  program.kill("SIGTERM");
  assert.is(await program.ended(), 0);
  assert.match(program.stderr, /last word 999\n/);
});

ending.run();

/** Tries to connect beside the test; true once that has been refused. */
function refusesConnections(program: Program): boolean {
  const state = refusals.get(program) ?? { isRefused: false, isTrying: false };
  refusals.set(program, state);
  if (!state.isRefused && !state.isTrying) {
    state.isTrying = true;
    void program.connect().then(
      (client) => {
        client.destroy();
        state.isTrying = false;
      },
      () => {
        state.isRefused = true;
      },
    );
  }
  return state.isRefused;
}
