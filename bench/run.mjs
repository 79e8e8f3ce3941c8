// Measures landspout and its peers: `npm run bench`, or `node bench/run.mjs` after a build.
//
//   --rounds=3 --seconds=3 --connections=64
//   --servers=landspout,uwebsockets,…         of those that a scenario has; all by default
//   --scenarios=plain,plain-16,user-16        and the rest of lib/scenarios.mjs
//   --json                                    the numbers of every round, to stdout
//
// In each round every server is started afresh, warmed up and loaded, one after the other, in each
// scenario; the best round counts, so that a disturbance costs one round and not one server.
// What is compared is the server's CPU time per request: unlike requests/s it does not depend on
// how fast the load generator is.

import os from "node:os";
import { Client } from "./lib/client.mjs";
import { flags } from "./lib/flags.mjs";
import { load, loadTool } from "./lib/load.mjs";
import { installPeers } from "./lib/peers.mjs";
import { pinned, startServer } from "./lib/proc.mjs";
import { allServers, makeFiles, scenarios } from "./lib/scenarios.mjs";
import { nginxBinary } from "./servers/nginx.mjs";

const given = flags({
  rounds: 3,
  seconds: 3,
  connections: 64,
  servers: allServers.join(","),
  scenarios: "plain,plain-16,user-16,static-1k,static-64k,static-16m,json,json-16",
  json: false,
});
const chosen = given.scenarios.split(",");
for (const name of chosen) {
  if (!(name in scenarios)) {
    throw new Error(`no scenario ${name}; there are ${Object.keys(scenarios).join(", ")}`);
  }
}
const wanted = given.servers.split(",");
for (const name of wanted) {
  if (!allServers.includes(name)) {
    throw new Error(`no server ${name}; there are ${allServers.join(", ")}`);
  }
}
/** Who takes part in a scenario, of those that were asked for and are there. */
const serversOf = (scenario) =>
  scenarios[scenario].servers.filter(
    (name) => wanted.includes(name) && (nginxBinary !== null || !name.startsWith("nginx")),
  );
if (nginxBinary === null) console.error("nginx is not installed: it is left out");

installWhatIsNeeded();
const files = chosen.some((name) => scenarios[name].file !== undefined) ? makeFiles() : null;
for (const scenario of chosen) {
  for (const name of serversOf(scenario)) await verify(name, scenarios[scenario]);
}
const results = await measure();
if (given.json) console.log(JSON.stringify({ machine: machine(), results }, null, 2));
else print(results);

/** The peers and autocannon, of those that are needed. */
function installWhatIsNeeded() {
  const packages = {
    fastify: "fastify",
    "fastify-static": "@fastify/static",
    uwebsockets: "uwebsockets",
  };
  const needed = chosen.flatMap(serversOf).flatMap((name) => packages[name] ?? []);
  if (loadTool === "autocannon") needed.push("autocannon");
  installPeers(needed);
}

async function verify(name, scenario) {
  const server = await startServer(name, { files });
  const client = await Client.open(server.port);
  const ask = (method, target, fields, body = "") =>
    client.ask(`${method} ${target} HTTP/1.1\r\n${fields}\r\n${body}`);
  const expect = (what, got, right) => {
    if (got !== right) throw new Error(`${name}: ${what} is ${got}, not ${right}`);
  };
  await scenario.check(ask, expect);
  client.close();
  await server.stop();
}

async function measure() {
  const found = chosen.map((name) => ({
    scenario: name,
    servers: serversOf(name).map((server) => ({ server, rounds: [] })),
  }));
  for (let round = 1; round <= given.rounds; round++) {
    for (const { scenario, servers: rows } of found) {
      for (const row of rows) {
        const result = await measureOne(row.server, scenarios[scenario]);
        row.rounds.push(result);
        const cpu = result.cpuMicros.toFixed(2);
        console.error(`round ${round}  ${scenario}  ${row.server}  ${cpu} µs of CPU per request`);
      }
    }
  }
  return found;
}

async function measureOne(name, scenario) {
  const server = await startServer(name, { files });
  try {
    const { seconds } = given;
    const connections = Math.min(given.connections, scenario.connections ?? given.connections);
    await load(server, scenario, { connections, seconds: 1 }); // until the code is optimised
    return await load(server, scenario, { connections, seconds });
  } finally {
    await server.stop();
  }
}

function print(found) {
  console.log(`\n${machine()}`);
  console.log(
    `${given.connections} connections if nothing else is said, best of ${given.rounds} rounds of ${given.seconds} s`,
  );
  for (const { scenario, servers: rows } of found) {
    const best = rows.map(({ server, rounds }) => ({
      server,
      perSecond: Math.max(...rounds.map((round) => round.perSecond)),
      cpuMicros: Math.min(...rounds.map((round) => round.cpuMicros)),
    }));
    const own = best.find(({ server }) => server === "landspout");
    console.log(`\n${scenarios[scenario].title}\n`);
    console.log("| server         | requests/s | CPU µs per request | of landspout's |");
    console.log("|----------------|-----------:|-------------------:|---------------:|");
    for (const { server, perSecond, cpuMicros } of best) {
      const cells = [
        server.padEnd(14),
        Math.round(perSecond).toLocaleString("en").padStart(10),
        cpuMicros.toFixed(2).padStart(18),
        (own === undefined ? "" : `${(cpuMicros / own.cpuMicros).toFixed(2)} x`).padStart(14),
      ];
      console.log(`| ${cells.join(" | ")} |`);
    }
  }
}

function machine() {
  const cpu = os.cpus()[0]?.model ?? process.arch;
  const where = pinned ? "server and load on a CPU each" : "not pinned to CPUs";
  return `Node ${process.version}, Linux ${os.release()}, ${os.cpus().length} x ${cpu}, ${loadTool}, ${where}`;
}
