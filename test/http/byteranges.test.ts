/** What a Range field selects, and the texts of a multipart/byteranges body. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  contentRange,
  MOST_RANGES,
  multipartBody,
  selectRanges,
} from "../../lib/http/byteranges.ts";

const SIZE = 26;

/** "whole", "unsatisfiable", or the ranges as "start-end" with an exclusive end. */
function selected(field: string, size = SIZE): string {
  const selection = selectRanges(field, size);
  if (selection.kind !== "parts") return selection.kind;
  return selection.parts.map(({ start, end }) => `${start}-${end}`).join(" ");
}

const single = suite("selectRanges of one range");
for (const [field, expected] of [
  ["bytes=0-9", "0-10"],
  ["bytes=1-4", "1-5"],
  ["bytes=0-0", "0-1"],
  ["bytes=25-25", "25-26"],
  ["bytes=25-26", "25-26"],
  ["bytes=25-", "25-26"],
  ["bytes=5-", "5-26"],
  ["bytes=5", "5-26"],
  ["bytes=-1", "25-26"],
  ["bytes=-25", "1-26"],
  ["Bytes = 1-4", "1-5"],
  ["bytes= 1 - 4 ", "1-5"],
  ["bytes=1-99999999999999999999999", "1-26"],
  // All of it.
  ["bytes=0-", "whole"],
  ["bytes=0-25", "whole"],
  ["bytes=0-26", "whole"],
  ["bytes=-26", "whole"],
  ["bytes=-27", "whole"],
  ["bytes=-99999999999999999999999", "whole"],
  // Not satisfiable.
  ["bytes=-0", "unsatisfiable"],
  ["bytes=26-", "unsatisfiable"],
  ["bytes=26", "unsatisfiable"],
  ["bytes=26-30", "unsatisfiable"],
  ["bytes=10-3", "unsatisfiable"],
  ["bytes=99999999999999999999999-", "unsatisfiable"],
  // Not ranges of bytes: ignored.
  ["", "whole"],
  ["bytes", "whole"],
  ["bytes=", "whole"],
  ["bytes=-", "whole"],
  ["bytes=,", "whole"],
  ["items=0-1", "whole"],
  ["bytes=+1-2", "whole"],
  ["bytes=1-+2", "whole"],
  ["bytes=1-2x", "whole"],
  ["bytes=a-b", "whole"],
  ["bytes=1.5-2", "whole"],
  ["bytes=0x1-2", "whole"],
  ["bytes=--5", "whole"],
  ["bytes=1-2-3", "whole"],
  ["bytes=1_0-2", "whole"],
  ["bytes=\u0661-2", "whole"],
] as const) {
  single(`${JSON.stringify(field)} of 26 bytes is ${expected}`, () => {
    assert.is(selected(field), expected);
  });
}
single("of no bytes can be satisfied by none", () => {
  for (const field of ["bytes=0-", "bytes=0-0", "bytes=-1", "bytes=-0"]) {
    assert.is(selected(field, 0), "unsatisfiable");
  }
});
single("of one byte", () => {
  assert.is(selected("bytes=0-0", 1), "whole");
  assert.is(selected("bytes=1-", 1), "unsatisfiable");
  assert.is(selected("bytes=-1", 1), "whole");
});
single("reads a field of 64 KiB in no time", () => {
  assert.is(selected(`bytes=${"1".repeat(65_000)}-`), "unsatisfiable");
  assert.is(selected(`bytes=${" ".repeat(65_000)}x`), "whole");
  assert.is(selected(`bytes=${",".repeat(65_000)}`), "whole");
  assert.is(selected(`bytes=1-2${" ".repeat(65_000)}x`), "whole");
  assert.is(selected(`bytes=1-${" ".repeat(65_000)}x`), "whole");
  assert.is(selected(`bytes=1${" ".repeat(65_000)}-${" ".repeat(9_000)}x`), "whole");
});
single.run();

const several = suite("selectRanges of several ranges");
several("keeps them in the order they were asked for", () => {
  assert.is(selected("bytes=20-21,0-1, 10-11"), "20-22 0-2 10-12");
  assert.is(selected("bytes=0-0,-1"), "0-1 25-26");
  assert.is(selected("bytes=,0-0,,-1,"), "0-1 25-26");
});
several("joins those that overlap, in the place of the first", () => {
  assert.is(selected("bytes=10-15,0-1,14-20"), "10-21 0-2");
  assert.is(selected("bytes=0-9,2-3"), "0-10");
  assert.is(selected("bytes=4-9,0-5"), "0-10");
  assert.is(selected("bytes=1-4,1-4,1-4"), "1-5");
});
several("keeps those apart that only touch", () => {
  assert.is(selected("bytes=0-3,4-7"), "0-4 4-8");
});
several("are all of it if they cover it", () => {
  assert.is(selected("bytes=0-20,10-25"), "whole");
  assert.is(selected("bytes=-5,0-"), "whole");
});
several("drops those that cannot be satisfied", () => {
  assert.is(selected("bytes=0-1,26-30"), "0-2");
  assert.is(selected("bytes=0-1,10-3"), "0-2");
  assert.is(selected("bytes=30-,40-50,-0"), "unsatisfiable");
});
several("is ignored if one of them is none", () => {
  assert.is(selected("bytes=0-1,x"), "whole");
  assert.is(selected("bytes=0-1,5"), "whole");
  assert.is(selected("bytes=0-1,+3-4"), "whole");
});
several("takes MOST_RANGES and ignores a field with one more", () => {
  const field = (count: number) =>
    `bytes=${Array.from({ length: count }, (_, i) => `${i * 2}-${i * 2}`).join(",")}`;
  const under = selectRanges(field(MOST_RANGES - 1), 1000);
  const at = selectRanges(field(MOST_RANGES), 1000);
  assert.is(under.kind === "parts" && under.parts.length, MOST_RANGES - 1);
  assert.is(at.kind === "parts" && at.parts.length, MOST_RANGES);
  assert.is(selectRanges(field(MOST_RANGES + 1), 1000).kind, "whole");
});
several.run();

const multipart = suite("multipartBody");
multipart("puts a head before each part and a boundary behind the last", () => {
  const parts = [
    { start: 0, end: 2 },
    { start: 5, end: 7 },
  ];
  const body = multipartBody(parts, SIZE, "text/plain", "B");
  assert.is(body.contentType, "multipart/byteranges; boundary=B");
  assert.equal(body.heads, [
    "--B\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-1/26\r\n\r\n",
    "\r\n--B\r\nContent-Type: text/plain\r\nContent-Range: bytes 5-6/26\r\n\r\n",
  ]);
  assert.is(body.tail, "\r\n--B--\r\n");
  assert.is(body.bytes, body.heads.join("").length + body.tail.length + 4);
});
multipart("says no type where there is none", () => {
  const [head] = multipartBody([{ start: 0, end: 1 }], 2, null, "B").heads;
  assert.is(head, "--B\r\nContent-Range: bytes 0-0/2\r\n\r\n");
});
multipart("writes offsets of files beyond 4 GiB", () => {
  const start = 2 ** 40;
  assert.is(contentRange({ start, end: start + 1 }, 2 ** 41), `bytes ${start}-${start}/${2 ** 41}`);
});
multipart.run();
