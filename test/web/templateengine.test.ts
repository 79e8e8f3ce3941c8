/** The settings of templates, and engines other than the framework's, over real sockets. */
import { writeFileSync } from "node:fs";
import path from "node:path";
import * as assert from "uvu/assert";
import { DictLoader, Loader, RequestHandler, type TemplateEngine } from "../../lib/index.ts";
import { type Routes, startServer } from "../support/servers.ts";
import { templateFolder } from "../support/templatefolder.ts";
import { get, HOSTILE, pageSuite, routes, templates } from "./templatetools.ts";

const settings = pageSuite("the settings of templates");
settings("debug sees changed files, and without it they are kept", async () => {
  for (const [given, expected] of [
    [{ debug: true }, "new"],
    [{ compiledTemplateCache: false }, "new"],
    [{}, "old"],
    [{ debug: true, compiledTemplateCache: true }, "old"],
  ] as const) {
    const { templatePath } = templates({ "a.html": "old" });
    const folder = String(templatePath);
    const { connect } = await startServer(routes, {}, { templatePath: folder, ...given });
    const client = await connect();
    assert.is((await client.get("/t/a.html")).text, "old");
    writeFileSync(path.join(folder, "a.html"), "new");
    assert.is((await client.get("/t/a.html")).text, expected, JSON.stringify(given));
  }
});
settings("autoescape, templateWhitespace and templateSyntax reach the loader", async () => {
  const files = { "a.html": "{{ x }} \n\n b" };
  assert.is((await get({ ...templates(files), autoescape: null })).text, `${HOSTILE} \n\n b`);
  const single = { ...templates(files), templateWhitespace: "single", autoescape: null } as const;
  assert.is((await get(single)).text, `${HOSTILE}\nb`);
  assert.is((await get({ ...templates(files), templateSyntax: "eta" })).text, files["a.html"]);
});
settings("a handler may have a folder of its own", async () => {
  const other = templateFolder({ "a.html": "other" });
  class Other extends RequestHandler {
    override getTemplatePath() {
      return other;
    }
    get() {
      this.render("a.html");
    }
  }
  const table: Routes = [["/other", Other], ...routes];
  const { connect } = await startServer(table, {}, templates({ "a.html": "usual" }));
  const client = await connect();
  assert.is((await client.get("/t/a.html")).text, "usual");
  assert.is((await client.get("/other")).text, "other");
  assert.is((await client.get("/t/a.html")).text, "usual");
});
settings("an ill-typed one is refused", () => {
  for (const wrong of [
    { templatePath: 1 },
    { templateLoader: {} },
    { autoescape: 1 },
    { templateWhitespace: "none" },
    { templateSyntax: "jinja" },
    { uiModules: "a" },
  ]) {
    assert.throws(
      () => startServer([], {}, wrong as never),
      /setting|option/,
      JSON.stringify(wrong),
    );
  }
});
settings.run();

const engines = pageSuite("another engine");
const upper: TemplateEngine = {
  render: (name, names) => `${name}:${Object.keys(names).includes("handler")}:${names.x}`,
};
engines("is plugged in by one method", async () => {
  assert.is((await get({ templateLoader: upper })).text, `a.html:true:${HOSTILE}`);
});
engines("may be a DictLoader", async () => {
  const templateLoader = new DictLoader({ "a.html": "{{ x }}" });
  assert.is((await get({ templateLoader })).text, "&lt;i&gt;&amp;&quot;&#x27;");
});
engines("is reset before each page where templates are not to be kept", async () => {
  const folder = templateFolder({ "a.html": "old" });
  const templateLoader = new Loader(folder);
  const { connect } = await startServer(routes, {}, { templateLoader, debug: true });
  const client = await connect();
  assert.is((await client.get("/t/a.html")).text, "old");
  writeFileSync(path.join(folder, "a.html"), "new");
  assert.is((await client.get("/t/a.html")).text, "new");
});
engines("may be asynchronous, in render() and renderStringAsync()", async () => {
  const templateLoader: TemplateEngine = { render: async (name) => `<${name}>` };
  class Async extends RequestHandler {
    async get() {
      this.write(await this.renderStringAsync("1"));
      assert.throws(() => this.renderString("2"), /renderStringAsync/);
      await this.render("3");
    }
  }
  const response = await get({ templateLoader }, "/", [["/", Async]]);
  assert.is(response.text, "<1><3>");
});
engines("that fails, at once or later, answers 500", async () => {
  const fail = () => {
    throw new Error("deliberate");
  };
  assert.is((await get({ templateLoader: { render: fail } })).status, 500);
  assert.is((await get({ templateLoader: { render: async () => fail() } })).status, 500);
});
engines("may come from createTemplateLoader(), which is asked once", async () => {
  let calls = 0;
  class Own extends RequestHandler {
    override getTemplatePath() {
      return "virtual";
    }
    override createTemplateLoader(folder: string | null) {
      calls++;
      return { render: (name: string) => `${folder}/${name}` };
    }
    get() {
      this.render("a");
    }
  }
  const { connect } = await startServer([["/", Own]]);
  const client = await connect();
  assert.is((await client.get("/")).text, "virtual/a");
  assert.is((await client.get("/")).text, "virtual/a");
  assert.is(calls, 1);
});
engines.run();
