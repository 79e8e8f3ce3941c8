/** Loader and DictLoader: files, names, inheritance and inclusion, layouts, the cache. */
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { suite, type Test } from "uvu";
import * as assert from "uvu/assert";
import { CodedError, DictLoader, Loader } from "../../lib/index.ts";
import { removeTemplateFolders, templateFolder } from "../support/templatefolder.ts";

function folderSuite(name: string): Test {
  const t = suite(name);
  t.after.each(removeTemplateFolders);
  return t;
}

function codeOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    assert.instance(error, CodedError);
    return (error as CodedError).code;
  }
  return "none";
}

const files = folderSuite("a loader of a folder");
files("renders a file", () => {
  const loader = new Loader(templateFolder({ "a.html": "<b>{{ x }}</b>" }));
  assert.is(loader.render("a.html", { x: "<" }), "<b>&lt;</b>");
  assert.is(loader.render("./a.html", { x: 1 }), "<b>1</b>");
});
files("takes a folder relative to the working directory", () => {
  const folder = templateFolder({ "a.html": "A" });
  assert.is(new Loader(path.relative(process.cwd(), folder)).render("a.html"), "A");
});
files("tries .eta and .html for a name without an extension", () => {
  const loader = new Loader(
    templateFolder({ "a.eta": "eta", "a.html": "html", "b.html": "B", c: "C" }),
  );
  assert.is(loader.render("a"), "eta");
  assert.is(loader.render("b"), "B");
  assert.is(loader.render("c"), "C");
});
files("leaves Tornado's tags alone in files called .eta", () => {
  const text = "{{ x }}<%= x %>";
  const loader = new Loader(templateFolder({ "a.eta": text, "a.html": text }));
  assert.is(loader.render("a.eta", { x: 1 }), "{{ x }}1");
  assert.is(loader.render("a.html", { x: 1 }), "11");
});
files("leaves them alone everywhere if told so", () => {
  const loader = new Loader(templateFolder({ "a.html": "{{ x }}<%= x %>" }), { syntax: "eta" });
  assert.is(loader.render("a.html", { x: 1 }), "{{ x }}1");
});
files("passes over a byte order mark", () => {
  assert.is(new Loader(templateFolder({ "a.html": "\ufeffA" })).render("a.html"), "A");
});
files("says what was looked for, and what there is", () => {
  const folder = templateFolder({ "users/list.html": "", "a.html": "\n{% include 'user.html' %}" });
  const loader = new Loader(folder);
  assert.throws(
    () => loader.render("users/lst.html"),
    (error: CodedError) =>
      error.code === "ERR_TEMPLATE_MISSING" &&
      error.message.includes(`"users/lst.html" in ${folder}`) &&
      error.message.includes('did you mean "users/list.html"?'),
  );
  assert.throws(() => loader.render("a.html"), /"user\.html", which a\.html names/);
});
files("takes a folder, a file in a file and a missing root for missing", () => {
  const folder = templateFolder({ "a.html": "", "sub/b.html": "" });
  const loader = new Loader(folder);
  for (const name of ["sub", "a.html/b", "sub/"]) {
    assert.is(
      codeOf(() => loader.render(name)),
      "ERR_TEMPLATE_MISSING",
      name,
    );
  }
  assert.is(
    codeOf(() => new Loader(path.join(folder, "none")).render("a")),
    "ERR_TEMPLATE_MISSING",
  );
});
files.run();

