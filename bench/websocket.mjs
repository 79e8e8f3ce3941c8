// Measures WebSockets of landspout and its peers: `node bench/websocket.mjs` after a build.
//
//   --rounds=3 --seconds=3
//   --servers=landspout,uwebsockets,ws
//   --scenarios=echo-16,echo,echo-1k,…        and the rest of lib/socketscenarios.mjs
//   --subscribers=10000                       of the broadcasts
//   --json                                    the numbers of every round, to stdout
//
// In each round every server is started afresh, has its answers verified, is warmed up and loaded,
// one after the other, in each scenario; the best round counts. What is compared is the server's CPU
// time per message, or per delivery of a broadcast. The load comes from this process, on a CPU of its
// own (lib/fleet.mjs). Its own CPU time per message is printed beside: where it is above a server's,
// that server was waiting, and its figure is that of a server with time to spare.

import os from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { flags } from "./lib/flags.mjs";
import { Fleet } from "./lib/fleet.mjs";
import { installPeers } from "./lib/peers.mjs";
import { cpuNs, moveToLoadCpu, pinned, startServer } from "./lib/proc.mjs";
import { socketScenarios } from "./lib/socketscenarios.mjs";

const warmupSeconds = 1;

const given = flags({
  rounds: 3,
  seconds: 3,
  servers: "landspout,uwebsockets,ws",
  scenarios: Object.keys(socketScenarios).join(","),
  subscribers: 10_000,
  json: false,
});
const chosen = given.scenarios.split(",");
for (const name of chosen) {
  if (!(name in socketScenarios)) {
    throw new Error(`no scenario ${name}; there are ${Object.keys(socketScenarios).join(", ")}`);
  }
}
const wanted = given.servers.split(",");
const serversOf = ({ servers }) => servers.filter((name) => wanted.includes(name));

installPeers(wanted.filter((name) => name !== "landspout"));
moveToLoadCpu();
const results = await measure();
if (given.json) console.log(JSON.stringify({ machine: machine(), results }, null, 2));
else print(results);
process.exit(0);

async function measure() {
  const found = chosen.map((name) => ({
    scenario: name,
    servers: serversOf(socketScenarios[name]).map((server) => ({
      server,
      rounds: [],
    })),
  }));
  for (let round = 1; round <= given.rounds; round++) {
    for (const { scenario, servers: rows } of found) {
      for (const row of rows) {
        const result = await measureOne(row.server, socketScenarios[scenario]);
        row.rounds.push(result);
        const { cpuMicros, loadMicros, busy } = result;
        console.error(
          `round ${round}  ${scenario}  ${row.server}  ${cpuMicros.toFixed(3)} µs of CPU, ${Math.round(busy * 100)} % busy; the load's own ${loadMicros.toFixed(3)} µs`,
        );
      }
    }
  }
  return found;
}

async function measureOne(name, scenario) {
  const server = await startServer(name);
  const { path, message, depth, isBroadcast } = scenario;
  const fleet = new Fleet({
    port: server.port,
    path,
    isCompressed: message.isCompressed,
  });
  try {
    await fleet.open(isBroadcast ? given.subscribers : scenario.connections);
    await (isBroadcast ? fleet.verifyBroadcast(message) : fleet.verify(message));
    fleet.prepare(message, depth);
    if (isBroadcast) fleet.startBroadcast(depth);
    else fleet.startEcho(depth);
    await sleep(warmupSeconds * 1000); // until the code is optimised
    fleet.check();
    const result = await watch(fleet, server);
    if (!isBroadcast) await fleet.stopEcho();
    return result;
  } finally {
    fleet.close();
    await server.stop();
  }
}

/** CPU time of the server and of this process, over the messages of some seconds. */
async function watch(fleet, server) {
  const now = () => ({
    received: fleet.received,
    server: cpuNs(server.pid),
    load: cpuNs(process.pid),
    ns: Number(process.hrtime.bigint()),
  });
  const before = now();
  await sleep(given.seconds * 1000);
  fleet.check();
  const after = now();
  const count = after.received - before.received;
  if (count === 0) throw new Error(`${server.name} answered nothing`);
  const ns = after.ns - before.ns;
  return {
    count,
    perSecond: count / (ns / 1e9),
    cpuMicros: (after.server - before.server) / 1000 / count,
    loadMicros: (after.load - before.load) / 1000 / count,
    busy: (after.server - before.server) / ns,
  };
}

function print(found) {
  console.log(`\n${machine()}`);
  console.log(`best of ${given.rounds} rounds of ${given.seconds} s`);
  for (const { scenario, servers: rows } of found) {
    const { title, isBroadcast, connections, per } = socketScenarios[scenario];
    const best = rows.map(({ server, rounds }) => ({
      server,
      ...rounds.reduce((a, b) => (b.cpuMicros < a.cpuMicros ? b : a)),
    }));
    const own = best.find(({ server }) => server === "landspout");
    const count = isBroadcast ? given.subscribers : connections;
    console.log(`\n${title}, ${count} connections\n`);
    const head = [
      `CPU µs per ${per}`,
      "of landspout's",
      `${per === "message" ? "messages" : "deliveries"} per CPU s`,
      "busy",
      "load's CPU µs",
    ];
    console.log(`| server       | ${head.join(" | ")} |`);
    console.log(
      `|--------------|${head.map((cell) => `${"-".repeat(cell.length + 1)}:`).join("|")}|`,
    );
    for (const { server, cpuMicros, loadMicros, busy } of best) {
      const cells = [
        cpuMicros.toFixed(3),
        own === undefined ? "" : `${(cpuMicros / own.cpuMicros).toFixed(2)} x`,
        Math.round(1e6 / cpuMicros).toLocaleString("en"),
        `${Math.round(busy * 100)} %`,
        loadMicros.toFixed(3),
      ];
      const row = cells.map((cell, i) => cell.padStart(head[i].length)).join(" | ");
      console.log(`| ${server.padEnd(12)} | ${row} |`);
    }
  }
}

function machine() {
  const cpu = os.cpus()[0]?.model ?? process.arch;
  const where = pinned ? "server and load on a CPU each" : "not pinned to CPUs";
  return `Node ${process.version}, Linux ${os.release()}, ${os.cpus().length} x ${cpu}, ${where}`;
}
