/** The nearest name: what "did you mean" is made of. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { editDistance, nearestName } from "../../lib/base/levenshtein.ts";

const distance = suite("the distance of two texts");

distance("counts insertions, deletions and replacements", () => {
  assert.is(editDistance("", ""), 0);
  assert.is(editDistance("", "abc"), 3);
  assert.is(editDistance("abc", ""), 3);
  assert.is(editDistance("kitten", "sitting"), 3);
  assert.is(editDistance("flaw", "lawn"), 2);
  assert.is(editDistance("same", "same"), 0);
});

distance.run();

const nearest = suite("the nearest name");

nearest("is the one with the fewest changes", () => {
  assert.is(
    nearestName("keepAliveTimeout", ["headTimeoutMs", "keepAliveTimeoutMs"]),
    "keepAliveTimeoutMs",
  );
});

nearest("does not count case, _ and -", () => {
  assert.is(nearestName("max_header_bytes", ["maxBodyBytes", "maxHeaderBytes"]), "maxHeaderBytes");
});

nearest("is null when none is near", () => {
  assert.is(nearestName("xyz", ["keepAliveTimeoutMs", "backlog"]), null);
  assert.is(nearestName("xyz", []), null);
});

nearest("is the first of those equally near", () => {
  assert.is(nearestName("cat", ["bat", "hat"]), "bat");
});

nearest.run();
