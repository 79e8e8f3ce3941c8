/**
 * The process of `landspout dev` that runs the app: loads it, serves it on the descriptor it has inherited, tells what it has
 * loaded, and ends when it is told to or when nobody is there any more to tell it.
 */
import { closeSync } from "node:fs";
import { type Landspout, loadApp } from "./appmodule.ts";
import type { ChildMessage, DevTask, StopMessage } from "./devmessages.ts";
import { errorBlock } from "./errorblock.ts";
import { installSourceHooks, type SourceHooks } from "./sourcehooks.ts";
import { addressText } from "./start.ts";
import { say } from "./usage.ts";

/** What is in progress has this long when the app is restarted. */
const GRACE_MS = 300;

const loaded: string[] = [];
let untold: string[] = [];
let lib: Landspout | null = null;

async function main({ file, command, fd }: DevTask): Promise<void> {
  const hooks = installSourceHooks(file, onLoad);
  try {
    const app = await loadApp(file, command.appArgs);
    ({ lib } = app);
    watchPaths(app.lib);
    // Before anybody hears that the app is there, and changes one of them.
    hooks.drain();
    tellFiles();
    const exportsApp = app.target !== null;
    tell({ kind: "loaded", exportsApp, isListening: app.isListening });
    if (app.target === null || fd === null) return;
    app.lib.configureLogging(command.logging);
    const server = new app.lib.HTTPServer(app.target, command.server);
    // It makes a duplicate of its own, which no program inherits that the app starts.
    server.addSocket(fd);
    closeSync(fd);
    tell({ kind: "serving", where: addressText(server) });
  } catch (error) {
    await failed(file, error, hooks);
  } finally {
    hooks.drain();
    tellFiles();
  }
}

async function failed(file: string, error: unknown, hooks: SourceHooks): Promise<void> {
  hooks.drain();
  tellFiles();
  const code = error instanceof Error && "code" in error ? String(error.code) : null;
  // A port that the parent holds for the app is not an error of the app's: it is started again without.
  if (code !== "EADDRINUSE" || task.fd === null) say(errorBlock(file, error, loaded));
  await new Promise((resolve) =>
    process.send?.({ kind: "failed", code } satisfies ChildMessage, resolve),
  );
  process.exit(1);
}

function onLoad(file: string): void {
  loaded.push(file);
  if (untold.length === 0) setImmediate(tellFiles);
  untold.push(file);
}

function tellFiles(): void {
  if (untold.length === 0) return;
  tell({ kind: "files", files: untold });
  untold = [];
}

function watchPaths({ watchedPaths }: Landspout): void {
  const paths = watchedPaths((path) => tell({ kind: "paths", paths: [path] }));
  if (paths.length > 0) tell({ kind: "paths", paths });
}

function tell(message: ChildMessage): void {
  if (process.connected) process.send?.(message);
}

/** Ends what serves, and the process with it. */
function stop(isRestart: boolean): void {
  if (lib === null) process.exit(0);
  // What does not stop by itself is ended by the parent, or by this.
  setTimeout(() => process.exit(0), GRACE_MS * 4).unref();
  void lib.shutdown({ graceMs: GRACE_MS, isRestart });
}

process.on("message", (message: StopMessage) => {
  if (message.kind === "stop") stop(message.isRestart);
});
// An app that has done its work may end.
process.channel?.unref();
process.once("disconnect", () => stop(false));

const task = JSON.parse(process.argv[2] ?? "null") as DevTask;
await main(task);
