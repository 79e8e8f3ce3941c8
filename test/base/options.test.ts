/** Option specs: declaration, defaults, refusals. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { CodedError } from "../../lib/base/errors.ts";
import {
  boolean,
  func,
  type Input,
  integer,
  list,
  oneOf,
  options,
  type Resolved,
  resolve,
  string,
} from "../../lib/base/options.ts";

const spec = options({
  /** Some size. */
  maxBytes: integer({ default: 10, min: 1, max: 100 }),
  pauseMs: integer({ default: null, min: 0, max: 5 }),
  isOpen: boolean({ default: false }),
  path: string({ default: "/", maxLength: 5 }),
  mode: oneOf({ values: ["fast", "safe"], default: "safe" }),
  peers: list({ default: [], of: string({ default: "" }), maxCount: 2 }),
  onEvent: func<(at: number) => void>(),
  now: func<() => number>({ default: () => 7 }),
});

function given(input: unknown): Resolved<typeof spec> {
  return resolve("Thing", spec, input as Input<typeof spec>);
}

function refuses(input: unknown, code: string, message: RegExp): void {
  assert.throws(
    () => given(input),
    (error: unknown) => {
      assert.instance(error, CodedError);
      assert.is((error as CodedError).code, code);
      assert.match((error as CodedError).message, message);
      return true;
    },
  );
}

const resolved = suite("options");

resolved("are their defaults where nothing or undefined was given", () => {
  for (const options of [given(undefined), given({}), given({ maxBytes: undefined })]) {
    assert.is(options.maxBytes, 10);
    assert.is(options.pauseMs, null);
    assert.is(options.isOpen, false);
    assert.is(options.path, "/");
    assert.is(options.mode, "safe");
    assert.equal(options.peers, []);
    assert.is(options.onEvent, null);
    assert.is(options.now(), 7);
  }
});

resolved("are what was given, zero and false and empty included", () => {
  const options = given({ pauseMs: 0, isOpen: true, path: "", mode: "fast", peers: ["a"] });
  assert.is(options.pauseMs, 0);
  assert.is(options.isOpen, true);
  assert.is(options.path, "");
  assert.is(options.mode, "fast");
  assert.equal(options.peers, ["a"]);
});

resolved("cannot be changed", () => {
  assert.throws(() => {
    (given({}) as { maxBytes: number }).maxBytes = 1;
  }, /read only/);
});

resolved("are taken at the limits and refused beyond them", () => {
  assert.is(given({ maxBytes: 1 }).maxBytes, 1);
  assert.is(given({ maxBytes: 100 }).maxBytes, 100);
  refuses({ maxBytes: 0 }, "ERR_OPTION_RANGE", /is 0; allowed is an integer from 1 to 100$/);
  refuses({ maxBytes: 101 }, "ERR_OPTION_RANGE", /"maxBytes" of Thing is 101/);
  refuses({ maxBytes: 1.5 }, "ERR_OPTION_RANGE", /is 1.5/);
  refuses({ maxBytes: Number.NaN }, "ERR_OPTION_RANGE", /is NaN/);
  assert.is(given({ path: "12345" }).path, "12345");
  refuses({ path: "123456" }, "ERR_OPTION_RANGE", /a string of at most 5 characters/);
  assert.is(given({ peers: ["a", "b"] }).peers.length, 2);
  refuses({ peers: ["a", "b", "c"] }, "ERR_OPTION_RANGE", /an array of at most 2, each a string/);
  refuses({ mode: "slow" }, "ERR_OPTION_RANGE", /is "slow"; allowed is "fast", "safe"$/);
});

resolved("of the wrong type are refused", () => {
  refuses({ maxBytes: "10" }, "ERR_OPTION_TYPE", /is "10"; allowed is an integer/);
  refuses({ isOpen: 1 }, "ERR_OPTION_TYPE", /allowed is true or false/);
  refuses({ path: 1 }, "ERR_OPTION_TYPE", /a string/);
  refuses({ mode: 1 }, "ERR_OPTION_TYPE", /is 1/);
  refuses({ peers: "a" }, "ERR_OPTION_TYPE", /an array/);
  refuses({ peers: [undefined] }, "ERR_OPTION_TYPE", /an array of 1/);
  refuses({ onEvent: {} }, "ERR_OPTION_TYPE", /an object; allowed is a function, or null/);
  refuses("all", "ERR_OPTION_TYPE", /the options of Thing are "all"/);
  refuses(null, "ERR_OPTION_TYPE", /are null/);
});

resolved("may be null exactly where that is the default", () => {
  assert.is(given({ pauseMs: null }).pauseMs, null);
  refuses({ maxBytes: null }, "ERR_OPTION_TYPE", /is null/);
});

resolved("of an unknown name are refused with the nearest right one", () => {
  refuses(
    { max_bytes: 1 },
    "ERR_UNKNOWN_OPTION",
    /^Thing has no option "max_bytes"; did you mean "maxBytes"\?$/,
  );
  refuses({ zzzzzzzzzzz: 1 }, "ERR_UNKNOWN_OPTION", /it has maxBytes, pauseMs, /);
  refuses({ toString: 1 }, "ERR_UNKNOWN_OPTION", /no option "toString"/);
});

resolved("are not taken from a prototype", () => {
  assert.is(given(Object.create({ maxBytes: 50 })).maxBytes, 10);
});

resolved("cannot be declared with a default that breaks their own rule", () => {
  assert.throws(
    () => options({ a: integer({ default: 5, min: 0, max: 4 }) }),
    (error: unknown) => error instanceof CodedError && error.code === "ERR_OPTION_RANGE",
  );
});

resolved.run();
