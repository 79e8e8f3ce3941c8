#!/usr/bin/env node
// What `npm install` runs in this package, in a project that uses it and in a checkout: sees to it that there is an addon.
//
// In a project the prebuilt one is tried. If it loads, that is all, and no compiler is asked for; if it does not (another
// processor, musl, an older glibc), the addon is built from the sources beside this file. In a checkout, and with
// --build-from-source, it is always built. Where neither works the last line says why, and what to do.
//
// It stays free of new syntax, since it has to tell an old Node.js that it is too old.
"use strict";

const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");

const OLDEST = [20, 20];

const REMEDY =
  "install python3, make and g++ (Debian, Ubuntu: apt-get install python3 make g++; " +
  "Fedora: dnf install python3 make gcc-c++; Alpine: apk add python3 make g++), then install landspout again";

const { platform, arch, env } = process;
const root = path.resolve(__dirname, "../..");
const prebuilt = path.join(root, "prebuilds", `${platform}-${arch}`, "landspout.glibc.node");

process.exitCode = main();

/** @returns the exit code */
function main() {
  if (platform !== "linux") {
    return failed(`it runs on Linux only (it is built on epoll); this is ${platform}`);
  }
  const { node } = process.versions;
  const [major, minor] = node.split(".").map(Number);
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
    return failed(
      `this is Node.js ${node}; it needs ${OLDEST.join(".")} or later: install one from https://nodejs.org/ or your package manager`,
    );
  }
  const reason = whyBuild();
  return reason === null ? 0 : build(reason);
}

/** @returns why the addon has to be built here, or null */
function whyBuild() {
  // As in binding.gyp: a published package has no test/.
  if (fs.existsSync(path.join(root, "test"))) return "this is a checkout";
  const asked = env.npm_config_build_from_source || "";
  if (asked === "true" || asked.split(",").includes("landspout")) return "a build was asked for";
  if (!fs.existsSync(prebuilt)) return `there is no prebuilt addon for ${platform}-${arch}`;
  try {
    require(prebuilt);
    return null;
  } catch (error) {
    return `the prebuilt addon does not load here (${error.message.split("\n")[0]})`;
  }
}

function build(reason) {
  const missing = missingTools();
  if (missing.length > 0) {
    const verb = missing.length > 1 ? "are" : "is";
    return failed(`${reason}, and to build it ${missing.join(" and ")} ${verb} missing: ${REMEDY}`);
  }
  console.log(`landspout: ${reason}: building it`);
  // npm has its own node-gyp, and puts it on the PATH of the scripts it runs.
  const { status, error } = spawnSync("node-gyp", ["rebuild"], { cwd: root, stdio: "inherit" });
  if (error) {
    return failed(`${reason}, and there is no node-gyp: run this by "npm rebuild landspout"`);
  }
  if (status === 0) return 0;
  return failed(
    `${reason}, and building it failed, see above: it takes GCC 11 or Clang 14 or later; ${REMEDY}`,
  );
}

/** What a build needs and is not on the PATH. What an environment variable names is taken to be there. */
function missingTools() {
  const wanted = [
    ["Python 3", ["python3", "python"], env.PYTHON || env.npm_config_python],
    ["make", ["make", "gmake"], env.MAKE],
    ["a C++20 compiler", ["g++", "c++"], env.CXX],
  ];
  return wanted
    .filter(([, programs, named]) => !named && !programs.some(isOnPath))
    .map(([tool]) => tool);
}

function isOnPath(program) {
  return (env.PATH || "").split(":").some((folder) => {
    try {
      fs.accessSync(path.join(folder, program), fs.constants.X_OK);
      return folder !== "";
    } catch (_) {
      return false;
    }
  });
}

function failed(why) {
  console.error(`landspout cannot be installed: ${why}`);
  return 1;
}
