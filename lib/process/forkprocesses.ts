/**
 * forkProcesses: several processes of one program, after tornado.process. Each serves on the sockets that were bound
 * before.
 *
 *     const sockets = bindSockets(8888);
 *     const task = await forkProcesses(0);      // one process per CPU; none of them is this one
 *     const server = new HTTPServer(app);
 *     server.addSockets(sockets);
 *
 * `server.bind(8888); await server.start(0);` is the same in short. The script is executed again, from its first line:
 * what stands before the call runs in the parent, too, and once in each worker. In the parent the promise never settles.
 */
import { availableParallelism } from "node:os";
import { isMainThread } from "node:worker_threads";
import { describe } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";
import { resolve } from "../base/options.ts";
import {
  type PreforkOptions,
  preforkOptions,
  type ResolvedPreforkOptions,
} from "./preforkoptions.ts";
import { becomeSupervisor } from "./role.ts";
import { scriptCommand } from "./scriptcommand.ts";
import { Supervisor } from "./supervisor.ts";
import { joinParent, tellParent } from "./worker.ts";
import { worker } from "./workerenv.ts";
import { askParent, setStatsSurvey } from "./workerstats.ts";

const MOST_PROCESSES = 1024;

let isForked = false;
let supervisor: Supervisor | null = null;

/**
 * Has this program run in several processes, and this one watch them: it starts again those that crash, passes on
 * SIGTERM and SIGINT, replaces them one by one on SIGHUP, and ends when they have: with 0 if all ended with 0 or it was
 * told to stop, with 1 if they cannot be kept alive.
 *
 * @param processCount 1 to 1024; null, 0 or less: one per CPU, as cpuCount() counts them
 * @returns in a worker, the number of its task, 0 to `processCount` - 1; in the parent it never settles
 * @throws CodedError ERR_ARGUMENT_RANGE; ERR_STATE if it was called before, in a worker thread, or if there is no script
 *   to execute again; ERR_UNKNOWN_OPTION, ERR_OPTION_TYPE, ERR_OPTION_RANGE
 */
export async function forkProcesses(
  processCount: number | null = null,
  options: PreforkOptions = {},
): Promise<number> {
  const resolved = resolve("forkProcesses()", preforkOptions, options);
  const count = countOf(processCount);
  if (isForked)
    throw new CodedError(
      "ERR_STATE",
      "forkProcesses() was called before, and may be called once: one set of workers serves all servers of a program",
    );
  isForked = true;
  return fork(count, resolved);
}

/** CPUs that this process may run on: what a process count of 0 stands for. */
export function cpuCount(): number {
  return availableParallelism();
}

/**
 * @internal For start(n) of servers, of which there may be several: goes on in the processes that are to accept.
 *
 * @returns null at once: in this process; a promise: in workers, and it never settles in their parent
 */
export function forkServer(
  processCount: number | null,
  options: PreforkOptions,
): Promise<number> | null {
  const resolved = resolve("start()", preforkOptions, options);
  const count = countOf(processCount);
  if (count === 1 && processCount === 1) return null;
  return fork(count, resolved);
}

function fork(count: number, options: ResolvedPreforkOptions): Promise<number> {
  if (worker !== null) {
    setStatsSurvey(() => askParent((id) => tellParent({ landspout: "askAll", id })));
    joinParent();
    return Promise.resolve(worker.task);
  }
  if (supervisor === null) supervise(count, options);
  else if (supervisor.taskCount !== count) {
    throw new CodedError(
      "ERR_STATE",
      `there are ${supervisor.taskCount} workers already, and ${count} were asked for; all servers of a program have the same`,
    );
  }
  return new Promise(() => {});
}

function supervise(count: number, options: ResolvedPreforkOptions): void {
  if (!isMainThread) throw new CodedError("ERR_STATE", "a worker thread cannot fork processes");
  scriptCommand();
  const made = new Supervisor(count, options);
  supervisor = made;
  becomeSupervisor();
  // What the script binds right behind, for a second server say, is inherited, too.
  setImmediate(() => made.start());
}

function countOf(given: number | null): number {
  if (given === null || (Number.isInteger(given) && given <= 0)) return cpuCount();
  if (Number.isInteger(given) && given <= MOST_PROCESSES) return given;
  throw new CodedError(
    "ERR_ARGUMENT_RANGE",
    `the number of processes is ${describe(given)}; allowed is an integer from 1 to ${MOST_PROCESSES}, or 0 for one per CPU`,
  );
}
