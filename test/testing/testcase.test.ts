/** AsyncHTTPTestCase and runTestCase(): one object and one server a test, whatever the runner. */
import * as assert from "uvu/assert";
import { type Logger, log, setLogger } from "../../lib/base/log.ts";
import { AsyncHTTPTestCase, runTestCase, type TestRunner } from "../../lib/testing/index.ts";
import { failureOf, makeApp, testingSuite } from "./testingtools.ts";

/** A runner that keeps what it is given. */
class Kept implements TestRunner {
  readonly tests = new Map<string, () => Promise<void>>();
  readonly hooks: string[] = [];
  readonly test = (title: string, run: () => Promise<void>): void => {
    this.tests.set(title, run);
  };
  readonly before = (run: () => Promise<void>): void => {
    this.hooks.push("before");
    this.tests.set("before", run);
  };
  readonly after = (run: () => Promise<void>): void => {
    this.hooks.push("after");
    this.tests.set("after", run);
  };
  async run(title: string): Promise<void> {
    const run = this.tests.get(title);
    if (run === undefined) throw new Error(`no test ${title}: ${[...this.tests.keys()].join()}`);
    await run();
  }
}

const told: string[] = [];
const ports = new Set<number>();

class Base extends AsyncHTTPTestCase {
  override getApp() {
    return makeApp();
  }
  async testHome() {
    const response = await this.fetch("/");
    assert.is(await response.text(), "hello");
    assert.is(this.getUrl("/x"), `${this.getProtocol()}://127.0.0.1:${this.getHttpPort()}/x`);
    ports.add(this.getHttpPort());
  }
}

class Home extends Base {
  count = 0;
  override getHttpServerOptions() {
    return { maxBodyBytes: 4 };
  }
  override async setUp() {
    await super.setUp();
    told.push("setUp");
  }
  override async tearDown() {
    told.push("tearDown");
    await super.tearDown();
  }
  async testInject() {
    assert.is(this.count++, 0);
    assert.is((await this.inject("/")).text(), "hello");
    assert.is((await this.inject({ path: "/mirror", body: "12345" })).statusCode, 413);
    ports.add(this.getHttpPort());
  }
  async testWebSocket() {
    assert.is(this.count++, 0);
    const client = await this.websocketConnect("/echo");
    await client.writeMessage("hi");
    assert.is(await client.readMessage(), "hi"); // and it is left open
  }
  async testFails() {
    throw new Error("as it should");
  }
  testHangs() {
    return new Promise<void>(() => {});
  }
  get testProperty(): never {
    throw new Error("a getter is no test");
  }
  notATest() {
    throw new Error("nor is this");
  }
}

const t = testingSuite("a test case");

t.before.each(() => {
  told.length = 0;
});

t("has a test for each of its methods, inherited ones first", () => {
  const runner = new Kept();
  runTestCase(Home, runner);
  assert.equal(
    [...runner.tests.keys()],
    ["testHome", "testInject", "testWebSocket", "testFails", "testHangs"].map((n) => `Home.${n}`),
  );
  assert.equal(runner.hooks, []);
});

t("runs each with an object and a server of its own", async () => {
  const runner = new Kept();
  runTestCase(Home, runner);
  ports.clear();
  for (const name of ["testHome", "testInject", "testWebSocket"]) await runner.run(`Home.${name}`);
  assert.equal(told, ["setUp", "tearDown", "setUp", "tearDown", "setUp", "tearDown"]);
  assert.is(ports.size, 2);
});

t("is torn down after a test that fails, and after one that does not end", async () => {
  const patient = new Kept();
  runTestCase(Home, patient, { timeoutMs: 60_000 });
  assert.is((await failureOf(patient.run("Home.testFails"))).message, "as it should");
  assert.equal(told, ["setUp", "tearDown"]);
  const runner = new Kept();
  runTestCase(Home, runner, { timeoutMs: 1_500 });
  const late = await failureOf(runner.run("Home.testHangs"));
  assert.is(late.code, "ERR_TEST_TIMEOUT");
  assert.is(late.message, "Home.testHangs did not end within timeoutMs, 1500 ms");
  assert.equal(told, ["setUp", "tearDown", "setUp", "tearDown"]);
});

t("takes its time from the environment, in seconds", async () => {
  process.env.ASYNC_TEST_TIMEOUT = "0.2";
  try {
    const runner = new Kept();
    runTestCase(Home, runner);
    assert.match((await failureOf(runner.run("Home.testHangs"))).message, /timeoutMs, 200 ms$/);
  } finally {
    delete process.env.ASYNC_TEST_TIMEOUT;
  }
});

t("shows what a test has logged only if it fails", async () => {
  class Logging {
    testPasses() {
      log.warn("of the one that passes");
    }
    testFails() {
      log.warn("of the one that fails");
      throw new Error("failed");
    }
  }
  const lines: string[] = [];
  const keeper: Logger = { debug() {}, info() {}, warn: (line) => lines.push(line), error() {} };
  const before = setLogger(keeper);
  try {
    const runner = new Kept();
    runTestCase(Logging, runner);
    await runner.run("Logging.testPasses");
    await failureOf(runner.run("Logging.testFails"));
    assert.equal(lines, ["of the one that fails"]);
    runTestCase(Logging, runner, { trapLog: false });
    await runner.run("Logging.testPasses");
    assert.equal(lines, ["of the one that fails", "of the one that passes"]);
  } finally {
    setLogger(before);
  }
});

t("is set up once if its class says so", async () => {
  class Once {
    static setUpClass() {
      told.push("setUpClass");
    }
    static async tearDownClass() {
      told.push("tearDownClass");
    }
    testIt() {
      told.push("test");
    }
  }
  const runner = new Kept();
  runTestCase(Once, runner);
  assert.equal(runner.hooks, ["before", "after"]);
  for (const title of ["before", "Once.testIt", "after"]) await runner.run(title);
  assert.equal(told, ["setUpClass", "test", "tearDownClass"]);
  assert.throws(
    () => runTestCase(Once, { test: runner.test }),
    /Once has setUpClass\(\), but before is undefined; give the runner's/,
  );
});

t("says what is missing", async () => {
  class Empty {}
  const { test } = new Kept();
  assert.throws(() => runTestCase(Empty, { test }), /Empty has no method whose name begins/);
  assert.throws(() => runTestCase(Home, {} as never), /test is undefined/);
  assert.throws(() => runTestCase({} as never, { test }), /no class of tests/);
  assert.throws(() => runTestCase(Home, { test }, { timeout: 1 } as never), /timeoutMs/);
  assert.throws(() => new Home().getUrl(), /calls super\.setUp\(\)/);
});

t.run();
