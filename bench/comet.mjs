// How many WebSockets are held at once, and what one of them costs: `node bench/comet.mjs`.
//
//   --workers=4           prefork workers, and as many load processes
//   --connections=0       for each; 0 = nearly as many as the limit of descriptors allows
//   --steps=4             in how many equal parts they are opened
//   --json
//
// Each load opens its connections from two addresses of its own (127.0.1.N, 127.0.2.N: one has some 28,000 ports, of
// which the second half are found slowly), and sends a message on each. Before the first connection and after each step all workers collect their garbage: what a
// heap has to spare comes and goes by tens of MiB, and is not a connection's. What is counted then is the workers'
// resident memory but for files, and the kernel's own objects, whose figure is for both ends, since both are on this
// machine. If a step's figure is far from the others', do not believe the mean. At the end every connection must
// answer once more.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { flags } from "./lib/flags.mjs";
import { anonymousBytes, benchRoot, descriptorLimit } from "./lib/proc.mjs";

/** For what else a process has open, and for workers that the kernel gives more than their share. */
const spareDescriptors = 800;
const nodeFlags = ["--expose-gc", "--max-semi-space-size=1"]; // MiB
const loadsAtOnce = 2;
const settleMs = 3_000; // the kernel frees what handshakes left a while after
const million = 1_000_000;

const given = flags({ workers: 4, connections: 0, steps: 4, json: false });
const most = descriptorLimit() - spareDescriptors;
const wanted = given.connections === 0 ? most : Math.min(given.connections, most);
const step = Math.floor(wanted / given.steps);
const children = [];
process.once("exit", () => {
  for (const child of children) child.kill("SIGKILL");
});

const server = await startServer();
const loads = await Promise.all(Array.from({ length: given.workers }, (_, i) => startLoad(i)));
for (const load of loads) await load(64); // past the first handshakes, which make what all share
const points = [await look()];
for (let at = 1; at <= given.steps; at++) {
  await inTurn((load) => load(step));
  points.push(await look());
  const { own, kernel } = each(points[at - 1], points[at], 1);
  console.error(
    `${at * step * given.workers} open; of this step ${own} B of process memory each, ${kernel} B of the kernel's`,
  );
}
await inTurn((load) => load(0));
for (const child of children) if (child !== server) child.kill("SIGKILL");
server.kill("SIGTERM");
const [code] = await once(server, "exit");
if (code !== 0) throw new Error(`the server ended with ${code}`);

const total = step * given.steps * given.workers;
const { own, kernel } = each(points[0], points.at(-1), given.steps);
const steps = points.slice(1).map((point, at) => each(points[at], point, 1).own);
if (given.json) {
  console.log(JSON.stringify({ workers: given.workers, total, own, kernel, steps }));
} else {
  const inAll = ((own * million) / 1024 ** 2).toFixed(0);
  console.log(
    `${total} WebSockets in ${given.workers} workers, all of them answer; ${own} B of process memory each (by steps: ${steps.join(", ")}), ${inAll} MiB for a million; ${kernel} B of the kernel's, both ends`,
  );
}
process.exit(0);

async function startServer() {
  const script = path.join(benchRoot, "servers", "comet.mjs");
  const args = [...nodeFlags, script, String(given.workers)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  child.lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  child.workers = [];
  while (child.workers.length < given.workers) {
    const [, port, pid] = /^serving (\d+) (\d+)$/.exec(await nextLine(child)) ?? [];
    child.port = port;
    child.workers.push(Number(pid));
  }
  return child;
}

/** @returns opens so many more connections, and has them answer */
async function startLoad(number) {
  const script = path.join(benchRoot, "lib", "cometload.mjs");
  const args = [script, server.port, `127.0.1.${number + 1}`, `127.0.2.${number + 1}`];
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  children.push(child);
  child.lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return async (count) => {
    child.stdin.write(`${count}\n`);
    await nextLine(child);
  };
}

/** All loads, some at a time: the queue of the loopback interface has room for 1,000 packets, and drops others. */
async function inTurn(task) {
  const waiting = [...loads];
  const lane = async () => {
    for (let load = waiting.shift(); load !== undefined; load = waiting.shift()) await task(load);
  };
  await Promise.all(Array.from({ length: loadsAtOnce }, lane));
}

async function nextLine(child) {
  const { value, done } = await child.lines.next();
  if (done) throw new Error("a process of the benchmark has ended");
  return value;
}

/** Memory of all workers, without garbage, and the kernel's objects: sockets, epoll's entries, open files. */
async function look() {
  await sleep(settleMs);
  for (const pid of server.workers) process.kill(pid, "SIGUSR2");
  for (const _pid of server.workers) await nextLine(server);
  await sleep(settleMs);
  const kernel = Number(/^Slab:\s+(\d+) kB$/m.exec(readFileSync("/proc/meminfo", "utf8"))[1]);
  const own = server.workers.reduce((sum, pid) => sum + anonymousBytes(pid), 0);
  return { own, kernel: kernel * 1024 };
}

/** Bytes for each connection between two points. */
function each(before, after, steps) {
  const count = step * steps * given.workers;
  const share = (key) => Math.round((after[key] - before[key]) / count);
  return { own: share("own"), kernel: share("kernel") };
}
