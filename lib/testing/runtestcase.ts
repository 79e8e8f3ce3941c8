/**
 * runTestCase(): gives the tests of a test case to a runner: node:test, uvu, vitest, or another whose `test` takes a title and
 * an async function.
 *
 *     import { test } from "node:test";                       runTestCase(HomeTest, { test });
 *     import { test } from "vitest";                          runTestCase(HomeTest, { test });
 *     const t = suite("home");                                runTestCase(HomeTest, { test: t }); t.run();
 *
 * For each method whose name begins with "test":  new HomeTest() ─▶ setUp() ─▶ the method ─▶ tearDown()
 */
import { describe } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";
import { boolean, type Input, integer, options, resolve } from "../base/options.ts";
import { captureLog } from "./expectlog.ts";
import { clearTimeout, setTimeout, type Timer } from "./realtime.ts";

/** What the object of one test may have besides its tests; AsyncHTTPTestCase has both. */
export interface TestCase {
  setUp?(): unknown;
  tearDown?(): unknown;
}

/** A class of tests. */
export interface TestCaseClass {
  readonly name: string;
  new (): TestCase | object;
  /** Called once before the tests of the class; needs `before`. */
  setUpClass?(): unknown;
  /** Called once after them; needs `after`. */
  tearDownClass?(): unknown;
}

type Run = () => Promise<void>;

/** Functions of a test runner. */
export interface TestRunner {
  readonly test: (title: string, run: Run) => unknown;
  /** Runs a function before the tests of a file or suite: `before`, `beforeAll`. */
  readonly before?: ((run: Run) => unknown) | undefined;
  /** Runs a function after them: `after`, `afterAll`. */
  readonly after?: ((run: Run) => unknown) | undefined;
}

export const testCaseOptions = options({
  /** Time for a test with its setUp(), in ms, and again for its tearDown(); 0 = the runner's own. null = the environment's ASYNC_TEST_TIMEOUT, in seconds, or 5000. */
  timeoutMs: integer({ default: null, min: 0, max: 3_600_000 }),
  /** What a test logs is shown only if it fails. */
  trapLog: boolean({ default: true }),
});
export type TestCaseOptions = Input<typeof testCaseOptions>;

const DEFAULT_TIMEOUT_MS = 5_000;

/**
 * Registers the tests: the class's own methods, and those that it has inherited, in the order of the code, the oldest class
 * first.
 *
 * @throws CodedError ERR_ARGUMENT_TYPE if there is no such runner, or no test; ERR_UNKNOWN_OPTION, ERR_OPTION_TYPE,
 *   ERR_OPTION_RANGE
 */
export function runTestCase(
  caseClass: TestCaseClass,
  { test, before, after }: TestRunner,
  given: TestCaseOptions = {},
): void {
  const { timeoutMs, trapLog } = resolve("runTestCase()", testCaseOptions, given);
  if (typeof caseClass !== "function") {
    throw new CodedError("ERR_ARGUMENT_TYPE", `${describe(caseClass)} is no class of tests`);
  }
  if (typeof test !== "function") {
    throw new CodedError(
      "ERR_ARGUMENT_TYPE",
      `test is ${describe(test)}; allowed is the runner's function (title, run), as in runTestCase(${caseClass.name}, { test })`,
    );
  }
  const names = testsOf(caseClass);
  if (names.length === 0) {
    throw new CodedError(
      "ERR_ARGUMENT_TYPE",
      `${caseClass.name} has no method whose name begins with "test"`,
    );
  }
  hook(caseClass, "setUpClass", before, "before");
  const limitMs = timeoutMs ?? environmentMs() ?? DEFAULT_TIMEOUT_MS;
  for (const name of names) {
    const title = `${caseClass.name}.${name}`;
    const run = () => runTest(caseClass, name, limitMs);
    test(title, async () => {
      if (trapLog) await captureLog(run);
      else await run();
    });
  }
  hook(caseClass, "tearDownClass", after, "after");
}

function testsOf(caseClass: TestCaseClass): string[] {
  const names = new Set<string>();
  const chain: object[] = [];
  for (
    let prototype: unknown = caseClass.prototype;
    typeof prototype === "object" && prototype !== null && prototype !== Object.prototype;
    prototype = Object.getPrototypeOf(prototype)
  ) {
    chain.unshift(prototype);
  }
  for (const prototype of chain) {
    for (const name of Object.getOwnPropertyNames(prototype)) {
      if (/^test/.test(name) && typeof methodOf(prototype, name) === "function") names.add(name);
    }
  }
  return [...names];
}

/** Without running a getter. */
function methodOf(owner: object, name: string): unknown {
  return Object.getOwnPropertyDescriptor(owner, name)?.value;
}

function hook(
  caseClass: TestCaseClass,
  name: "setUpClass" | "tearDownClass",
  register: ((run: Run) => unknown) | undefined,
  what: string,
): void {
  if (caseClass[name] === undefined) return;
  if (typeof register !== "function") {
    throw new CodedError(
      "ERR_ARGUMENT_TYPE",
      `${caseClass.name} has ${name}(), but ${what} is ${describe(register)}; give the runner's: runTestCase(${caseClass.name}, { test, ${what} })`,
    );
  }
  register(async () => {
    await caseClass[name]?.();
  });
}

/** The test's error counts, whatever becomes of what it leaves behind. */
async function runTest(caseClass: TestCaseClass, name: string, limitMs: number): Promise<void> {
  const title = `${caseClass.name}.${name}`;
  const testCase: TestCase = new caseClass();
  const run = async () => {
    await testCase.setUp?.();
    await (testCase as Record<string, () => unknown>)[name]?.();
  };
  const tearDown = async () => {
    await testCase.tearDown?.();
  };
  try {
    await withinLimit(run, title, limitMs);
  } catch (error) {
    await withinLimit(tearDown, title, limitMs).catch(() => {});
    throw error;
  }
  await withinLimit(tearDown, `tearDown() of ${title}`, limitMs);
}

async function withinLimit(run: Run, title: string, limitMs: number): Promise<void> {
  if (limitMs === 0) return run();
  let timer: Timer | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new CodedError(
      "ERR_TEST_TIMEOUT",
      `${title} did not end within timeoutMs, ${limitMs} ms`,
    );
    timer = setTimeout(() => reject(error), limitMs);
  });
  try {
    await Promise.race([run(), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Tornado's variable, in seconds. */
function environmentMs(): number | null {
  const seconds = Number(process.env.ASYNC_TEST_TIMEOUT ?? "");
  return seconds > 0 && Number.isFinite(seconds) ? Math.ceil(seconds * 1000) : null;
}
