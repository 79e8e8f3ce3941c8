// Runs the compiled test suites, and the addon as it was built, on other versions of Node:
// `npm run test:nodes`, or `npm run test:nodes -- 20 26` for some of them.
//
// The binaries are the newest of each major in the npm packages node-linux-<arch>; they are kept in
// node_modules/.cache/nodes, and `-- --fresh` fetches them again. Nothing is compiled here: that
// one binary of the addon serves every version is a part of what is tested.

import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { runTests } from "./run.mjs";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const allMajors = ["20", "22", "24", "26"];

const given = process.argv.slice(2);
const fresh = given.includes("--fresh");
const words = given.filter((word) => !word.startsWith("--"));
const majors = words.filter((word) => /^\d+$/.test(word));
const filters = words.filter((word) => !/^\d+$/.test(word));

const summary = [];
for (const major of majors.length > 0 ? majors : allMajors) {
  const node = fetchNode(major);
  const version = execFileSync(node, ["--version"], { encoding: "utf8" }).trim();
  console.log(`\nNode ${version}`);
  // For tests that start "node" by its name.
  const env = { ...process.env, PATH: `${path.dirname(node)}:${process.env.PATH}` };
  const { passed, failed } = await runTests({ node, filters, env });
  summary.push(`Node ${version}: ${passed} passed, ${failed} failed`);
  if (failed > 0) process.exitCode = 1;
}
console.log(`\n${summary.join("\n")}`);

/** @returns the path of the newest node binary of one major version, fetched if need be */
function fetchNode(major) {
  const name = `node-linux-${process.arch}`;
  const folder = path.join(root, "node_modules/.cache/nodes", major);
  const binary = path.join(folder, "node_modules", name, "bin/node");
  if (fresh) rmSync(folder, { recursive: true, force: true });
  if (existsSync(binary)) return binary;
  mkdirSync(folder, { recursive: true });
  // ^22, not 22: the package's tags do not follow the majors, the range finds the newest.
  const options = ["--no-save", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund"];
  const { status } = spawnSync(
    "npm",
    ["install", "--prefix", folder, ...options, `${name}@^${major}`],
    { stdio: ["ignore", "ignore", "inherit"], cwd: folder },
  );
  if (status !== 0 || !existsSync(binary)) throw new Error(`could not fetch ${name}@^${major}`);
  return binary;
}
