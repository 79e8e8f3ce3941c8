/**
 * Projects in temporary folders, and the real command run in them, for the tests of lib/cli.
 *
 * A project's node_modules has links to this package and to what it needs. Every wait is bounded; cleanUp() ends and removes
 * whatever a failed test has left behind.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { within } from "../support/rawclient.ts";

// dist/test/cli
export const root = fileURLToPath(new URL("../../../", import.meta.url));
const command = path.join(root, "lib/cli/landspout.cjs");

const DEADLINE_MS = 30_000;

/** How a run ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

const folders: string[] = [];
const running = new Set<Run>();

/** How a command is run. */
export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Of Node.js, before the command. */
  readonly execArgv?: readonly string[];
  /** A command that is to run it. */
  readonly before?: readonly string[];
  /** Default: the project's folder. */
  readonly cwd?: string;
}

/** The folder of a project. */
export class Project {
  readonly folder: string;

  /** @param packages besides landspout, of ours */
  constructor(files: Readonly<Record<string, string>>, packages: readonly string[] = []) {
    this.folder = mkdtempSync(path.join(tmpdir(), "landspout-cli-"));
    folders.push(this.folder);
    this.link("landspout", root);
    for (const name of packages) this.link(name, path.join(root, "node_modules", name));
    if (!("package.json" in files)) this.write("package.json", '{ "type": "module" }');
    for (const [name, text] of Object.entries(files)) this.write(name, text);
  }

  write(name: string, text: string): void {
    const file = path.join(this.folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  link(name: string, target: string): void {
    const link = path.join(this.folder, "node_modules", name);
    mkdirSync(path.dirname(link), { recursive: true });
    symlinkSync(target, link);
  }

  /** Runs the command to its end. */
  async ran(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
    return await this.start(args, options).ended();
  }

  /** Runs the command. */
  start(
    args: readonly string[],
    { env = {}, execArgv = [], before = [], cwd }: RunOptions = {},
  ): Run {
    const words = [...before, process.execPath, ...execArgv, command, ...args];
    return new Run(cwd ?? this.folder, words, env);
  }
}

/** A command that runs. */
export class Run {
  readonly child: ChildProcess;
  #stdout = "";
  #stderr = "";
  /** How far waitFor() has come. */
  #seen = 0;
  readonly #closed: Promise<Ended>;
  readonly #listeners = new Set<() => void>();

  constructor(cwd: string, words: readonly string[], env: Readonly<Record<string, string>>) {
    const [program = "", ...args] = words;
    const inherited = Object.entries(process.env).filter(
      ([name]) => !/^(LANDSPOUT_|npm_)/.test(name),
    );
    this.child = spawn(program, args, {
      cwd,
      env: { ...Object.fromEntries(inherited), ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    running.add(this);
    const take = (text: string, isError: boolean) => {
      if (isError) this.#stderr += text;
      else this.#stdout += text;
      for (const listener of this.#listeners) listener();
    };
    this.child.stdout?.setEncoding("utf8").on("data", (text: string) => take(text, false));
    this.child.stderr?.setEncoding("utf8").on("data", (text: string) => take(text, true));
    this.#closed = once(this.child, "close").then(([code, signal]) => {
      running.delete(this);
      for (const listener of this.#listeners) listener();
      return { code, signal, stdout: this.#stdout, stderr: this.#stderr } as Ended;
    });
  }

  get output(): string {
    return `${this.#stdout}${this.#stderr}`;
  }

  /** Waits until stderr has this, behind what was waited for before. */
  async waitFor(pattern: RegExp): Promise<RegExpExecArray> {
    const found = new Promise<RegExpExecArray>((resolve, reject) => {
      const look = () => {
        const match = pattern.exec(this.#stderr.slice(this.#seen));
        if (match !== null) {
          this.#seen += match.index + match[0].length;
          this.#listeners.delete(look);
          resolve(match);
        } else if (this.child.exitCode !== null || this.child.signalCode !== null) {
          reject(new Error(`it ended without ${pattern}: ${this.output}`));
        }
      };
      this.#listeners.add(look);
      look();
    });
    try {
      return await within(found, String(pattern), DEADLINE_MS);
    } catch (error) {
      throw new Error(`${error instanceof Error ? error.message : error}; it said: ${this.output}`);
    }
  }

  /** Waits until stdout has this. */
  async waitForOutput(pattern: RegExp): Promise<RegExpExecArray> {
    const found = new Promise<RegExpExecArray>((resolve) => {
      const look = () => {
        const match = pattern.exec(this.#stdout);
        if (match !== null) resolve(match);
      };
      this.#listeners.add(look);
      look();
    });
    try {
      return await within(found, String(pattern), DEADLINE_MS);
    } catch (error) {
      throw new Error(`${error instanceof Error ? error.message : error}; it said: ${this.output}`);
    }
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  ended(): Promise<Ended> {
    return within(this.#closed, "end of the command", DEADLINE_MS * 2);
  }
}

/** Waits until `landspout dev` serves the app. */
export async function devServed(run: Run): Promise<{ url: string }> {
  const [, url = ""] = await run.waitFor(/serves (http:\/\/\S+:\d+\/) \(Ctrl-C stops\)\n/);
  return { url };
}

/** An app for it. */
export const devFiles = {
  "app.ts": `import { Application, RequestHandler } from "landspout";
import { word } from "./word.ts";
class Home extends RequestHandler {
  get() { this.write(word + " " + process.pid + " " + this.settings.debug); }
}
export default new Application([["/", Home]]);
`,
  "word.ts": 'export const word: string = "one";\n',
} as const;

/** The text of an answer. The connection is not kept. */
export async function textOf(url: string): Promise<string> {
  const response = await fetch(url, {
    headers: { Connection: "close" },
    signal: AbortSignal.timeout(DEADLINE_MS),
  });
  return await response.text();
}

/**
 * Asks until the answer is what is awaited. Meanwhile another process may answer, or the one that answers may end; but nobody
 * is ever refused.
 */
export async function answersSoon(url: string, awaited: RegExp): Promise<void> {
  const deadlineMs = performance.now() + DEADLINE_MS;
  for (;;) {
    const text = await textOf(url).catch((error: unknown) => {
      const { cause } = error as { cause?: { code?: string } };
      if (cause?.code === "ECONNREFUSED") throw error;
      return "";
    });
    if (awaited.test(text)) return;
    if (performance.now() > deadlineMs) throw new Error(`${url} still answers ${text}`);
  }
}

/** Waits until a process is no more: no orphan has stayed. */
export async function gone(pid: number): Promise<void> {
  const deadlineMs = performance.now() + DEADLINE_MS;
  while (exists(pid)) {
    if (performance.now() > deadlineMs) throw new Error(`process ${pid} is still there`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Ends what still runs, and removes the folders. */
export async function cleanUp(): Promise<void> {
  for (const run of [...running]) {
    run.kill("SIGKILL");
    await run.ended();
  }
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  // esbuild's own process ends when it notices that its parent has.
  const deadlineMs = performance.now() + DEADLINE_MS;
  while (esbuildRuns() && performance.now() < deadlineMs) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Whether there is an esbuild in the process group of this test. */
function esbuildRuns(): boolean {
  const own = groupOf("self").group;
  return readdirSync("/proc").some((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    const { name, group } = groupOf(pid);
    return name === "esbuild" && group === own;
  });
}

function groupOf(pid: string): { name: string; group: string } {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [, name = "", rest = ""] = /\((.*)\) (.*)/s.exec(stat) ?? [];
    return { name, group: rest.split(" ")[2] ?? "" };
  } catch {
    return { name: "", group: "" };
  }
}
