/** `landspout start`: what an app's module may be, options and their sources, processes, ports in use. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { cleanUp, gone, Project, type Run, textOf } from "./clitools.ts";

const APP = `import { Application, RequestHandler, taskId } from "landspout";
const args = process.argv.slice(2);
class Home extends RequestHandler {
  get() { this.write({ pid: process.pid, args, id: this.request.id, ip: this.request.remoteIp }); }
}
export default new Application([["/", Home]]);
`;

/** Waits for the line that says where the app is served. */
async function served(run: Run): Promise<{ url: string }> {
  const [, url = ""] = await run.waitForOutput(/serving (http:\/\/\S+:\d+\/)/);
  return { url };
}

const start = suite("landspout start");

start.after.each(cleanUp);

start("serves what the module exports, and ends with 0", async () => {
  const project = new Project({
    "app.js": APP,
    "list.cjs": `const { RequestHandler } = require("landspout");
      module.exports = [["/", class A extends RequestHandler { get() { this.write("list"); } }]];`,
    "function.js": `export const app = (request) => new Response("function " + request.path);`,
    "promise.js": `export default Promise.resolve({ fetch: () => new Response("fetch") });`,
    "listener.js": `export default function (req, res) { res.end("listener " + req.url); }`,
  });
  const cases: [file: string, body: RegExp][] = [
    ["app.js", /"args":\["--mine=1"\]/],
    ["list.cjs", /^list$/],
    ["function.js", /^function \/$/],
    ["promise.js", /^fetch$/],
    ["listener.js", /^listener \/$/],
  ];
  for (const [file, body] of cases) {
    const run = project.start(["start", file, "--port=0", "--", "--mine=1"]);
    const { url } = await served(run);
    assert.match(await textOf(url), body, file);
    run.kill("SIGTERM");
    const { code, stderr } = await run.ended();
    assert.is(stderr, "");
    assert.is(code, 0);
  }
});

start("runs a program that listens by itself, with its own arguments", async () => {
  const project = new Project({
    "program.js": `import { Application, defineOptions, parseCommandLine } from "landspout";
      const options = defineOptions({ port: { default: 1 } });
      parseCommandLine();
      const server = new Application().listen(options.port, "127.0.0.1");
      console.log("serving http://127.0.0.1:" + server.address.port + "/");
      export default "not looked at";`,
  });
  const run = project.start(["start", "program.js", "--", "--port=0"]);
  const { url } = await served(run);
  assert.match(await textOf(url), /404/);
  run.kill("SIGTERM");
  assert.is((await run.ended()).code, 0);
});

start("takes options from a file, the environment and the command line", async () => {
  const project = new Project({
    "app.js": APP,
    "conf.json": JSON.stringify({ port: 1, xheaders: true, logFormat: "pretty", logging: "error" }),
  });
  const run = project.start(["start", "app.js", "--config=conf.json", "--logging=info"], {
    env: { LANDSPOUT_PORT: "0" },
  });
  const { url } = await served(run);
  const response = await fetch(url, {
    headers: { "X-Forwarded-For": "192.0.2.7", "X-Request-Id": "from-proxy" },
  });
  const { ip, id } = (await response.json()) as { ip: string; id: string };
  assert.equal([ip, id], ["192.0.2.7", "from-proxy"]);
  await run.waitForOutput(/^\[I \d{6} [\d:.]+\] 200 GET \/ \(192\.0\.2\.7\) [\d.]+ms$/m);
  run.kill("SIGTERM");
  await run.ended();
});

start("believes no request id that could break a log, and none of strangers", async () => {
  const project = new Project({ "app.js": APP });
  const run = project.start(["start", "app.js", "--port=0", "--xheaders"]);
  const { url } = await served(run);
  const idFor = async (sent: string) => {
    const response = await fetch(url, { headers: { "X-Request-Id": sent } });
    return ((await response.json()) as { id: string }).id;
  };
  assert.is(await idFor("a".repeat(128)), "a".repeat(128));
  for (const sent of ["a".repeat(129), "a b", "<b>", 'a"', "a,b", ""]) {
    assert.match(await idFor(sent), /^[0-9a-f]{8}-[0-9a-f-]{27}$/, sent);
  }
  run.kill("SIGTERM");
  await run.ended();
});

