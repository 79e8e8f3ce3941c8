// Prefork under load: `node bench/prefork.mjs --mode=…`, with dist built.
//
//   scale    requests a second of 1 and of 2 workers, interleaved; each request costs an application's share of CPU, so
//            that the load is not the bottleneck
//   balance  connections per worker, by one shared listener and by a SO_REUSEPORT socket each; CPU per connection
//   kill     kill -9 of a random worker every second: who is not answered, how soon are all workers back, parent's memory
//   roll     SIGHUP again and again under load: every request must be answered
//
// kill and roll exit with 1 if what they are to show does not hold.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import net from "node:net";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Client } from "./lib/client.mjs";
import { flags } from "./lib/flags.mjs";
import { anonymousBytes, cpuNs } from "./lib/proc.mjs";

const given = flags({
  mode: "scale",
  workers: 2,
  seconds: 0,
  rounds: 3,
  requests: 100_000,
  rolls: 5,
  clients: 16,
  pausems: 0, // between two requests of a client: load that leaves CPU to start workers with
  listener: "shared",
  json: false,
});

const script = fileURLToPath(new URL("servers/prefork.mjs", import.meta.url));
const REQUEST = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const ONE_REQUEST = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
const ANSWER_TIMEOUT_MS = 20_000;

/** A preforking server: its parent, and the workers that serve at the moment. */
class Server {
  static async start(workers, listener = given.listener) {
    const server = new Server();
    server.child = spawn(process.execPath, [script, String(workers), listener], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    server.ended = once(server.child, "exit");
    server.served = []; // { pid, atMs } of every worker that has begun to serve
    server.waiting = new Set();
    createInterface({ input: server.child.stdout }).on("line", (line) => {
      const [, port, pid] = /^serving (\d+) (\d+)$/.exec(line) ?? [];
      server.port = Number(port);
      server.served.push({ pid: Number(pid), atMs: performance.now() });
      for (const look of [...server.waiting]) look();
    });
    await server.serves(workers);
    return server;
  }

  /** Waits until so many workers have begun to serve since the start. */
  serves(count) {
    return new Promise((resolve) => {
      const look = () => {
        if (this.served.length < count) return;
        this.waiting.delete(look);
        resolve();
      };
      this.waiting.add(look);
      look();
    });
  }

  /** The pids of the workers, the latest of each place. */
  alive() {
    return this.served.map(({ pid }) => pid).filter((pid) => isAlive(pid));
  }

  async stop() {
    this.child.kill("SIGTERM");
    const [code] = await this.ended;
    if (code !== 0) throw new Error(`the parent ended with ${code}`);
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** One request by a connection of its own. @returns the pid that answered */
function askOnce(port) {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ port, host: "127.0.0.1", noDelay: true });
    let text = "";
    let isSent = false;
    const fail = (why) => {
      socket.destroy();
      reject(Object.assign(new Error(why), { isConnected: isSent, text }));
    };
    socket.setTimeout(ANSWER_TIMEOUT_MS, () => fail("timed out"));
    socket.setEncoding("latin1");
    socket.once("connect", () => {
      isSent = true;
      socket.write(ONE_REQUEST);
    });
    socket.on("data", (data) => {
      text += data;
    });
    socket.on("error", (error) => fail(error.code ?? error.message));
    socket.on("close", () => {
      const [, pid] = /^HTTP\/1\.1 200 [\s\S]*\r\n\r\n(\d+)$/.exec(text) ?? [];
      if (pid === undefined) fail("closed without an answer");
      else resolve(Number(pid));
    });
  });
}

/** Asks over one connection until the server says that it closes it, or `isOver`. */
async function askOnAndOn(port, onAnswer, isOver) {
  const client = await Client.open(port);
  try {
    while (!isOver()) {
      const { status, headers } = await client.ask(REQUEST);
      if (status !== 200) throw new Error(`status ${status}`);
      onAnswer();
      if (given.pausems > 0) await sleep(given.pausems);
      if (headers.get("connection")?.toLowerCase() === "close") return;
    }
  } catch (error) {
    throw Object.assign(error, { isConnected: true });
  } finally {
    client.close();
  }
}

