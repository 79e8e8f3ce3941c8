// Tries the package as its users get it: `npm run test:package`.
//
//   npm pack, then npm install of that file into empty projects on a machine without a compiler; the README's first app as
//   ESM, CommonJS and TypeScript; what is said where there is no addon, no compiler, an old Node.js.
//
//   npm run test:package -- --build   also builds the addon in a project, as where no prebuilt one loads (a minute)
//
// It runs on the Node.js that runs it, and the apps on those that `npm run test:nodes` has fetched, too. dist/ is packed as it
// is. Packages come from npm's cache where it has them. Everything is made in a temporary folder, and removed.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { appOf, commonJsOf, runApp } from "./packageapp.mjs";
import { prebuild } from "./prebuilds.mjs";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const work = mkdtempSync(path.join(os.tmpdir(), "landspout-package-"));
const projects = { plain: path.join(work, "plain"), typed: path.join(work, "typed") };
const npmCli = process.env.npm_execpath ?? realpathSync(which("npm"));
const addon = `prebuilds/linux-${process.arch}/landspout.glibc.node`;
let passed = 0;
let failed = 0;

prebuild();
try {
  const tarball = pack();
  const bare = bareMachine();
  await test("has what it needs, and no more", () => contents(tarball));
  await test("installs without a compiler, and builds nothing", () => install(tarball, bare));
  const source = appOf(path.join(root, "README.md"));
  for (const [version, node] of nodes()) {
    await test(`runs the README's app in Node.js ${version}, as ESM`, () =>
      runApp({ node, folder: projects.plain, file: "app.mjs", source: source.javascript }));
    await test(`runs the README's app in Node.js ${version}, as CommonJS`, () =>
      runApp({ node, folder: projects.plain, file: "app.cjs", source: commonJsOf(source) }));
  }
  await typescript(source);
  await refusals(bare);
  if (process.argv.includes("--build")) {
    await test("builds the addon where the prebuilt one does not load", () => builds(source));
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
if (failed > 0) process.exitCode = 1;

async function test(what, run) {
  const startedAt = performance.now();
  try {
    await run();
    passed++;
    console.log(`ok    the package ${what}  ${seconds(startedAt)}`);
  } catch (error) {
    failed++;
    console.log(`FAIL  the package ${what}  ${seconds(startedAt)}\n${error.stack}`);
  }
}

function seconds(startedAt) {
  return `${((performance.now() - startedAt) / 1000).toFixed(1)} s`;
}

/** @returns the path of the package */
function pack() {
  const args = ["pack", "--ignore-scripts", "--json", "--pack-destination", work];
  const [{ filename }] = JSON.parse(execFileSync(process.execPath, [npmCli, ...args], asText()));
  return path.join(work, filename);
}

function contents(tarball) {
  const list = execFileSync("tar", ["-tzf", tarball], { encoding: "utf8" }).trim().split("\n");
  const has = (name) => list.includes(`package/${name}`);
  for (const name of [addon, "binding.gyp", "lib/native/install.cjs", "lib/native/poller.cc"]) {
    assert.ok(has(name), `${name} is not in it`);
  }
  assert.ok(has("dist/lib/index.js") && has("dist/lib/index.d.ts"), "dist/lib is not in it");
  const foreign = list.filter((name) => /^package\/(test|bench|handlers|docs|build)/.test(name));
  assert.deepEqual(foreign, []);
}

/** A PATH with Node.js and a shell and nothing else, and an environment that names no compiler. */
function bareMachine() {
  const folder = path.join(work, "bin");
  mkdirSync(folder);
  symlinkSync(process.execPath, path.join(folder, "node"));
  symlinkSync("/bin/sh", path.join(folder, "sh"));
  const { CXX: _cxx, PYTHON: _python, MAKE: _make, ...env } = ownEnvironment();
  return { ...env, PATH: folder };
}

/** Without what npm tells its scripts: it is not for the npm that they start. */
function ownEnvironment() {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(npm_|LANDSPOUT_)/i.test(name)),
  );
}

function asText(env = ownEnvironment(), cwd = root) {
  return { env, cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] };
}

function npm(args, env, cwd) {
  const options = ["--prefer-offline", "--no-audit", "--no-fund", "--foreground-scripts"];
  return spawnSync(process.execPath, [npmCli, ...args, ...options], asText(env, cwd));
}

function install(tarball, env) {
  const folder = projects.plain;
  mkdirSync(folder);
  writeFileSync(path.join(folder, "package.json"), '{ "private": true }\n');
  const { status, stdout, stderr } = npm(["install", tarball], env, folder);
  assert.equal(status, 0, `${stdout}${stderr}`);
  assert.ok(existsSync(path.join(installed(), addon)));
  assert.ok(!existsSync(path.join(installed(), "build")), "it built something");
}

function installed() {
  return path.join(projects.plain, "node_modules/landspout");
}

/** [version, path of node] of this Node.js and of those in the cache of test:nodes. */
function nodes() {
  const cache = path.join(root, "node_modules/.cache/nodes");
  const majors = existsSync(cache) ? readdirSync(cache).sort() : [];
  const binary = `node_modules/node-linux-${process.arch}/bin/node`;
  const others = majors.map((major) => path.join(cache, major, binary)).filter(existsSync);
  const found = new Map([[process.versions.node, process.execPath]]);
  for (const node of others) {
    found.set(execFileSync(node, ["-p", "process.versions.node"], asText()).trim(), node);
  }
  return found;
}

