/** `landspout new`: the app that is made has tests that pass, is served, and says its own name everywhere. */
import { execFile } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { cleanUp, Project, root } from "./clitools.ts";

const TEST_TIMEOUT_MS = 90_000;

const made = suite("an app made by landspout new");

made.after.each(cleanUp);

/** Links what `npm install` would fetch. */
function install(folder: string): void {
  const modules = path.join(folder, "node_modules");
  mkdirSync(path.join(modules, ".bin"), { recursive: true });
  symlinkSync(root, path.join(modules, "landspout"));
  for (const name of ["typescript", "esbuild", "@types"]) {
    symlinkSync(path.join(root, "node_modules", name), path.join(modules, name));
  }
  symlinkSync("../typescript/bin/tsc", path.join(modules, ".bin/tsc"));
  symlinkSync(path.join(root, "lib/cli/landspout.cjs"), path.join(modules, ".bin/landspout"));
}

function isOnPath(program: string): boolean {
  const folders = (process.env.PATH ?? "").split(":");
  return folders.some((folder) => existsSync(path.join(folder, program)));
}

made("passes its own tests", async () => {
  const project = new Project({});
  const { code, stdout } = await project.ran(["new", "my-shop"]);
  assert.is(code, 0);
  assert.match(
    stdout,
    /my-shop\/src\/app\.ts\n[\s\S]*cd my-shop\n {2}npm install\n {2}npm run dev\n$/,
  );
  const folder = path.join(project.folder, "my-shop");
  install(folder);
  const tested = await promisify(execFile)("npm", ["test"], {
    cwd: folder,
    timeout: TEST_TIMEOUT_MS,
  });
  assert.match(tested.stdout, /pass 4\b/);
  assert.match(tested.stdout, /fail 0\b/);
  const listed = await promisify(execFile)("npm", ["run", "--silent", "routes"], { cwd: folder });
  assert.match(listed.stdout, /\/api\/greeting\/:name +Greeting/);
});

made("has its name where it belongs, and what npm does not pack", async () => {
  const project = new Project({});
  await project.ran(["new", "deep/my-shop"]);
  const folder = path.join(project.folder, "deep/my-shop");
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  for (const name of [
    ".gitignore",
    ".dockerignore",
    "Dockerfile",
    "README.md",
    "deploy/my-shop.service",
    "deploy/nginx.conf",
    "package.json",
    "tsconfig.json",
    "test/app.test.ts",
  ]) {
    assert.ok(names.includes(name), name);
  }
  const { name, dependencies } = JSON.parse(
    readFileSync(path.join(folder, "package.json"), "utf8"),
  );
  const { version } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
  assert.is(name, "my-shop");
  assert.is(dependencies.landspout, `^${version}`);
  for (const each of names.filter((one) => path.extname(one) !== "")) {
    assert.not.match(
      readFileSync(path.join(folder, each), "utf8"),
      /my-app|LANDSPOUT_VERSION/,
      each,
    );
  }
});

made("is not written over another", async () => {
  const project = new Project({ "taken/a.txt": "", file: "" });
  for (const name of ["taken", "file"]) {
    const { code, stderr } = await project.ran(["new", name]);
    assert.is(code, 2);
    assert.match(
      stderr,
      /^landspout: \/.* is there already; choose another name, or an empty folder\n$/,
    );
  }
  mkdirSync(path.join(project.folder, "empty"));
  assert.is((await project.ran(["new", "empty"])).code, 0);
});

made("may not be called as what it imports", async () => {
  const project = new Project({});
  for (const name of ["landspout", "node_modules"]) {
    const { code, stderr } = await project.ran(["new", `apps/${name}`]);
    assert.is(code, 2);
    assert.is(stderr, `landspout: an app cannot be called "${name}"; choose another name\n`);
  }
});

made("says what is to be built before it is started", async () => {
  const project = new Project({});
  await project.ran(["new", "my-shop"]);
  const { stderr, code } = await project.ran(["start", "dist/src/app.js"], {
    cwd: path.join(project.folder, "my-shop"),
  });
  assert.is(code, 2);
  assert.match(
    stderr,
    /there is no file \S+app\.js; "npm run build" makes what this project compiles\n$/,
  );
});

for (const [program, file, wrap] of [
  ["nginx", "deploy/nginx.conf", true],
  ["systemd-analyze", "deploy/my-shop.service", false],
] as const) {
  const test = isOnPath(program) ? made : made.skip;
  test(`has a ${path.extname(file).slice(1)} that ${program} finds right`, async () => {
    const project = new Project({});
    await project.ran(["new", "my-shop"]);
    const folder = path.join(project.folder, "my-shop");
    let checked = path.join(folder, file);
    if (wrap) {
      writeFileSync(
        path.join(folder, "nginx.conf"),
        `pid ${folder}/pid; error_log stderr; events {}\nhttp { access_log off; include ${checked}; }\n`,
      );
      checked = path.join(folder, "nginx.conf");
    } else {
      const text = readFileSync(checked, "utf8");
      const start =
        /^ExecStart=\/srv\/my-shop\/node_modules\/\.bin\/landspout (?=start dist\/src\/app\.js )/m;
      assert.match(text, start);
      // It looks whether the program is there.
      writeFileSync(checked, text.replace(start, "ExecStart=/bin/true "));
    }
    const args = wrap ? ["-t", "-p", folder, "-c", checked] : ["verify", checked];
    const { stderr } = await promisify(execFile)(program, args);
    assert.not.match(stderr, wrap ? /\[(warn|emerg)\]/ : /my-shop\.service/);
  });
}

made.run();
