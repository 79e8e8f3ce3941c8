/** The tags of templates: each of Tornado's, eta's beside them, and the code in both. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Template } from "../../lib/index.ts";

function made(text: string, names: Record<string, unknown> = {}): string {
  return new Template(text).generate(names);
}

const tags = suite("Tornado's tags");
const examples: [name: string, text: string, names: Record<string, unknown>, page: string][] = [
  ["if", "{% if a %}A{% elif b %}B{% else %}C{% end %}", { a: 0, b: 1 }, "B"],
  ["else if", "{% if a %}A{% else if b %}B{% else %}C{% end %}", { a: 0, b: 0 }, "C"],
  ["if with parentheses", "{% if(a) %}A{% end %}", { a: 1 }, "A"],
  ["for", "{% for x in xs %}{{ x }},{% end %}", { xs: [1, 2] }, "1,2,"],
  ["for of", "{% for (const x of xs) %}{{ x }},{% end %}", { xs: new Set([1, 2]) }, "1,2,"],
  [
    "for with pairs",
    "{% for a, b in xs %}{{ a }}{{ b }}{% end %}",
    { xs: new Map([[1, 2]]) },
    "12",
  ],
  [
    "for with nested pairs",
    "{% for i, (a, b) in xs %}{{ i }}{{ a }}{{ b }}{% end %}",
    { xs: [[1, [2, 3]]] },
    "123",
  ],
  ["for with a pattern", "{% for {a} in xs %}{{ a }}{% end %}", { xs: [{ a: 1 }] }, "1"],
  ["for over a list of values", "{% for x in 1, 2, 3 %}{{ x }}{% end %}", {}, "123"],
  ["for over an object's keys", "{% for k in o %}{{ k }}{% end %}", { o: { a: 1, b: 2 } }, "ab"],
  ["for, else after all", "{% for x in [1] %}{{ x }}{% else %}E{% end %}", {}, "1E"],
  [
    "for, no else after break",
    "{% for x in [1,2] %}{{ x }}{% break %}{% else %}E{% end %}",
    {},
    "1",
  ],
  [
    "break in if",
    "{% for x in [1,2,3] %}{% if x == 2 %}{% break %}{% end %}{{ x }}{% end %}",
    {},
    "1",
  ],
  [
    "continue",
    "{% for x in [1,2,3] %}{% if x == 2 %}{% continue %}{% end %}{{ x }}{% end %}",
    {},
    "13",
  ],
  [
    "inner break",
    "{% for x in [1,2] %}{% for y in [1,2] %}{% break %}{% else %}N{% end %}{{ x }}{% end %}",
    {},
    "12",
  ],
  ["while", "{% set i = 0 %}{% while i < 3 %}{{ i }}{% set i += 1 %}{% end %}", {}, "012"],
  ["set", "{% set a = 1 %}{{ a }}", {}, "1"],
  ["set of a given name", "{{ a }}{% set a = 2 %}{{ a }}", { a: 1 }, "12"],
  ["set of two", "{% set a, b = 1, 2 %}{% set a, b = b, a %}{{ a }}{{ b }}", {}, "21"],
  ["set of a property", "{% set o.a = 2 %}{{ o.a }}", { o: {} }, "2"],
  [
    "set in a loop, seen after it",
    "{% for x in [1,2] %}{% set last = x %}{% end %}{{ last }}",
    {},
    "2",
  ],
  ["set is no comparison", "{% set a = b == 1 %}{{ a }}", { b: 1 }, "true"],
  ["try, nothing thrown", "{% try %}T{% except %}X{% else %}L{% finally %}F{% end %}", {}, "TLF"],
  [
    "try, thrown",
    "{% try %}T{{ o.a.b }}{% except %}X{% else %}L{% finally %}F{% end %}",
    { o: {} },
    "TXF",
  ],
  [
    "except by class",
    "{% try %}{{ o.a.b }}{% except RangeError %}R{% except TypeError as e %}{{ e.name }}{% end %}",
    { o: {} },
    "TypeError",
  ],
  [
    "except by classes",
    "{% try %}{{ o.a.b }}{% except (RangeError, TypeError) %}R{% end %}",
    { o: {} },
    "R",
  ],
  [
    "except as",
    "{% try %}{{ o.a.b }}{% except as e %}{{ e.name }}{% end %}",
    { o: {} },
    "TypeError",
  ],
  [
    "apply",
    "{% apply up %}a{{ x }}{% end %}",
    { up: (t: string) => t.toUpperCase(), x: "<" },
    "A&LT;",
  ],
  [
    "apply in apply",
    "{% apply a %}1{% apply b %}2{% end %}3{% end %}",
    { a: (t: string) => `(${t})`, b: (t: string) => `[${t}]` },
    "(1[2]3)",
  ],
  ["apply of a method", "{% apply o.f %}a{% end %}", { o: { f: (t: string) => `<${t}>` } }, "<a>"],
  ["block", "a{% block b %}B{% end %}c", {}, "aBc"],
  ["comments", "a{# {{ no }} don't #}b{% comment don't %}c", {}, "abc"],
  ["literals", "{{! a }} {%! b %} {#! c #}", {}, "{{ a }} {% b %} {# c #}"],
  ["closers are text", "}} %} #}", {}, "}} %} #}"],
  ["single braces are text", "{ a { b } }", {}, "{ a { b } }"],
  ["of more braces the innermost", "{{{a}}}{{{{a}}}}", { a: 1 }, "{1}{{1}}"],
  ["whitespace single", "{% whitespace single %}a \t b \n\n  c", {}, "a b\nc"],
  ["whitespace oneline", "{% whitespace oneline %}a \n b", {}, "a b"],
  ["whitespace and <pre>", "{% whitespace oneline %}<pre>\n  a</pre>", {}, "<pre>\n  a</pre>"],
  ["whitespace all", "a  \n\n b{% whitespace all %}  \n\n", {}, "a  \n\n b  \n\n"],
  ["a line break after a tag stays", "{{ 1 }}\n{% if true %}\n{% end %}\n", {}, "1\n\n\n"],
  ["unicode", "{{ é }}€ {{ '\u{1f600}' }}", { é: "ü" }, "ü€ \u{1f600}"],
  ["quotes and backslashes in text", "a'b\"c`d\\e$", {}, "a'b\"c`d\\e$"],
  ["what is a hole elsewhere", "$".concat("{f}`$"), {}, "$".concat("{f}`$")],
];
for (const [name, text, names, page] of examples) {
  tags(`${name}: ${JSON.stringify(text)}`, () => assert.is(made(text, names), page));
}
tags.run();

const code = suite("the code in a tag");
code("may have the closer in strings, comments, regular expressions and objects", () => {
  const names = { f: (value: unknown) => JSON.stringify(value), s: "a'}}b" };
  assert.is(made("{% raw f({a: {b: 1}}) %}", names), '{"a":{"b":1}}');
  assert.is(made("{% raw f({a: {b: {}}}) %}{{f({})}}", names), '{"a":{"b":{}}}{}');
  assert.is(made(`{{ "}}" }}{{ '%}' }}{{ \`}}\${"}}"}\` }}`), "}}%}}}}}");
  assert.is(made("{{ s.replace(/'}}/g, 'x') }}", names), "axb");
  assert.is(made("{{ 6 / 2 / 3 }} {{ 1 /* }} */ }}"), "1 1");
  assert.is(made('{% if "%}" %}y{% end %}'), "y");
});
code("may end in a line comment", () => {
  assert.is(made("{{ 4 // half }}|<%= 5 // more %>|{% set a = 1 // one %}{{ a }}"), "4|5|1");
});
code("may be over several lines", () => {
  assert.is(made("{{\n [1,\n2].join(\n'-') }}"), "1-2");
});
code.run();

