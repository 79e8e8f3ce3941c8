// Runs every micro-bench, each in a process of its own so that none spoils another's inline caches:
// `node bench/micro/all.mjs`, or with words that the names must contain. Needs a build.

import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const folder = path.dirname(fileURLToPath(import.meta.url));
const words = process.argv.slice(2);
for (const name of readdirSync(folder).sort()) {
  if (!name.endsWith(".bench.mjs")) continue;
  if (words.length > 0 && !words.some((word) => name.includes(word))) continue;
  console.log(`\n${name}`);
  const { status } = spawnSync(process.execPath, [path.join(folder, name)], { stdio: "inherit" });
  if (status !== 0) process.exitCode = 1;
}
