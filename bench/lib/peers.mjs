// Installs the peers into bench/ when they are first needed. Used by run.mjs and websocket.mjs.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { benchRoot } from "./proc.mjs";

/** @param packages names of packages that bench/package.json has */
export function installPeers(packages) {
  if (packages.every((name) => existsSync(path.join(benchRoot, "node_modules", name)))) return;
  console.error("installing the peers into bench/node_modules");
  const options = ["--no-audit", "--no-fund", "--ignore-scripts"];
  const { status } = spawnSync("npm", ["ci", "--prefix", benchRoot, ...options], {
    cwd: benchRoot,
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (status !== 0) throw new Error("could not install the peers: npm ci failed in bench/");
}
