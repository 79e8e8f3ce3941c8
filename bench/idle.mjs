// What an idle connection costs: `node bench/idle.mjs --server=landspout --connections=15000`.
//
// Opens keep-alive connections to a fresh, warmed-up server, sends one request on each, leaves
// them in silence, and prints by how much the server's resident memory grew, in bytes a connection.
// At the end every connection must still be open and answer a second request.

import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "./lib/client.mjs";
import { flags } from "./lib/flags.mjs";
import { moveToLoadCpu, rssBytes, startServer } from "./lib/proc.mjs";

const request = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
const warmupConnections = 64;
const warmupRequests = 1_000; // on each: past the compiler, and past the growth of the young heap
const batch = 64;

const given = flags({ server: "landspout", connections: 15_000, json: false });
const count = Math.min(given.connections, descriptorLimit() - 100);
if (count < given.connections) console.error(`ulimit -n allows ${count} connections`);

moveToLoadCpu();
const server = await startServer(given.server);
await warmUp();
const before = await settledRss();
const clients = await openAll();
const after = await settledRss();
const closed = clients.filter((client) => client.closed).length;
for (let at = 0; at < clients.length; at += batch) {
  await Promise.all(clients.slice(at, at + batch).map((client) => client.ask(request)));
}
for (const client of clients) client.close();
await server.stop();
if (closed > 0) throw new Error(`${given.server} closed ${closed} of the idle connections`);

const bytes = Math.round((after - before) / count);
if (given.json) {
  console.log(JSON.stringify({ server: given.server, connections: count, before, after, bytes }));
} else {
  const mib = (size) => (size / 1024 / 1024).toFixed(1);
  console.log(
    `${given.server}: ${count} idle connections, RSS ${mib(before)} → ${mib(after)} MiB, ${bytes} B per connection`,
  );
}

async function warmUp() {
  const opening = Array.from({ length: warmupConnections }, () => Client.open(server.port));
  const warm = await Promise.all(opening);
  for (let i = 0; i < warmupRequests; i++) {
    await Promise.all(warm.map((client) => client.ask(request)));
  }
  for (const client of warm) client.close();
}

async function openAll() {
  const open = [];
  while (open.length < count) {
    const size = Math.min(batch, count - open.length);
    const opened = await Promise.all(
      Array.from({ length: size }, async () => {
        const client = await Client.open(server.port);
        await client.ask(request);
        return client;
      }),
    );
    open.push(...opened);
  }
  return open;
}

/** Resident memory once it has been the same for two seconds; the last reading after ten. */
async function settledRss() {
  let last = rssBytes(server.pid);
  let steady = 0;
  for (let i = 0; i < 20 && steady < 4; i++) {
    await sleep(500);
    const now = rssBytes(server.pid);
    steady = now === last ? steady + 1 : 0;
    last = now;
  }
  return last;
}

/** Most descriptors that this process, and so the server too, may open. */
function descriptorLimit() {
  const limits = readFileSync("/proc/self/limits", "utf8");
  return Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? 1024);
}
