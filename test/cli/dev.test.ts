/** `landspout dev`: an app is served, restarted when a file changes, and waits for a change when it is broken. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { answersSoon, cleanUp, devFiles, devServed, Project, textOf } from "./clitools.ts";

const dev = suite("landspout dev");

dev.after.each(cleanUp);

dev(
  "serves TypeScript in debug mode, and again when a file changes, on the same port",
  async () => {
    const project = new Project(devFiles, ["esbuild"]);
    const run = project.start(["dev", "app.ts", "--port=0"]);
    const { url } = await devServed(run);
    assert.match(await textOf(url), /^one \d+ true$/);
    project.write("word.ts", 'export const word: string = "two";\n');
    await run.waitFor(/word\.ts changed: starting again\n/);
    // Nobody waits for the new process to be there: the socket is.
    await answersSoon(url, /^two \d+ true$/);
    assert.is((await devServed(run)).url, url);
    run.kill("SIGINT");
    assert.is((await run.ended()).code, 0);
  },
);

dev("shows a syntax error as one block, and holds requests until it is corrected", async () => {
  const project = new Project(devFiles, ["esbuild"]);
  const run = project.start(["dev", "app.ts", "--port=0"]);
  const { url } = await devServed(run);
  project.write("word.ts", 'export const word: string = = "two";\n');
  const [block] = await run.waitFor(/landspout: app\.ts cannot[\s\S]*waiting for a change\n/);
  assert.match(
    block,
    /^landspout: app\.ts cannot be loaded: a syntax error\n\n {2}\/.*\/word\.ts:1:\d+\n {2}1 \| export const word: string = = "two";\n +\^\n {2}Unexpected "="\n\nlandspout: waiting for a change\n$/,
  );
  const answer = textOf(url);
  project.write("word.ts", 'export const word: string = "three";\n');
  assert.match(await answer, /^three /);
  run.kill("SIGINT");
  await run.ended();
});

dev("waits for a module that is missing", async () => {
  const project = new Project({ "app.ts": devFiles["app.ts"] }, ["esbuild"]);
  const run = project.start(["dev", "app.ts", "--port=0"]);
  await run.waitFor(
    /a module is missing\n\n {2}\/.*app\.ts imports \/.*\/word\.ts, which is not there\n/,
  );
  await run.waitFor(/waiting for a change\n/);
  project.write("word.ts", 'export const word = "made";\n');
  const { url } = await devServed(run);
  assert.match(await textOf(url), /^made /);
  run.kill("SIGINT");
  await run.ended();
});

dev("shows what an app threw with its own lines, and what became of it later", async () => {
  const project = new Project(
    {
      ...devFiles,
      "word.ts": 'const n: number = 1;\n\nthrow new TypeError("oops");\nexport const word = n;\n',
    },
    ["esbuild"],
  );
  const run = project.start(["dev", "app.ts", "--port=0"]);
  await run.waitFor(
    /app\.ts threw while it was loaded\n\n {2}TypeError: oops\n +at .*word\.ts:3:7/,
  );
  project.write("word.ts", 'export const word = "ok"; setTimeout(() => process.exit(3), 50);\n');
  await run.waitFor(/app\.ts has ended with exit code 3; waiting for a change\n/);
  run.kill("SIGTERM");
  assert.is((await run.ended()).code, 0);
});

dev.run();
