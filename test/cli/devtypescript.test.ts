/** `landspout dev` with TypeScript: by the esbuild of the project, by Node.js alone, or not at all. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { stripsTypes } from "../../lib/cli/sourcehooks.ts";
import { cleanUp, Project, textOf } from "./clitools.ts";

const SERVES = /serves (http:\/\/\S+:\d+\/) \(Ctrl-C stops\)\n/;

const kinds = suite("landspout dev");

kinds.after.each(cleanUp);

kinds("runs decorators, enums and imports of .js by esbuild", async () => {
  const project = new Project(
    {
      "app.ts": `import { Application, addslash, RequestHandler } from "landspout";
        import { Colour } from "./colour.js";
        class Home extends RequestHandler { @addslash get() { this.write("is " + Colour[Colour.Red]); } }
        export default new Application([["/a/?", Home]]);`,
      "colour.ts": "export enum Colour { Red }",
    },
    ["esbuild"],
  );
  const run = project.start(["dev", "app.ts", "--port=0"]);
  const [, url = ""] = await run.waitFor(SERVES);
  assert.is(await textOf(`${url}a`), "is Red");
  run.kill("SIGINT");
  await run.ended();
});

kinds("runs TypeScript by Node.js alone, or says what to install", async () => {
  const project = new Project({
    "app.ts": "const word: string = 'typed';\nexport default () => new Response(word);\n",
  });
  if (stripsTypes()) {
    const run = project.start(["dev", "app.ts", "--port=0"]);
    const [, url = ""] = await run.waitFor(SERVES);
    assert.is(await textOf(url), "typed");
    project.write("app.ts", "export enum Word { A }\nexport default Word;\n");
    await run.waitFor(/a syntax error\n[\s\S]*"npm install --save-dev esbuild"/);
    run.kill("SIGINT");
    await run.ended();
    return;
  }
  for (const command of ["dev", "start", "routes"]) {
    const { code, stderr } = await project.ran([command, "app.ts"]);
    assert.match(
      stderr,
      /^landspout: app\.ts is TypeScript, which Node\.js [\d.]+ does not run by itself: "npm install --save-dev esbuild", or use Node\.js 22\.18 or later\n$/,
    );
    assert.is(code, 1);
  }
});

kinds.run();
