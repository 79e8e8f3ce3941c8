/**
 * `landspout dev app.ts`: runs an app in a process of its own, and again whenever a file changes that it has loaded.
 *
 *     dev (this process)                            devchild.ts
 *       bindSockets(8888) ───── descriptor 4 ─────▶   HTTPServer.addSocket(4)
 *       FileWatcher     ◀────── files, paths ──────   import app.ts
 *       a file changes: stop ─────────────────────▶   shutdown; the next one is started when it has ended
 *
 * The listening socket stays here: while the app is being restarted, or is broken, connections wait in the kernel and are
 * answered by the next process. An app that listens by itself gets no socket; it is told from the others by a look at its
 * source, and if that was wrong, by what its process says.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { BoundSocket } from "../net/boundsocket.ts";
import { bindSockets } from "../net/netutil.ts";
import { appFile } from "./appmodule.ts";
import { type ServeCommand, serveCommand } from "./commandoptions.ts";
import type { ChildMessage, DevTask, StopMessage } from "./devmessages.ts";
import { failed } from "./failed.ts";
import { FileWatcher } from "./filewatcher.ts";
import { checkTypeScript } from "./sourcehooks.ts";
import { say } from "./usage.ts";

/** How long an app may take to end before it is killed. */
const STOP_TIMEOUT_MS = 3_000;

/** The number of the listening descriptor in the app's process: behind the standard ones and the channel. */
const SOCKET_FD = 4;

/** Where landspout itself is: its files are not the app's. */
const OURS = fileURLToPath(new URL("../", import.meta.url));

const CHILD = fileURLToPath(new URL("devchild.js", import.meta.url));
const EXPORTS =
  /^\s*export\s+(?:default\b|\{[^}]*\b(?:default|app)\b|(?:const|let|var)\s+app\b)|\bmodule\.exports\b|\bexports\.(?:default|app)\b/m;

export async function dev(args: readonly string[]): Promise<void> {
  const command = serveCommand("dev", args);
  const file = appFile(command.file);
  checkTypeScript(file);
  const supervisor = new DevSupervisor(file, command);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => supervisor.end());
  }
  supervisor.start();
}

class DevSupervisor {
  readonly #file: string;
  readonly #command: ServeCommand;
  readonly #watcher: FileWatcher;
  /** Absent: not bound yet, or the app listens by itself. */
  #socket: BoundSocket | null = null;
  #child: ChildProcess | null = null;
  /** What this run has loaded. */
  #files = new Set<string>();
  /** By the clock of the files. */
  #spawnedAtMs = 0;
  #hasFailed = false;
  #isRestarting = false;
  #isEnding = false;
  /** The app's process is started again as soon as it has ended, with a socket or without one. */
  #retry: "with" | "without" | null = null;

