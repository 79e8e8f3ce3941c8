/**
 * Finds the addon's file and loads it, once for a process; addon.ts gives it its types.
 *
 * What was built here comes first, then what travels in the package: a checkout has no prebuilt one that could hide what its
 * sources say, and a package has a built one only where the prebuilt one did not load (install.cjs). A file that is there and
 * cannot be loaded is an error, and no reason to try the next: two addons that differ would be a riddle.
 */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { CodedError } from "../base/errors.ts";

const OLDEST_NODE = [20, 20] as const;
const OLDEST_LLHTTP = [9, 3] as const;

/** From dist/lib/native, three folders up is the package. */
const root = fileURLToPath(new URL("../../../", import.meta.url));
const built = `${root}build/Release/landspout.node`;
const prebuilt = `${root}prebuilds/linux-${process.arch}/landspout.glibc.node`;

/** That runs install.cjs. */
const REMEDY = 'run "npm rebuild landspout" (it needs Python 3, make and a C++20 compiler)';

/**
 * What the addon exports.
 *
 * @throws CodedError ERR_NATIVE_LOAD on another system than Linux, in a Node.js that is too old, without a file, or with one
 *   that cannot be loaded: with a sentence that says what to do
 */
export function loadAddon(): unknown {
  checkProgram();
  const file = addonFile();
  try {
    return createRequire(import.meta.url)(file);
  } catch (cause) {
    const [why = ""] = cause instanceof Error ? cause.message.split("\n") : [];
    throw refusal(`cannot load the addon ${file}: ${why}; ${REMEDY}`, cause);
  }
}

function checkProgram(): void {
  if (process.platform !== "linux") {
    throw refusal(
      `landspout runs on Linux only (it is built on epoll); this is ${process.platform}`,
    );
  }
  const { node, llhttp = "none" } = process.versions;
  if (isOlder(node, OLDEST_NODE)) {
    throw refusal(
      `this is Node.js ${node}; landspout needs ${OLDEST_NODE.join(".")} or later: install one from https://nodejs.org/ or your package manager`,
    );
  }
  if (isOlder(llhttp, OLDEST_LLHTTP) || Number.parseInt(llhttp, 10) !== OLDEST_LLHTTP[0]) {
    throw refusal(
      `this Node.js ${node} has llhttp ${llhttp}; landspout needs 9.3 or a later 9.x: install the newest Node.js 20, 22, 24 or 26`,
    );
  }
}

function addonFile(): string {
  // test/tools/asan.mjs runs the tests on a build of its own.
  if (process.env.LANDSPOUT_SANITIZE === "1") {
    return `${root}build-asan/Release/landspout.node`;
  }
  if (existsSync(built)) return built;
  if (existsSync(prebuilt)) return prebuilt;
  throw refusal(`the addon is missing: neither ${built} nor ${prebuilt} exists; ${REMEDY}`);
}

function isOlder(version: string, [major, minor]: readonly [number, number]): boolean {
  const [ofMajor = 0, ofMinor = 0] = version.split(".").map((part) => Number.parseInt(part, 10));
  return !(ofMajor > major || (ofMajor === major && ofMinor >= minor));
}

function refusal(message: string, cause?: unknown): CodedError {
  return new CodedError("ERR_NATIVE_LOAD", message, cause === undefined ? {} : { cause });
}
