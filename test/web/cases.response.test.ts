/** Known requests and the answers they must get, byte for byte: fields, redirects, cookies, signed values, cases 93 to 109. */
import * as assert from "uvu/assert";
import { authenticated, decodeSignedValue, RequestHandler } from "../../lib/index.ts";
import { SetCookies } from "../support/cookies.ts";
import { cpuMs } from "../support/cputime.ts";
import { serverSuite } from "../support/servers.ts";
import { FORM, get, HOST, serving } from "../support/wire.ts";

const t = serverSuite("known requests and what is answered");

t("93: fields are replaced, added and taken back, whatever their case", async () => {
  class MultiHeader extends RequestHandler {
    get() {
      this.setHeader("x-overwrite", "1");
      this.setHeader("X-Overwrite", 2);
      this.addHeader("x-multi", 3);
      this.addHeader("X-Multi", "4");
      this.setHeader("X-Gone", "1");
      this.clearHeader("X-Gone");
      this.clearHeader("X-Never-Set");
    }
  }
  const { ask } = await serving([["/mhdr", MultiHeader]]);
  const response = await ask(get("/mhdr"));
  assert.equal(response.headers("X-Overwrite"), ["2"]);
  assert.equal(response.headers("X-Multi"), ["3", "4"]);
  assert.is(response.header("X-Gone"), null);
});

t("95: redirect() sends elsewhere with the status that is asked for", async () => {
  class Redirect extends RequestHandler {
    get() {
      const status = this.getArgument("status", null);
      if (status !== null) this.redirect("/x", { status: Number(status) });
      else this.redirect("/x", { permanent: this.getArgument("permanent", "0") === "1" });
    }
  }
  const { ask } = await serving([["/redir", Redirect]]);
  const found = await ask(get("/redir"));
  assert.is(found.status, 302);
  assert.is(found.header("Location"), "/x");
  assert.is(found.header("Content-Length"), "0");
  assert.is((await ask(get("/redir?permanent=1"))).status, 301);
  assert.is((await ask(get("/redir?status=307"))).status, 307);
  assert.is((await ask(get("/redir?status=200"))).status, 500);
});

t("99: @authenticated redirects a reader to log in and refuses others", async () => {
  class LoginNeeded extends RequestHandler {
    override getLoginUrl() {
      return this.getArgument("lu", "/login");
    }
    @authenticated
    get() {
      this.write("in");
    }
    @authenticated
    post() {
      this.write("in");
    }
  }
  const { ask } = await serving([["/login-needed", LoginNeeded]]);
  const home = await ask(get("/login-needed?x=1"));
  assert.is(home.status, 302);
  assert.is(home.header("Location"), "/login?next=%2Flogin-needed%3Fx%3D1");
  const abroad = await ask(get("/login-needed?lu=http://example.com/l"));
  assert.is(abroad.status, 302);
  const location = abroad.header("Location") ?? "";
  assert.ok(location.startsWith("http://example.com/l?next=http%3A%2F%2F127.0.0.1"), location);
  const query = await ask(get("/login-needed?lu=/l%3Fa%3D1"));
  assert.is(query.status, 302);
  assert.is(query.header("Location"), "/l?a=1");
  const post = `POST /login-needed HTTP/1.1\r\n${HOST}${FORM}Content-Length: 0\r\n\r\n`;
  assert.is((await ask(post)).status, 403);
});

t("101: an entity tag that the client has makes a 304 without fields of a body", async () => {
  class Lang extends RequestHandler {
    get() {
      this.setHeader("Content-Language", "en_US");
      this.write("hello");
    }
  }
  const { ask } = await serving([["/lang", Lang]]);
  const tag = '"aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d"';
  const same = await ask(get("/lang", `If-None-Match: ${tag}\r\n`));
  assert.is(same.status, 304);
  assert.is(same.header("Etag"), tag);
  for (const name of ["Content-Length", "Content-Type", "Content-Language", "Transfer-Encoding"]) {
    assert.is(same.header(name), null);
  }
  const other = await ask(get("/lang", 'If-None-Match: "nope"\r\n'));
  assert.is(other.status, 200);
  assert.is(other.header("Content-Length"), "5");
  assert.is(other.header("Content-Language"), "en_US");
});

