/**
 * Runs the demo app as `npm start` does, in a process of its own. The tests of handlers/ use it.
 *
 * Every wait is bounded, and stopDemos() ends whatever a failed test has left behind.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { within } from "../support/rawclient.ts";

const entry = fileURLToPath(new URL("../../handlers/main.js", import.meta.url));

/** How a run ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A demo that serves. */
export interface Demo {
  /** "http://127.0.0.1:PORT", without a slash at its end. */
  readonly base: string;
  readonly port: number;
  /** The folder of its temporary files. */
  folder(): string;
  kill(signal: NodeJS.Signals): void;
  ended(): Promise<Ended>;
}

/** Command line and environment of one run. */
export interface DemoOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const DEADLINE_MS = 30_000;

const running = new Set<ChildProcess>();

/** Runs it to its end. */
export async function runDemo(options: DemoOptions): Promise<Ended> {
  return await start(options).ended();
}

/** Runs it until it says where it serves; on a free port unless the options say otherwise. */
export async function startDemo(options: DemoOptions = { args: ["--port=0"] }): Promise<Demo> {
  const { child, line, ended, closed } = start(options);
  const early = closed.then(({ stderr }) => `it ended: ${stderr}`);
  const first = await within(Promise.race([line, early]), "line of the demo's", DEADLINE_MS);
  const found = /^landspout serves (http:\/\/\S+:(\d+))\/ \(Ctrl-C stops\)$/.exec(first);
  if (found === null) throw new Error(`not what the demo prints: ${JSON.stringify(first)}`);
  const [, base = "", port = ""] = found;
  const folder = () => folderOf(child.pid);
  return { base, port: Number(port), folder, kill: (signal) => void child.kill(signal), ended };
}

/** Ends those that still run. They are told, and not killed: so they remove their files, and their workers end. */
export function stopDemos(): void {
  for (const child of running) child.kill("SIGTERM");
}

/** The demo's folder has its process's number in its name. */
function folderOf(pid: number | undefined): string {
  const name = readdirSync(tmpdir()).find((entry) => entry.startsWith(`landspout-demo-${pid}-`));
  if (name === undefined) throw new Error(`the demo, process ${pid}, has no folder`);
  return join(tmpdir(), name);
}

function start({ args = [], env = {} }: DemoOptions) {
  const { PORT: _port, HOST: _host, COOKIE_SECRET: _secret, ...inherited } = process.env;
  const child = spawn(process.execPath, [entry, ...args], {
    env: { ...inherited, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  let stdout = "";
  let stderr = "";
  const line = new Promise<string>((resolve) => {
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      const end = stdout.indexOf("\n");
      if (end !== -1) resolve(stdout.slice(0, end));
    });
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const closed = once(child, "close").then(([code, signal]): Ended => {
    running.delete(child);
    return { code: code as number | null, signal: signal as NodeJS.Signals | null, stdout, stderr };
  });
  return { child, line, closed, ended: () => within(closed, "end of the demo", DEADLINE_MS) };
}
