// Makes the addon that travels in the package: `npm run prebuilds`, which `npm pack` and `npm publish` run first.
//
//   prebuilds/linux-<arch>/landspout.glibc.node
//
// prebuildify (node-gyp, then strip) runs on a copy of the sources, without test/: so warnings are no errors, as on a
// user's machine, and build/ is left alone. One binary serves every Node.js, since it uses Node-API only. It needs the
// glibc of the machine it was made on at most: 2.34 on Debian 12. Nothing is done if it is newer than the sources.

import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");

/** The addon as `npm pack` takes it along. */
export const prebuiltAddon = path.join(
  root,
  `prebuilds/linux-${process.arch}/landspout.glibc.node`,
);

/** Builds it if it is stale. Throws if the build fails. */
export function prebuild() {
  if (!isStale()) return;
  const work = mkdtempSync(path.join(os.tmpdir(), "landspout-prebuild-"));
  try {
    for (const name of ["binding.gyp", "package.json"]) {
      copyFileSync(path.join(root, name), path.join(work, name));
    }
    cpSync(path.join(root, "lib/native"), path.join(work, "lib/native"), { recursive: true });
    prebuildify(work);
    const made = path.join(work, path.relative(root, prebuiltAddon));
    mkdirSync(path.dirname(prebuiltAddon), { recursive: true });
    // Renamed into place: a process that has the old file mapped keeps it whole.
    copyFileSync(made, `${prebuiltAddon}.new`);
    renameSync(`${prebuiltAddon}.new`, prebuiltAddon);
  } finally {
    rmSync(work, { recursive: true });
  }
}

function prebuildify(folder) {
  const program = path.join(root, "node_modules/prebuildify/bin.js");
  const options = [
    "--napi",
    "--strip",
    "--tag-libc",
    `--target=${process.versions.node}`,
    "--quiet",
    `--cwd=${folder}`,
  ];
  const { status } = spawnSync(process.execPath, [program, ...options], {
    cwd: folder,
    stdio: "inherit",
    env: { ...process.env, JOBS: "max" },
  });
  if (status !== 0) {
    throw new Error("prebuildify failed; run this by `npm run prebuilds`, which brings node-gyp");
  }
}

function isStale() {
  if (!existsSync(prebuiltAddon)) return true;
  const made = statSync(prebuiltAddon).mtimeMs;
  const folder = path.join(root, "lib/native");
  const sources = readdirSync(folder).filter((name) => /\.(cc|h)$/.test(name));
  const inputs = sources.map((name) => path.join(folder, name));
  inputs.push(path.join(root, "binding.gyp"));
  return inputs.some((file) => statSync(file).mtimeMs > made);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    prebuild();
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
