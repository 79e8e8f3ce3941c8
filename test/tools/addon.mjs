// Builds the addon when a source is newer than the binary. Called by `npm run build` and by
// test/tools/asan.mjs; `npm install` does not come here, it runs node-gyp on binding.gyp itself.
//
//   node test/tools/addon.mjs              → build/Release/landspout.node
//   node test/tools/addon.mjs --sanitize   → build-asan/Release/landspout.node (ASan and UBSan)
//
// node-gyp always builds into ./build beside binding.gyp. The sanitizer build therefore runs in a
// folder of its own, with a copy of binding.gyp and links to the sources; the plain build is not touched.

import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
} from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
export const sanitizedAddon = path.join(root, "build-asan/Release/landspout.node");

const plainAddon = path.join(root, "build/Release/landspout.node");
const sourceFolder = path.join(root, "lib/native");

/** Builds what is stale; `sanitize` picks which of the two builds. Throws if the build fails. */
export function buildAddon({ sanitize = false } = {}) {
  const target = sanitize ? sanitizedAddon : plainAddon;
  if (!isStale(target)) return;
  if (!sanitize) {
    nodeGyp(root, []);
  } else {
    const work = path.join(root, "build-asan/work");
    mkdirSync(path.join(work, "lib"), { recursive: true });
    copyFileSync(path.join(root, "binding.gyp"), path.join(work, "binding.gyp"));
    link(sourceFolder, path.join(work, "lib/native"));
    link(path.join(root, "test"), path.join(work, "test")); // makes warnings errors, see binding.gyp
    nodeGyp(work, ["--", "-Dlandspout_sanitize=1"]);
    mkdirSync(path.dirname(target), { recursive: true });
    // Renamed into place: a process that has the old file mapped keeps it whole.
    copyFileSync(path.join(work, "build/Release/landspout.node"), `${target}.new`);
    renameSync(`${target}.new`, target);
  }
  // make leaves the binary alone when only a comment in binding.gyp changed: it is fresh all the same.
  const now = new Date();
  utimesSync(target, now, now);
}

function isStale(target) {
  if (!existsSync(target)) return true;
  const built = statSync(target).mtimeMs;
  const sources = readdirSync(sourceFolder).filter((name) => /\.(cc|h)$/.test(name));
  const inputs = sources.map((name) => path.join(sourceFolder, name));
  inputs.push(path.join(root, "binding.gyp"));
  return inputs.some((file) => statSync(file).mtimeMs > built);
}

function link(from, to) {
  rmSync(to, { force: true });
  symlinkSync(from, to);
}

/** Configures and builds in `folder`; configuring each time is what notices a new .cc file. */
function nodeGyp(folder, gypArgs) {
  // npm has its own node-gyp and puts it on the PATH of the scripts it runs.
  const run = (verb, args) =>
    spawnSync("node-gyp", [verb, "--silent", ...args], { cwd: folder, stdio: "inherit" });
  for (const [verb, args] of [
    ["configure", gypArgs],
    ["build", ["--jobs=max"]],
  ]) {
    const { status, error } = run(verb, args);
    if (error) {
      throw new Error(
        "cannot start node-gyp: run this through npm (`npm run build`), which brings its own",
        { cause: error },
      );
    }
    if (status !== 0) throw new Error(`node-gyp ${verb} failed in ${folder}`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    buildAddon({ sanitize: process.argv.includes("--sanitize") });
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
