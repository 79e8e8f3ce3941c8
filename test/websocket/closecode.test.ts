/** Close codes and the payloads of close frames; and the table of faults. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { CodedError } from "../../lib/base/errors.ts";
import {
  closePayload,
  isCloseCode,
  MOST_REASON_BYTES,
  parseClose,
} from "../../lib/websocket/closecode.ts";
import { webSocketFaults } from "../../lib/websocket/faults.ts";

const t = suite("close codes");

t("are those of RFC 6455 §7.4 and the registry", () => {
  const allowed: number[] = [];
  for (let code = 0; code <= 65_535; code++) if (isCloseCode(code)) allowed.push(code);
  assert.equal(
    allowed.slice(0, 12),
    [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014],
  );
  assert.is(allowed[12], 3000);
  assert.is(allowed.at(-1), 4999);
  assert.is(allowed.length, 12 + 2000);
});

t("and reasons are written and read", () => {
  for (const [code, reason] of [
    [1000, ""],
    [4999, "größe"],
    [3000, "x".repeat(MOST_REASON_BYTES)],
  ] as const) {
    assert.equal(parseClose(closePayload(code, reason)), { code, reason });
  }
  assert.equal(parseClose(closePayload(null, "")), { code: null, reason: "" });
  assert.equal(parseClose(closePayload(null, "why")), { code: 1000, reason: "why" });
});

t("that may not be sent are refused, as are reasons that are too long", () => {
  for (const [code, reason] of [
    [999, ""],
    [1004, ""],
    [1005, ""],
    [1006, ""],
    [1015, ""],
    [2999, ""],
    [5000, ""],
    [1000.5, ""],
    [Number.NaN, ""],
    [1000, "x".repeat(MOST_REASON_BYTES + 1)],
    [1000, "é".repeat(62)],
    [null, "x".repeat(MOST_REASON_BYTES + 1)],
  ] as const) {
    assert.throws(
      () => closePayload(code, reason),
      (error: CodedError) => error.code === "ERR_WEBSOCKET_CLOSE_CODE",
    );
  }
  assert.throws(() => closePayload("1000" as unknown as number, ""), /close code "1000"/);
});

t("that are malformed have the name of their fault", () => {
  for (const [bytes, fault] of [
    ["03", "closePayload"],
    ["03e7", "closeCode"],
    ["03ed", "closeCode"],
    ["ffff", "closeCode"],
    ["03e8ff", "closeReason"],
  ] as const) {
    assert.is(parseClose(Buffer.from(bytes, "hex")), fault);
  }
});

t("of faults may be sent, and their texts fit into a close frame", () => {
  for (const [code, text] of Object.values(webSocketFaults)) {
    assert.ok(isCloseCode(code));
    assert.ok(closePayload(code, text).length <= 125);
  }
});

t.run();
