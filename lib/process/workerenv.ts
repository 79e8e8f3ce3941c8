/**
 * What a worker is told when it is started: its task, and which descriptors it has inherited.
 *
 * The parent writes it into one variable of the environment; the worker reads it once, while this file is imported, and
 * removes it, so that no process that the worker starts takes itself for one. Nothing else happens at import. A worker's
 * descriptors: 0 to 2 are the parent's, 3 is the channel to it, from 4 on those that are inherited, in the order of
 * their keys here.
 */
import { isMainThread } from "node:worker_threads";
import { describe } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";

/** The variable's name. */
export const WORKER_VARIABLE = "LANDSPOUT_WORKER";

/** The number of the first inherited descriptor in a worker. */
export const FIRST_INHERITED_FD = 4;

/** What systemd says to the parent alone. @see sd_notify(3), sd_listen_fds(3) */
const PARENTS_VARIABLES = [
  "NOTIFY_SOCKET",
  "WATCHDOG_USEC",
  "WATCHDOG_PID",
  "LISTEN_FDS",
  "LISTEN_PID",
  "LISTEN_FDNAMES",
] as const;

/** What a worker knows of itself. */
export interface WorkerIdentity {
  /** 0 to tasks - 1. A worker that takes another's place has its number. */
  readonly task: number;
  /** How many workers there are. */
  readonly tasks: number;
  /** The process that started it. */
  readonly parentPid: number;
  /** What the inherited descriptors are, in their order from FIRST_INHERITED_FD on. */
  readonly keys: readonly string[];
}

/** Who this process is; null in one that is no worker. */
export const worker: WorkerIdentity | null = readEnvironment();

/** The environment of a worker: that of this process, and who it is. */
export function workerEnvironment(identity: WorkerIdentity): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    [WORKER_VARIABLE]: JSON.stringify(identity),
  };
  for (const name of PARENTS_VARIABLES) delete env[name];
  return env;
}

function readEnvironment(): WorkerIdentity | null {
  const text = process.env[WORKER_VARIABLE];
  if (text === undefined || !isMainThread) return null;
  delete process.env[WORKER_VARIABLE];
  // Without the channel nobody watches it: the variable was passed on by somebody else.
  if (process.send === undefined) return null;
  return parseIdentity(text);
}

/** @throws CodedError ERR_STATE if it is nothing that a parent has written */
export function parseIdentity(text: string): WorkerIdentity {
  let value: unknown = null;
  try {
    value = JSON.parse(text);
  } catch {
    // Said below.
  }
  if (isIdentity(value)) return value;
  throw new CodedError(
    "ERR_STATE",
    `the variable ${WORKER_VARIABLE} is ${describe(text)}, which only forkProcesses() sets; unset it`,
  );
}

function isIdentity(value: unknown): value is WorkerIdentity {
  if (typeof value !== "object" || value === null) return false;
  const { task, tasks, parentPid, keys } = value as Partial<Record<keyof WorkerIdentity, unknown>>;
  return (
    Number.isInteger(task) &&
    Number.isInteger(tasks) &&
    Number.isInteger(parentPid) &&
    Number(task) >= 0 &&
    Number(task) < Number(tasks) &&
    Array.isArray(keys) &&
    keys.every((key) => typeof key === "string")
  );
}