const names = folderSuite("the name of a template");
names("never leads out of the folder", () => {
  const outer = templateFolder({
    "secret.html": "secret",
    "in/a.html": "",
    "in-not/b.html": "secret",
  });
  const loader = new Loader(path.join(outer, "in"));
  for (const name of [
    "../secret.html",
    "..",
    ".",
    "",
    "a/../../secret.html",
    "./../secret.html",
    "../in-not/b.html",
    "../in/a.html",
    path.join(outer, "secret.html"),
    "/a.html",
    "//a.html",
    "a.html\0",
    "\0",
    "a.html\0.txt",
  ]) {
    assert.is(
      codeOf(() => loader.render(name)),
      "ERR_TEMPLATE_NAME",
      JSON.stringify(name),
    );
  }
  for (const name of [null, undefined, 1, {}, ["a.html"]]) {
    assert.is(
      codeOf(() => loader.render(name as never)),
      "ERR_TEMPLATE_NAME",
      String(name),
    );
  }
});
names("has no other separators and no escapes", () => {
  const outer = templateFolder({ "secret.html": "secret", "in/a.html": "" });
  const loader = new Loader(path.join(outer, "in"));
  for (const name of ["..\\secret.html", "%2e%2e/secret.html", "..%2fsecret.html", "~/a.html"]) {
    assert.is(
      codeOf(() => loader.render(name)),
      "ERR_TEMPLATE_MISSING",
      name,
    );
  }
});
names("never leads out by a symbolic link, to a file or through a folder", () => {
  const outer = templateFolder({ "secret.html": "secret", "in/a.html": "A" });
  const folder = path.join(outer, "in");
  symlinkSync(path.join(outer, "secret.html"), path.join(folder, "file.html"));
  symlinkSync(outer, path.join(folder, "up"));
  symlinkSync(path.join(folder, "a.html"), path.join(folder, "inside.html"));
  const loader = new Loader(folder);
  assert.is(
    codeOf(() => loader.render("file.html")),
    "ERR_TEMPLATE_NAME",
  );
  assert.is(
    codeOf(() => loader.render("up/secret.html")),
    "ERR_TEMPLATE_NAME",
  );
  assert.is(
    codeOf(() => new DictLoader({ a: "{% include '../a' %}" }).render("a")),
    "ERR_TEMPLATE_NAME",
  );
  assert.is(loader.render("inside.html"), "A");
});
names("may be in a folder that is a symbolic link itself", () => {
  const outer = templateFolder({ "real/a.html": "A" });
  symlinkSync(path.join(outer, "real"), path.join(outer, "link"));
  assert.is(new Loader(path.join(outer, "link")).render("a.html"), "A");
});
names("in a template is relative to it, or to the root", () => {
  const loader = new DictLoader({
    "a/page.html":
      "{% include 'part.html' %}{% include '../part.html' %}{% include '/b/part.html' %}",
    "a/page.eta":
      "<%~ include('part.html') %><%~ include('../part.html') %><%~ include('/b/part.html') %>",
    "a/part.html": "[a]",
    "b/part.html": "[b]",
    "part.html": "[root]",
    "up.html": "{% include '../part.html' %}",
    "up.eta": "<%~ include('../part.html') %>",
  });
  assert.is(loader.render("a/page.html"), "[a][root][b]");
  assert.is(loader.render("a/page.eta"), "[a][root][b]");
  assert.is(
    codeOf(() => loader.render("up.html")),
    "ERR_TEMPLATE_NAME",
  );
  assert.is(
    codeOf(() => loader.render("up.eta")),
    "ERR_TEMPLATE_NAME",
  );
});
names("is no property that every object has", () => {
  assert.is(
    codeOf(() => new DictLoader({}).render("constructor")),
    "ERR_TEMPLATE_MISSING",
  );
});
names.run();

const inheritance = suite("extends, block and include");
inheritance("put the blocks of a page into its base", () => {
  const loader = new DictLoader({
    "base.html": "<t>{% block t %}base{% end %}</t><b>{% block b %}{% end %}</b>",
    "page.html": `not shown{% extends "base.html" %}{% block b %}{{ x }}{% end %}`,
    "sub.html": `{% extends "page.html" %}{% block t %}sub{% end %}`,
  });
  assert.is(loader.render("base.html"), "<t>base</t><b></b>");
  assert.is(loader.render("page.html", { x: "<" }), "<t>base</t><b>&lt;</b>");
  assert.is(loader.render("sub.html", { x: 1 }), "<t>sub</t><b>1</b>");
});
inheritance("let a block see the variables of its place", () => {
  const loader = new DictLoader({
    "base.html": "{% for i in [1, 2] %}{% block row %}{% end %}{% end %}",
    "page.html":
      "{% extends 'base.html' %}{% block row %}({{ i }}{% include 'part.html' %}){% end %}",
    "part.html": ":{{ i * 2 }}",
  });
  assert.is(loader.render("page.html"), "(1:2)(2:4)");
});
inheritance("let a page override a block of an included file, and a block in a block", () => {
  const loader = new DictLoader({
    "base.html": "{% include 'part.html' %}",
    "part.html": "{% block outer %}[{% block inner %}i{% end %}]{% end %}",
    "page.html": "{% extends 'base.html' %}{% block inner %}I{% end %}",
  });
  assert.is(loader.render("base.html"), "[i]");
  assert.is(loader.render("page.html"), "[I]");
});
inheritance("leave each file its own autoescape", () => {
  const loader = new DictLoader({
    "base.html":
      "{% autoescape None %}{{ x }}{% block b %}{{ x }}{% end %}{% include 'part.html' %}",
    "page.html": "{% extends 'base.html' %}{% block b %}{{ x }}{% end %}",
    "part.html": "{{ x }}",
  });
  assert.is(loader.render("base.html", { x: "<" }), "<<&lt;");
  assert.is(loader.render("page.html", { x: "<" }), "<&lt;&lt;");
});
inheritance("refuse circles", () => {
  const loader = new DictLoader({
    "self.html": "{% include 'self.html' %}",
    "a.html": "{% include 'b.html' %}",
    "b.html": "\n{% if 0 %}{% include 'a.html' %}{% end %}",
    "c.html": "{% extends 'd.html' %}",
    "d.html": "{% extends 'c.html' %}",
    "e.html": "{% block x %}{% block x %}{% end %}{% end %}",
    "f.eta": "<%~ include('f') %>",
    "g.eta": "<% layout('g') %>",
  });
  for (const name of ["self.html", "a.html", "c.html", "f", "g"]) {
    assert.is(
      codeOf(() => loader.render(name)),
      "ERR_TEMPLATE",
      name,
    );
  }
  assert.throws(() => loader.render("a.html"), /b\.html:2: .*a\.html → b\.html → a\.html/);
  assert.type(loader.render("e.html"), "string");
});
inheritance.run();

