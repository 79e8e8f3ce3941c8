/** The options of a program: definitions, sources and their order, values, help, errors. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { CodedError } from "../../lib/base/errors.ts";
import { OptionParser } from "../../lib/base/optionparser.ts";

const folder = mkdtempSync(path.join(tmpdir(), "landspout-options-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));

function file(name: string, text: string): string {
  const full = path.join(folder, name);
  writeFileSync(full, text);
  return full;
}

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

const definitions = suite("an option of a program");

definitions("has the type of its definition, also for the compiler", () => {
  const parser = new OptionParser();
  const options = parser.defineOptions({
    port: { default: 8888 },
    host: { type: String },
    hosts: { type: String, multiple: true },
    since: { type: Date },
    debug: { type: Boolean, default: false },
    mode: { choices: ["fast", "safe"], default: "safe" },
    url: { type: (text: string) => new URL(text), default: new URL("http://a/") },
    graceMs: { type: "duration", default: 500 },
  });
  parser.parseCommandLine(
    ["--port=1", "--since=2026-01-31", "--url=http://b/", "--grace-ms=1m30s"],
    {
      envPrefix: null,
    },
  );
  const port: number = options.port;
  const host: string | null = options.host;
  const hosts: readonly string[] = options.hosts;
  const since: Date | null = options.since;
  const debug: boolean = options.debug;
  const mode: "fast" | "safe" = options.mode;
  const url: URL = options.url;
  const graceMs: number = options.graceMs;
  assert.equal([port, host, hosts, debug, mode, graceMs], [1, null, [], false, "safe", 90_000]);
  assert.is(since?.getFullYear(), 2026);
  assert.is(url.hostname, "b");
});

definitions("is read by what define() returns", () => {
  const parser = new OptionParser();
  const port = parser.define("port", { type: Number, default: 1 });
  assert.is(port.value, 1);
  parser.set("port", 2);
  const value: number = port.value;
  assert.is(value, 2);
});

definitions("is set by assignment, and judged", () => {
  const parser = new OptionParser();
  const options = parser.defineOptions({ port: { type: "integer", default: 1, max: 9 } });
  options.port = 5;
  assert.is(options.port, 5);
  refused("ERR_OPTION_RANGE", /option "port" is 10; allowed is an integer up to 9/, () => {
    options.port = 10;
  });
  assert.is(options.port, 5);
});

definitions("is defined once, in whatever spelling", () => {
  const parser = new OptionParser();
  parser.define("maxBytes", { default: 1 });
  refused("ERR_OPTION_DEFINED", /"max_bytes" is defined twice/, () =>
    parser.define("max_bytes", { default: 1 }),
  );
  refused("ERR_OPTION_DEFINED", /"help" is defined twice/, () => parser.define("help", {}));
});

definitions("has a default of its own type", () => {
  const parser = new OptionParser();
  refused("ERR_OPTION_TYPE", /the default of option "port" is true/, () =>
    parser.define("port", { type: Number, default: true }),
  );
  refused("ERR_OPTION_TYPE", /the type of option "port" is "int"; allowed are String/, () =>
    parser.define("port", { type: "int" as "integer" }),
  );
  refused("ERR_OPTION_TYPE", /the default of option "port" is "x"/, () =>
    parser.define("port", { type: Number, default: "x" }),
  );
  assert.not(parser.has("port"));
  const grace = parser.define("graceMs", { type: "duration", default: "30s" });
  assert.is(grace.value, 30_000);
});

definitions.run();

const sources = suite("where options come from");

sources("is the default, the file, the environment, the command line: the last counts", () => {
  const json = file("layers.json", JSON.stringify({ a: 1, b: 1, c: 1, "max-d": 1 }));
  const parser = new OptionParser();
  const options = parser.defineOptions({
    a: { default: 0 },
    b: { default: 0 },
    c: { default: 0 },
    maxD: { default: 0 },
    e: { default: 0 },
  });
  process.env.T_B = "2";
  process.env.T_C = "2";
  process.env.T_MAX_D = "";
  try {
    parser.parseCommandLine(["--c=3"], { envPrefix: "T_" });
    parser.parseConfigFile(json);
  } finally {
    for (const name of ["T_B", "T_C", "T_MAX_D"]) delete process.env[name];
  }
  assert.equal({ ...options }, { a: 1, b: 2, c: 3, maxD: 1, e: 0 });
});

sources("may be a file that an option names, whose values the command line covers", () => {
  const json = file("named.json", '{"port": 1, "host": "b"}');
  const parser = new OptionParser();
  let runs = 0;
  parser.addParseCallback(() => runs++);
  const options = parser.defineOptions({
    config: { callback: (name: string) => parser.parseConfigFile(name) },
    port: { default: 0 },
    host: { default: "a" },
  });
  parser.parseCommandLine([`--config=${json}`, "--port=2"], { envPrefix: null });
  assert.equal([options.port, options.host, runs], [2, "b", 1]);
});

sources("may be a JavaScript module, ES or CommonJS, which may export other things", () => {
  for (const [name, text] of [
    ["a.mjs", "export const port = 5; export const other = 1;"],
    ["b.mjs", "export default { port: 5 };"],
    ["c.cjs", "module.exports = { port: 5 };"],
  ] as const) {
    const parser = new OptionParser();
    const { value } = { value: parser.define("port", { default: 0 }) };
    parser.parseConfigFile(file(name, text));
    assert.is(value.value, 5, name);
  }
});

sources("are told when something is wrong with a file, and nothing has changed", () => {
  const parser = new OptionParser();
  const options = parser.defineOptions({ port: { default: 0 }, host: { default: "a" } });
  const parse = (name: string, text: string) => () => parser.parseConfigFile(file(name, text));
  refused("ERR_OPTION_FILE", /^there is no file of options .*none\.json$/, () =>
    parser.parseConfigFile(path.join(folder, "none.json")),
  );
  refused("ERR_OPTION_FILE", /^there is no file of options .*none\.mjs$/, () =>
    parser.parseConfigFile(path.join(folder, "none.mjs")),
  );
  refused("ERR_OPTION_FILE", /bad\.json is not JSON: /, parse("bad.json", "{"));
  refused("ERR_OPTION_FILE", /are an array of 1; allowed is an object/, parse("l.json", "[1]"));
  refused(
    "ERR_OPTION_FILE",
    /t\.cjs cannot be read: oops/,
    parse("t.cjs", 'throw new Error("oops")'),
  );
  refused(
    "ERR_UNKNOWN_OPTION",
    /there is no option "prot" of .*u\.json; did you mean "port"\?/,
    parse("u.json", '{"host": "b", "prot": 1}'),
  );
  refused(
    "ERR_OPTION_TYPE",
    /option "port" of .*w\.json is true; allowed is a number/,
    parse("w.json", '{"host": "b", "port": true}'),
  );
  assert.equal({ ...options }, { port: 0, host: "a" });
});

sources("are told of a variable of the environment that is wrong", () => {
  const parser = new OptionParser();
  parser.define("maxPort", { default: 0 });
  refused(
    "ERR_OPTION_TYPE",
    /the environment variable APP_MAX_PORT is "x"; allowed is a number/,
    () => parser.parseEnvironment({ APP_MAX_PORT: "x" }, "APP_"),
  );
});

sources.run();

const lines = suite("a command line");

lines("may spell a name in any way", () => {
  for (const arg of ["--max-body-bytes=1", "--maxBodyBytes=1", "--max_body_bytes=1"]) {
    const parser = new OptionParser();
    const option = parser.define("maxBodyBytes", { default: 0 });
    parser.parseCommandLine([arg], { envPrefix: null });
    assert.is(option.value, 1, arg);
  }
});

lines("may have other words, and all behind --", () => {
  const parser = new OptionParser();
  parser.define("port", { default: 0 });
  const rest = parser.parseCommandLine(["a", "--port", "1", "b", "--", "--port=2", "-x"], {
    envPrefix: null,
  });
  assert.equal(rest, ["a", "b", "--port=2", "-x"]);
  assert.is(parser.get("port"), 1);
});

lines("with an unknown option is refused with the nearest, and nothing has changed", () => {
  const parser = new OptionParser();
  const options = parser.defineOptions({ port: { default: 0 }, maxBytes: { default: 0 } });
  const parse = (...args: string[]) => parser.parseCommandLine(args, { envPrefix: null });
  refused("ERR_UNKNOWN_OPTION", /^there is no option --prot; did you mean --port\?$/, () =>
    parse("--port=1", "--prot=2"),
  );
  refused("ERR_UNKNOWN_OPTION", /did you mean --max-bytes\?$/, () => parse("--max-byte=2"));
  refused("ERR_UNKNOWN_OPTION", /^there is no option --zzzzzz; --help lists the options$/, () =>
    parse("--zzzzzz"),
  );
  refused("ERR_UNKNOWN_OPTION", /^there is no option -z; /, () => parse("-z"));
  refused("ERR_OPTION_TYPE", /^--port needs a value: --port=NUMBER$/, () => parse("--port"));
  refused("ERR_OPTION_TYPE", /^--port needs a value: --port=NUMBER$/, () =>
    parse("--port", "--max-bytes=1"),
  );
  assert.equal({ ...options }, { port: 0, maxBytes: 0 });
});

lines("with --help prints the options by groups and ends", () => {
  let text = "";
  let ends = 0;
  const helpExit = { print: (more: string) => (text += more), exit: () => ends++ };
  const parser = new OptionParser({ usage: "app [options]", helpExit });
  parser.defineOptions({
    port: { type: "integer", default: 8888, short: "p", help: "port to listen on" },
    hosts: { type: String, multiple: true, metavar: "HOST" },
    dbUrl: { help: "the database", group: "Database" },
  });
  parser.parseCommandLine(["--help"], { envPrefix: null });
  assert.is(ends, 1);
  assert.is(
    text,
    `Usage: app [options]

Options:
  -h, --help          show this help and exit
  -p, --port=INTEGER  port to listen on (default 8888)
  --hosts=HOST,…

Database:
  --db-url=STRING     the database
`,
  );
});

lines("gives the options of a group", () => {
  const parser = new OptionParser();
  parser.defineOptions({ a: { default: 1, group: "app" }, b: { default: 2 } });
  assert.equal(parser.groupDict("app"), { a: 1 });
  assert.equal(parser.groups(), ["Options", "app"]);
  assert.equal(parser.asDict(), { help: false, a: 1, b: 2 });
});

lines.run();
