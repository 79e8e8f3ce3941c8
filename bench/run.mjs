// Measures landspout and its peers: `npm run bench`, or `node bench/run.mjs` after a build.
//
//   --rounds=3 --seconds=3 --connections=64
//   --servers=landspout,uwebsockets,fastify,node-http
//   --scenarios=plain,plain-16,user-16        (also: user)
//   --json                                    the numbers of every round, to stdout
//
// In each round every server is started afresh, warmed up and loaded, one after the other, in each
// scenario; the best round counts, so that a disturbance costs one round and not one server.
// What is compared is the server's CPU time per request: unlike requests/s it does not depend on
// how fast the load generator is.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { Client } from "./lib/client.mjs";
import { flags } from "./lib/flags.mjs";
import { load, loadTool } from "./lib/load.mjs";
import { benchRoot, pinned, startServer } from "./lib/proc.mjs";

const browserHeaders = {
  "User-Agent":
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
  Accept: "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
  "Accept-Language": "en-GB,en;q=0.9,de;q=0.8",
  "Accept-Encoding": "gzip, deflate, br",
  Cookie: "session=c2Vzc2lvbi0wMTIzNDU2Nzg5; theme=dark",
};

const scenarios = {
  plain: { title: "GET /, one at a time", path: "/", depth: 1, headers: {} },
  "plain-16": { title: "GET /, pipelined x16", path: "/", depth: 16, headers: {} },
  user: {
    title: "GET /user/42, one at a time",
    path: "/user/42",
    depth: 1,
    headers: browserHeaders,
  },
  "user-16": {
    title: "GET /user/42, pipelined x16",
    path: "/user/42",
    depth: 16,
    headers: browserHeaders,
  },
};

const given = flags({
  rounds: 3,
  seconds: 3,
  connections: 64,
  servers: "landspout,uwebsockets,fastify,node-http",
  scenarios: "plain,plain-16,user-16",
  json: false,
});
const servers = given.servers.split(",");
const chosen = given.scenarios.split(",");
for (const name of chosen) {
  if (!(name in scenarios)) {
    throw new Error(`no scenario ${name}; there are ${Object.keys(scenarios).join(", ")}`);
  }
}

installPeers();
for (const name of servers) await verify(name);
const results = await measure();
if (given.json) console.log(JSON.stringify({ machine: machine(), results }, null, 2));
else print(results);

/** The peers and autocannon are installed when they are first needed. */
function installPeers() {
  const needed = servers.filter((name) => name === "fastify" || name === "uwebsockets");
  if (loadTool === "autocannon") needed.push("autocannon");
  if (needed.every((name) => existsSync(path.join(benchRoot, "node_modules", name)))) return;
  console.error("installing the peers into bench/node_modules");
  const options = ["--no-audit", "--no-fund", "--ignore-scripts"];
  const { status } = spawnSync("npm", ["ci", "--prefix", benchRoot, ...options], {
    cwd: benchRoot,
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (status !== 0) throw new Error("could not install the peers: npm ci failed in bench/");
}

/** A server that answers something else than the others must not be measured beside them. */
async function verify(name) {
  const server = await startServer(name);
  const client = await Client.open(server.port);
  const ask = (target, fields) => client.ask(`GET ${target} HTTP/1.1\r\n${fields}\r\n`);
  const expect = (what, got, wanted) => {
    if (got !== wanted) throw new Error(`${name}: ${what} is ${got}, not ${wanted}`);
  };
  const plain = await ask("/", "Host: a\r\n");
  expect("status of /", plain.status, 200);
  expect("body of /", plain.body, "Hello, World!");
  expect("Content-Type of /", plain.headers.get("content-type"), "text/plain");
  const user = await ask("/user/42", "Host: a\r\nUser-Agent: b\r\nCookie: c=d\r\n");
  expect(
    "body of /user/42",
    user.body,
    '{"id":"42","host":"a","user-agent":"b","accept":null,"cookie":"c=d","accept-language":null}',
  );
  expect(
    "Content-Type of /user/42",
    user.headers.get("content-type"),
    "application/json; charset=UTF-8",
  );
  client.close();
  await server.stop();
}

async function measure() {
  const found = chosen.map((name) => ({
    scenario: name,
    servers: servers.map((server) => ({ server, rounds: [] })),
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
  const server = await startServer(name);
  try {
    const { connections, seconds } = given;
    await load(server, scenario, { connections, seconds: 1 }); // until the code is optimised
    return await load(server, scenario, { connections, seconds });
  } finally {
    await server.stop();
  }
}

function print(found) {
  console.log(`\n${machine()}`);
  console.log(
    `${given.connections} connections, best of ${given.rounds} rounds of ${given.seconds} s`,
  );
  for (const { scenario, servers: rows } of found) {
    const best = rows.map(({ server, rounds }) => ({
      server,
      perSecond: Math.max(...rounds.map((round) => round.perSecond)),
      cpuMicros: Math.min(...rounds.map((round) => round.cpuMicros)),
    }));
    const own = best.find(({ server }) => server === "landspout");
    console.log(`\n${scenarios[scenario].title}\n`);
    console.log("| server      | requests/s | CPU µs per request | of landspout's |");
    console.log("|-------------|-----------:|-------------------:|---------------:|");
    for (const { server, perSecond, cpuMicros } of best) {
      const cells = [
        server.padEnd(11),
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
