/** Which content coding a client gets for what its Accept-Encoding says. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type ContentCoding, negotiateEncoding } from "../../lib/http/acceptencoding.ts";
import { cpuMs } from "../support/cputime.ts";

const all: readonly ContentCoding[] = ["br", "zstd", "gzip"];

/** What the field says, what is offered, what is chosen. */
const table: readonly [string | null, readonly ContentCoding[], ContentCoding | null][] = [
  // No field, an empty one, one that says nothing of use.
  [null, all, null],
  ["", all, null],
  [" ", all, null],
  [",", all, null],
  ["deflate", all, null],
  ["compress, deflate;q=0.5", all, null],
  // One coding.
  ["gzip", all, "gzip"],
  ["GZIP", all, "gzip"],
  ["x-gzip", all, "gzip"],
  ["br", all, "br"],
  ["zstd", all, "zstd"],
  ["gzip", ["br"], null],
  ["gzip", [], null],
  ["gzipped", all, null],
  // Equal wishes: the server's order.
  ["gzip, deflate, br, zstd", all, "br"],
  ["gzip, deflate, br, zstd", ["gzip", "br"], "gzip"],
  ["gzip, deflate, br", ["zstd", "gzip"], "gzip"],
  ["*", all, "br"],
  ["*", ["gzip"], "gzip"],
  ["identity, gzip", all, "gzip"],
  // The higher q-value wins.
  ["br;q=0.5, gzip;q=0.8", all, "gzip"],
  ["br;q=0.5, gzip", all, "gzip"],
  ["br ; q=0.001, gzip; q=0.002", all, "gzip"],
  ["gzip;q=0.5, identity", all, null],
  ["gzip;q=0.5, identity;q=0.4", all, "gzip"],
  ["gzip;q=0.5, identity;q=0.5", all, "gzip"],
  ["gzip;q=0.2, *;q=0.1", all, "gzip"],
  ["gzip;q=0.2, *", all, "br"],
  // Refusals.
  ["gzip;q=0", all, null],
  ["gzip;q=0.0", all, null],
  ["gzip;q=0.000", all, null],
  ["gzip;q=0, br;q=0, zstd;q=0", all, null],
  ["br;q=0, gzip", all, "gzip"],
  ["br;q=0, *", all, "zstd"],
  ["*;q=0", all, null],
  ["*;q=0, gzip", all, "gzip"],
  // Nothing that can be had is acceptable: identity all the same. RFC 9110 §12.5.3
  ["identity;q=0", all, null],
  ["identity;q=0, deflate", all, null],
  ["identity;q=0, *", all, "br"],
  ["identity;q=0, gzip;q=0.1", all, "gzip"],
  ["identity;q=0, *;q=0", all, null],
  // Not as it should be.
  ["gzip;q=x", all, null],
  ["gzip;q=-1", all, null],
  ["gzip;q=", all, "gzip"],
  [";q=1", all, null],
  ["gzip;level=9", all, "gzip"],
];

const t = suite("negotiateEncoding()");
for (const [header, offered, chosen] of table) {
  const shown = header === null ? "no field" : JSON.stringify(header);
  t(`chooses ${chosen ?? "identity"} for ${shown} of ${offered.join(", ") || "none"}`, () => {
    assert.is(negotiateEncoding(header, offered), chosen);
  });
}
t("reads a field of 60 KiB in a moment", () => {
  const startedMs = cpuMs();
  assert.is(negotiateEncoding(`${"x;q=0.5,".repeat(7500)}gzip`, all), "gzip");
  assert.ok(cpuMs() - startedMs < 500);
});
t.run();
