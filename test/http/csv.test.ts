/** Comma-separated values. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { parseCSV } from "../../lib/http/csv.ts";
import { cpuMs } from "../support/cputime.ts";

function cells(text: string): (readonly string[])[] {
  return parseCSV(text).map((row) => row.cells);
}

const csv = suite("comma-separated values");

csv("are cells and rows, with any line end, and with or without a last one", () => {
  for (const text of ["a,b\nc,d\n", "a,b\r\nc,d", "a,b\rc,d\r"]) {
    assert.equal(cells(text), [
      ["a", "b"],
      ["c", "d"],
    ]);
  }
});

csv("may have commas, quotes and line ends in quotes", () => {
  assert.equal(cells('"a,b","say ""hi""","x\r\ny"\nz'), [["a,b", 'say "hi"', "x\r\ny"], ["z"]]);
  assert.equal(cells('"","a"'), [["", "a"]]);
  assert.equal(cells('""""'), [['"']]);
});

csv("keep empty cells and empty lines", () => {
  assert.equal(cells("a,,b,\n\n,\n"), [["a", "", "b", ""], [""], ["", ""]]);
  assert.equal(cells("a,"), [["a", ""]]);
  assert.equal(cells(""), []);
});

csv("have the line each row begins on", () => {
  const rows = parseCSV('a\n"b\nb\r\nb"\n\nc');
  assert.equal(
    rows.map((row) => row.line),
    [1, 2, 5, 6],
  );
});

csv("are read somehow when quotes are wrong", () => {
  assert.equal(cells('"a"b,c'), [["ab", "c"]]);
  assert.equal(cells('a"b",c'), [['a"b"', "c"]]);
  assert.equal(cells('"a,b\nc'), [["a,b\nc"]]);
  assert.equal(cells('"'), []);
});

csv("of a megabyte of quotes or commas take no time to speak of", () => {
  const startedMs = cpuMs();
  parseCSV('"'.repeat(1_000_001));
  parseCSV(",".repeat(1_000_000));
  parseCSV('a"'.repeat(500_000));
  assert.ok(cpuMs() - startedMs < 2_000);
});

csv.run();
