/**
 * What the suites of the loop share: a fresh IOLoop for each test, what was logged meanwhile, pipes made of FIFOs, and
 * child processes for what can be seen from outside only (an exit code, a limit of the kernel's).
 */
import { execFileSync, spawn } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { suite } from "uvu";
import { setLogger } from "../../lib/base/log.ts";
import { IOLoop } from "../../lib/index.ts";
import { within } from "../support/rawclient.ts";

const QUIET = { debug() {}, info() {}, warn() {} };

/** What each test of a `loopSuite` finds. */
export interface LoopBench {
  /** Made for this test, closed after it. */
  readonly loop: IOLoop;
  /** What has been logged as an error, the thrown values' messages. */
  readonly errors: readonly string[];
  /** A FIFO, whose open ends are closed after the test. */
  pipe(): Pipe;
}

/** A FIFO of the test's own. Both ends are non-blocking; an end that is closed already is fine to close again. */
export class Pipe {
  readonly path: string;
  readonly reader: number;
  readonly writer: number;
  readonly #open: Set<number>;

  constructor(folder: string, number: number) {
    this.path = path.join(folder, `fifo${number}`);
    execFileSync("mkfifo", [this.path]);
    this.reader = openSync(this.path, constants.O_RDONLY | constants.O_NONBLOCK);
    this.writer = openSync(this.path, constants.O_WRONLY | constants.O_NONBLOCK);
    this.#open = new Set([this.reader, this.writer]);
  }

  send(text = "x"): void {
    writeSync(this.writer, text);
  }

  /** Writes until the kernel takes no more. @returns bytes taken */
  fill(): number {
    const block = Buffer.alloc(4096);
    let bytes = 0;
    try {
      for (;;) bytes += writeSync(this.writer, block);
    } catch {
      return bytes; // EAGAIN
    }
  }

  close(end: "reader" | "writer"): void {
    if (this.#open.delete(this[end])) closeSync(this[end]);
  }
}

/** A suite whose tests are given a bench of their own. */
export interface LoopSuite {
  (title: string, test: (bench: LoopBench) => unknown): void;
  run(): void;
}

/** Makes one. */
export function loopSuite(name: string): LoopSuite {
  const t = suite(name);
  const add = (title: string, test: (bench: LoopBench) => unknown): void => {
    t(title, () => withBench(test));
  };
  return Object.assign(add, { run: () => t.run() });
}

async function withBench(test: (bench: LoopBench) => unknown): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), "landspout-"));
  const loop = new IOLoop();
  const errors: string[] = [];
  const pipes: Pipe[] = [];
  setLogger({
    ...QUIET,
    error: (message, error) =>
      void errors.push(error instanceof Error ? error.message : `${message} ${String(error)}`),
  });
  try {
    await test({
      loop,
      errors,
      pipe() {
        const pipe = new Pipe(folder, pipes.length);
        pipes.push(pipe);
        return pipe;
      },
    });
  } finally {
    loop.close();
    setLogger(null);
    for (const pipe of pipes) {
      pipe.close("reader");
      pipe.close("writer");
    }
    rmSync(folder, { recursive: true });
  }
}

/** What a child process left. */
export interface ChildEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** How a child is run. */
export interface ChildOptions {
  readonly args?: readonly string[];
  /** Options of the shell's ulimit, such as "-n 64". */
  readonly limits?: readonly string[];
}

/** Runs a compiled module (its file name beside `base`) as a process of its own, to its end. */
export function runChild(
  base: string,
  file: string,
  options: ChildOptions = {},
): Promise<ChildEnd> {
  const module = fileURLToPath(new URL(file, base));
  const limits = (options.limits ?? []).map((limit) => `ulimit ${limit}; `).join("");
  const child = spawn(
    "/bin/sh",
    ["-c", `${limits}exec "$@"`, "sh", process.execPath, module, ...(options.args ?? [])],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const ended = new Promise<ChildEnd>((resolve) => {
    child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  return within(ended, `end of ${file} ${options.args?.join(" ") ?? ""}`, 60_000).catch((error) => {
    child.kill("SIGKILL");
    throw new Error(`${error}; stdout: ${stdout}; stderr: ${stderr}`);
  });
}

/** True under AddressSanitizer, whose shadow memory counts against limits of memory. */
export const isSanitized = process.env["LANDSPOUT_SANITIZE"] === "1";
