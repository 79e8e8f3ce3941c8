/** The command called wrongly, or where it cannot run: one sentence each, and the exit code. */
import { cpSync, readFileSync, symlinkSync } from "node:fs";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { cleanUp, Project, Run, root } from "./clitools.ts";

const usage = suite("the command landspout");

usage.after.each(cleanUp);

usage("tells its version and its commands", async () => {
  const project = new Project({});
  const { version } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
  assert.equal(await project.ran(["--version"]), {
    code: 0,
    signal: null,
    stdout: `${version}\n`,
    stderr: "",
  });
  for (const args of [["--help"], ["-h"]]) {
    const { code, stdout } = await project.ran(args);
    assert.is(code, 0);
    for (const name of ["dev", "start", "routes", "new"]) assert.match(stdout, ` ${name} `);
  }
  assert.is((await project.ran([])).code, 2);
});

usage("is the bin of the package", () => {
  const { bin, files } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
  assert.equal(bin, { landspout: "lib/cli/landspout.cjs" });
  assert.ok(files.includes("lib"));
});

usage("says in a sentence what was wrong, with code 2", async () => {
  const project = new Project({ "app.js": "", "a.txt": "" });
  const cases: [args: string[], sentence: RegExp][] = [
    [["strat"], /^landspout: there is no command "strat"; did you mean start\?\n$/],
    [["--verison"], /^landspout: there is no option "--verison"; landspout --help lists/],
    [["app.js"], /no command "app.js"; did you mean "landspout dev app.js"\?/],
    [
      ["start"],
      /^landspout: landspout start needs the file of an app: "landspout start app.js"\n$/,
    ],
    [["start", "ap.js"], /^landspout: there is no file \/.*\/ap\.js; did you mean app\.js\?\n$/],
    [["start", "lib"], /^landspout: there is no file /],
    [["dev", "x/y.ts"], /no file .*y\.ts; "landspout new NAME" makes an app/],
    [
      ["start", "app.js", "--prot=1"],
      /^landspout: there is no option --prot; did you mean --port\?\n$/,
    ],
    [["start", "app.js", "--watch=x"], /there is no option --watch/],
    [["start", "app.js", "--port=x"], /--port is "x"; allowed is an integer from 0 to 65535/],
    [
      ["start", "app.js", "--port=65536"],
      /--port is "65536"; allowed is an integer from 0 to 65535/,
    ],
    [["start", "app.js", "--processes=-1"], /--processes is "-1"; allowed is an integer from 0/],
    [["start", "app.js", "--config=none.json"], /there is no file of options none\.json/],
    [["start", "app.js", "--logging=warm"], /--logging is "warm"; .*did you mean warn\?/],
    [
      ["start", "app.js", "b"],
      /takes one file; what is the app's follows "--": "landspout start app\.js -- b"/,
    ],
    [["routes"], /needs the file of one app/],
    [["new"], /needs the name of one app/],
    [["new", "My App"], /"My App" cannot be the name of a package/],
    [["new", "."], /is there already|cannot be the name/],
  ];
  for (const [args, sentence] of cases) {
    const { code, stdout, stderr } = await project.ran(args);
    assert.match(stderr, sentence, args.join(" "));
    assert.is(stderr.trim().split("\n").length, 1, stderr);
    assert.is(stdout, "");
    assert.is(code, args.includes("--config=none.json") ? 1 : 2, args.join(" "));
  }
});

usage("takes a port from the environment, and says so when it is none", async () => {
  const project = new Project({ "app.js": "" });
  const { code, stderr } = await project.ran(["start", "app.js"], { env: { LANDSPOUT_PORT: "x" } });
  assert.is(code, 2);
  assert.match(stderr, /the environment variable LANDSPOUT_PORT is "x"; allowed is an integer/);
});

usage("says which Node.js it needs, before anything else is loaded", async () => {
  const project = new Project({
    "old.cjs": `Object.defineProperty(process.versions, "node", { value: "20.19.5" });
      if (process.versions.node !== "20.19.5") Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.19.5" } });`,
  });
  const { code, stderr } = await project.ran(["--version"], {
    execArgv: ["--require", "./old.cjs"],
  });
  assert.is(code, 1);
  assert.match(
    stderr,
    /^landspout: this is Node\.js 20\.19\.5; landspout needs 20\.20 or later: install/,
  );
  // ES5, so that the oldest understands it.
  const text = readFileSync(path.join(root, "lib/cli/landspout.cjs"), "utf8");
  assert.not.match(
    text.replace(/\/\/.*$/gm, ""),
    /=>|\b(const|let|async|await|class)\b|`|\?\.|\?\?/,
  );
});

usage("says what to do when the addon is not there", async () => {
  const { folder } = new Project({ "broken/app.js": "", "broken/package.json": "{}" });
  const copy = path.join(folder, "broken/node_modules/landspout");
  for (const name of ["dist/lib", "lib/cli", "package.json"]) {
    cpSync(path.join(root, name), path.join(copy, name), { recursive: true });
  }
  symlinkSync(path.join(root, "node_modules"), path.join(copy, "node_modules"));
  const command = path.join(copy, "lib/cli/landspout.cjs");
  const run = new Run(
    path.join(folder, "broken"),
    [process.execPath, command, "start", "app.js"],
    {},
  );
  const { code, stderr } = await run.ended();
  assert.is(code, 1);
  assert.match(stderr, /^landspout: .*"npm rebuild landspout".*\n$/);
});

usage.run();
