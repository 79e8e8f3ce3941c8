// What an idle connection costs: `node bench/idle.mjs --server=landspout --connections=15000`.
//
//   --websockets      WebSockets, each with its handler, in the place of kept-alive HTTP connections
//
// Opens connections to a fresh, warmed-up server, sends one request (or message) on each, leaves
// them in silence, and prints by how much the server's resident memory grew, in bytes a connection.
// At the end every connection must still be open and answer a second request.

import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "./lib/client.mjs";
import { flags } from "./lib/flags.mjs";
import { Fleet } from "./lib/fleet.mjs";
import { descriptorLimit, moveToLoadCpu, rssBytes, startServer } from "./lib/proc.mjs";
import { socketScenarios } from "./lib/socketscenarios.mjs";

const request = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
const warmupConnections = 64;
const warmupRequests = 1_000; // on each: past the compiler, and past the growth of the young heap
const warmupHandshakes = 512; // the same for WebSockets, and how long messages are echoed
const warmupDepth = 16;
const warmupMs = 3_000;
const quietMs = 12_000;
const batch = 64;

const given = flags({ server: "landspout", connections: 15_000, websockets: false, json: false });
const count = Math.min(given.connections, descriptorLimit() - 100);
if (count < given.connections) console.error(`ulimit -n allows ${count} connections`);

moveToLoadCpu();
const server = await startServer(given.server);
const { before, after } = given.websockets ? await watchWebSockets() : await watchRequests();
await server.stop();

const bytes = Math.round((after - before) / count);
if (given.json) {
  console.log(JSON.stringify({ server: given.server, connections: count, before, after, bytes }));
} else {
  const mib = (size) => (size / 1024 / 1024).toFixed(1);
  console.log(
    `${given.server}: ${count} idle ${given.websockets ? "WebSockets" : "connections"}, RSS ${mib(before)} → ${mib(after)} MiB, ${bytes} B per connection`,
  );
}

async function watchRequests() {
  await warmUp();
  const before = await settledRss();
  const clients = await openAll();
  const after = await settledRss();
  const closed = clients.filter((client) => client.closed).length;
  for (let at = 0; at < clients.length; at += batch) {
    await Promise.all(clients.slice(at, at + batch).map((client) => client.ask(request)));
  }
  for (const client of clients) client.close();
  if (closed > 0) throw new Error(`${given.server} closed ${closed} of the idle connections`);
  return { before, after };
}

async function watchWebSockets() {
  const { path, message } = socketScenarios.echo;
  // Handshakes and messages until the code is optimised and the young heap's pages have all been written to; few
  // handshakes, for what they leave behind in the old heap would be room for those that are counted.
  for (let i = 0; i < warmupHandshakes; i += warmupConnections) {
    const warm = new Fleet({ port: server.port, path });
    await warm.open(warmupConnections);
    await warm.verify(message);
    if (i === 0) {
      warm.prepare(message, warmupDepth);
      warm.startEcho(warmupDepth);
      await sleep(warmupMs);
      await warm.stopEcho();
    }
    warm.close();
  }
  const before = await settledRss();
  const fleet = new Fleet({ port: server.port, path });
  await fleet.open(count);
  await fleet.verify(message);
  const after = await settledRss();
  await fleet.verify(message);
  fleet.close();
  return { before, after };
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

/**
 * Resident memory once it has been the same for two seconds, or after ten; not before V8 has given back what a busy
 * server's heap has to spare, which it does some eight seconds after the last work.
 */
async function settledRss() {
  await sleep(quietMs);
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
