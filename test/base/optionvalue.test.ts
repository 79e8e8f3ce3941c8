/** Values of the options of a program: every type, its limits, lists and ranges. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { CodedError } from "../../lib/base/errors.ts";
import { OptionParser } from "../../lib/base/optionparser.ts";

function refused(code: string, pattern: RegExp, run: () => unknown): void {
  try {
    run();
  } catch (error) {
    assert.instance(error, CodedError);
    assert.is((error as CodedError).code, code);
    assert.match((error as CodedError).message, pattern);
    return;
  }
  assert.unreachable(`nothing was thrown; wanted ${code}`);
}

/** Reads one command line with one option. */
function parsed(definition: object, ...args: string[]): unknown {
  const parser = new OptionParser();
  parser.define("x", definition);
  parser.parseCommandLine(args, { envPrefix: null });
  return parser.get("x");
}

const values = suite("the value of an option");

values("is a number, an integer, a boolean or a text", () => {
  assert.is(parsed({ type: Number }, "--x=-1.5e3"), -1500);
  assert.is(parsed({ type: Number }, "--x", "7"), 7);
  assert.is(parsed({ type: Number }, "--x", "-7"), -7);
  assert.is(parsed({ type: "integer" }, "--x=+7"), 7);
  assert.is(parsed({ type: Boolean }, "--x"), true);
  assert.is(parsed({ type: Boolean, default: true }, "--no-x"), false);
  assert.is(parsed({ type: Boolean, default: true }, "--x=off"), false);
  assert.is(parsed({ type: String }, "--x=a=b c"), "a=b c");
  assert.is(parsed({ type: String }, "--x="), "");
  assert.is(parsed({ short: "p", type: Number }, "-p", "3"), 3);
});

values("is refused when it is of another type", () => {
  for (const text of ["1.5", "1e3", "0x10", "", " ", "one", "9007199254740993"]) {
    refused("ERR_OPTION_TYPE", /^--x is ".*"; allowed is an integer$/, () =>
      parsed({ type: "integer" }, `--x=${text}`),
    );
  }
  for (const text of ["", "Infinity", "NaN", "1,5", "0x10"]) {
    refused("ERR_OPTION_TYPE", /allowed is a number/, () =>
      parsed({ type: Number }, `--x=${text}`),
    );
  }
  refused("ERR_OPTION_TYPE", /^--x is "maybe"; allowed is true or false$/, () =>
    parsed({ type: Boolean }, "--x=maybe"),
  );
});

values("keeps to its limits: at, under, over", () => {
  const port = { type: "integer", min: 0, max: 65_535 } as const;
  assert.is(parsed(port, "--x=0"), 0);
  assert.is(parsed(port, "--x=65535"), 65_535);
  for (const text of ["-1", "65536"]) {
    refused("ERR_OPTION_RANGE", /allowed is an integer from 0 to 65535/, () =>
      parsed(port, `--x=${text}`),
    );
  }
});

values("is one of its choices, with the nearest named", () => {
  const mode = { choices: ["pretty", "json"] };
  assert.is(parsed(mode, "--x=json"), "json");
  refused("ERR_OPTION_RANGE", /allowed is "pretty", "json"; did you mean pretty\?/, () =>
    parsed(mode, "--x=preti"),
  );
});

values("is a list: by commas, ranges, or again", () => {
  assert.equal(parsed({ type: String, multiple: true }, "--x=a,b", "--x=c"), ["a", "b", "c"]);
  assert.equal(
    parsed({ type: "integer", multiple: true }, "--x=1:3,7,-2:-1"),
    [1, 2, 3, 7, -2, -1],
  );
  assert.equal(parsed({ type: Number, multiple: true }, "--x=0.5,2:3"), [0.5, 2, 3]);
  assert.equal(parsed({ type: "integer", multiple: true }, "--x="), []);
  assert.is(
    (parsed({ type: "integer", multiple: true }, "--x=1:65536") as unknown[]).length,
    65_536,
  );
  refused("ERR_OPTION_RANGE", /a range goes upwards and has at most 65536 numbers/, () =>
    parsed({ type: "integer", multiple: true }, "--x=0:65536"),
  );
  refused("ERR_OPTION_RANGE", /a range goes upwards/, () =>
    parsed({ type: "integer", multiple: true }, "--x=5:1"),
  );
  refused("ERR_OPTION_TYPE", /"b"; allowed is an integer/, () =>
    parsed({ type: "integer", multiple: true }, "--x=1,b"),
  );
});

values("is a duration with its unit", () => {
  const duration = { type: "duration" } as const;
  const cases: [string, number][] = [
    ["0", 0],
    ["500ms", 500],
    ["30s", 30_000],
    ["1h30m", 5_400_000],
    ["2 minutes", 120_000],
    ["1 hour 5 seconds", 3_605_000],
    ["1day", 86_400_000],
    ["250milliseconds", 250],
    ["1h 30min", 5_400_000],
    ["1.5s", 1_500],
    ["2d", 172_800_000],
    ["1w", 604_800_000],
  ];
  for (const [text, ms] of cases) assert.is(parsed(duration, `--x=${text}`), ms, text);
  for (const text of ["30", "", "s", "1x", "1h30", "-1s", "1m5q"]) {
    refused("ERR_OPTION_TYPE", /a duration with its unit, as 500ms, 30s or 1h30m/, () =>
      parsed(duration, `--x=${text}`),
    );
  }
});

values("is a date", () => {
  const date = (text: string) => (parsed({ type: Date }, `--x=${text}`) as Date).getTime();
  assert.is(date("2026-01-31"), new Date(2026, 0, 31).getTime());
  assert.is(date("20260131"), new Date(2026, 0, 31).getTime());
  assert.is(date("2026-01-31 12:30"), new Date(2026, 0, 31, 12, 30).getTime());
  assert.is(date("2026-01-31T12:30:05.5Z"), Date.UTC(2026, 0, 31, 12, 30, 5, 500));
  assert.is(date("2026-01-31T12:30+0200"), Date.UTC(2026, 0, 31, 10, 30));
  assert.is(new Date(date("23:59")).getHours(), 23);
  for (const text of ["2026-02-30", "2026-13-01", "2026-1-1", "2026-0131", "25:00", "now", ""]) {
    refused("ERR_OPTION_TYPE", /allowed is a date/, () => date(text));
  }
});

values("is made by a function of the program's", () => {
  refused("ERR_OPTION_TYPE", /^--x is "nowhere": Invalid URL/, () =>
    parsed({ type: (text: string) => new URL(text) }, "--x=nowhere"),
  );
});

values.run();
