// What connections leave behind that are opened and dropped: `node bench/churn.mjs --connections=200000`.
//
// A server in a process of its own; clients that reset, half-close, ask and leave, ask for a WebSocket and leave, break off
// in a head or a body, or stay silent until the server has enough of them. Prints descriptors, connections, wheel entries
// and memory of the server before, on the way, and after; ends with 1 if any of the first three is not what it was, or
// memory went on growing over the second half.

import { fork } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import net from "node:net";
import { fileURLToPath } from "node:url";
import { flags } from "./lib/flags.mjs";

const request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const handshake =
  "GET /socket HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

const ways = [
  (socket) => socket.resetAndDestroy(),
  (socket) => socket.end(),
  (socket) => socket.write(request, () => socket.resetAndDestroy()),
  (socket) => socket.end(request),
  (socket) => socket.end("GET / HT"),
  (socket) => socket.write(handshake, () => socket.resetAndDestroy()),
  (socket) => socket.end("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf"),
  () => {}, // silent
];

// Each client address has some 28,000 ports, and a port that was closed rests for a minute.
const clientAddresses = 120;
const atOnce = 1_000;
const keepAliveTimeoutMs = 300;
const reports = 8;
const settleMs = 2_000;
const allowedGrowth = 1.1;

if (process.send !== undefined) await serve();
else await load();

async function serve() {
  const { Application, RequestHandler, WebSocketHandler } = await import("../dist/lib/index.js");
  class Hello extends RequestHandler {
    get() {
      this.write("Hello, world");
    }
    post() {}
  }
  class Socket extends WebSocketHandler {
    onMessage() {}
  }
  const app = new Application([
    ["/", Hello],
    ["/socket", Socket],
  ]);
  const server = app.listen(0, "127.0.0.1", { keepAliveTimeoutMs, lingerTimeoutMs: 500 });
  process.on("message", () => {
    globalThis.gc?.();
    process.send({
      port: server.address.port,
      descriptors: readdirSync("/proc/self/fd").length,
      open: server.loop.stats().open,
      wheel: server.loop.wheel.size,
      accepted: server.stats().accepted,
      rss: process.memoryUsage().rss,
      heap: process.memoryUsage().heapUsed,
    });
  });
}

async function load() {
  const { connections } = flags({ connections: 200_000 });
  const server = fork(fileURLToPath(import.meta.url), [], { execArgv: ["--expose-gc"] });
  const ask = async () => {
    server.send("figures");
    const [figures] = await once(server, "message");
    return figures;
  };
  const { port } = await ask();
  // Past the compiler, and the first growth of everything.
  await drop(port, Math.min(10_000, connections / 10));
  await sleep(settleMs);
  const before = await ask();
  print("before", before);
  const startedAt = performance.now();
  let halfway = before;
  for (let report = 1; report <= reports; report++) {
    await drop(port, Math.round(connections / reports));
    await sleep(settleMs);
    const figures = await ask();
    print(`${figures.accepted - before.accepted}`, figures);
    if (report === reports / 2) halfway = figures;
  }
  const seconds = (performance.now() - startedAt) / 1_000;
  const after = await ask();
  console.log(`${after.accepted - before.accepted} connections in ${seconds.toFixed(1)} s`);
  server.kill("SIGKILL");
  const faults = ["descriptors", "open", "wheel"].filter((name) => after[name] !== before[name]);
  if (after.rss > halfway.rss * allowedGrowth) faults.push("rss");
  if (faults.length === 0) return;
  console.error(`not what it was: ${faults.join(", ")}`);
  process.exitCode = 1;
}

async function drop(port, count) {
  let begun = 0;
  const lane = async () => {
    while (begun < count) {
      const number = begun++;
      const socket = net.connect({
        port,
        host: "127.0.0.1",
        localAddress: `127.0.1.${1 + (number % clientAddresses)}`,
      });
      socket.on("error", () => {});
      socket.once("connect", () => ways[number % ways.length](socket));
      socket.resume();
      await new Promise((resolve) => socket.once("close", resolve));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
}

function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function print(when, { descriptors, open, wheel, rss, heap }) {
  const mib = (bytes) => (bytes / 1024 / 1024).toFixed(1);
  console.log(
    `${when.padStart(8)}: ${descriptors} descriptors, ${open} open, ${wheel} wheel entries, ` +
      `RSS ${mib(rss)} MiB, heap ${mib(heap)} MiB`,
  );
}
