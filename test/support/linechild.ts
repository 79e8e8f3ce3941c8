/**
 * A child process that is spoken to by lines: what a suite starts when the thing tested is a process of its own (few
 * descriptors, an inherited socket). The child is a compiled module of this project's tests.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { within } from "./rawclient.ts";

export interface LineChildOptions {
  readonly args?: readonly string[];
  /** Most descriptors it may have open; enough to load the program are about 100. */
  readonly descriptors?: number;
  /** Descriptors of ours that it gets, as its 3, 4 and so on. */
  readonly inherited?: readonly number[];
}

const DEADLINE_MS = 30_000;

export class LineChild {
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #exited: Promise<unknown[]>;

  constructor(module: URL, { args = [], descriptors, inherited = [] }: LineChildOptions = {}) {
    const words = [process.execPath, fileURLToPath(module), ...args];
    const limit = descriptors === undefined ? "" : `ulimit -n ${descriptors}; `;
    this.#process = spawn("/bin/sh", ["-c", `${limit}exec "$@"`, "sh", ...words], {
      stdio: ["pipe", "pipe", "inherit", ...inherited],
    });
    const { stdout } = this.#process;
    if (stdout === null) throw new Error("the child has no output");
    this.#lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
    this.#exited = once(this.#process, "exit");
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** Its next line; rejects after 30 s. */
  async line(): Promise<string> {
    return String((await within(this.#lines.next(), "line of the child", DEADLINE_MS)).value);
  }

  say(line: string): void {
    this.#process.stdin?.write(`${line}\n`);
  }

  signal(name: NodeJS.Signals): void {
    this.#process.kill(name);
  }

  /** Ends its input. @returns its exit code */
  async end(): Promise<unknown> {
    this.#process.stdin?.end();
    return (await within(this.#exited, "end of the child", DEADLINE_MS))[0];
  }

  kill(): void {
    this.#process.kill("SIGKILL");
  }
}
