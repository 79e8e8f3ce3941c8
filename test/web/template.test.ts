/** Template: escaping, the names it has, and errors that name the line. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { CodedError, DictLoader, HTTPError, Template } from "../../lib/index.ts";

const HOSTILE = `<i>&"'`;
const ESCAPED = "&lt;i&gt;&amp;&quot;&#x27;";

function made(text: string, names: Record<string, unknown> = {}): string {
  return new Template(text).generate(names);
}

/** The message of the error that making or running a template throws. */
function refusal(text: string, names: Record<string, unknown> = {}): string {
  try {
    made(text, names);
  } catch (error) {
    assert.instance(error, CodedError);
    assert.is((error as CodedError).code, "ERR_TEMPLATE");
    return (error as CodedError).message;
  }
  throw new Error(`${text} was taken`);
}

const escaping = suite("escaping");
escaping("is on in both syntaxes, for all five characters", () => {
  assert.is(made("<b>{{ x }}</b>", { x: HOSTILE }), `<b>${ESCAPED}</b>`);
  assert.is(made("<b><%= x %></b>", { x: HOSTILE }), `<b>${ESCAPED}</b>`);
});
escaping("is left out by raw and by <%~", () => {
  assert.is(made("{% raw x %}<%~ x %>", { x: HOSTILE }), HOSTILE + HOSTILE);
});
escaping("keeps a value inside its attribute, quoted either way", () => {
  const x = `" onload="alert(1)' onload='alert(1)`;
  const page = made(`<a b="{{ x }}" c='<%= x %>'>`, { x });
  assert.is(page.replace(/&\w+;|&#x27;/g, "").match(/["']/g)?.length, 4);
});
escaping("takes numbers, objects and bytes as text", () => {
  const names = { n: 0, o: { toString: () => "<o>" }, b: Buffer.from("<é>") };
  assert.is(made("{{ n }}{{ o }}{{ b }}", names), "0&lt;o&gt;&lt;é&gt;");
});
escaping("can be turned off for a file, and done by another function", () => {
  assert.is(made("{% autoescape None %}{{ x }}", { x: "<" }), "<");
  assert.is(made("{{ x }}{% autoescape null %}", { x: "<" }), "<");
  const up = (text: string) => text.toUpperCase();
  assert.is(made("{% autoescape up %}{{ x }}", { x: "<a", up }), "<A");
  assert.is(made("{% autoescape xhtmlEscape %}{{ x }}", { x: "<" }), "&lt;");
});
escaping("by default can be set for a template", () => {
  assert.is(new Template("{{ x }}<%= x %>", { autoescape: null }).generate({ x: "<" }), "<<");
  const brackets = (text: string) => `[${text}]`;
  const template = new Template("{{ x }}<%= x %>", { autoescape: "brackets" });
  assert.is(template.generate({ x: "<", brackets }), "[<][<]");
  assert.throws(() => template.generate({ x: "<" }), /"brackets".*not in the namespace/);
});
escaping("refuses a promise, which nobody wants to see", () => {
  assert.match(refusal("a\n{{ x }}", { x: Promise.resolve("x") }), /:2: .*promise.*await/);
});
escaping.run();

const variables = suite("the names of a template");
variables("stand for themselves, and in `it`", () => {
  assert.is(made("{{ a }}{{ it.a }}<%= a %><%= it.a %>", { a: 1 }), "1111");
});
variables("leave JavaScript's own as they are", () => {
  assert.is(made("{{ Math.max(1, 2) }}{{ typeof nothing }}"), "2undefined");
  assert.is(made("{{ Math }}", { Math: "mine" }), "mine");
});
variables("that are not given are an error, and of `it` undefined", () => {
  assert.match(refusal("{{ nothing }}"), /<string>:1: nothing is not defined/);
  assert.is(made("{{ it.nothing }}"), "undefined");
});
variables("may differ from one run to the next", () => {
  const template = new Template("{{ typeof a }} {{ typeof b }}");
  for (let run = 0; run < 3; run++) {
    assert.is(template.generate({}), "undefined undefined");
    assert.is(template.generate({ a: 1 }), "number undefined");
    assert.is(template.generate({ b: "" }), "undefined string");
    assert.is(template.generate({ a: 1, b: "" }), "number string");
  }
});
variables("stay right with more combinations of them than are kept", () => {
  const names = ["a", "b", "c", "d", "e", "f"];
  const template = new Template(names.map((name) => `{{ typeof ${name} }}`).join(" "));
  for (let set = 0; set < 2 ** names.length; set++) {
    const given = names.filter((_, index) => set & (1 << index));
    const expected = names.map((name) => (given.includes(name) ? "number" : "undefined"));
    const namespace = Object.fromEntries(given.map((name) => [name, 1]));
    assert.is(template.generate(namespace), expected.join(" "));
  }
});
variables("are read only if the template mentions them", () => {
  let reads = 0;
  const names = {
    get costly() {
      reads++;
      return "c";
    },
  };
  assert.is(made("{{ 1 }}", names), "1");
  assert.is(reads, 0);
  assert.is(made("{{ costly }}{{ costly }}", names), "cc");
  assert.is(reads, 1);
});
variables("that a client chose can neither become code nor reach the engine", () => {
  const hostile = JSON.parse(
    `{"__proto__": {"x": 1}, "a=alert(1)": 2, "x;process.exit()//": 3, "__eta": 4, "__it": 5, "__builtins": 6,
      "constructor": 7, "settings": {"view options": {"client": true}}, "useWith": true}`,
  );
  assert.is(
    made("{{ typeof x }}|{{ escape('<') }}|<%= typeof it.x %>", hostile),
    "undefined|&amp;lt;|undefined",
  );
  assert.is(Reflect.get(Object.prototype, "x"), undefined);
});
variables("cannot be made global by a slip", () => {
  assert.match(refusal("<% slip = 1 %>"), /slip is not defined/);
  assert.is(Reflect.has(globalThis, "slip"), false);
});
variables("have Tornado's functions among them", () => {
  const text =
    "{% raw urlEscape('a b/') %} {% raw jsonEncode(['</a>']) %} {% raw squeeze(' a  b ') %} {% raw xhtmlEscape('<') %}";
  assert.is(made(text), `a+b%2F ["<\\/a>"] a b &lt;`);
  assert.is(made("{% raw linkify('www.a.com') %}"), '<a href="http://www.a.com">www.a.com</a>');
  assert.is(made("{{ new datetime(0).toISOString() }}"), "1970-01-01T00:00:00.000Z");
  assert.is(made('{{ formatMessage("%(n)d files", { n: 2 }) }}'), "2 files");
  assert.is(made("{{ escape }}", { escape: "given" }), "given");
});
variables.run();

const errors = suite("an error of a template");
const mistakes: [text: string, line: number, message: RegExp][] = [
  ["a\n{{ x", 2, /"\{\{" is never closed by "\}\}"/],
  ["a\n{% if x", 2, /"\{%" is never closed/],
  ["a\n{# x", 2, /"\{#" is never closed/],
  ["{{ }}", 1, /is empty/],
  ["a\n\n{%  %}", 3, /is empty/],
  ["\n{% if x %}\n\n", 2, /\{% if %\} is never closed by \{% end %\}/],
  ["\n{% if %}{% end %}", 2, /a word is missing/],
  ["{% end %}", 1, /nothing to close/],
  ["{% fro x in y %}{% end %}", 1, /no statement is called "fro"; did you mean "for"/],
  ["{% 1 %}", 1, /no statement is called "1"/],
  ["{% else %}", 1, /outside any statement/],
  ["{% if a %}{% except %}{% end %}", 1, /\{% except %\} stands in \{% if %\}; it belongs to try/],
  ["{% if a %}{% else %}{% elif b %}{% end %}", 1, /cannot come after \{% else %\}/],
  ["{% try %}{% end %}", 1, /needs \{% except %\} or \{% finally %\}/],
  ["{% break %}", 1, /outside any/],
  ["{% for a in b %}{% apply f %}{% continue %}{% end %}{% end %}", 1, /outside any/],
  ["{% apply f() %}{% end %}", 1, /not the name of a function/],
  ["{% autoescape 1 %}", 1, /not the name of a function/],
  ["{% whitespace none %}", 1, /allowed are all, single, oneline/],
  ["{% import os %}", 1, /namespace/],
  ["{% for x %}{% end %}", 1, /of the form "for name in values"/],
  ["{% extends 'a' %}{% extends 'b' %}", 1, /one other at most/],
  ["a\n{{ b c }}\n", 2, /missing \)|Unexpected identifier/],
  ["a\n{{ b }}\n{% if b) { %}{% end %}", 3, /Unexpected token/],
  ["a\n\n<%= 'b %>", 3, /unclosed string/],
  ["a\n<% if (b) { %>\nc", 2, /Unexpected token/],
  ["{{ 1 }}\n<% foo", 2, /unclosed tag/],
];
for (const [text, line, message] of mistakes) {
  errors(`is found when it is read: ${JSON.stringify(text)}`, () => {
    const got = refusal(text, {});
    assert.match(got, message);
    assert.match(got, new RegExp(`^<string>:${line}: `));
  });
}
errors("that is thrown while it runs has line, text around it, and cause", () => {
  const thrown = new RangeError("too far");
  const f = () => {
    throw thrown;
  };
  const text = "one\ntwo\nthree\n{{ 1 }}{{ f() }}\nfive\nsix\nseven";
  try {
    made(text, { f });
    assert.unreachable();
  } catch (error) {
    assert.is((error as Error).cause, thrown);
    assert.is(
      (error as Error).message,
      "<string>:4: too far\n    2| two\n    3| three\n >> 4| {{ 1 }}{{ f() }}\n    5| five\n    6| six",
    );
  }
});
errors("names the line of every kind of tag", () => {
  for (const tag of [
    "{{ bad() }}",
    "{% raw bad() %}",
    "{% set a = bad() %}",
    "{% if bad() %}{% end %}",
    "{% for a in bad() %}{% end %}",
    "{% while bad() %}{% end %}",
    "{% apply bad %}{% end %}",
    "<% bad() %>",
    "<%= bad() %>",
    "<%~ bad() %>",
  ]) {
    const bad = () => {
      throw new Error("deliberate");
    };
    assert.match(refusal(`1\n2\n{{ 3 }}\n${tag}\n`, { bad }), /^<string>:4: deliberate/, tag);
  }
});
errors("about a name says what was probably meant", () => {
  assert.match(refusal("{{ static_url }}", { staticUrl: 1 }), /did you mean "staticUrl"\?/);
  assert.match(refusal("{{ None }}"), /did you mean "null"\?/);
  assert.match(refusal("{% if not x %}{% end %}", { x: 1 }), /expressions are JavaScript/);
  assert.match(refusal('{{ x.y if x else "" }}', { x: 1 }), /expressions are JavaScript.*\?:/);
  assert.match(refusal("{% raw x.y if x else 0 %}", { x: 1 }), /expressions are JavaScript/);
  assert.match(refusal("{{ len(x) }}", { x: [1] }), /did you mean "xs.length"\?/);
  assert.match(refusal("{% for i in range(3) %}{% end %}"), /did you mean "Array\(n\).keys\(\)"\?/);
  assert.is(refusal("{{ zzzzzz }}", { a: 1 }).includes("did you mean"), false);
});
errors("that ends a request is thrown as it is", () => {
  const ended = new HTTPError(404);
  const names = {
    f() {
      throw ended;
    },
  };
  try {
    made("{{ f() }}", names);
    assert.unreachable();
  } catch (error) {
    assert.is(error, ended);
  }
});
errors("names the file it is in, of several", () => {
  const loader = new DictLoader({
    "base.html": "\n{% block a %}{% end %}\n{{ inBase() }}",
    "page.html":
      "{% extends 'base.html' %}\n\n{% block a %}{{ inPage() }}{% include 'part.html' %}{% end %}",
    "part.html": "\n\n\n{{ inPart() }}",
    "l.eta": "\n<%= inLayout() %>",
    "p.eta": "<% layout('l') %>\n\n<%~ include('q') %>",
    "q.eta": "<%= inInclude() %>",
  });
  const fail = () => {
    throw new Error("deliberate");
  };
  const ok = () => "";
  const all = { inBase: ok, inPage: ok, inPart: ok, inLayout: ok, inInclude: ok };
  const message = (name: string, failing: string): string => {
    try {
      return loader.render(name, { ...all, [failing]: fail });
    } catch (error) {
      return (error as Error).message;
    }
  };
  assert.match(message("page.html", "inBase"), /^base\.html:3: /);
  assert.match(message("page.html", "inPage"), /^page\.html:3: /);
  assert.match(message("page.html", "inPart"), /^part\.html:4: /);
  assert.match(message("p", "inLayout"), /^l\.eta:2: /);
  assert.match(message("p", "inInclude"), /^q\.eta:1: /);
});
errors("is a template without a loader that names another", () => {
  assert.throws(() => new Template("{% include 'a' %}"), /has no loader/);
  assert.throws(() => new Template("<%~ include('a') %>").generate(), /has no loader/);
});
errors.run();