t("103: setCookie() writes its lines letter for letter", async () => {
  const { ask } = await serving([["/setck", SetCookies]]);
  assert.equal((await ask(get("/setck"))).headers("Set-Cookie"), [
    "a=e; Path=/",
    "m=1; HttpOnly; Max-Age=10; Path=/; SameSite=Lax; Secure",
    'q="a\\073b"; Path=/',
    "d=1; Domain=foo.com; Path=/foo",
  ]);
});

t("105: nothing that could begin another attribute is let into a cookie", async () => {
  class BadCookie extends RequestHandler {
    get() {
      const accepted: string[] = [];
      const codes = [...Array.from({ length: 0x21 }, (_, code) => code), 0x3b, 0x7f];
      for (const code of codes) {
        const text = `a${String.fromCharCode(code)}b`;
        const attempts: Record<string, () => void> = {
          name: () => this.setCookie(text, "v"),
          domain: () => this.setCookie("n", "v", { domain: text }),
          path: () => this.setCookie("n", "v", { path: text }),
          sameSite: () => this.setCookie("n", "v", { sameSite: text as "Lax" }),
        };
        for (const [what, attempt] of Object.entries(attempts)) {
          try {
            attempt();
            accepted.push(`${what} ${code}`);
          } catch {
            // Refused, as it must be.
          }
        }
      }
      this.write({ accepted });
    }
  }
  const { ask } = await serving([["/badck", BadCookie]]);
  const response = await ask(get("/badck"));
  assert.equal(JSON.parse(response.text), { accepted: [] });
  assert.equal(response.headers("Set-Cookie"), []);
});

t("107: reading cookies takes time in proportion to their length", async () => {
  class GetCookie extends RequestHandler {
    get() {
      this.write(this.getCookie("foo") ?? "none");
    }
  }
  const { ask } = await serving([["/getck", GetCookie]]);
  const startedMs = cpuMs();
  const quoted = await ask(get("/getck", `Cookie: foo="${"\\".repeat(60_000)}"\r\n`));
  assert.is(quoted.status, 200);
  assert.is(quoted.text, "\\".repeat(30_000));
  const many = await ask(get("/getck", `Cookie: ${"a=;".repeat(20_000)}foo=1\r\n`));
  assert.is(many.status, 200);
  assert.is(many.text, "1");
  assert.ok(cpuMs() - startedMs < 1000);
});

const SIGNED =
  "2%7C1%3A0%7C10%3A1300000000%7C3%3Akey%7C8%3AdmFsdWU%3D%7C" +
  "3d4e60b996ff9c5d5788e333a0cba6f238a22c6c0f94788870e1a9ecd482e152";
const OLD = "dmFsdWU%3D%7C1300000000%7C31c934969f53e48164c50768b40cbd7e2daaaa4f";
const unsigned: readonly (readonly [query: string, v: string | null])[] = [
  [`v=${SIGNED}`, "value"],
  [`v=${SIGNED.replace("1%3A0", "1%3A1")}`, null],
  [`v=${SIGNED.replace("10%3A1300000000", "10%3A130000000")}`, null],
  [`v=${SIGNED.replace("3%3Akey", "3%3Akeey")}`, null],
  [`v=${SIGNED.slice(0, -1)}`, null],
  [`v=${SIGNED.replace("%7C3d4e", "%7C4d4e")}`, null],
  [`v=${SIGNED}&n=key2`, null],
  [`v=${SIGNED}&now=1302764800`, null],
  [`v=${OLD}`, "value"],
  [`v=${OLD}&mv=2`, null],
  ["v=garbage", null],
];
for (const [query, v] of unsigned) {
  t(`109: /unsign?${query.slice(0, 30)}…${query.slice(-12)} is ${v}`, async () => {
    class Unsign extends RequestHandler {
      get() {
        const name = this.getArgument("n", "key");
        const decoded = decodeSignedValue(
          "It's a secret to everybody",
          name,
          this.getArgument("v"),
          {
            nowMs: Number(this.getArgument("now", "1300000000")) * 1000,
            minVersion: Number(this.getArgument("mv", "1")) as 1 | 2,
            maxAgeDays: 31,
          },
        );
        this.write({ v: decoded?.toString() ?? null });
      }
    }
    const { json } = await serving([["/unsign", Unsign]]);
    assert.equal(await json(get(`/unsign?${query}`)), { v });
  });
}

t.run();
