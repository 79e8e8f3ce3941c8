/**
 * One file of tests under node:test, uvu and, where it is installed, vitest: each in a process of its own, which has to end by
 * itself. The folder has this package as a user's has it.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { within } from "../support/rawclient.ts";
import { resultOf } from "./testingtools.ts";

// dist/test/testing/runners.test.js
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../..");
const DEADLINE_MS = 60_000;

const cases = `
import assert from "node:assert";
import { Application, IOLoop, log, RequestHandler, WebSocketHandler } from "landspout";
import * as testing from "landspout/testing";
const { AsyncHTTPTestCase, expectLog, fakeClock, inject, injectWebSocket, runTestCase, serve } = testing;

class Home extends RequestHandler {
  get() {
    if (this.getArgument("fail", null)) throw new Error("asked to");
    this.write("hello");
  }
}
class Echo extends WebSocketHandler {
  onMessage(message) {
    return this.writeMessage(message);
  }
}
const makeApp = () => new Application([["/", Home], ["/echo", Echo]]);

class HomeTest extends AsyncHTTPTestCase {
  getApp() {
    return makeApp();
  }
  async testFetch() {
    const response = await this.fetch("/");
    assert.equal(await response.text(), "hello");
  }
  async testWebSocket() {
    const client = await this.websocketConnect("/echo");
    await client.writeMessage("one");
    assert.equal(await client.readMessage(), "one");
  }
  async testLog() {
    await expectLog(/Uncaught exception/, () => this.fetch("/?fail=1"));
  }
}

export function register(test, fails) {
  runTestCase(HomeTest, { test });
  test("inject", async () => {
    assert.equal((await inject(makeApp(), "/")).text(), "hello");
    const client = await injectWebSocket(makeApp(), "/echo");
    await client.writeMessage("two");
    assert.equal(await client.readMessage(), "two");
    client.close();
    await client.closed;
  });
  test("serve", async () => {
    const server = await serve(makeApp());
    assert.equal((await server.fetch("/")).status, 200);
    await server.stop();
  });
  test("clock", async () => {
    const clock = fakeClock();
    let called = 0;
    IOLoop.current().callLater(60_000, () => called++);
    await clock.advance(60_000);
    clock.restore();
    assert.equal(called, 1);
  });
  if (fails) {
    class FailingTest {
      testIt() {
        log.warn("logged by the one that fails");
        assert.equal("got", "wanted");
      }
    }
    runTestCase(FailingTest, { test });
  }
}
`;

let folder = "";

const t = suite("a file of tests");

t.before(() => {
  folder = mkdtempSync(path.join(tmpdir(), "landspout-runners-"));
  mkdirSync(path.join(folder, "node_modules"));
  symlinkSync(root, path.join(folder, "node_modules/landspout"));
  for (const name of ["uvu", "vitest"]) {
    const installed = path.join(root, "node_modules", name);
    if (existsSync(installed)) symlinkSync(installed, path.join(folder, "node_modules", name));
  }
  writeFileSync(path.join(folder, "package.json"), '{ "type": "module" }');
  writeFileSync(path.join(folder, "cases.js"), cases);
});
t.after(() => rmSync(folder, { recursive: true }));

/** Runs a file that registers the tests with a runner. @param words of node's command line, with the file's name at the end */
async function run(file: string, source: string, words: readonly string[] = []) {
  writeFileSync(path.join(folder, file), source);
  // NODE_V8_COVERAGE and the like are this process's; a parent runner's context would change what node:test prints.
  const env: NodeJS.ProcessEnv = { ...process.env, NO_COLOR: "1" };
  delete env.NODE_TEST_CONTEXT;
  delete env.FORCE_COLOR;
  const child = spawn(process.execPath, [...words, file], { cwd: folder, env, stdio: "pipe" });
  try {
    return await within(resultOf(child), `end of ${file}`, DEADLINE_MS);
  } finally {
    child.kill("SIGKILL");
  }
}

const titles = [
  "HomeTest.testFetch",
  "HomeTest.testWebSocket",
  "HomeTest.testLog",
  "inject",
  "serve",
  "clock",
];

const byNode = (fails: boolean) =>
  `import { test } from "node:test";\nimport { register } from "./cases.js";\nregister(test, ${fails});\n`;
const byUvu = (fails: boolean) =>
  `import { suite } from "uvu";\nimport { register } from "./cases.js";\nconst t = suite("it");\nregister(t, ${fails});\nt.run();\n`;
const byVitest = (fails: boolean) =>
  `import { test } from "vitest";\nimport { register } from "./cases.js";\nregister(test, ${fails});\n`;

t("runs under node:test, alone and by its command", async () => {
  for (const words of [[], ["--test"]]) {
    const { code, output } = await run("node.test.js", byNode(false), words);
    assert.is(code, 0, output);
    assert.match(output, /^. pass 6$/m);
    for (const title of titles) assert.ok(output.includes(title), title);
    assert.ok(!output.includes("Uncaught exception"), output);
  }
});

t("fails under node:test with what it has logged", async () => {
  const { code, output } = await run("failing.test.js", byNode(true));
  assert.is(code, 1, output);
  assert.match(output, /warn logged by the one that fails/);
  assert.match(output, /^. fail 1$/m);
});

t("runs under uvu", async () => {
  const { code, output } = await run("uvu.test.js", byUvu(false));
  assert.is(code, 0, output);
  assert.match(output, /Passed: +6$/m);
});

t("fails under uvu with what it has logged", async () => {
  const { code, output } = await run("uvufails.test.js", byUvu(true));
  assert.is(code, 1, output);
  assert.match(output, /warn logged by the one that fails/);
  assert.match(output, /FailingTest\.testIt/);
});

const vitest = path.join(root, "node_modules/vitest/vitest.mjs");
const ifInstalled = existsSync(vitest) ? t : t.skip;

ifInstalled("runs under vitest", async () => {
  const { code, output } = await run("vitest.test.js", byVitest(false), [vitest, "run"]);
  assert.is(code, 0, output);
  assert.match(output, /Tests +6 passed/);
});

ifInstalled("fails under vitest with what it has logged", async () => {
  const { code, output } = await run("vitestfails.test.js", byVitest(true), [vitest, "run"]);
  assert.is(code, 1, output);
  assert.match(output, /logged by the one that fails/);
  assert.match(output, /Tests +1 failed \| 6 passed/);
});

t.run();
