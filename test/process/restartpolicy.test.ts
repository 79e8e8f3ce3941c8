/** When workers are started again, and when that is given up. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { RestartPolicy, START_ATTEMPTS, YOUNG_MS } from "../../lib/process/restartpolicy.ts";

const policy = suite("the policy of restarts");

/** Ends of one task's worker, each `readyForMs` after it was ready. @returns the delays; null = given up */
function delays(
  ends: readonly (number | null)[],
  { maxRestarts = 100, windowMs = 0, everyMs = 0 } = {},
): (number | null)[] {
  const made = new RestartPolicy({ maxRestarts, windowMs });
  return ends.map((readyForMs, index) => {
    const decision = made.onEnd({ task: 0, readyForMs }, index * everyMs);
    return decision.kind === "restart" ? decision.delayMs : null;
  });
}

policy("starts a worker that has lived a while again at once, every time", () => {
  assert.equal(delays([YOUNG_MS, YOUNG_MS, YOUNG_MS]), [0, 0, 0]);
});

policy("waits longer and longer for one that dies young, up to 10 s", () => {
  const young = YOUNG_MS - 1;
  const ends = Array.from({ length: 10 }, () => young);
  assert.equal(delays(ends), [0, 100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
  assert.equal(delays([young, young, YOUNG_MS, young, young]), [0, 100, 0, 0, 100]);
});

policy(`gives up one that ends ${START_ATTEMPTS} times in a row before it is ready`, () => {
  assert.equal(delays([null, null, null, null, null]), [0, 100, 200, 400, null]);
  assert.equal(delays([null, null, null, null, YOUNG_MS, null]), [0, 100, 200, 400, 0, 0]);
});

policy("counts these by task", () => {
  const made = new RestartPolicy({ maxRestarts: 100, windowMs: 0 });
  for (let i = 0; i < START_ATTEMPTS - 1; i++) {
    for (const task of [0, 1]) {
      assert.is(made.onEnd({ task, readyForMs: null }, 0).kind, "restart");
    }
  }
  const decision = made.onEnd({ task: 1, readyForMs: null }, 0);
  assert.equal(decision, {
    kind: "give up",
    why: "worker 1 has ended 5 times in a row before it was ready",
  });
});

policy("allows maxRestarts, and not one more", () => {
  assert.equal(delays([1000, 1000, 1000], { maxRestarts: 2 }), [0, 0, null]);
  assert.equal(delays([1000], { maxRestarts: 0 }), [null]);
});

policy("forgets restarts that are older than the window", () => {
  const ends = [1000, 1000, 1000, 1000];
  assert.equal(delays(ends, { maxRestarts: 2, windowMs: 200, everyMs: 100 }), [0, 0, 0, 0]);
  assert.equal(delays(ends, { maxRestarts: 2, windowMs: 201, everyMs: 100 }), [0, 0, null, 0]);
  assert.equal(delays(ends, { maxRestarts: 2, windowMs: 0, everyMs: 1e9 }), [0, 0, null, null]);
});

policy.run();
