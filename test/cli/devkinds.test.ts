/** `landspout dev` with apps of every kind: programs that listen by themselves, programs that end, CommonJS. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { cleanUp, Project, textOf } from "./clitools.ts";

const SERVES = /serves (http:\/\/\S+:\d+\/) \(Ctrl-C stops\)\n/;

const kinds = suite("landspout dev");

kinds.after.each(cleanUp);

kinds("runs a program that listens by itself, and again when it changes", async () => {
  const program = (word: string) => `import { Application, RequestHandler } from "landspout";
    class Home extends RequestHandler { get() { this.write("${word}"); } }
    const server = new Application([["/", Home]]).listen(Number(process.argv[2]), "127.0.0.1");
    console.log("at " + server.address.port);`;
  const project = new Project({ "app.js": program("one") });
  const run = project.start(["dev", "app.js", "--", "0"]);
  const [, port] = await run.waitForOutput(/at (\d+)\n/);
  await run.waitFor(/app\.js listens by itself \(Ctrl-C stops\)\n/);
  assert.is(await textOf(`http://127.0.0.1:${port}/`), "one");
  project.write("app.js", program("two"));
  const [, second] = await run.waitForOutput(/at \d+\nat (\d+)\n/);
  assert.is(await textOf(`http://127.0.0.1:${second}/`), "two");
  run.kill("SIGINT");
  assert.is((await run.ended()).code, 0);
});

kinds("notices by itself whether the module listens or is to be served", async () => {
  // Looks like a module that is to be served, and listens on the very port that is held for it.
  const listening = `import { Application } from "landspout";
    export const app = new Application();
    if (process.env.PORT) app.listen(Number(process.env.PORT), "127.0.0.1");`;
  // Looks like a program, and exports an app.
  const hidden = `import { Application } from "landspout";
    const made = new Application();
    export { made as "default" };`;
  const project = new Project({ "listening.js": listening, "hidden.js": hidden });
  const first = project.start(["dev", "hidden.js", "--port=0"]);
  const [, url = ""] = await first.waitFor(SERVES);
  assert.match(await textOf(url), /404/);
  first.kill("SIGINT");
  await first.ended();
  // Below those that the kernel gives away by itself.
  const port = String(20_000 + (process.pid % 10_000));
  const second = project.start(["dev", "listening.js", `--port=${port}`], { env: { PORT: port } });
  await second.waitFor(/listening\.js listens by itself \(Ctrl-C stops\)\n/);
  assert.match(await textOf(`http://127.0.0.1:${port}/`), /404/);
  second.kill("SIGINT");
  const { stderr } = await second.ended();
  assert.not.match(stderr, /cannot|in use/);
});

kinds("says when a program has ended, and runs it again", async () => {
  const project = new Project({ "app.js": 'console.log("done");\n' });
  const run = project.start(["dev", "app.js"]);
  await run.waitFor(/app\.js has ended; waiting for a change\n/);
  project.write("app.js", 'console.log("again");\n');
  await run.waitForOutput(/again\n/);
  run.kill("SIGINT");
  await run.ended();
});

kinds("knows what CommonJS has required", async () => {
  const project = new Project({
    "app.cjs": `const word = require("./lib/word.cjs");
      module.exports = () => new Response(word);`,
    "lib/word.cjs": 'module.exports = require("./word.json").word;',
    "lib/word.json": '{ "word": "one" }',
  });
  const run = project.start(["dev", "app.cjs", "--port=0"]);
  const [, url = ""] = await run.waitFor(SERVES);
  assert.is(await textOf(url), "one");
  project.write("lib/word.json", '{ "word": "two" }');
  await run.waitFor(SERVES);
  assert.is(await textOf(url), "two");
  run.kill("SIGINT");
  await run.ended();
});

kinds.run();
