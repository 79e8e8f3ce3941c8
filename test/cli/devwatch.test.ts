/** What `landspout dev` watches besides modules, and what needs no restart. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { cleanUp, devServed, Project, textOf } from "./clitools.ts";

const dev = suite("landspout dev");

dev.after.each(cleanUp);

dev(
  "starts again on a change of translations, of cached templates and of what is named",
  async () => {
    const project = new Project({
      "app.js": `import { Application, loadTranslations, RequestHandler, watch } from "landspout";
      await loadTranslations("lang");
      watch("data.txt");
      export default new Application([], { templatePath: "pages", compiledTemplateCache: true });`,
      "lang/de.json": "{}",
      "pages/a.html": "",
      "data.txt": "",
      "extra/deep/b.txt": "",
    });
    const run = project.start(["dev", "app.js", "--port=0", "--watch=extra"]);
    await devServed(run);
    for (const name of ["lang/fr.json", "pages/a.html", "data.txt", "extra/deep/b.txt"]) {
      project.write(name, "{}");
      await run.waitFor(new RegExp(`${name} changed: starting again\\n`));
      await devServed(run);
    }
    run.kill("SIGINT");
    await run.ended();
  },
);

dev("reads templates and static files again without a restart", async () => {
  const project = new Project({
    "app.js": `import { Application, RequestHandler } from "landspout";
      class Home extends RequestHandler { get() { return this.render("a.html", { pid: process.pid }); } }
      export default new Application([["/", Home]], { templatePath: "pages", staticPath: "static" });`,
    "pages/a.html": "one {{ pid }} {{ staticUrl('a.css') }}",
    "static/a.css": "a",
  });
  const run = project.start(["dev", "app.js", "--port=0"]);
  const { url } = await devServed(run);
  const [word, pid, css] = (await textOf(url)).split(" ");
  assert.is(word, "one");
  project.write("static/a.css", "bb");
  project.write("pages/a.html", "two {{ pid }} {{ staticUrl('a.css') }}");
  const after = (await textOf(url)).split(" ");
  assert.equal(after.slice(0, 2), ["two", pid]);
  assert.is.not(after[2], css);
  run.kill("SIGINT");
  await run.ended();
});

dev.run();