const layouts = suite("eta's layout, block and include");
layouts("give the layout the page as its body, and what the page says", () => {
  const loader = new DictLoader({
    "layouts/main.eta": "<title><%= title %></title><%~ it.body %><%= x %>",
    "page.eta": "<% layout('layouts/main', { title: 'T<' }) %>\n<p><%= x %></p>",
  });
  assert.is(loader.render("page", { x: "<" }), "<title>T&lt;</title><p>&lt;</p>&lt;");
});
layouts("hand blocks over, through two layouts too", () => {
  const loader = new DictLoader({
    "outer.eta":
      "<%~ block('head', () => { %>outer<% }) %>|<%~ block('foot', () => { %>foot<% }) %>|<%~ it.body %>",
    "inner.eta": "<% layout('outer') %>\n<% block('head', () => { %>inner<% }) %>\n(<%~ body %>)",
    "page.eta": "<% layout('inner') %>\n<% block('head', () => { %>page<%= x %><% }) %>\nP",
    "other.eta": "<% layout('inner') %>\nO",
  });
  assert.is(loader.render("page", { x: "<" }), "page&lt;|foot|(P)");
  assert.is(loader.render("other"), "inner|foot|(O)");
});
layouts("give an included template the names of the page and more", () => {
  const loader = new DictLoader({
    "page.eta": "<% for (const row of rows) { %><%~ include('row', { row }) %><% } %>",
    "row.eta": "<%= row %><%= it.sign %>",
  });
  assert.is(loader.render("page", { rows: [1, 2], sign: "!" }), "1!2!");
});
layouts("work from Tornado's syntax, and the other way round", () => {
  const loader = new DictLoader({
    "main.eta": "<<%~ it.body %>>",
    "page.html": "<% layout('main') %>{{ x }}{% raw include('row.html', { x: 2 }) %}",
    "row.html": "[{{ x }}]",
  });
  assert.is(loader.render("page.html", { x: 1 }), "<1[2]>");
});
layouts("do not read getters that nobody mentions", () => {
  const loader = new DictLoader({
    "main.eta": "<%~ it.body %>",
    "page.eta": "<% layout('main') %><%~ include('part', { x: 1 }) %>",
    "part.eta": "<%= x %>",
  });
  const namespace = {
    get costly() {
      throw new Error("read");
    },
  };
  assert.is(loader.render("page", namespace), "1");
});
layouts.run();

const cache = folderSuite("the cache of templates");
cache("keeps what was compiled until reset()", () => {
  const folder = templateFolder({ "a.html": "1{% include 'b.html' %}", "b.html": "b" });
  const loader = new Loader(folder);
  assert.is(loader.render("a.html"), "1b");
  assert.is(loader.load("a.html"), loader.load("./a.html"));
  writeFileSync(path.join(folder, "a.html"), "2{% include 'b.html' %}");
  writeFileSync(path.join(folder, "b.html"), "c");
  assert.is(loader.render("a.html"), "1b");
  loader.reset();
  assert.is(loader.render("a.html"), "2c");
});
cache("turned off sees each changed file at once, bases and parts too", () => {
  const folder = templateFolder({
    "base.html": "base{% block b %}{% end %}",
    "a.html": "{% extends 'base.html' %}{% block b %}a{% include 'b.html' %}{% end %}",
    "b.html": "b",
  });
  const loader = new Loader(folder, { cache: false });
  assert.is(loader.render("a.html"), "baseab");
  writeFileSync(path.join(folder, "b.html"), "B");
  assert.is(loader.render("a.html"), "baseaB");
  writeFileSync(path.join(folder, "base.html"), "BASE{% block b %}{% end %}");
  assert.is(loader.render("a.html"), "BASEaB");
  rmSync(path.join(folder, "b.html"));
  assert.is(
    codeOf(() => loader.render("a.html")),
    "ERR_TEMPLATE_MISSING",
  );
});
cache("does not keep that a file was missing", () => {
  const folder = templateFolder({});
  const loader = new Loader(path.join(folder, "later"));
  assert.is(
    codeOf(() => loader.render("a.html")),
    "ERR_TEMPLATE_MISSING",
  );
  mkdirSync(path.join(folder, "later"));
  writeFileSync(path.join(folder, "later/a.html"), "A");
  assert.is(loader.render("a.html"), "A");
});
cache("does not keep a template that could not be read", () => {
  const folder = templateFolder({ "a.html": "{% if %}" });
  const loader = new Loader(folder);
  assert.is(
    codeOf(() => loader.render("a.html")),
    "ERR_TEMPLATE",
  );
  writeFileSync(path.join(folder, "a.html"), "A");
  assert.is(loader.render("a.html"), "A");
});
cache.run();
