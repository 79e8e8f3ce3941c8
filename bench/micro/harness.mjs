// Times small functions, for the benches of what is marked @hot. A bench is a file beside this one,
// NAME.bench.mjs, run with `node bench/micro/NAME.bench.mjs`; `node bench/micro/all.mjs` runs all.
//
//   import { run } from "./harness.mjs";
//   run("HTTPHeaders.get of a known field", () => headers.get("host"));

const roundMs = 200;
const rounds = 5;

// Results end up here, so that the compiler cannot leave the work out.
let sink;

/**
 * Prints and returns the ns that one call of `work` takes, at the best of some rounds.
 *
 * @param work       what is timed; what it returns is kept, so that its computation is too
 * @param options.operations  operations in one call of `work`, if it loops itself; the result is per operation
 */
export function run(name, work, { operations = 1 } = {}) {
  let calls = 1;
  // Doubled until a round is long enough to time; warms the function up on the way.
  while (timeMs(work, calls) < roundMs / 2) calls *= 2;
  calls = Math.max(1, Math.round((calls * roundMs) / Math.max(timeMs(work, calls), 1)));
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < rounds; i++) best = Math.min(best, timeMs(work, calls));
  const ns = (best * 1e6) / (calls * operations);
  console.log(`${ns.toFixed(1).padStart(10)} ns  ${name}`);
  return ns;
}

function timeMs(work, calls) {
  const startedAt = performance.now();
  for (let i = 0; i < calls; i++) sink = work();
  return performance.now() - startedAt;
}

/** For a result that a bench computes outside of `run`. */
export function keep(value) {
  sink = value;
  return sink;
}
