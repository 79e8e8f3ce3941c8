/** render(), renderString(), a page that fails, and the namespace of a handler, over real sockets. */
import path from "node:path";
import * as assert from "uvu/assert";
import { type ErrorContext, HTTPError, RequestHandler } from "../../lib/index.ts";
import { loggedErrors, type Routes, startServer } from "../support/servers.ts";
import { templateFolder } from "../support/templatefolder.ts";
import { get, Page, pageSuite, routes, templates } from "./templatetools.ts";

const render = pageSuite("render()");
render("escapes, and raw does not", async () => {
  const response = await get(templates({ "a.html": "<b>{{ x }}</b>{% raw x %}" }));
  assert.is(response.status, 200);
  assert.is(response.text, `<b>&lt;i&gt;&amp;&quot;&#x27;</b><i>&"'`);
  assert.is(response.header("content-type"), "text/html; charset=UTF-8");
  assert.ok(response.header("etag"));
});
render("does the same in eta's syntax", async () => {
  const response = await get(templates({ "a.eta": "<b><%= x %></b><%~ it.x %>" }), "/t/a.eta");
  assert.is(response.text, `<b>&lt;i&gt;&amp;&quot;&#x27;</b><i>&"'`);
});
render("shows what UI modules make unescaped", async () => {
  const response = await get(templates({ "mod.html": "{% module linkify(m) %}" }), "/t/mod.html");
  assert.is(response.text, '<a href="http://example.com">http://example.com</a>');
});
render("finishes the response, and may be awaited", async () => {
  let isFinished = false;
  class Awaiting extends RequestHandler {
    async get() {
      await this.render("a.html");
      isFinished = this.isFinished;
    }
  }
  const response = await get(templates({ "a.html": "A" }), "/", [["/", Awaiting]]);
  assert.is(response.text, "A");
  assert.ok(isFinished);
});
render("is refused after finish()", async () => {
  const codes: unknown[] = [];
  class Twice extends RequestHandler {
    get() {
      this.render("a.html");
      try {
        this.render("a.html");
      } catch (error) {
        codes.push((error as { code?: unknown }).code);
      }
    }
  }
  await get(templates({ "a.html": "A" }), "/", [["/", Twice]]);
  assert.equal(codes, ["ERR_HTTP_FINISHED"]);
});
render("comes behind what was written", async () => {
  class Both extends RequestHandler {
    get() {
      this.write("1");
      this.write(this.renderString("a.html"));
      this.render("a.html");
    }
  }
  assert.is((await get(templates({ "a.html": "A" }), "/", [["/", Both]])).text, "1AA");
});
render("makes error pages", async () => {
  class Failing extends RequestHandler {
    get() {
      throw new HTTPError(418, "short and stout");
    }
    override writeError(status: number, _context: ErrorContext) {
      this.render("error.html", { status });
    }
  }
  const response = await get(templates({ "error.html": "<{{ status }}>" }), "/", [["/", Failing]]);
  assert.is(response.status, 418);
  assert.is(response.text, "<418>");
});
render("answers HEAD with the length of the page", async () => {
  const { connect } = await startServer(routes, {}, templates({ "a.html": "12345" }));
  const client = await connect();
  await client.send("HEAD /t/a.html HTTP/1.1\r\nHost: a\r\n\r\n");
  const response = await client.readResponse({ method: "HEAD" });
  assert.is(response.header("content-length"), "5");
  assert.is(response.text, "");
});
render.run();

const failing = pageSuite("a page that fails");
failing("answers 500, and logs template and line", async () => {
  const response = await get(templates({ "a.html": "\n{{ x.y.z }}" }));
  assert.is(response.status, 500);
  assert.is(response.text.includes("a.html"), false);
  assert.match(String(loggedErrors()[0]?.error), /a\.html:2: /);
});
failing("shows template and line in debug mode", async () => {
  const response = await get({ ...templates({ "a.html": "\n{{ x.y.z }}" }), debug: true });
  assert.is(response.status, 500);
  assert.match(response.text, /a\.html:2: /);
});
failing("by an HTTPError has its status", async () => {
  class Missing extends RequestHandler {
    get() {
      this.render("a.html", {
        post() {
          throw new HTTPError(404);
        },
      });
    }
  }
  const response = await get(templates({ "a.html": "{{ post() }}" }), "/", [["/", Missing]]);
  assert.is(response.status, 404);
});
failing("for want of a setting says which", async () => {
  assert.is((await get({})).status, 500);
  assert.match(String(loggedErrors()[0]?.error), /needs the setting "templatePath"/);
});
failing("when the client chose its name shows no file outside", async () => {
  const folder = templateFolder({ "secret.html": "secret", "in/a.html": "A" });
  const settings = { templatePath: path.join(folder, "in") };
  for (const name of [
    "../secret.html",
    "%2e%2e/secret.html",
    "..%2Fsecret.html",
    "%00",
    "/etc/passwd",
  ]) {
    const response = await get(settings, `/t/${name}`);
    assert.is(response.status, 500, name);
    assert.is(response.text.includes("secret"), false);
  }
});
failing.run();