  constructor(file: string, command: ServeCommand) {
    this.#file = file;
    this.#command = command;
    this.#watcher = new FileWatcher(
      (files) => this.#onChange(files),
      (error) =>
        say(`cannot watch for changes: ${error.message}; raise fs.inotify.max_user_watches`),
    );
    this.#watcher.add([file]);
    for (const each of command.watch) this.#watcher.addPath(path.resolve(each));
  }

  /** @throws SystemError EADDRINUSE, …; CodedError ERR_ADDRESS */
  start(): void {
    try {
      if (EXPORTS.test(readFileSync(this.#file, "utf8"))) this.#bind();
    } catch (error) {
      this.#watcher.close();
      throw error;
    }
    this.#spawn();
  }

  /** Ends the app, then this process. */
  end(): void {
    this.#isEnding = true;
    this.#watcher.close();
    this.#stopChild();
  }

  #bind(): void {
    const { unix, port, address } = this.#command;
    const [socket] = unix === null ? bindSockets(port, address) : bindSockets(unix);
    this.#socket = socket ?? null;
  }

  #spawn(): void {
    const fd = this.#socket === null ? null : SOCKET_FD;
    const task: DevTask = { file: this.#file, command: this.#command, fd };
    this.#files = new Set([this.#file]);
    this.#spawnedAtMs = Date.now();
    this.#hasFailed = false;
    this.#retry = null;
    const child = spawn(process.execPath, [...process.execArgv, CHILD, JSON.stringify(task)], {
      stdio: [
        "inherit",
        "inherit",
        "inherit",
        "ipc",
        ...(this.#socket === null ? [] : [this.#socket.fd]),
      ],
      env: { ...process.env, LANDSPOUT_DEBUG: process.env.LANDSPOUT_DEBUG ?? "1" },
    });
    this.#child = child;
    child.on("message", (message) => this.#onMessage(message as ChildMessage));
    child.on("error", (error) => say(`the app's process cannot be started: ${error.message}`));
    child.on("close", (code, signal) => this.#onEnded(code, signal));
  }

  #onMessage(message: ChildMessage): void {
    switch (message.kind) {
      case "files":
        this.#onFiles(message.files);
        break;
      case "paths":
        for (const each of message.paths) this.#watcher.addPath(each);
        break;
      case "loaded":
        this.#onLoaded(message);
        break;
      case "serving":
        say(`${path.basename(this.#file)} serves ${message.where} (Ctrl-C stops)`);
        break;
      case "failed":
        this.#hasFailed = true;
        if (message.code === "EADDRINUSE" && this.#socket !== null) this.#retry = "without";
    }
  }

  #onFiles(files: readonly string[]): void {
    const own = files.filter((file) => !file.startsWith(OURS));
    for (const file of own) this.#files.add(file);
    this.#watcher.add(own);
    const missed = own.filter((file) => changedSince(file, this.#spawnedAtMs));
    if (missed.length > 0) this.#onChange(missed);
  }

  #onLoaded({ exportsApp, isListening }: { exportsApp: boolean; isListening: boolean }): void {
    this.#watcher.keepOnly(this.#files);
    this.#watcher.isEager = false;
    if (exportsApp && this.#socket === null) this.#retry = "with";
    else if (!exportsApp && this.#socket !== null) this.#retry = "without";
    if (this.#retry !== null) this.#stopChild();
    else if (!exportsApp) {
      say(
        `${path.basename(this.#file)} ${isListening ? "listens by itself" : "exports no app: it is run as it is"} (Ctrl-C stops)`,
      );
    }
  }

  #onChange(files: readonly string[]): void {
    if (this.#isEnding || this.#isRestarting) return;
    const [first = ""] = files;
    const more = files.length > 1 ? ` and ${files.length - 1} more` : "";
    say(`${path.relative(process.cwd(), first)}${more} changed: starting again`);
    if (this.#child === null) {
      this.#spawn();
      return;
    }
    this.#isRestarting = true;
    this.#stopChild();
  }

  #onEnded(code: number | null, signal: NodeJS.Signals | null): void {
    this.#child = null;
    if (this.#isEnding) {
      this.#socket?.close();
      process.exit(0);
    }
    if (this.#isRestarting) {
      this.#isRestarting = false;
      this.#spawn();
    } else if (this.#retry !== null) this.#startOtherwise(this.#retry);
    else this.#wait(code, signal);
  }

  /** It was wrong about the socket. */
  #startOtherwise(retry: "with" | "without"): void {
    if (retry === "without") {
      this.#socket?.close();
      this.#socket = null;
    } else {
      try {
        this.#bind();
      } catch (error) {
        this.#watcher.close();
        process.exit(failed(error));
      }
    }
    this.#spawn();
  }

  #wait(code: number | null, signal: NodeJS.Signals | null): void {
    this.#watcher.isEager = true;
    const name = path.basename(this.#file);
    if (this.#hasFailed) say("waiting for a change");
    else if (code === 0) say(`${name} has ended; waiting for a change`);
    else say(`${name} has ended with ${signal ?? `exit code ${code}`}; waiting for a change`);
  }

  #stopChild(): void {
    const child = this.#child;
    if (child === null) {
      if (this.#isEnding) this.#onEnded(0, null);
      return;
    }
    const message: StopMessage = { kind: "stop", isRestart: !this.#isEnding };
    // What goes wrong here is that it has ended by itself.
    if (child.connected) child.send(message, () => {});
    else child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
    child.once("close", () => clearTimeout(timer));
  }
}

/** It was changed while it was being loaded, before it was watched. A time in the future is none of a change. */
function changedSince(file: string, sinceMs: number): boolean {
  const changedMs = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return changedMs > sinceMs && changedMs <= Date.now();
}
