/** expectLog() and captureLog(): what a test expects of the log, and what it keeps from it. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Logger, log, logLevel, setLogger, setLogLevel } from "../../lib/base/log.ts";
import { captureLog, expectLog, inject } from "../../lib/testing/index.ts";
import { failureOf, makeApp } from "./testingtools.ts";

const app = makeApp();

/** What the logger below was given. */
const logged: string[] = [];
const keeper: Logger = {
  debug: (message) => logged.push(`debug ${message}`),
  info: (message) => logged.push(`info ${message}`),
  warn: (message) => logged.push(`warn ${message}`),
  error: (message, error) => logged.push(`error ${message}${error === undefined ? "" : "!"}`),
  access: (level, text, { status }) => logged.push(`access ${level} ${status} ${text.slice(0, 3)}`),
};

function logSuite(name: string) {
  const t = suite(name);
  t.before.each(() => {
    logged.length = 0;
    setLogger(keeper);
    setLogLevel("warn");
  });
  t.after.each(() => {
    // Whatever a test did, the log is what it was.
    assert.is(logLevel(), "warn");
    assert.is(setLogger(null), keeper);
  });
  return t;
}

const t = logSuite("expectLog()");

t("is content when a line matches, and hides it", async () => {
  const { matched, loggedStack, lines, value } = await expectLog(
    /^Uncaught exception GET \/broken/,
    () => inject(app, "/broken"),
  );
  assert.equal([matched, loggedStack, lines.length], [true, true, 1]);
  assert.match(String(lines[0]?.error), "it is broken");
  assert.is(value.statusCode, 500);
  assert.equal(logged, ["access error 500 500"]);
});

t("takes a text as it is, and lines of the access log", async () => {
  const { loggedStack } = await expectLog("403 GET /refused (127.0.0.1): not you", () =>
    expectLog(/^403 GET \/refused \(127\.0\.0\.1\) \d/, () => inject(app, "/refused")),
  );
  assert.is(loggedStack, false);
  assert.equal(logged, []);
});

t("fails when no line matches, and says which there were", async () => {
  const error = await failureOf(
    expectLog(/never/, () => {
      log.warn("something else");
      log.info("not heard");
    }),
  );
  assert.is(error.code, "ERR_TEST_LOG");
  assert.is(error.message, 'no line of the log has /never/; logged was warn "something else"');
  assert.equal(logged, ["warn something else"]);
  assert.match(
    (await failureOf(expectLog("x", () => {}, { level: "info" }))).message,
    /^no line of the log has x at level info; nothing was logged/,
  );
});

t("need not match if it is not required", async () => {
  const { matched, lines, loggedStack } = await expectLog(/never/, () => {}, { required: false });
  assert.equal([matched, loggedStack, lines], [false, false, []]);
});

t("hears the level that it is given, whatever the log's, and no other", async () => {
  const { lines } = await expectLog(
    /word/,
    () => {
      log.info("the word");
      log.warn("the word, louder");
      log.info("other");
      log.debug("the word, whispered");
    },
    { level: "info" },
  );
  assert.equal(
    lines.map(({ message }) => message),
    ["the word"],
  );
  assert.equal(logged, ["warn the word, louder"]);
});

t("is heard by the inner one first", async () => {
  const outer = await expectLog(/line/, async () => {
    const inner = await expectLog(/line 1/, () => {
      log.warn("line 1");
      log.warn("line 2");
    });
    assert.is(inner.lines.length, 1);
  });
  assert.equal(
    outer.lines.map(({ message }) => message),
    ["line 2"],
  );
});

t("may end in another order than it began", async () => {
  let endFirst = () => {};
  const first = expectLog(/first/, () => new Promise<void>((resolve) => (endFirst = resolve)));
  const second = expectLog(/second/, async () => {
    log.warn("first");
    endFirst();
    await first;
    log.warn("first");
    log.warn("second");
  });
  await second;
  assert.equal(logged, ["warn first"]);
});

t("matches with a pattern that remembers where it was", async () => {
  const { lines } = await expectLog(/li?ne/g, () => {
    for (let i = 0; i < 3; i++) log.warn("a line");
  });
  assert.is(lines.length, 3);
});

t("passes on what the function throws", async () => {
  const error = await failureOf(
    expectLog(/never/, () => {
      throw new TypeError("its own");
    }),
  );
  assert.is(error.message, "its own");
});

t("leaves a logger alone that was set meanwhile", async () => {
  const other: Logger = { debug() {}, info() {}, warn() {}, error() {} };
  await expectLog(/x/, () => {
    log.warn("x");
    setLogger(other);
  });
  assert.is(setLogger(keeper), other);
});

t("is harmless as a logger that somebody puts back too late", async () => {
  let old: Logger = keeper;
  const other: Logger = { debug() {}, info() {}, warn() {}, error() {} };
  const { matched } = await expectLog(/early/, () => {
    log.warn("early");
    old = setLogger(other);
  });
  assert.is(matched, true);
  setLogger(old);
  log.warn("late");
  await expectLog("later", () => log.warn("later"));
  assert.equal(logged, []);
  setLogger(keeper);
});

t("refuses what makes no sense", async () => {
  assert.is((await failureOf(expectLog(7 as never, () => {}))).code, "ERR_ARGUMENT_TYPE");
  const fatal = expectLog(/x/, () => {}, { level: "fatal" as never });
  assert.is((await failureOf(fatal)).code, "ERR_OPTION_RANGE");
});

const capture = logSuite("captureLog()");

capture("keeps everything that the log lets through", async () => {
  const { lines, value } = await captureLog(() => {
    log.warn("one");
    log.info("not heard");
    log.error("two", new Error("why"));
    return 7;
  });
  assert.equal(
    lines.map(({ level, message }) => `${level} ${message}`),
    ["warn one", "error two"],
  );
  assert.is(value, 7);
  assert.equal(logged, []);
});

capture("hears more at a level of its own", async () => {
  const { lines } = await captureLog(() => inject(app, "/"), { level: "debug" });
  assert.match(lines.map(({ message }) => message).join("\n"), /^200 GET \/ \(127\.0\.0\.1\)/m);
  assert.equal(logged, []);
});

capture("gives it to the logger if the function throws", async () => {
  const failing = captureLog(async () => {
    log.error("what happened", new Error("why"));
    await inject(app, "/refused");
    log.info("not for the logger");
    throw new Error("failed");
  });
  assert.is((await failureOf(failing)).message, "failed");
  assert.is(logged[0], "error what happened!");
  assert.ok(logged.includes("warn 403 GET /refused (127.0.0.1): not you"), logged.join());
  assert.ok(!logged.some((line) => line.startsWith("info")), logged.join());
});

t.run();
capture.run();
