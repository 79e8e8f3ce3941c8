/**
 * Runs prefork.child.ts for the tests of lib/process, each program in processes of its own, and asks its workers.
 *
 * Every wait is bounded; a suite made by preforkSuite() ends, by pid, every process that a test has left.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { suite, type Test } from "uvu";
import { within } from "../support/rawclient.ts";
import type { PreforkProgram } from "./prefork.child.ts";

/** A loaded machine starts a process in seconds. */
export const DEADLINE_MS = 30_000;

/** How long a program that a test has left may take to stop, in ms. */
const KINDNESS_MS = 3_000;

/** One worker that has said that it serves. */
export interface Serving {
  readonly task: number | null;
  readonly pid: number;
  readonly port: number;
}

/** How a program is started. */
export interface ProgramOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly script?: string;
  /** Listening descriptors, handed over as systemd does. */
  readonly sockets?: readonly number[];
}

/** A program under test: the parent, and whatever its workers print. */
export class Prefork {
  readonly child: ChildProcess;
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  /** All that was printed so far. */
  readonly lines: string[] = [];
  stderr = "";
  readonly #changed = new Set<() => void>();

  constructor(
    program: object,
    { env = {}, script = "prefork.child.js", sockets = [] }: ProgramOptions = {},
  ) {
    const file = fileURLToPath(new URL(script, import.meta.url));
    const words = [process.execPath, file, JSON.stringify(program)];
    // As systemd does, it says who the descriptors are for.
    const [command = "", ...args] =
      sockets.length === 0
        ? words
        : ["/bin/sh", "-c", 'export LISTEN_PID=$$; exec "$@"', "sh", ...words];
    this.child = spawn(command, args, {
      stdio: ["ignore", "pipe", "pipe", ...sockets],
      env: { ...process.env, LISTEN_FDS: String(sockets.length), ...env },
    });
    running.add(this);
    const { stdout, stderr } = this.child;
    if (stdout === null || stderr === null) throw new Error("no pipes");
    createInterface({ input: stdout }).on("line", (line) => {
      this.lines.push(line);
      this.#tell();
    });
    stderr.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
      this.#tell();
    });
    this.ended = once(this.child, "exit").then(([code, signal]) => ({
      code: code as number | null,
      signal: signal as string | null,
    }));
    void this.ended.then(() => this.#tell());
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Who has said so far that it serves, in order. */
  get serving(): Serving[] {
    return this.lines.flatMap((line) => {
      const found = /^serving (\S+) (\d+) (\d*)$/.exec(line);
      if (found === null) return [];
      const task = found[1] === "null" ? null : Number(found[1]);
      return [{ task, pid: Number(found[2]), port: Number(found[3]) }];
    });
  }

  get port(): number {
    return this.serving[0]?.port ?? 0;
  }

  /** Waits until so many have said that they serve, and the parent knows it of as many. */
  async serves(count: number): Promise<Serving[]> {
    await this.until(() => this.serving.length >= count, `${count} workers that serve`);
    await this.logs(/ is ready/, count);
    return this.serving;
  }

  /** Waits until the log has so many such lines. */
  logs(pattern: RegExp, count = 1): Promise<void> {
    const all = new RegExp(pattern, "g");
    const isThere = () => (this.stderr.match(all)?.length ?? 0) >= count;
    return this.until(isThere, `${count} lines like ${pattern}`);
  }

  /** Waits until such a line was printed. */
  async prints(pattern: RegExp): Promise<RegExpExecArray> {
    const look = () => this.lines.map((line) => pattern.exec(line)).find((match) => match !== null);
    await this.until(() => look() !== undefined, `a line like ${pattern}`);
    const found = look();
    if (found === undefined || found === null) throw new Error("the line has gone");
    return found;
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** The exit code of the parent, once it has ended. */
  async end(): Promise<number | string | null> {
    const { code, signal } = await within(this.ended, "end of the parent", DEADLINE_MS);
    return code ?? signal;
  }

  async until(condition: () => boolean, what: string): Promise<void> {
    const seen = new Promise<void>((resolve) => {
      const look = () => {
        if (!condition()) return;
        this.#changed.delete(look);
        resolve();
      };
      this.#changed.add(look);
      look();
    });
    const message = () => `${what}; it has printed ${this.lines.join(" | ")} ${this.stderr}`;
    await within(seen, what, DEADLINE_MS).catch(() => {
      throw new Error(`waited in vain for ${message()}`);
    });
  }

  /** The processes that it has started, as far as it has said so or the kernel still says. */
  descendants(): number[] {
    const said = /^(?:serving \S+|job \S+|waits \S+|begun|grandchild) (\d+)/gm;
    const pids = [...this.lines.join("\n").matchAll(said)].map(([, pid]) => Number(pid));
    return [...new Set([...pids, ...childrenOf(this.pid)])].filter((pid) => pid !== this.pid);
  }

  #tell(): void {
    for (const look of [...this.#changed]) look();
  }
}

const running = new Set<Prefork>();
const cleanups: (() => unknown)[] = [];

/** Has `cleanup` called after the test. */
export function afterwards(cleanup: () => unknown): void {
  cleanups.push(cleanup);
}

/** A suite that leaves no process behind. */
export function preforkSuite(name: string): Test {
  const t = suite(name);
  const seen: number[] = [];
  t.after.each(async () => {
    for (const cleanup of cleanups.splice(0)) await cleanup();
    for (const program of running) {
      const pids = [program.pid, ...program.descendants()];
      seen.push(...pids);
      // Most tests have ended it; told to stop, it reaps its workers, which nobody else may do soon.
      program.kill("SIGTERM");
      await Promise.race([
        program.ended,
        new Promise((resolve) => setTimeout(resolve, KINDNESS_MS)),
      ]);
      for (const pid of pids) endIfOurs(pid);
      for (const pid of pids) await gone(pid);
    }
    running.clear();
  });
  // Orphans are reaped by the first process of the machine, which may take its time.
  t.after(async () => {
    const endAtMs = performance.now() + DEADLINE_MS;
    while (seen.some((pid) => existsSync(`/proc/${pid}`)) && performance.now() < endAtMs) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  });
  return t;
}

/** Starts a program. */
export function start(program: PreforkProgram = {}): Prefork {
  return new Prefork(program);
}

/** Asks once, by a connection of its own. @returns status and body */
export function ask(
  where: number | { readonly path: string },
  target = "/",
): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const socket = typeof where === "number" ? connect(where, "127.0.0.1") : connect(where.path);
    let text = "";
    socket.setEncoding("latin1").on("data", (data: string) => {
      text += data;
    });
    socket.on("error", reject);
    socket.on("close", () => {
      const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0);
      const body = text.slice(text.indexOf("\r\n\r\n") + 4);
      const length = Number(/^content-length: (\d+)/im.exec(text)?.[1] ?? -1);
      if (status === 0 || length !== body.length)
        reject(new Error(`cut off: ${JSON.stringify(text)}`));
      else resolve({ status, body });
    });
    socket.write(`GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
  });
}

/** Who answers. */
export async function whoAnswers(
  where: number | { readonly path: string },
): Promise<{ readonly task: number | null; readonly pid: number }> {
  const { body } = await within(ask(where), "answer", DEADLINE_MS);
  return JSON.parse(body) as { task: number | null; pid: number };
}

/** Tells whether a process is there and runs. */
export function isAlive(pid: number): boolean {
  try {
    // "pid (name) S …": a zombie has ended.
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return false;
  }
}

/** Waits until a process has ended. */
export async function gone(pid: number): Promise<void> {
  const endAtMs = performance.now() + DEADLINE_MS;
  while (isAlive(pid)) {
    if (performance.now() > endAtMs) throw new Error(`process ${pid} has not ended`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function childrenOf(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1");
    return text.trim() === "" ? [] : text.trim().split(" ").map(Number);
  } catch {
    return [];
  }
}

/** A number may be somebody else's by now: only what runs one of our scripts is ended. */
function endIfOurs(pid: number): void {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, "utf8");
    if (words.includes(".child.js") || words.includes("grandchild")) process.kill(pid, "SIGKILL");
  } catch {
    // It has ended.
  }
}
