/**
 * The live picture's data: what the loop of each worker has done in the last second. live.ts sends it to browsers.
 *
 * The framework counts; here two looks a second apart are taken from each other. supervisorStats() has the figures of all
 * workers of a prefork, whichever of them asks, and of the one process otherwise. Nobody looks while nobody watches.
 */
import {
  PeriodicCallback,
  type SupervisorStats,
  supervisorStats,
  TURN_BUCKETS_MS,
} from "landspout";

const EVERY_MS = 1_000;

/** What one worker has done since the look before. */
interface Report {
  readonly worker: number;
  readonly pid: number;
  /** Open now. */
  readonly connections: number;
  readonly requestsPerSecond: number;
  readonly turnsPerSecond: number;
  /** Share of the time that the loop was busy, 0 to 1. */
  readonly busy: number;
  /** How many turns took how long: as many as TURN_BUCKETS_MS, and one more. */
  readonly turns: readonly number[];
}

/** Figures by name. */
type Stats = SupervisorStats["total"];

/** What was seen of a worker. */
interface Look {
  readonly pid: number;
  readonly stats: Stats;
  readonly atMs: number;
}

type Watcher = (data: string) => void;

export class LiveFeed {
  readonly #watchers = new Set<Watcher>();
  readonly #periodic = new PeriodicCallback(() => this.#look(), EVERY_MS);
  #looks: ReadonlyMap<number, Look> = new Map();

  /** Has a function called with a picture, as JSON, once a second. @returns ends it */
  watch(watcher: Watcher): () => void {
    this.#watchers.add(watcher);
    if (this.#watchers.size === 1) {
      this.#looks = new Map();
      this.#periodic.start();
      // What the first picture is compared with.
      void this.#look();
    }
    return () => {
      this.#watchers.delete(watcher);
      if (this.#watchers.size === 0) this.#periodic.stop();
    };
  }

  async #look(): Promise<void> {
    const looks = new Map<number, Look>();
    const reports: Report[] = [];
    const { workers } = await supervisorStats();
    const atMs = performance.now();
    for (const { task, pid, stats } of workers) {
      // It was too busy to answer, or is being replaced.
      if (stats === null) continue;
      const worker = task ?? 0;
      const look: Look = { pid, stats, atMs };
      const before = this.#looks.get(worker);
      looks.set(worker, look);
      if (before?.pid === pid) reports.push(reportOf(worker, before, look));
    }
    this.#looks = looks;
    if (reports.length === 0) return;
    const data = JSON.stringify({ turnLimitsMs: TURN_BUCKETS_MS, workers: reports });
    for (const watcher of this.#watchers) watcher(data);
  }
}

function reportOf(worker: number, before: Look, now: Look): Report {
  const seconds = Math.max(now.atMs - before.atMs, 1) / 1000;
  const grown = (...path: string[]) => numberAt(now.stats, path) - numberAt(before.stats, path);
  const turnsBefore = listAt(before.stats, ["loop", "turnCounts"]);
  const turns = listAt(now.stats, ["loop", "turnCounts"]);
  return {
    worker,
    pid: now.pid,
    connections: numberAt(now.stats, ["servers", "connections", "open"]),
    requestsPerSecond: grown("servers", "requests") / seconds,
    turnsPerSecond: grown("loop", "turns") / seconds,
    busy: grown("loop", "turnsMs") / 1000 / seconds,
    turns: turns.map((count, i) => count - (turnsBefore[i] ?? 0)),
  };
}

function numberAt(stats: Stats, path: readonly string[]): number {
  const value = at(stats, path);
  return typeof value === "number" ? value : 0;
}

function listAt(stats: Stats, path: readonly string[]): readonly number[] {
  const value = at(stats, path);
  return Array.isArray(value) ? value : [];
}

function at(stats: Stats, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, name) => Object(value)[name], stats);
}
