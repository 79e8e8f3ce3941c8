// Whether what is larger than memory passes at flat memory: `node bench/big.mjs --gib=5`.
//
// Uploads a generated body to disk through dataReceived(), the same as a file of a multipart form
// (static uploads), and downloads a sparse file (StaticFileHandler). Prints time, CPU and by how much
// the server's resident memory grew at its peak, which is to stay under 64 MiB. Needs room for one
// body on the disk of --folder, and says so where there is none.

import { mkdtempSync, rmSync, statfsSync, truncateSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { checkStored, download, peakBytes, peakReset, upload } from "./lib/bigbodies.mjs";
import { flags } from "./lib/flags.mjs";
import { cpuNs, moveToLoadCpu, rssBytes, startServer } from "./lib/proc.mjs";

const MiB = 1024 * 1024;
const boundMiB = 64;
const warmUpMiB = 1;

const given = flags({ gib: 5, folder: os.tmpdir(), json: false });
const mebibytes = Math.round(given.gib * 1024);
const { bavail, bsize } = statfsSync(given.folder);
const freeMiB = (bavail * bsize) / MiB;
if (freeMiB < mebibytes * 1.1) {
  console.error(
    `${given.folder} has ${Math.floor(freeMiB)} MiB left, ${Math.ceil(mebibytes * 1.1)} are needed; give another --folder, or less by --gib`,
  );
  process.exit(2);
}

moveToLoadCpu();
const folder = mkdtempSync(path.join(given.folder, "landspout-big-"));
const stored = path.join(folder, "stored");
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));

const sparse = (size) => {
  writeFileSync(path.join(folder, "sparse"), "");
  truncateSync(path.join(folder, "sparse"), size * MiB);
};
const uploaded = async (port, kind, size) => {
  const answer = await upload(port, kind, size);
  if (answer !== String(size * MiB)) throw new Error(`the server counted ${answer} bytes`);
  checkStored(stored, size);
  rmSync(stored);
};
const downloaded = async (port, size) => {
  sparse(size);
  const bytes = await download(port, "/static/sparse");
  if (bytes !== size * MiB) throw new Error(`${bytes} bytes came`);
};
const scenarios = [
  ["upload by dataReceived()", (port, size) => uploaded(port, "stream", size)],
  ["upload of a form to disk", (port, size) => uploaded(port, "form", size)],
  ["download of a file", downloaded],
];

const results = [];
for (const [name, run] of scenarios) {
  const server = await startServer("big", { files: folder });
  try {
    await run(server.port, warmUpMiB);
    const before = rssBytes(server.pid);
    peakReset(server.pid);
    const cpu = cpuNs(server.pid);
    const since = performance.now();
    await run(server.port, mebibytes);
    const seconds = (performance.now() - since) / 1000;
    const grownMiB = (peakBytes(server.pid) - before) / MiB;
    results.push({ name, seconds, cpuSeconds: (cpuNs(server.pid) - cpu) / 1e9, grownMiB });
  } finally {
    await server.stop();
  }
}

if (given.json) console.log(JSON.stringify({ mebibytes, results }));
else {
  console.log(`${mebibytes} MiB each; memory is what the server's grew by at its peak`);
  for (const { name, seconds, cpuSeconds, grownMiB } of results) {
    console.log(
      `${name.padEnd(26)} ${seconds.toFixed(1).padStart(6)} s  CPU ${cpuSeconds.toFixed(1).padStart(5)} s  ` +
        `memory ${grownMiB.toFixed(1).padStart(6)} MiB${grownMiB < boundMiB ? "" : `  over ${boundMiB}`}`,
    );
  }
}
process.exitCode = results.every(({ grownMiB }) => grownMiB < boundMiB) ? 0 : 1;