/** Load of half one-shot, half kept-alive clients. */
class Load {
  answered = 0;
  failures = [];
  isOver = false;

  constructor(port, clients) {
    this.runs = Array.from({ length: clients }, (_, index) =>
      this.#run(index % 2 === 0 ? () => this.#once(port) : () => this.#onAndOn(port)),
    );
  }

  async end() {
    this.isOver = true;
    await Promise.all(this.runs);
  }

  async #once(port) {
    await askOnce(port);
    this.answered++;
    if (given.pausems > 0) await sleep(given.pausems);
  }

  #onAndOn(port) {
    return askOnAndOn(
      port,
      () => this.answered++,
      () => this.isOver,
    );
  }

  async #run(ask) {
    while (!this.isOver) {
      try {
        await ask();
      } catch (error) {
        this.failures.push({
          atMs: performance.now(),
          what: error.code ?? error.message,
          isConnected: error.isConnected === true,
        });
        await sleep(1);
      }
    }
  }
}

async function kill() {
  const seconds = given.seconds || 30;
  const server = await Server.start(given.workers);
  const load = new Load(server.port, given.clients);
  await sleep(2_000);
  const memoryBefore = anonymousBytes(server.child.pid);
  const kills = [];
  for (let i = 0; i < seconds; i++) {
    const startMs = performance.now();
    const count = server.served.length;
    const alive = server.alive();
    process.kill(alive[Math.floor(Math.random() * alive.length)], "SIGKILL");
    await server.serves(count + 1);
    kills.push({ atMs: startMs, backMs: server.served.at(-1).atMs - startMs });
    await sleep(Math.max(0, startMs + 1_000 - performance.now()));
  }
  await load.end();
  const memoryAfter = anonymousBytes(server.child.pid);
  const alive = server.alive().length;
  await server.stop();
  // A request whose connection was refused, or that waits in vain, had not reached a worker.
  const lost = load.failures.filter(
    ({ what, isConnected }) => !isConnected || /timed out/.test(what),
  );
  const backMs = kills.map((one) => one.backMs).sort((a, b) => a - b);
  const result = {
    kills: kills.length,
    answered: load.answered,
    cutOffWithTheirWorker: load.failures.length - lost.length,
    mostPerKill: Math.max(
      ...kills.map((one, i) => failuresBetween(load, one.atMs, kills[i + 1]?.atMs)),
    ),
    notAnsweredAndNotReached: lost.length,
    workersBackMs: { median: Math.round(median(backMs)), most: Math.round(backMs.at(-1)) },
    workersAtTheEnd: alive,
    parentKiB: { before: memoryBefore >> 10, after: memoryAfter >> 10 },
  };
  report(result);
  if (lost.length > 0 || alive !== given.workers) process.exitCode = 1;
}

function failuresBetween(load, fromMs, toMs = Number.POSITIVE_INFINITY) {
  return load.failures.filter(({ atMs }) => atMs >= fromMs && atMs < toMs).length;
}

async function roll() {
  const server = await Server.start(given.workers);
  const load = new Load(server.port, given.clients);
  const began = performance.now();
  const rollsMs = [];
  for (let i = 0; i < given.rolls; i++) {
    // The rolls are spread over the requests.
    while (load.answered < ((i + 0.5) * given.requests) / given.rolls) await sleep(20);
    const before = server.alive();
    const startMs = performance.now();
    server.child.kill("SIGHUP");
    await server.serves(given.workers * (i + 2));
    while (before.some((pid) => isAlive(pid))) await sleep(10);
    rollsMs.push(Math.round(performance.now() - startMs));
  }
  while (load.answered < given.requests) await sleep(20);
  await load.end();
  const replaced = server.served.length - given.workers;
  await server.stop();
  report({
    answered: load.answered,
    failed: load.failures.length,
    failures: [...new Set(load.failures.map(({ what }) => what))],
    workersReplaced: replaced,
    rollsMs,
    seconds: Math.round((performance.now() - began) / 1000),
  });
  if (load.failures.length > 0) process.exitCode = 1;
}

