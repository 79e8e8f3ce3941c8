/** jsonText: exactly JSON.stringify, whichever way it takes. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { jsonText } from "../../lib/web/jsontext.ts";

const json = suite("the JSON of an object that is written");

const objects: readonly object[] = [
  {},
  { a: 1 },
  { a: "x" },
  { a: "x", b: "y" },
  { a: "x", b: 1, c: "z" },
  { a: 1, b: "x", c: null, d: "y", e: true, f: false },
  { a: undefined },
  { a: undefined, b: "q", c: undefined, d: 2 },
  { a: '"', b: "\\", c: "\n\u0000\u001f" },
  { a: "\ud800", b: "\udc00", c: "\ud83d\ude00" },
  { a: "é", b: "\u2028\u2029\u007f" },
  { a: Number.NaN, b: Number.POSITIVE_INFINITY, c: -0, d: 1e21, e: 0.1 },
  { a: [1, { b: 2 }], c: { d: "x", e: [] } },
  { a: new Date(0), b: 1 },
  { f() {}, s: Symbol("x"), t: "u" },
  { 'we"ird': 1, 2: 3, 1: "a" },
  { a: `${"a".repeat(50)}\n`, b: "b".repeat(50) },
  { a: { toJSON: (name: string) => `named ${name}` } },
  { toJSON: () => ({ other: 1 }) },
  { a: "", b: "" },
  Object.create(null, { x: { value: "y", enumerable: true } }),
  Object.create({ inherited: 1 }, { own: { value: 1, enumerable: true } }),
];

json("is what JSON.stringify makes of it", () => {
  for (const value of objects) assert.is(jsonText(value), JSON.stringify(value));
});

json("is the same when its names are many and long", () => {
  for (let i = 0; i < 3000; i++) {
    const value = { [`name${i}`]: "x", [`${"n".repeat(80)}${i}`]: i };
    assert.is(jsonText(value), JSON.stringify(value));
  }
});

json("does not take up what was added to Object.prototype", () => {
  Object.defineProperty(Object.prototype, "stray", {
    value: 1,
    enumerable: true,
    configurable: true,
  });
  try {
    assert.is(jsonText({ a: "x" }), '{"a":"x"}');
  } finally {
    Reflect.deleteProperty(Object.prototype, "stray");
  }
});

json("cannot end a script element", () => {
  assert.is(jsonText({ a: "</script>" }), '{"a":"<\\/script>"}');
});

json("is refused for what JSON cannot say, and for arrays and texts", () => {
  assert.throws(() => jsonText({ a: 1n }), /BigInt/);
  const cycle: Record<string, unknown> = {};
  cycle["self"] = cycle;
  assert.throws(() => jsonText(cycle), /circular/);
  assert.throws(() => jsonText([1]), /wrap the array in an object/);
  assert.throws(() => jsonText("x"), /allowed are strings, Uint8Arrays and plain objects/);
});
json("refuses what JSON would make nothing of", () => {
  const values = [
    new Map([["a", 1]]),
    new Set(),
    new Uint16Array(2),
    new ArrayBuffer(2),
    new Date(0),
    Promise.resolve({}),
    { toJSON: () => [1] },
    { toJSON: () => undefined },
  ];
  for (const value of values) {
    assert.throws(
      () => jsonText(value),
      (error: { code?: unknown }) => error.code === "ERR_HTTP_WRITE_TYPE",
    );
  }
  assert.is(jsonText({ toJSON: () => ({ a: 1 }) }), '{"a":1}');
});

json.run();
