/**
 * Figures of this process as plain numbers: what loop and servers count, put together for a page of metrics or the parent
 * of prefork, which adds up those of its workers.
 *
 *     addStatsSource("servers", () => server.stats());
 *     collectStats()                       // { loop: { turns: … }, servers: { requests: … } }
 *     sumStats([collectStats(), others])   // leaf by leaf
 *
 * Who counts is not known here: a source says what its figures are called. Sources of one name are added up.
 */
import { IOLoop } from "../loop/ioloop.ts";

/** Figures by name; nested, as a source likes. A histogram is a list of counts. */
export type Stats = { readonly [name: string]: number | readonly number[] | Stats };

type Leaf = Stats[string];

const MICROSECONDS_A_MS = 1_000;

const sources = new Map<() => Stats, string>();

/** Leaves with such a name are not sums: of several the greatest is taken. */
const GREATEST = /^(most|longest)/;

/** Adds a source of figures. @returns takes it away */
export function addStatsSource(name: string, source: () => Stats): () => void {
  // A function of its own, so that one source may be added twice and taken away once.
  const added = () => source();
  sources.set(added, name);
  return () => void sources.delete(added);
}

/** The figures of this process: of its loop as "loop", of itself as "process", and of each source under its name. */
export function collectStats(): Stats {
  const parts: Stats[] = [{ loop: IOLoop.current().stats(), process: processStats() }];
  for (const [source, name] of sources) parts.push({ [name]: source() });
  return sumStats(parts);
}

/**
 * Adds figures up, leaf by leaf, lists element by element; of leaves called "most…" or "longest…" it takes the greatest.
 * What is no number, list of numbers or object of these is left out.
 */
export function sumStats(list: readonly Stats[]): Stats {
  const sum: Record<string, Leaf> = {};
  for (const stats of list) {
    for (const [name, value] of Object.entries(stats)) {
      const added = sumOf(name, sum[name], value);
      if (added !== null) sum[name] = added;
    }
  }
  return sum;
}

function processStats(): Stats {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed, external } = process.memoryUsage();
  return {
    /** So that a sum says of how many it is. */
    count: 1,
    cpuUserMs: user / MICROSECONDS_A_MS,
    cpuSystemMs: system / MICROSECONDS_A_MS,
    residentBytes: rss,
    heapUsedBytes: heapUsed,
    externalBytes: external,
  };
}

function sumOf(name: string, before: Leaf | undefined, value: Leaf): Leaf | null {
  if (typeof value === "number") {
    const known = typeof before === "number" ? before : 0;
    return GREATEST.test(name) ? Math.max(known, value) : known + value;
  }
  if (Array.isArray(value)) return sumOfLists(Array.isArray(before) ? before : [], value);
  if (typeof value !== "object" || value === null) return null;
  const isTree = typeof before === "object" && !Array.isArray(before);
  return sumStats(isTree ? [before as Stats, value as Stats] : [value as Stats]);
}

function sumOfLists(before: readonly number[], list: readonly unknown[]): readonly number[] | null {
  if (!list.every((item) => typeof item === "number")) return null;
  const numbers = list as readonly number[];
  const longer = before.length > numbers.length ? before : numbers;
  return longer.map((_, index) => (before[index] ?? 0) + (numbers[index] ?? 0));
}