const namespace = pageSuite("the namespace of a handler");
namespace("has Tornado's names", async () => {
  const text = [
    "{{ handler.constructor.name }} {{ request.method }} {{ currentUser }} {{ locale.code }} {{ _('Sign in') }}",
    "{{ pgettext('law', 'right') }} {{ reverseUrl('named', 7) }} {{ escape('<') }} {% raw xhtmlEscape('<') %}",
    "{{ urlEscape('a b') }} {% raw jsonEncode([1]) %} {{ squeeze('a  b') }} {{ typeof linkify }} {{ typeof staticUrl }}",
  ].join("\n");
  class Named extends RequestHandler {
    override getCurrentUser() {
      return "ann";
    }
    get() {
      this.render("a.html");
    }
  }
  const table: Routes = [
    ["/", Named],
    ["/named/([0-9]+)", Page, {}, "named"],
  ];
  const response = await get(templates({ "a.html": text }), "/", table);
  assert.is(
    response.text,
    "Named GET ann en_US Sign in\nright /named/7 &amp;lt; &lt;\na+b [1] a b function function",
  );
});
namespace("has the form field against XSRF, once it is raw", async () => {
  const response = await get(
    templates({ "a.html": "{% module xsrfFormHtml() %}{% raw xsrfFormHtml() %}" }),
  );
  const [, token] = /value="([^"]+)"/.exec(response.text) ?? [];
  const field = `<input type="hidden" name="_xsrf" value="${token}"/>`;
  assert.is(response.text, field + field);
  assert.match(response.head, new RegExp(`Set-Cookie: _xsrf="?${token?.replaceAll("|", "\\|")}`));
});
namespace("is computed only as far as a page mentions it", async () => {
  const asked: string[] = [];
  class Lazy extends RequestHandler {
    override getCurrentUser() {
      asked.push("user");
      return "ann";
    }
    override getUserLocale() {
      asked.push("locale");
      return null;
    }
    get() {
      this.write(this.renderString("plain.html"));
      this.write(asked.join());
      this.render("user.html");
    }
  }
  const files = {
    "plain.html": "plain {{ request.path }}|",
    "user.html": "|{{ currentUser }}{{ currentUser }}",
  };
  const response = await get(templates(files), "/", [["/", Lazy]]);
  assert.is(response.text, "plain /||annann");
  assert.equal(asked, ["user"]);
});
namespace("gives way to what render() is given", async () => {
  class Given extends RequestHandler {
    get() {
      this.render("a.html", { currentUser: "given", escape: "too", request: "and" });
    }
  }
  const text = "{{ currentUser }} {{ escape }} {{ request }}";
  assert.is((await get(templates({ "a.html": text }), "/", [["/", Given]])).text, "given too and");
});
namespace("may be added to by the handler, without a trace in other requests", async () => {
  const shared = Object.freeze({ site: "S" });
  class Added extends RequestHandler {
    override getTemplateNamespace() {
      return { ...super.getTemplateNamespace(), ...shared };
    }
    get() {
      this.render("a.html", { x: this.getArgument("x", "none") });
    }
  }
  const text = "{{ site }}{{ x }}{{ request.method }}";
  const { connect } = await startServer([["/", Added]], {}, templates({ "a.html": text }));
  const client = await connect();
  assert.is((await client.get("/?x=1")).text, "S1GET");
  assert.is((await client.get("/")).text, "SnoneGET");
});
namespace("of the client's choice runs no code and shows no markup", async () => {
  class Echo extends RequestHandler {
    get() {
      const given = JSON.parse(this.getArgument("names")) as Record<string, unknown>;
      this.render("a.html", given);
    }
  }
  const text = "{{ typeof given === 'undefined' ? 'none' : given }}|{{ request.method }}";
  const { connect } = await startServer([["/", Echo]], {}, templates({ "a.html": text }));
  const client = await connect();
  const ask = async (names: object) =>
    (await client.get(`/?names=${encodeURIComponent(JSON.stringify(names))}`)).text;
  assert.is(
    await ask({ given: "<script>alert(1)</script>" }),
    "&lt;script&gt;alert(1)&lt;/script&gt;|GET",
  );
  assert.is(await ask({ "x=process.exit(1)": 1, "a,b": 2, __eta: 3, __it: 4 }), "none|GET");
  assert.is(await ask(JSON.parse('{"__proto__": {"given": "<p>"}}')), "none|GET");
  assert.is(await ask({ settings: { "view options": { escapeFunction: "1;" } } }), "none|GET");
});
namespace.run();
