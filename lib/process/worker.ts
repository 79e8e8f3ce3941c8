/**
 * The worker's side of prefork: it tells its parent that it is there and when it accepts connections, answers that its
 * loop turns, stops when it is told to, and when its parent has gone. The last of these from the first moment, at import:
 * a script that waits for something else before it calls start(), or never does, must not outlive its parent either.
 *
 * Its channel to the parent keeps nothing alive: a worker whose script has come to its end ends. SIGTERM stops it, like
 * the parent; SIGINT and SIGHUP do not, for a terminal sends them to all of its processes, and the parent will tell.
 */
import { log } from "../base/log.ts";
import { whenAllAccepting } from "./inheritance.ts";
import { parentMessage, type WorkerMessage } from "./messages.ts";
import { shutdown } from "./shutdown.ts";
import { onSignalOfOurs } from "./signals.ts";
import { worker } from "./workerenv.ts";
import { answerStats, onAllStats } from "./workerstats.ts";

let hasJoined = false;
let isReady = false;

if (worker !== null) watchParent();

/** Begins, once, to listen to the parent. Nothing happens in a process that is no worker. */
export function joinParent(): void {
  if (hasJoined || worker === null) return;
  hasJoined = true;
  process.on("message", onMessage);
  // After the listener, which holds it.
  process.channel?.unref();
  onSignalOfOurs("SIGTERM", () => void shutdown());
  for (const signal of ["SIGINT", "SIGHUP"] as const) onSignalOfOurs(signal, () => {});
  tellParent({ landspout: "hello" });
  // What the script does right behind its `await` comes first.
  whenAllAccepting(() => setImmediate(workerReady));
}

/**
 * Tells the parent that this worker serves. It is told without this once all that the worker has inherited is accepted
 * from; only a worker that leaves some of it alone has to say so itself. Elsewhere, and again: nothing happens.
 */
export function workerReady(): void {
  if (isReady || !hasJoined) return;
  isReady = true;
  tellParent({ landspout: "ready" });
}

/** Says something to the parent, if it is there. */
export function tellParent(message: WorkerMessage): void {
  if (!process.connected) return;
  // The callback takes the error of a parent that is gone, which "disconnect" tells, too.
  process.send?.(message, undefined, undefined, () => {});
}

function watchParent(): void {
  process.on("disconnect", onOrphaned);
  process.channel?.unref();
  if (!process.connected) onOrphaned();
}

function onMessage(value: unknown): void {
  const message = parentMessage(value);
  if (message === null) return;
  if (message.landspout === "ping") tellParent({ landspout: "pong", id: message.id });
  else if (message.landspout === "stop") {
    void shutdown({ graceMs: message.graceMs, isRestart: message.isRestart });
  } else if (message.landspout === "askStats") {
    void answerStats().then((stats) => tellParent({ landspout: "stats", id: message.id, stats }));
  } else onAllStats(message.id, message.workers);
}

function onOrphaned(): void {
  log.warn(`worker ${worker?.task}: the parent has gone; what is in progress is finished`);
  void shutdown();
}
