/** UI modules and methods: how they are found and called, and where their resources go. */
import * as assert from "uvu/assert";
import { RequestHandler, TemplateModule, UIModule } from "../../lib/index.ts";
import {
  loggedErrors,
  type Routes,
  type Settings,
  serverSuite,
  startServer,
} from "../support/servers.ts";
import { removeTemplateFolders, templateFolder } from "../support/templatefolder.ts";

const PAGE = "<html><head></head><body>\n";
const END = "\n</body></html>";

class Home extends RequestHandler {
  get() {
    this.render("a.html", { entries: ["<1>", "<2>"] });
  }
}

async function page(
  files: Record<string, string>,
  settings: Settings,
  table: Routes = [["/", Home]],
) {
  const given = { templatePath: templateFolder(files), ...settings };
  const { connect } = await startServer(table, {}, given);
  return (await connect()).get("/");
}

class Entry extends UIModule {
  static made = 0;

  #calls = 0;

  constructor(handler: UIModule["handler"]) {
    super(handler);
    Entry.made++;
  }

  override render(text: string) {
    this.#calls++;
    return this.renderString("entry.html", { text, call: this.#calls });
  }

  override embeddedJavascript() {
    return "js_embed()";
  }

  override javascriptFiles() {
    return ["/common.js", "/analytics.js", "/common.js"];
  }

  override embeddedCss() {
    return ".entry { margin-bottom: 1em; }";
  }

  override cssFiles() {
    return ["/base.css", "/foo.css"];
  }

  override htmlHead() {
    return "<meta>";
  }

  override htmlBody() {
    return '<script src="/last.js"/>';
  }
}

class Other extends UIModule {
  override render() {
    return "";
  }

  override javascriptFiles() {
    return "/analytics.js";
  }

  override cssFiles() {
    return ["/foo.css", "https://cdn.example/a.css?b&c"];
  }
}

const files = {
  "a.html": `${PAGE}{% for e in entries %}{% module Entry(e) %}{% end %}{% module Other() %}${END}`,
  "entry.html": "<p>{{ call }}{{ text }}</p>",
};

const modules = serverSuite("a UI module");
modules.after.each(removeTemplateFolders);
modules("is made once a request, and its resources stand in the page once", async () => {
  Entry.made = 0;
  const response = await page(files, { uiModules: { Entry, Other } });
  assert.is(
    response.text,
    `<html><head><link href="/base.css" type="text/css" rel="stylesheet"/><link href="/foo.css" type="text/css" rel="stylesheet"/><link href="https://cdn.example/a.css?b&amp;c" type="text/css" rel="stylesheet"/>
<style type="text/css">
.entry { margin-bottom: 1em; }
</style>
<meta>
</head><body>
<p>1&lt;1&gt;</p><p>2&lt;2&gt;</p>
<script src="/common.js" type="text/javascript"></script><script src="/analytics.js" type="text/javascript"></script>
<script type="text/javascript">
//<![CDATA[
js_embed()
//]]>
</script>
<script src="/last.js"/>
</body></html>`,
  );
  assert.is(Entry.made, 1);
});
modules("is known by the setting: an object, a class, a list of these", async () => {
  for (const uiModules of [
    { Entry, Other },
    [Entry, Other],
    [{ Entry }, [[Other]]],
    [Entry, { Other, x: 1 }],
  ]) {
    const response = await page(files, { uiModules });
    assert.is(response.status, 200);
    assert.ok(response.text.includes("<p>2&lt;2&gt;</p>"));
  }
});
modules("can be called in eta's syntax", async () => {
  const text = `${PAGE}<%~ modules.Entry(entries[0]) %>${END}`;
  const response = await page({ ...files, "a.html": text }, { uiModules: Entry });
  assert.ok(response.text.includes("<p>1&lt;1&gt;</p>"));
});
modules("that is not there is an error that names the nearest", async () => {
  const response = await page(
    { ...files, "a.html": "{% module Entri(1) %}" },
    { uiModules: Entry },
  );
  assert.is(response.status, 500);
  assert.match(String(loggedErrors()[0]?.error), /a\.html:1: .*"Entri"; did you mean "Entry"/);
});
modules("adds nothing to a page that renderString() makes", async () => {
  class Piece extends RequestHandler {
    get() {
      this.write(this.renderString("a.html", { entries: [1] }));
    }
  }
  const response = await page(files, { uiModules: { Entry, Other } }, [["/", Piece]]);
  assert.is(response.text, `${PAGE}<p>11</p>${END}`);
});
modules("needs a head and a body to add to", async () => {
  for (const text of ["{% module Entry(1) %}</body>", "</head>{% module Entry(1) %}"]) {
    const response = await page({ ...files, "a.html": text }, { uiModules: Entry });
    assert.is(response.status, 500);
    assert.match(String(loggedErrors().at(-1)?.error), /no <\/(head|body)>/);
  }
});
modules("finds the last end of the body and the first of the head, in any case", async () => {
  const text = "<HEAD></HEAD >{% module Entry(1) %}'</body>'</BODY\n>";
  const response = await page({ ...files, "a.html": text }, { uiModules: Entry });
  assert.match(response.text, /<meta>\n<\/HEAD ><p>/);
  assert.match(response.text, /'<\/body>'<script[\s\S]*last\.js"\/>\n<\/BODY\n>$/);
});
modules("has relative paths of files made by staticUrl()", async () => {
  class Files extends RequestHandler {
    static makeStaticUrl(_settings: object, file: string): string {
      return `/static/${file}?v=1`;
    }
  }
  class Relative extends UIModule {
    override render() {
      return "";
    }
    override javascriptFiles() {
      return ["a.js", "/static/a.js?v=1"];
    }
  }
  const given = { uiModules: { Relative }, staticPath: "/nowhere", staticHandlerClass: Files };
  const response = await page({ "a.html": "{% module Relative() %}</body>" }, given);
  assert.is(
    response.text,
    '<script src="/static/a.js?v=1" type="text/javascript"></script>\n</body>',
  );
});
modules("may have its markup made otherwise by the handler", async () => {
  class Deferred extends RequestHandler {
    override renderLinkedJs(paths: readonly string[]) {
      return paths.map((each) => `<script defer src="${each}"></script>`).join("");
    }
    get() {
      this.render("a.html");
    }
  }
  const response = await page(
    { "a.html": "<head></head>{% module Other() %}</body>" },
    { uiModules: Other },
    [["/", Deferred]],
  );
  assert.ok(response.text.endsWith('<script defer src="/analytics.js"></script>\n</body>'));
});
modules("knows its handler, request, user and locale", async () => {
  class About extends UIModule {
    override render() {
      const { handler, request, currentUser, locale, ui } = this;
      return [
        handler instanceof Home,
        request.method,
        currentUser,
        locale.code,
        typeof ui.modules,
      ].join();
    }
  }
  const response = await page({ "a.html": "{% module About() %}" }, { uiModules: { About } });
  assert.is(response.text, "true,GET,,en_US,object");
});
modules("without render(), or with an asynchronous one, is an error", async () => {
  class Bare extends UIModule {}
  class Late extends UIModule {
    override render(): never {
      return Promise.resolve("late") as never;
    }
  }
  for (const [name, message] of [
    ["Bare", /Bare has no method render/],
    ["Late", /promise/],
  ] as const) {
    const response = await page(
      { "a.html": `{% module ${name}() %}` },
      { uiModules: { Bare, Late } },
    );
    assert.is(response.status, 500);
    assert.match(String(loggedErrors().at(-1)?.error), message);
  }
});
modules.run();

const builtIn = serverSuite("a UI module that is there already");
builtIn.after.each(removeTemplateFolders);
builtIn("linkify escapes and links", async () => {
  const text =
    "{% module linkify('<b> http://a.com/x', { shorten: true, extraParams: 'rel=\"nofollow\"' }) %}";
  const response = await page({ "a.html": text }, {});
  assert.is(response.text, '&lt;b&gt; <a href="http://a.com/x" rel="nofollow">http://a.com/x</a>');
});
builtIn("Template has a namespace of its own and sets resources once", async () => {
  const response = await page(
    {
      "a.html": `${PAGE}{% for e in entries %}{% module Template("e.html", { entry: e }) %}{% end %}${END}`,
      "e.html": `{{ setResources({ embeddedCss: ".e {}", cssFiles: "/e.css", javascriptFiles: ["/e.js"], embeddedJavascript: "e()", htmlHead: "<meta>", htmlBody: "<hr>" }) }}<p>{{ entry }}{{ typeof e }}</p>`,
    },
    {},
  );
  assert.is(
    response.text,
    `<html><head><link href="/e.css" type="text/css" rel="stylesheet"/>
<style type="text/css">
.e {}
</style>
<meta>
</head><body>
<p>&lt;1&gt;undefined</p><p>&lt;2&gt;undefined</p>
<script src="/e.js" type="text/javascript"></script>
<script type="text/javascript">
//<![CDATA[
e()
//]]>
</script>
<hr>
</body></html>`,
  );
});
builtIn("Template refuses other resources for the same template", async () => {
  const response = await page(
    {
      "a.html": `${PAGE}{% for e in entries %}{% module Template("e.html", { e }) %}{% end %}${END}`,
      "e.html": "{{ setResources({ cssFiles: e }) }}",
    },
    {},
  );
  assert.is(response.status, 500);
  assert.match(String(loggedErrors()[0]?.error), /different resources for the same template/);
});
builtIn("may be replaced", async () => {
  class Template extends TemplateModule {
    override render() {
      return "mine";
    }
  }
  const response = await page(
    { "a.html": "{% module Template('x') %}" },
    { uiModules: { Template } },
  );
  assert.is(response.text, "mine");
});
builtIn.run();

const methods = serverSuite("a UI method");
methods.after.each(removeTemplateFolders);
const greet = (handler: Home, name: string) => `${handler.request.method} <${name}>`;
methods("is given the handler first, and is escaped", async () => {
  for (const uiMethods of [{ greet }, [greet], [{ greet }, [() => ""]]]) {
    const response = await page(
      { "a.html": "{{ greet('ann') }}{% raw handler.ui.greet('bob') %}" },
      { uiMethods },
    );
    assert.is(response.text, "GET &lt;ann&gt;GET <bob>");
  }
});
methods("is none if its name begins with _ or a capital, or it is no function", async () => {
  class Upper {}
  const uiMethods = { _hidden: () => 1, Upper, ÄUpper: () => 1, text: "x", seen: () => "seen" };
  const names = ["_hidden", "Upper", "ÄUpper", "text", "seen"];
  const text = names.map((name) => `{{ typeof ${name} }}`).join(" ");
  const response = await page({ "a.html": text }, { uiMethods });
  assert.is(response.text, "undefined undefined undefined undefined function");
});
methods.run();
