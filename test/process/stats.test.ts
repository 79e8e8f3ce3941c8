/** Figures of a process: sources, and how those of several processes are added up. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { addStatsSource, collectStats, type Stats, sumStats } from "../../lib/index.ts";

const t = suite("sumStats()");

t("adds leaf by leaf, at any depth, and keeps what only one has", () => {
  const sum = sumStats([
    { requests: 1, errors: { resets: 2 }, only: { here: 5 } },
    { requests: 10, errors: { resets: 20, failures: 3 } },
  ]);
  assert.equal(sum, { requests: 11, errors: { resets: 22, failures: 3 }, only: { here: 5 } });
});

t("adds lists element by element, the shorter one as if it went on with zeros", () => {
  assert.equal(sumStats([{ counts: [1, 2, 3] }, { counts: [10, 20] }]), { counts: [11, 22, 3] });
});

t("takes the greatest of leaves called most… or longest…", () => {
  const list: Stats[] = [
    { longestTurnMs: 3, mostOpen: 7 },
    { longestTurnMs: 9, mostOpen: 1 },
  ];
  assert.equal(sumStats(list), { longestTurnMs: 9, mostOpen: 7 });
});

t("leaves out what is no figure", () => {
  const odd = { a: 1, b: "text", c: null, d: [{ e: 1 }] } as unknown as Stats;
  assert.equal(sumStats([odd]), { a: 1 });
});

t("of nothing is nothing, and changes none of what it was given", () => {
  assert.equal(sumStats([]), {});
  const one = { a: { b: 1 }, c: [1] };
  sumStats([one, one]);
  assert.equal(one, { a: { b: 1 }, c: [1] });
});

t.run();

const collect = suite("collectStats()");

collect("has the loop, the process and every source; sources of one name are added", () => {
  const removers = [
    addStatsSource("things", () => ({ count: 2, of: { red: 1 } })),
    addStatsSource("things", () => ({ count: 3 })),
  ];
  const { loop, process: own, things } = collectStats();
  assert.equal(things, { count: 5, of: { red: 1 } });
  assert.is(typeof (loop as { turns: number }).turns, "number");
  assert.is((own as { count: number }).count, 1);
  assert.ok((own as { residentBytes: number }).residentBytes > 0);
  for (const remove of removers) remove();
  assert.is("things" in collectStats(), false);
});

collect("is plain JSON", () => {
  const stats = collectStats();
  assert.equal(JSON.parse(JSON.stringify(stats)), stats);
});

collect.run();