start("preforks, in JavaScript and in TypeScript, and leaves nobody behind", async () => {
  const project = new Project({ "app.js": APP, "app.ts": `const port: number = 0;\n${APP}` }, [
    "esbuild",
  ]);
  for (const file of ["app.js", "app.ts"]) {
    const run = project.start(["start", file, "--port=0", "--processes=2"]);
    const { url } = await served(run);
    const { pid } = JSON.parse(await textOf(url)) as { pid: number };
    assert.is.not(pid, run.child.pid);
    run.kill("SIGTERM");
    assert.is((await run.ended()).code, 0);
    await gone(pid);
  }
});

start("says which process has the port", async () => {
  const project = new Project({ "app.js": APP });
  const holder = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => holder.once("listening", resolve));
  const address = holder.address();
  const port = typeof address === "object" ? address?.port : 0;
  try {
    for (const name of ["start", "dev"]) {
      const { code, stderr } = await project.ran([name, "app.js", `--port=${port}`]);
      assert.match(
        stderr,
        new RegExp(
          `^landspout: cannot listen on 127\\.0\\.0\\.1:${port}: the address is in use; .* \\(process ${process.pid} listens there: .*\\)\\n$`,
        ),
      );
      assert.is(code, 1);
    }
  } finally {
    holder.close();
  }
});

start("says what is wrong with an app, with code 1", async () => {
  const project = new Project({
    "syntax.js": 'import "./part.js";\n',
    "part.js": "const a = 1;\nconst b = ;\n",
    "missing.js": 'import "./nowhere.js";\n',
    "package.js": 'import "nowhere";\n',
    "throws.js": 'throw new Error("no database");\n',
    "setting.js":
      'import { Application } from "landspout"; new Application([], { cookie_secret: "" });',
    "translations.js":
      'import { loadTranslations } from "landspout"; await loadTranslations("lang");',
  });
  const cases: [file: string, block: RegExp][] = [
    [
      "syntax.js",
      /^landspout: syntax\.js cannot be loaded: a syntax error\n\n {2}\/.*\/part\.js:2\n {2}const b = ;\n +\^\n[\s\S]*Unexpected token ';'/,
    ],
    [
      "missing.js",
      /a module is missing\n\n {2}\/.*missing\.js imports \/.*\/nowhere\.js, which is not there/,
    ],
    [
      "package.js",
      /imports nowhere, which is not there: "npm install nowhere", or correct its name/,
    ],
    ["throws.js", /threw while it was loaded\n\n {2}Error: no database\n +at .*throws\.js:1/],
    ["setting.js", /^landspout: setting\.js cannot be started: .*did you mean "cookieSecret"\?/],
    [
      "translations.js",
      /translations\.js cannot be started: \/.*\/lang cannot be read: there is no such folder of translations; make it/,
    ],
  ];
  for (const [file, block] of cases) {
    const { code, stderr, stdout } = await project.ran(["start", file]);
    assert.match(stderr, block);
    assert.is(stdout, "");
    assert.is(code, 1);
  }
});

// Node.js as process 1: it takes the right to make a namespace.
const canBeFirst = spawnSync("unshare", ["--pid", "--fork", "true"]).status === 0;
for (const processes of [1, 2]) {
  (canBeFirst ? start : start.skip)(
    `as the first process of a container ends on SIGTERM, in ${processes}, while the app is loaded and when it serves`,
    async () => {
      const project = new Project({
        "app.js": `${APP}
if (args[0] === "wait") { console.log("it waits"); setInterval(() => {}, 60_000); await new Promise(() => {}); }`,
      });
      for (const [mode, shown, code] of [
        ["wait", /it waits/, 143],
        ["serve", /serving /, 0],
      ] as const) {
        const command = ["start", "app.js", "--port=0", `--processes=${processes}`, "--", mode];
        const run = project.start(command, { before: ["unshare", "--pid", "--fork"] });
        await run.waitForOutput(shown);
        const { pid = 0 } = run.child;
        const [first] = readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1").split(" ");
        process.kill(Number(first), "SIGTERM");
        assert.is((await run.ended()).code, code, mode);
      }
    },
  );
}

start.run();
