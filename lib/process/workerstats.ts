/**
 * The figures of all workers: the parent asks each, and any worker may ask the parent, so that a page of metrics shows
 * all of them, whichever worker answers it.
 *
 *     const { total, workers } = await supervisorStats();
 *
 *     worker 1: supervisorStats() ── askAll ──▶ parent ── askStats ──▶ worker 0, worker 1
 *                     ◀── allStats ──────────────┘ ◀──── stats ────────────┘
 */
import { CodedError } from "../base/errors.ts";
import { log } from "../base/log.ts";
import { collectStats, type Stats, sumStats } from "./stats.ts";

/** The figures of one process. */
export interface WorkerStats {
  /** null: this process, which is no worker. */
  readonly task: number | null;
  readonly pid: number;
  /** null: it has not answered in time. */
  readonly stats: Stats | null;
}

/** The figures of all. */
export interface SupervisorStats {
  /** Of all that have answered, leaf by leaf. @see sumStats */
  readonly total: Stats;
  readonly workers: readonly WorkerStats[];
}

/** Where the figures of all workers come from, in a parent and in a worker. */
export type StatsSurvey = () => Promise<readonly WorkerStats[]>;

/** How long a worker waits for its parent, in ms: longer than the parent waits for the workers. */
const PARENT_TIMEOUT_MS = 2_000;

let collect: () => Stats | Promise<Stats> = collectStats;
let survey: StatsSurvey | null = null;
let nextId = 0;
/** Who waits for what was asked of the parent. */
const asked = new Map<number, (workers: unknown) => void>();

/**
 * Says what a worker answers that is asked for its figures; collectStats() until then.
 *
 * @param given may be async; what it throws is logged, and nothing is answered. JSON
 */
export function onStatsRequest(given: () => Stats | Promise<Stats>): void {
  if (typeof given !== "function") {
    throw new CodedError("ERR_ARGUMENT_TYPE", "onStatsRequest() takes a function");
  }
  collect = given;
}

/**
 * The figures of all workers and their sum, in the parent as in any worker; in a process without prefork, its own.
 *
 * @returns after 2 s at the latest; workers that have not answered have `stats: null`
 */
export async function supervisorStats(): Promise<SupervisorStats> {
  const workers =
    survey === null
      ? [{ task: null, pid: process.pid, stats: await answerStats() }]
      : await survey();
  const answered = workers.flatMap(({ stats }) => (stats === null ? [] : [stats]));
  return { total: sumStats(answered.map(withoutMetrics)), workers };
}

/** @internal Says where the figures of all come from. */
export function setStatsSurvey(given: StatsSurvey): void {
  survey = given;
}

/** @internal The figures of this process; null if they could not be had. */
export async function answerStats(): Promise<Stats | null> {
  try {
    return await collect();
  } catch (error) {
    log.error("the figures of this process could not be collected", error);
    return null;
  }
}

/** @internal In a worker: asks the parent, by `ask`. */
export function askParent(ask: (id: number) => void): Promise<readonly WorkerStats[]> {
  const id = nextId++;
  return new Promise((resolve) => {
    const end = (workers: unknown) => {
      clearTimeout(timer);
      asked.delete(id);
      resolve(workerStatsOf(workers));
    };
    const timer = setTimeout(() => end([]), PARENT_TIMEOUT_MS);
    asked.set(id, end);
    ask(id);
  });
}

/** @internal In a worker: the parent has answered. */
export function onAllStats(id: number, workers: unknown): void {
  asked.get(id)?.(workers);
}

/** @internal What a worker has answered, if it has the shape of it. */
export function statsOf(value: unknown): Stats | null {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Stats)
    : null;
}

function workerStatsOf(value: unknown): WorkerStats[] {
  if (!Array.isArray(value)) return [];
  return value.map((one: Partial<WorkerStats> | null) => ({
    task: Number(one?.task),
    pid: Number(one?.pid),
    stats: statsOf(one?.stats),
  }));
}

/** What the program's own metrics are cannot be added up here. */
function withoutMetrics({ metrics: _metrics, ...stats }: Stats): Stats {
  return stats;
}
