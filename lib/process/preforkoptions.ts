/** The options of forkProcesses() and start(), each with its default, range and unit. */
import { type Input, integer, options, type Resolved } from "../base/options.ts";

const HOUR_MS = 3_600_000;
const MOST_RESTARTS = 1_000_000;

export const preforkOptions = options({
  /** Most restarts of workers within restartWindowMs; one more, and the parent stops the others and ends with exit code 1. */
  maxRestarts: integer({ default: 100, min: 0, max: MOST_RESTARTS }),
  /** How long a restart counts, in ms; 0 = as long as the parent lives. */
  restartWindowMs: integer({ default: HOUR_MS, min: 0, max: 24 * HOUR_MS }),
  /** How long a worker that is told to stop may take for what is in progress, in ms; a second later it is killed. */
  graceMs: integer({ default: 10_000, min: 0, max: HOUR_MS }),
  /** Time from the start of a worker until it accepts connections, in ms; over it, it is killed. 0 = for ever. */
  readyTimeoutMs: integer({ default: 60_000, min: 0, max: HOUR_MS }),
  /** Time after which a worker whose loop does not turn is killed and replaced, in ms; 0 = never. */
  hangTimeoutMs: integer({ default: 30_000, min: 0, max: HOUR_MS }),
});

export type PreforkOptions = Input<typeof preforkOptions>;
export type ResolvedPreforkOptions = Resolved<typeof preforkOptions>;
