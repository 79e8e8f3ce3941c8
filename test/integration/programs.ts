/**
 * Other people's programs in tests: whether they are there, and running them to their end.
 *
 * programSuite() skips its tests with a word where a program is missing; where CI is "true" that is a failure. Programs do not
 * get the sanitizer that may be preloaded into Node.js, every run is bounded, and none outlives its test.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { Test } from "uvu";
import { serverSuite } from "../support/servers.ts";

/** The sources of this folder: Python's are not compiled. From dist/test/integration. */
const SOURCES = fileURLToPath(new URL("../../../test/integration/", import.meta.url));

const DEADLINE_MS = 60_000;

/** Debian's own, for its packages: another Python that comes first on the PATH does not see them. */
const PYTHON = "/usr/bin/python3";

/** A program, and Debian's package of it. */
export interface Wanted {
  readonly program: string;
  readonly package: string;
  /** A module of Python that it needs. */
  readonly module?: string;
}

export const NGINX: Wanted = { program: "nginx", package: "nginx" };
export const CURL: Wanted = { program: "curl", package: "curl" };
export const WRK: Wanted = { program: "wrk", package: "wrk" };
export const AB: Wanted = { program: "ab", package: "apache2-utils" };
export const PYTHON_3: Wanted = { program: PYTHON, package: "python3" };
export const PYTHON_WEBSOCKETS: Wanted = {
  program: PYTHON,
  package: "python3-websockets",
  module: "websockets",
};

/** A suite of tests of servers, run if the program is there. */
export function programSuite(name: string, wanted: Wanted, define: (t: Test) => void): void {
  const t = serverSuite(name);
  if (isThere(wanted)) define(t);
  else {
    const missing = `skipped: no ${wanted.module ?? wanted.program} (apt-get install ${wanted.package})`;
    if (process.env.CI === "true") t(missing, () => failed(missing));
    else {
      console.log(missing);
      t.skip(missing, () => {});
    }
  }
  t.run();
}

/** Where a program is; its bare name if it is nowhere. */
export function pathOf(program: string): string {
  if (program.includes("/")) return program;
  // Debian's nginx is where a user's PATH does not look.
  const folders = [...(process.env.PATH ?? "").split(":"), "/usr/sbin"];
  const files = folders.map((folder) => path.join(folder, program));
  return files.find(isExecutable) ?? program;
}

/** How a program has ended. */
export interface Ran {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, which comes within a minute; texts are latin1, a character a byte. */
export async function run(program: string, args: readonly string[], input = ""): Promise<Ran> {
  const child = spawn(pathOf(program), args, { env: environment(), stdio: "pipe" });
  const output = { stdout: "", stderr: "" };
  child.stdout.setEncoding("latin1").on("data", (text: string) => {
    output.stdout += text;
  });
  child.stderr.setEncoding("latin1").on("data", (text: string) => {
    output.stderr += text;
  });
  // A program that reads nothing may have closed its end.
  child.stdin.on("error", () => {});
  child.stdin.end(input, "latin1");
  const deadline = setTimeout(() => child.kill("SIGKILL"), DEADLINE_MS);
  const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  clearTimeout(deadline);
  return { code, signal, ...output };
}

/** Runs it; its output, if it ended well. */
export async function outputOf(
  program: string,
  args: readonly string[],
  input?: string,
): Promise<string> {
  const { code, signal, stdout, stderr } = await run(program, args, input);
  if (code !== 0) {
    failed(`${program} ${args.join(" ")} ended with ${code ?? signal}: ${stdout}${stderr}`);
  }
  return stdout;
}

/** Runs a script of this folder with Debian's Python; its output, if it ended well. */
export function python(script: string, ...args: readonly string[]): Promise<string> {
  return outputOf(PYTHON, [path.join(SOURCES, script), ...args]);
}

/** Starts a program that serves; it is the caller's to end. */
export function startProgram(
  program: string,
  args: readonly string[],
  options: { readonly env?: Record<string, string>; readonly fds?: readonly number[] } = {},
): ChildProcess {
  return spawn(pathOf(program), args, {
    env: { ...environment(), ...options.env },
    stdio: ["ignore", "ignore", "pipe", ...(options.fds ?? [])],
  });
}

/** Ends it, by its pid. */
export async function endProgram(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  const deadline = setTimeout(() => child.kill("SIGKILL"), DEADLINE_MS / 2);
  child.kill("SIGTERM");
  await ended;
  clearTimeout(deadline);
}

function isThere({ program, module }: Wanted): boolean {
  if (!isExecutable(pathOf(program))) return false;
  if (module === undefined) return true;
  return spawnSync(program, ["-c", `import ${module}`], { env: environment() }).status === 0;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return path.isAbsolute(file);
  } catch {
    return false;
  }
}

function environment(): NodeJS.ProcessEnv {
  const { LD_PRELOAD: _preloaded, ...env } = process.env;
  return { ...env, LC_ALL: "C.UTF-8" };
}

function failed(message: string): never {
  throw new Error(message);
}