/** Checks the types under each way to resolve a module, with the declarations of the package checked as well; then runs it. */
async function typescript(source) {
  const folder = projects.typed;
  cpSync(projects.plain, folder, { recursive: true });
  mkdirSync(path.join(folder, "node_modules/@types"), { recursive: true });
  for (const name of ["@types/node", "undici-types"]) {
    symlinkSync(path.join(root, "node_modules", name), path.join(folder, "node_modules", name));
  }
  const tester = 'import { AsyncHTTPTestCase } from "landspout/testing";\nAsyncHTTPTestCase;\n';
  const kinds = [
    ["ESM, node16", "app.mts", { module: "Node16", moduleResolution: "Node16" }],
    ["ESM, nodenext", "app.mts", { module: "NodeNext", moduleResolution: "NodeNext" }],
    ["CommonJS, nodenext", "app.cts", { module: "NodeNext", moduleResolution: "NodeNext" }],
    ["bundler", "app.ts", { module: "ESNext", moduleResolution: "Bundler" }],
  ];
  for (const [kind, file, options] of kinds) {
    await test(`has types: ${kind}`, async () => {
      const from = file === "app.cts" ? source.typescript : `${source.typescript}\n${tester}`;
      writeFileSync(path.join(folder, file), from);
      const compilerOptions = {
        target: "ES2022",
        types: ["node"],
        strict: true,
        exactOptionalPropertyTypes: true,
        skipLibCheck: false,
        outDir: "out",
        rootDir: ".",
        ...options,
      };
      const config = JSON.stringify({ compilerOptions, files: [file] });
      writeFileSync(path.join(folder, "tsconfig.json"), config);
      const tsc = path.join(root, "node_modules/typescript/bin/tsc");
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        [tsc, "-p", "."],
        asText(ownEnvironment(), folder),
      );
      assert.equal(status, 0, `${stdout}${stderr}`);
      if (file === "app.ts") return;
      const out = path.join("out", file.replace(/ts$/, "js"));
      await runApp({ node: process.execPath, folder, file: out });
    });
  }
}

/** What is said where it cannot work: one sentence, and an exit code. */
async function refusals(bare) {
  const app = path.join(projects.plain, "app.mjs");
  writeFileSync(app, 'import "landspout";\n');
  const run = (...args) => spawnSync(process.execPath, args, asText(bare, projects.plain));
  const old = path.join(work, "old.cjs");
  const versions = '{ ...process.versions, node: "18.20.8", llhttp: "6.1.1" }';
  writeFileSync(old, `Object.defineProperty(process, "versions", { value: ${versions} });\n`);
  const file = path.join(installed(), addon);
  const kept = path.join(work, "kept.node");
  copyFileSync(file, kept);

  await test("says which Node.js it needs, when it is imported and when it is installed", () => {
    const imported = run("-r", old, app);
    assert.equal(imported.status, 1);
    const sentence = /Node\.js 18\.20\.8; (landspout|it) needs 20\.20 or later: install one from/;
    assert.match(imported.stderr, sentence);
    const installing = run("-r", old, path.join(installed(), "lib/native/install.cjs"));
    assert.equal(installing.status, 1);
    assert.match(installing.stderr, sentence);
  });
  await test("says which port is in use, and what to do", () => {
    const twice = path.join(projects.plain, "twice.mjs");
    writeFileSync(
      twice,
      `import { Application } from "landspout";
const app = new Application([]);
const first = app.listen(0, "127.0.0.1");
console.log(first.address.port);
app.listen(first.address.port, "127.0.0.1");
`,
    );
    const { status, stdout, stderr } = run(twice);
    assert.equal(status, 1);
    const sentence = `cannot listen on 127.0.0.1:${stdout.trim()}: the address is in use; stop the other server, choose another port`;
    assert.ok(stderr.includes(sentence), stderr);
  });
  await test("says what to do about an addon that does not load", () => {
    writeFileSync(file, "no shared object");
    const { status, stderr } = run(app);
    assert.equal(status, 1);
    assert.match(stderr, /cannot load the addon .*: .*; run "npm rebuild landspout" \(it needs/);
  });
  await test("says what to install where it has to be built and cannot be", () => {
    const { status, stdout, stderr } = npm(["rebuild", "landspout"], bare, projects.plain);
    assert.notEqual(status, 0);
    assert.match(
      `${stdout}${stderr}`,
      /landspout cannot be installed: the prebuilt addon does not load here \(.*\), and to build it Python 3 and make and a C\+\+20 compiler are missing: install python3, make and g\+\+ \(Debian/,
    );
  });
  await test("says the same of an addon that is not there", () => {
    rmSync(file);
    const { status, stderr } = run(app);
    assert.equal(status, 1);
    assert.match(stderr, /the addon is missing: neither \S+ nor \S+ exists; run "npm rebuild/);
    const rebuilt = npm(["rebuild", "landspout"], bare, projects.plain);
    assert.notEqual(rebuilt.status, 0);
    assert.match(`${rebuilt.stdout}${rebuilt.stderr}`, /no prebuilt addon for linux-.*missing:/);
  });
  copyFileSync(kept, file);
  chmodSync(file, 0o755);
}

/** With what this machine has, in a project whose prebuilt addon is broken. */
async function builds(source) {
  writeFileSync(path.join(installed(), addon), "no shared object");
  const { status, stdout, stderr } = npm(["rebuild", "landspout"], process.env, projects.plain);
  assert.equal(status, 0, `${stdout}${stderr}`);
  assert.ok(existsSync(path.join(installed(), "build/Release/landspout.node")));
  const given = { node: process.execPath, folder: projects.plain, file: "app.mjs" };
  await runApp({ ...given, source: source.javascript });
}

function which(name) {
  for (const folder of (process.env.PATH ?? "").split(":")) {
    if (existsSync(path.join(folder, name))) return path.join(folder, name);
  }
  throw new Error(`${name} is not on the PATH`);
}
