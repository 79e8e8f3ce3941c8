/** The locale of a request, and staticUrl(). */
import { createHash } from "node:crypto";
import * as assert from "uvu/assert";
import { Locale, useTranslations } from "../../lib/web/locale.ts";
import { StaticFileHandler } from "../../lib/web/staticfilehandler.ts";
import { RequestHandler } from "../../lib/index.ts";
import { loggedErrors, type Routes, serverSuite } from "../support/servers.ts";
import { removeTemplateFolders, templateFolder } from "../support/templatefolder.ts";
import { get } from "./templatetools.ts";

const locale = serverSuite("the locale of a request");
class Language extends RequestHandler {
  get() {
    this.write(`${this.locale.code} ${this.getBrowserLocale().code}`);
  }
}
locale.after.each(() => useTranslations(new Map()));
locale("is the default one where the client wants none that there is", async () => {
  for (const field of [
    "",
    "en-US",
    "xx;q=1, en;q=0.5",
    "en;q=0",
    "*",
    "en;q=x",
    ";q=1",
    ",,,",
    "en;q=-1",
  ]) {
    const fields = field === "" ? [] : [`Accept-Language: ${field}`];
    assert.is((await get({}, "/", [["/", Language]], fields)).text, "en_US en_US", field);
  }
});
locale("is the one the client wants most of those there are", async () => {
  const codes = ["pt_BR", "de", "fr"];
  useTranslations(new Map(codes.map((code) => [code, new Locale(code)])));
  for (const [field, expected] of [
    ["de", "de"],
    ["de-AT, fr;q=0.9", "de"],
    ["fr;q=0.5, pt-br ; q=0.8, de;q=0.3", "pt_BR"],
    ["fr, de", "fr"],
    ["fr;q=0, de;q=0.1", "de"],
    ["fr;q=abc, de;q=0.1", "de"],
    ["xx, de;q=0.1", "de"],
    ["xx", "en_US"],
  ] as const) {
    const { text } = await get({}, "/", [["/", Language]], [`Accept-Language: ${field}`]);
    assert.is(text, `${expected} ${expected}`, field);
  }
});
locale("is the user's before the browser's", async () => {
  useTranslations(
    new Map([
      ["de", new Locale("de")],
      ["fr", new Locale("fr")],
    ]),
  );
  let calls = 0;
  class User extends Language {
    override getUserLocale() {
      calls++;
      return Locale.get("fr");
    }
    override get() {
      super.get();
      this.write(` ${this.locale.code}`);
    }
  }
  const { text } = await get({}, "/", [["/", User]], ["Accept-Language: de"]);
  assert.is(text, "fr de fr");
  assert.is(calls, 1);
});
locale("may be assigned", async () => {
  class Assigned extends RequestHandler {
    get() {
      const { locale } = this;
      this.locale = locale;
      this.write(String(this.locale === locale));
    }
  }
  assert.is((await get({}, "/", [["/", Assigned]])).text, "true");
});
locale.run();

const statics = serverSuite("staticUrl()");
statics.after.each(removeTemplateFolders);
class StaticURL extends RequestHandler {
  get(file: string) {
    const includeVersion = this.getArgument("v", "1") === "1";
    this.write(this.staticUrl(file, { includeVersion }));
  }
}
class AbsoluteURL extends RequestHandler {
  override includeHost = true;
  get(file: string) {
    this.write(
      `${this.staticUrl(file)} ${this.staticUrl(file, { includeHost: false, includeVersion: false })}`,
    );
  }
}
const urls: Routes = [
  ["/surl/(.*)", StaticURL],
  ["/asurl/(.*)", AbsoluteURL],
];
statics("has the version unless told otherwise, and the host if told so", async () => {
  const text = "User-agent: *\nDisallow: /\n";
  const staticPath = templateFolder({ "robots.txt": text });
  const given = { staticPath, staticHandlerClass: StaticFileHandler };
  const hash = createHash("sha512").update(text).digest("hex");
  assert.is((await get(given, "/surl/robots.txt", urls)).text, `/static/robots.txt?v=${hash}`);
  assert.is((await get(given, "/surl/robots.txt?v=0", urls)).text, "/static/robots.txt");
  assert.is(
    (await get(given, "/asurl/robots.txt", urls)).text,
    `http://127.0.0.1/static/robots.txt?v=${hash} /static/robots.txt`,
  );
});
statics("asks the class in the setting staticHandlerClass", async () => {
  class Elsewhere extends RequestHandler {
    static makeStaticUrl(_settings: object, file: string, includeVersion = true): string {
      return `https://cdn.example/${file}/${includeVersion}`;
    }
  }
  const given = { staticPath: "/nowhere", staticHandlerClass: Elsewhere };
  assert.is((await get(given, "/surl/a.js", urls)).text, "https://cdn.example/a.js/true");
});
statics("needs the setting staticPath", async () => {
  assert.is((await get({}, "/surl/robots.txt", urls)).status, 500);
  assert.match(String(loggedErrors()[0]?.error), /needs the setting "staticPath"/);
});
statics.run();
