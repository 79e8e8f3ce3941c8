// Runs the test suites on an addon built with AddressSanitizer and UBSan: `npm run test:asan`.
// Arguments are filters, as for `npm test`. Expects dist/ to be built.
//
// Node itself is not instrumented, so the sanitizer's runtime is preloaded; it must come before any
// other allocator in the process. ASan writes to files rather than stderr: a finding in a child process
// that a test started and whose stderr nobody reads still fails the run. (UBSan of GCC 12 cannot.)

import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { buildAddon } from "./addon.mjs";
import { runTests } from "./run.mjs";

const slowerDeadlineMs = 300_000;

buildAddon({ sanitize: true });

const compiler = process.env.CXX ?? "g++";
const runtime = (name) =>
  execFileSync(compiler, [`-print-file-name=${name}`], { encoding: "utf8" }).trim();
const reports = mkdtempSync(path.join(os.tmpdir(), "landspout-asan-"));

const totals = await runTests({
  filters: process.argv.slice(2).filter((word) => !word.startsWith("--")),
  verbose: process.argv.includes("--verbose"),
  deadlineMs: slowerDeadlineMs,
  env: {
    ...process.env,
    LANDSPOUT_SANITIZE: "1",
    // libstdc++ beside it: ASan looks for the exception functions at start, and Node has no shared ones.
    LD_PRELOAD: `${runtime("libasan.so")} ${runtime("libstdc++.so")}`,
    ASAN_OPTIONS: [
      // V8 and Node free nothing at exit: LeakSanitizer would report them and not us.
      "detect_leaks=0",
      "halt_on_error=1",
      "detect_stack_use_after_return=1",
      "strict_string_checks=1",
      // V8 has a SIGSEGV handler of its own, for WebAssembly.
      "allow_user_segv_handler=1",
      `log_path=${path.join(reports, "asan")}`,
    ].join(":"),
    UBSAN_OPTIONS: "print_stacktrace=1:halt_on_error=1",
  },
});

const findings = readdirSync(reports);
for (const name of findings) {
  console.log(`\n---- ${name}\n${readFileSync(path.join(reports, name), "utf8")}`);
}
rmSync(reports, { recursive: true });
if (findings.length > 0) console.log(`${findings.length} sanitizer reports`);
if (totals.failed > 0 || findings.length > 0) process.exitCode = 1;
