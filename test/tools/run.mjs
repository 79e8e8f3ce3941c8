// Runs the compiled tests: each file of dist/test in a process of its own, three at a time: some wait more than they work.
// Called by `npm test`, `npm run coverage`, and by asan.mjs and nodes.mjs, which import runTests().
//
//   npm test                     every file
//   npm test -- http/ wheel      files whose path contains one of the words
//   npm test -- --verbose        with the output of the files that pass, too
//
// One process a file, because our tests start servers, workers and children: whatever one of them
// leaves behind cannot reach the next, and a file that hangs or crashes costs itself only. A file
// must end by itself, within a deadline, and leave no process behind. uvu counts the tests.
//
// A few files that fail beside others are run once more, alone, and that counts: two CPUs that three files, their children
// and a browser share can keep a test waiting longer than any deadline is meant for. Both outputs are printed, and the file
// is called unsteady: it is to be mended all the same.

import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
// A file that hangs is told from one that a busy machine keeps waiting: the longest take 20 s on one that is not.
const fileDeadlineMs = 300_000;
const concurrency = 3;
/** More than these are no accident. */
const mostRunAgain = 3;

const running = new Set();

/**
 * Runs the test files and prints one line for each, then `N passed, N failed`.
 *
 * @param given.filters     words; a file runs if its path contains one of them; none = all run
 * @param given.node        the node binary that runs the tests
 * @param given.env         their environment
 * @param given.deadlineMs  longest that one file may take
 * @param given.verbose     print the output of files that pass, too
 * @returns { passed, failed, skipped } in tests
 */
export async function runTests(given = {}) {
  const { filters = [], verbose = false } = given;
  const files = testFiles().filter(
    (file) => filters.length === 0 || filters.some((word) => file.includes(word)),
  );
  const results = new Map();
  const run = async (file) => {
    const result = await runFile(file, given);
    results.set(file, result);
    report(file, result, verbose);
    return result.failed === 0;
  };
  const queue = [...files];
  const failing = [];
  const worker = async () => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      if (!(await run(file))) failing.push(file);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  if (failing.length <= mostRunAgain && failing.length < files.length) {
    for (const file of failing) if (await run(file)) console.log(`UNSTEADY  ${nameOf(file)}`);
  }
  const totals = { passed: 0, failed: 0, skipped: 0 };
  for (const key of Object.keys(totals)) {
    for (const result of results.values()) totals[key] += result[key];
  }
  if (files.length === 0) {
    console.error(`no test file matches ${filters.join(" ") || "dist/test/**/*.test.js"}`);
    totals.failed = 1;
  }
  const skipped = totals.skipped > 0 ? `, ${totals.skipped} skipped` : "";
  console.log(`${totals.passed} passed, ${totals.failed} failed${skipped}`);
  return totals;
}

/** Compiled tests whose source still exists: dist may hold what an older build left. */
function testFiles() {
  const folder = path.join(root, "dist/test");
  if (!existsSync(folder)) throw new Error("dist/test is missing: run `npm run build` first");
  return readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith(".test.js"))
    .filter((name) => existsSync(path.join(root, "test", name.replace(/\.js$/, ".ts"))))
    .sort()
    .map((name) => path.join("dist/test", name));
}

function runFile(
  file,
  { node = process.execPath, env = process.env, deadlineMs = fileDeadlineMs },
) {
  return new Promise((resolve) => {
    const startedAt = performance.now();
    // Detached = leader of a process group of its own: what the test forks dies with it.
    const child = spawn(node, ["--enable-source-maps", file], {
      cwd: root,
      env: { ...env, NO_COLOR: "1" },
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    running.add(child);
    let output = "";
    const problems = [];
    const take = (text) => {
      output += text;
    };
    child.stdout.setEncoding("utf8").on("data", take);
    child.stderr.setEncoding("utf8").on("data", take);
    const deadline = setTimeout(() => {
      problems.push(`did not end within ${deadlineMs / 1000} s`);
      killGroup(child);
    }, deadlineMs);
    child.on("error", (error) => {
      clearTimeout(deadline);
      running.delete(child);
      resolve(result(`${error.stack}\n`, ["could not be started"], startedAt));
    });
    // Before "close": a process left behind holds our pipes, and "close" would wait for it.
    child.on("exit", (code, signal) => {
      clearTimeout(deadline);
      if (signal !== null) problems.push(`ended by ${signal}`);
      else if (code !== 0) problems.push(`exited with ${code}`);
      if (killGroup(child) && signal === null) problems.push("left a process behind");
    });
    child.on("close", () => {
      running.delete(child);
      resolve(result(output, problems, startedAt));
    });
  });
}

/** Counts what uvu printed; a file that broke without a failed test counts as one failure. */
function result(output, problems, startedAt) {
  // uvu colours its numbers when FORCE_COLOR is set.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence starts with one.
  const plain = output.replace(/\x1b\[\d*m/g, "");
  const count = (label) => [...plain.matchAll(new RegExp(`^ {2}${label}: +(\\d+)$`, "gm"))].at(-1);
  const total = count("Total");
  const passed = Number(count("Passed")?.[1] ?? 0);
  const skipped = Number(count("Skipped")?.[1] ?? 0);
  // Not uvu's exit code alone: it is 0 when a before() hook threw and its tests never ran.
  let failed = Number(total?.[1] ?? 0) - passed;
  if (total === undefined) problems.push("printed no totals");
  else if (Number(total[1]) + skipped === 0) problems.push("has no tests");
  if (failed === 0 && problems.length > 0) failed = 1;
  return { passed, failed, skipped, problems, output, ms: performance.now() - startedAt };
}

function nameOf(file) {
  return file.replace(/^dist\//, "").replace(/\.js$/, ".ts");
}

function report(file, { passed, failed, problems, output, ms }, verbose) {
  const seconds = `${(ms / 1000).toFixed(2)} s`;
  const name = nameOf(file);
  if (failed === 0) {
    console.log(`ok    ${name}  ${passed} tests, ${seconds}`);
    if (verbose) console.log(output);
    return;
  }
  const why = problems.length > 0 ? `: ${problems.join(", ")}` : "";
  console.log(`FAIL  ${name}  ${passed} passed, ${failed} failed, ${seconds}${why}`);
  console.log(output);
}

/** Ends every process of the child's group. @returns whether there was one. */
function killGroup(child) {
  if (child.pid === undefined) return false;
  try {
    return process.kill(-child.pid, "SIGKILL");
  } catch {
    return false; // ESRCH: the group is empty, as it should be
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const signal of ["SIGINT", "SIGTERM"]) {
    process.on(signal, () => {
      for (const child of running) killGroup(child);
      process.exit(1);
    });
  }
  const given = process.argv.slice(2);
  const filters = given.filter((word) => !word.startsWith("--"));
  const totals = await runTests({ filters, verbose: given.includes("--verbose") });
  if (totals.failed > 0) process.exitCode = 1;
}
