/** The figures of a process without prefork, and what a program may answer in their place. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { setLogger } from "../../lib/base/log.ts";
import { onStatsRequest, supervisorStats } from "../../lib/index.ts";
import { collectStats, type Stats } from "../../lib/process/stats.ts";

const stats = suite("supervisorStats()");

stats.after.each(() => {
  onStatsRequest(collectStats);
  setLogger(null);
});

stats("gives a process without workers its own figures", async () => {
  const { total, workers } = await supervisorStats();
  assert.is(workers.length, 1);
  assert.is(workers[0]?.task, null);
  assert.is(workers[0]?.pid, process.pid);
  assert.type((total["loop"] as Stats)["turns"], "number");
});

stats("gives what the program says, and leaves its metrics out of the sum", async () => {
  onStatsRequest(async () => ({ users: 3, metrics: { open: 1 } }));
  const { total, workers } = await supervisorStats();
  assert.equal(total, { users: 3 });
  assert.equal(workers[0]?.stats, { users: 3, metrics: { open: 1 } });
});

stats("gives none if they cannot be collected, and logs why", async () => {
  const logged: string[] = [];
  const keep = (message: string) => void logged.push(message);
  setLogger({ debug: keep, info: keep, warn: keep, error: keep });
  onStatsRequest(() => {
    throw new Error("not now");
  });
  const { total, workers } = await supervisorStats();
  assert.equal(total, {});
  assert.is(workers[0]?.stats, null);
  assert.equal(logged, ["the figures of this process could not be collected"]);
  assert.throws(() => onStatsRequest(null as never), /takes a function/);
});

stats.run();
