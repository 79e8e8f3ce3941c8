/** The log of a program: where it goes, how a line looks, what is in it; each in a process of its own. */
import { execFile, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { HTTPInputError } from "../../lib/base/errors.ts";
import { pinoLogger } from "../../lib/base/logsetup.ts";
import { prettyLine } from "../../lib/base/prettylog.ts";

const folder = mkdtempSync(path.join(tmpdir(), "landspout-log-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));

const library = new URL("../../lib/index.js", import.meta.url).href;
const DEADLINE_MS = 30_000;

/** Runs a program with `landspout` as `lib`. */
async function ran(
  program: string,
  ...args: string[]
): Promise<{ stdout: string; stderr: string }> {
  const text = `const lib = await import(${JSON.stringify(library)}); ${program}`;
  return await promisify(execFile)(
    process.execPath,
    ["--input-type=module", "-e", text, "--", ...args],
    { timeout: DEADLINE_MS },
  );
}

const output = suite("the log of a program");

output("is a line of JSON each where stdout is no terminal, all of it at the end", async () => {
  const { stdout, stderr } = await ran(`
    lib.configureLogging();
    lib.log.debug("not this");
    lib.log.info("started", undefined, { requestId: "r1" });
    lib.log.error("broke", new TypeError("oops", { cause: new Error("why") }));
    lib.log.warn("odd", 5);
    process.exit(0);`);
  const lines = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.is(stderr, "");
  // The one that was under way when the process ended may come last.
  const order = ["started", "broke", "odd"];
  lines.sort((a, b) => order.indexOf(a.msg) - order.indexOf(b.msg));
  assert.equal(
    lines.map(({ level, msg }) => [level, msg]),
    [
      ["info", "started"],
      ["error", "broke"],
      ["warn", "odd"],
    ],
  );
  assert.is(lines[0].requestId, "r1");
  assert.match(lines[0].time, /^\d{4}-\d\d-\d\dT.*Z$/);
  assert.type(lines[0].pid, "number");
  assert.is(lines[1].err.type, "TypeError");
  assert.match(lines[1].err.stack, /oops[\s\S]*caused by[\s\S]*why/i);
  assert.is(lines[2].err, "5");
});

output("goes by the options of the command line", async () => {
  const { stdout } = await ran(
    `lib.parseCommandLine(process.argv.slice(1)); lib.log.info("not this"); lib.log.warn("this");`,
    "--logging=warning",
    "--log-format=pretty",
  );
  assert.match(stdout, /^\[W \d{6} \d\d:\d\d:\d\d\.\d{3}\] this\n$/);
});

output("stays what it was with --logging=none", async () => {
  const { stdout, stderr } = await ran(
    `lib.parseCommandLine(process.argv.slice(1)); lib.log.warn("this");`,
    "--logging=none",
  );
  assert.is(stdout, "");
  assert.match(stderr, / warn this\n$/);
});

output("may be set up again", async () => {
  const file = path.join(folder, "first.log");
  const { stdout } = await ran(`
    lib.configureLogging({ file: ${JSON.stringify(file)} });
    lib.log.info("first");
    lib.configureLogging();
    lib.configureLogging({ level: "warn", format: "pretty" });
    lib.log.info("not this");
    lib.log.warn("second");`);
  assert.match(stdout, /^\[W [^\]]*\] second\n$/);
  assert.is(JSON.parse(readFileSync(file, "utf8")).msg, "first");
});

output("goes to a file, in a folder that is made", async () => {
  const file = path.join(folder, "deep/er/app.log");
  const { stdout } = await ran(
    `lib.parseCommandLine(process.argv.slice(1)); lib.log.info("this");`,
    `--log-file=${file}`,
  );
  assert.is(stdout, "");
  assert.is(JSON.parse(readFileSync(file, "utf8")).msg, "this");
});

output("keeps nobody waiting whose reader has stopped", async () => {
  const program = `const lib = await import(${JSON.stringify(library)});
    lib.configureLogging();
    for (let i = 0; i < 2000; i++) lib.log.info("x".repeat(4096));
    process.send("done");`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit", "ipc"],
    timeout: DEADLINE_MS,
  });
  const message = await new Promise((resolve) => child.once("message", resolve));
  child.kill("SIGKILL");
  assert.is(message, "done");
});

output("writes each response with its parts, and the id of its request", async () => {
  const { stdout } = await ran(`
    lib.configureLogging();
    class Home extends lib.RequestHandler {
      get() { if (this.getArgument("boom", "")) throw new Error("boom"); this.write(this.request.id); }
    }
    const server = new lib.Application([["/", Home]]).listen(0, "127.0.0.1");
    const url = "http://127.0.0.1:" + server.address.port;
    const id = await (await fetch(url + "/?a=1", { headers: { "X-Request-Id": "mine" } })).text();
    await fetch(url + "/?boom=1");
    await fetch(url + "/none");
    lib.log.info("id " + id);
    await server.stop({ graceMs: 0 });`);
  const lines = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const [ok, uncaught, failed, missing, told] = lines;
  assert.is(ok.level, "info");
  assert.equal([ok.status, ok.method, ok.uri, ok.remoteIp], [200, "GET", "/?a=1", "127.0.0.1"]);
  assert.type(ok.ms, "number");
  assert.match(ok.msg, /^200 GET \/\?a=1 \(127\.0\.0\.1\) \d+\.\d\dms$/);
  assert.is(told.msg, `id ${ok.requestId}`);
  assert.match(ok.requestId, /^[0-9a-f-]{36}$/);
  assert.is(uncaught.err.message, "boom");
  assert.is(failed.level, "error");
  assert.is(failed.requestId, uncaught.requestId);
  assert.is.not(failed.requestId, ok.requestId);
  assert.equal([missing.level, missing.status], ["warn", 404]);
});

output.run();

const lines = suite("a line for people");

lines("is Tornado's, and cannot be forged", () => {
  const at = new Date(2026, 0, 31, 12, 0, 5, 25);
  assert.is(
    prettyLine(at, "info", "a\nb\x1b[2J", undefined, false),
    "[I 260131 12:00:05.025] a\\x0ab\\x1b[2J\n",
  );
  assert.is(
    prettyLine(at, "error", "a", undefined, true),
    "\x1b[31m[E 260131 12:00:05.025]\x1b[0m a\n",
  );
  assert.match(
    prettyLine(at, "warn", "a", new Error("b"), false),
    /^\[W .*\] a\n {4}Error: b\n {8}at /,
  );
});

lines.run();

const adapter = suite("a pino of one's own");

adapter("gets errors as err, and of a peer's fault no stack", () => {
  const got: unknown[] = [];
  const take = (...args: unknown[]) => got.push(args);
  const logger = pinoLogger({ debug: take, info: take, warn: take, error: take });
  const error = new Error("e");
  logger.debug("a");
  logger.error("b", error, { requestId: "r" });
  logger.info("c", new HTTPInputError(400, "ERR_HTTP_HOST", "no host"));
  assert.equal(got, [
    [{}, "a"],
    [{ requestId: "r", err: error }, "b"],
    [{ code: "ERR_HTTP_HOST", reason: "no host" }, "c"],
  ]);
});

adapter.run();