const eta = suite("eta's tags");
eta("work beside Tornado's, which they may contain", () => {
  const text =
    "<% for (const x of xs) { %>{{ x }}<% if (x === 1) { %>,<% } else { %>.<% } %><% } %>";
  assert.is(made(text, { xs: [1, 2] }), "1,2.");
  assert.is(made("<% [1, 2].forEach((x) => { %>{% if x == 2 %}{{ x }}{% end %}<% }) %>"), "2");
});
eta("are not searched for Tornado's", () => {
  assert.is(
    made("<% const o = {a: {b: 1}}; const s = '{{ no }}'; %>{{ o.a.b }}<%= s %>"),
    "1{{ no }}",
  );
});
eta("trim as eta's do", () => {
  assert.is(made("a\n<% if (1) { %>\nb\n<% } %>\nc"), "a\nb\nc");
  assert.is(made("a \n <%_ 1 _%> \n b<%- 1 -%>\n c"), "ab c");
});
eta("may define functions that write", () => {
  assert.is(
    made("<% function row(x) { %><li><%= x %></li><% } %><% row('<'); row(2) %>"),
    "<li>&lt;</li><li>2</li>",
  );
  assert.is(made("<% output('<') %><%~ capture(() => { %>c<% }) %>"), "<c");
});
eta("may have a switch", () => {
  assert.is(
    made("<% switch (x) { %>\n<% case 1: %>\none<% break; default: %>other<% } %>", { x: 1 }),
    "one",
  );
});
eta("alone leave Tornado's as text", () => {
  const template = new Template("{{ a }}{% b %}<%= c %>{#", { syntax: "eta" });
  assert.is(template.generate({ c: 1 }), "{{ a }}{% b %}1{#");
});
eta.run();