/** Opens connections, asks each who it is, and counts. */
async function spread(port, connections, atOnce) {
  const counts = new Map();
  const clients = [];
  const open = async () => {
    const client = await Client.open(port);
    clients.push(client);
    const { body } = await client.ask(REQUEST);
    counts.set(body, (counts.get(body) ?? 0) + 1);
  };
  if (atOnce) await Promise.all(Array.from({ length: connections }, open));
  else for (let i = 0; i < connections; i++) await open();
  for (const client of clients) client.close();
  return [...counts.values()].sort((a, b) => b - a);
}

async function balance() {
  const rows = [];
  for (const workers of [2, 4]) {
    for (const listener of ["shared", "each"]) {
      const server = await Server.start(workers, listener);
      for (const connections of [64, 1000]) {
        for (const atOnce of [true, false]) {
          const shares = [];
          for (let round = 0; round < given.rounds; round++) {
            const counts = await spread(server.port, connections, atOnce);
            while (counts.length < workers) counts.push(0);
            shares.push(counts);
          }
          const largest = shares.map((counts) => counts[0] / (connections / workers));
          rows.push({
            workers,
            listener,
            connections,
            opened: atOnce ? "at once" : "one by one",
            perWorker: shares.map((counts) => counts.join("/")).join("  "),
            largestOverMean: Number(median(largest.sort((a, b) => a - b)).toFixed(2)),
          });
        }
      }
      rows.push(await cpuPerConnection(server, workers, listener));
      await server.stop();
    }
  }
  if (given.json) console.log(JSON.stringify(rows));
  else console.table(rows);
}

/** What a connection costs all workers together: one request each. */
async function cpuPerConnection(server, workers, listener) {
  const count = 3_000;
  const pids = server.alive();
  const cpu = () => pids.reduce((sum, pid) => sum + cpuNs(pid), 0);
  for (let i = 0; i < 500; i++) await askOnce(server.port);
  const before = cpu();
  for (let i = 0; i < count / 10; i++) {
    await Promise.all(Array.from({ length: 10 }, () => askOnce(server.port)));
  }
  return { workers, listener, cpuMicrosPerConnection: Math.round((cpu() - before) / 1000 / count) };
}

/** wrk, not pinned: it needs little of the CPUs that the workers share. */
async function scale() {
  const seconds = given.seconds || 5;
  const rates = new Map([1, given.workers].map((workers) => [workers, []]));
  for (let round = 0; round < given.rounds; round++) {
    for (const [workers, found] of rates) {
      const server = await Server.start(workers);
      const url = `http://127.0.0.1:${server.port}/work`;
      await wrk("-d1s", url);
      const pids = server.alive();
      const cpu = () => pids.reduce((sum, pid) => sum + cpuNs(pid), 0);
      const before = cpu();
      const startMs = performance.now();
      const output = await wrk(`-d${seconds}s`, url);
      const cpus = (cpu() - before) / 1e6 / (performance.now() - startMs);
      const [, perSecond] = /Requests\/sec:\s+([\d.]+)/.exec(output) ?? [];
      if (/Non-2xx|Socket errors/.test(output)) throw new Error(output);
      found.push({ perSecond: Number(perSecond), cpus: Number(cpus.toFixed(2)) });
      await server.stop();
    }
  }
  const best = (workers) => rates.get(workers).sort((a, b) => b.perSecond - a.perSecond)[0];
  const [one, all] = [best(1), best(given.workers)];
  report({
    one,
    all,
    ratio: Number((all.perSecond / one.perSecond).toFixed(2)),
    rounds: Object.fromEntries(rates),
  });
}

async function wrk(...args) {
  const { stdout } = await promisify(execFile)("wrk", ["-t1", "-c32", ...args]);
  return stdout;
}

function median(sorted) {
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

function report(result) {
  if (given.json)
    console.log(JSON.stringify({ mode: given.mode, workers: given.workers, ...result }));
  else console.log(result);
}

const modes = { scale, balance, kill, roll };
if (!(given.mode in modes)) {
  console.error(`unknown mode ${given.mode}; there are ${Object.keys(modes).join(", ")}`);
  process.exit(2);
}
await modes[given.mode]();
