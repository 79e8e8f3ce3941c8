// How many WebSockets are held, and what one of them costs: `node bench/comet.mjs`.
//
//   --server=landspout
//   --workers=4           server processes, each with a load process of its own
//   --connections=0       of each; 0 = as many as the limit of descriptors allows
//
// Each load opens its connections from a source address of its own (127.0.1.N: one address has some
// 28,000 ports) and sends a message on each. What is printed is by how much the second half of them
// made the servers' resident memory grow, but for files, and the kernel's, whose figure is for both
// ends, since both are on this machine. The second half, and with a young heap that is kept small,
// because a heap's own spare room comes and goes by tens of MiB in the first minute, and is not a
// connection's. At the end every connection must answer once more.

import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { flags } from "./lib/flags.mjs";
import { anonymousBytes, benchRoot, descriptorLimit, startServer } from "./lib/proc.mjs";

const spareDescriptors = 100;
const nodeFlags = ["--max-semi-space-size=1"]; // MiB
const settleMs = 12_000; // V8 gives back what a heap has to spare some eight seconds after its last work
const million = 1_000_000;

const given = flags({ server: "landspout", workers: 4, connections: 0, json: false });
const most = descriptorLimit() - spareDescriptors;
const each = given.connections === 0 ? most : Math.min(given.connections, most);
const total = each * given.workers;
const grown = (each - Math.floor(each / 2)) * given.workers;

const servers = [];
for (let i = 0; i < given.workers; i++) {
  servers.push(await startServer(given.server, { nodeFlags }));
}
const loads = await Promise.all(servers.map((server, i) => startLoad(server.port, i)));
await sleep(settleMs);
const before = { own: ownBytes(), kernel: kernelBytes() };
await Promise.all(loads.map((load) => load.tell("open")));
await sleep(settleMs);
const after = { own: ownBytes(), kernel: kernelBytes() };
for (const load of loads) await load.tell("answered");
for (const load of loads) load.child.kill();
for (const server of servers) await server.stop();

const bytes = Math.round((after.own - before.own) / grown);
const kernel = Math.round((after.kernel - before.kernel) / grown);
if (given.json) {
  console.log(
    JSON.stringify({ server: given.server, workers: given.workers, total, bytes, kernel }),
  );
} else {
  const inAll = ((bytes * million) / 1024 ** 3).toFixed(2);
  console.log(
    `${given.server}: ${total} WebSockets in ${given.workers} processes, all of them answer; ${bytes} B of process memory each, ${inAll} GiB for a million; ${kernel} B of the kernel's, both ends`,
  );
}
process.exit(0);

async function startLoad(port, number) {
  const script = path.join(benchRoot, "lib", "cometload.mjs");
  const source = `127.0.1.${number + 1}`;
  const child = spawn(process.execPath, [script, String(port), String(each), source], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  process.once("exit", () => child.kill());
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const expect = async (wanted) => {
    const { value } = await lines.next();
    if (value !== wanted) throw new Error(`a load process said ${value}, not ${wanted}`);
  };
  await expect("half");
  const tell = (answer) => {
    child.stdin.write("\n");
    return expect(answer);
  };
  return { child, tell };
}

function ownBytes() {
  return servers.reduce((sum, { pid }) => sum + anonymousBytes(pid), 0);
}

/** The kernel's own objects: sockets, epoll's entries, open files. */
function kernelBytes() {
  return Number(/^Slab:\s+(\d+) kB$/m.exec(readFileSync("/proc/meminfo", "utf8"))[1]) * 1024;
}
