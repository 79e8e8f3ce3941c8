/** Who asks: cookies, signed cookies, currentUser, the XSRF check and crossOriginProtection over real sockets. */
import * as assert from "uvu/assert";
import {
  CodedError,
  createSignedValue,
  decodeSignedValue,
  ErrorHandler,
  RequestHandler,
} from "../../lib/index.ts";
import { SetCookies } from "../support/cookies.ts";
import { loggedErrors, serverSuite, startServer } from "../support/servers.ts";

function codeOf(error: unknown): unknown {
  return error instanceof CodedError ? error.code : error;
}

const form = "Content-Type: application/x-www-form-urlencoded\r\n";

function post(body: string, fields = "", path = "/", method = "POST"): string {
  return `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${form}${fields}Content-Length: ${body.length}\r\n\r\n${body}`;
}

class BadCookies extends RequestHandler {
  get() {
    const accepted: string[] = [];
    const bad = [...Array(33).keys(), 0x3b, 0x7f].map((code) => String.fromCharCode(code));
    for (const character of bad) {
      const text = `a${character}b`;
      const tries: [string, () => void][] = [
        ["name", () => this.setCookie(text, "v")],
        ["domain", () => this.setCookie("n", "v", { domain: text })],
        ["path", () => this.setCookie("n", "v", { path: text })],
        ["sameSite", () => this.setCookie("n", "v", { sameSite: text as never })],
      ];
      for (const [what, attempt] of tries) {
        try {
          attempt();
          accepted.push(`${what} ${character.charCodeAt(0)}`);
        } catch {}
      }
    }
    this.write({ accepted });
  }
}

class MaxAge extends RequestHandler {
  get() {
    this.setCookie("a", "b", { maxAge: this.getArgument("m") as never });
  }
}

class Throws extends RequestHandler {
  get() {
    this.clearCookie("session");
    throw new Error("deliberate");
  }
}

class GetCookie extends RequestHandler {
  get() {
    this.write({ foo: this.getCookie("foo"), other: this.getCookie("other", "none") });
  }
}

const cookies = serverSuite("cookies");
const cookieRoutes: Parameters<typeof startServer>[0] = [
  ["/setck", SetCookies],
  ["/badck", BadCookies],
  ["/ckmax", MaxAge],
  ["/throws", Throws],
  ["/getck", GetCookie],
];
cookies("are set with sorted attributes, the last of a name replacing the first", async () => {
  const { connect } = await startServer(cookieRoutes);
  const response = await (await connect()).get("/setck");
  assert.equal([...response.headers("set-cookie")].sort(), [
    "a=e; Path=/",
    "d=1; Domain=foo.com; Path=/foo",
    "m=1; HttpOnly; Max-Age=10; Path=/; SameSite=Lax; Secure",
    'q="a\\073b"; Path=/',
  ]);
});
cookies("take no character that would inject an attribute", async () => {
  const { connect } = await startServer(cookieRoutes);
  const response = await (await connect()).get("/badck");
  assert.equal(JSON.parse(response.text), { accepted: [] });
  assert.equal(response.headers("set-cookie"), []);
});
cookies("take no maxAge that is not an integer", async () => {
  const { connect } = await startServer(cookieRoutes);
  const response = await (await connect()).get("/ckmax?m=10%3B%20Domain%3Devil.com");
  assert.is(response.status, 500);
  assert.equal(response.headers("set-cookie"), []);
  assert.is(loggedErrors().length, 1);
});
cookies("that were set survive an error page", async () => {
  const { connect } = await startServer(cookieRoutes);
  const response = await (await connect()).get("/throws");
  assert.is(response.status, 500);
  assert.match(
    response.header("set-cookie") ?? "",
    /^session=""; expires=.*; Path=\/$|^session=; /,
  );
});
cookies("are read in linear time", async () => {
  const { connect } = await startServer(cookieRoutes);
  const client = await connect();
  const backslashes = "\\".repeat(60_000);
  const quoted = await client.get("/getck", `Cookie: foo="${backslashes}"\r\n`);
  assert.is(JSON.parse(quoted.text).foo.length, 30_000);
  const many = await client.get("/getck", `Cookie: ${"a=;".repeat(20_000)}foo=1\r\n`);
  assert.equal(JSON.parse(many.text), { foo: "1", other: "none" });
});
cookies.run();

class Sign extends RequestHandler {
  get() {
    this.setSignedCookie("s", "välue", { expiresDays: null, httpOnly: true });
  }
}

class Unsign extends RequestHandler {
  get() {
    this.write({
      v: this.getSignedCookie("s")?.toString() ?? null,
      key: this.getSignedCookieKeyVersion("s"),
    });
  }
}

const signed = serverSuite("a signed cookie");
const signRoutes: Parameters<typeof startServer>[0] = [
  ["/sign", Sign],
  ["/unsign", Unsign],
];
signed("comes back as it was set", async () => {
  const { connect } = await startServer(signRoutes, {}, { cookieSecret: "secret".repeat(6) });
  const client = await connect();
  const line = (await client.get("/sign")).header("set-cookie") ?? "";
  assert.match(line, /^s="?2\|1:0\|10:\d+\|1:s\|8:.*HttpOnly; Path=\/$/);
  const cookie = line.slice(0, line.indexOf("; "));
  const response = await client.get("/unsign", `Cookie: ${cookie}\r\n`);
  assert.equal(JSON.parse(response.text), { v: "välue", key: 0 });
});
signed("that was changed is none", async () => {
  const { connect } = await startServer(signRoutes, {}, { cookieSecret: "secret".repeat(6) });
  const client = await connect();
  const line = (await client.get("/sign")).header("set-cookie") ?? "";
  const cookie = line.slice(0, line.indexOf("; ")).replace("|1:s|", "|1:t|");
  const response = await client.get("/unsign", `Cookie: ${cookie}\r\n`);
  assert.is(JSON.parse(response.text).v, null);
});
signed("is read by the key that signed it, of several", async () => {
  const cookieSecret = { 1: "one".repeat(11), 2: "two".repeat(11) };
  const { connect } = await startServer(signRoutes, {}, { cookieSecret, keyVersion: 2 });
  const client = await connect();
  const old = createSignedValue(cookieSecret, "s", "old", { keyVersion: 1 });
  assert.equal(JSON.parse((await client.get("/unsign", `Cookie: s="${old}"\r\n`)).text), {
    v: "old",
    key: 1,
  });
  const stranger = createSignedValue({ 3: "x".repeat(32) }, "s", "new", { keyVersion: 3 });
  assert.is(JSON.parse((await client.get("/unsign", `Cookie: s="${stranger}"\r\n`)).text).v, null);
});
signed("needs the setting cookieSecret, and says so", async () => {
  const { connect } = await startServer(signRoutes);
  assert.is((await (await connect()).get("/unsign")).status, 500);
  const [line] = loggedErrors();
  assert.is(codeOf(line?.error), "ERR_SETTING_REQUIRED");
});
signed.run();

const values = serverSuite("a signed value");
const secret = "It's a secret to everybody";
const nowMs = 1_300_000_000_000;
values("has the known form of each version", () => {
  assert.is(
    createSignedValue(secret, "key", "value", { nowMs }),
    "2|1:0|10:1300000000|3:key|8:dmFsdWU=|3d4e60b996ff9c5d5788e333a0cba6f238a22c6c0f94788870e1a9ecd482e152",
  );
  const first = createSignedValue(secret, "key", "value", { nowMs, version: 1 });
  assert.is(first, "dmFsdWU=|1300000000|31c934969f53e48164c50768b40cbd7e2daaaa4f");
  assert.is(decodeSignedValue(secret, "key", first, { nowMs, minVersion: 1 })?.toString(), "value");
  assert.is(decodeSignedValue(secret, "key", first, { nowMs }), null);
});
values("ends with maxAgeDays", () => {
  const value = createSignedValue(secret, "key", "value", { nowMs });
  const later = (days: number) =>
    decodeSignedValue(secret, "key", value, { nowMs: nowMs + days * 86_400_000, maxAgeDays: 1 });
  assert.is(later(1)?.toString(), "value");
  assert.is(later(1.001), null);
});
values.run();

class Posted extends RequestHandler {
  get() {
    this.write(this.xsrfToken);
  }
  post() {
    this.write("ok");
  }
  put() {
    this.write("ok");
  }
  override delete() {
    this.write("ok");
  }
}

class WithUser extends Posted {
  override getCurrentUser() {
    return "ann";
  }
}

const xsrfRoutes: Parameters<typeof startServer>[0] = [
  ["/", Posted],
  ["/user", WithUser],
  ["/e", ErrorHandler, { statusCode: 417 }],
];
const xsrf = serverSuite("the XSRF check");
for (const [why, status, request] of [
  ["without a token", 403, post("")],
  ["with an argument and no cookie", 403, post("_xsrf=deadbeef")],
  ["with a cookie and no argument", 403, post("", "Cookie: _xsrf=deadbeef\r\n")],
  ["with a malformed argument", 403, post("_xsrf=3%7C", "Cookie: _xsrf=deadbeef\r\n")],
  ["with a malformed cookie", 403, post("_xsrf=deadbeef", "Cookie: _xsrf=3|\r\n")],
  ["with another token", 403, post("_xsrf=deadbee0", "Cookie: _xsrf=deadbeef\r\n")],
  ["by PUT", 403, post("", "", "/", "PUT")],
  ["by DELETE", 403, "DELETE / HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["to an ErrorHandler", 417, post("", "", "/e")],
  ["to no route", 404, post("", "", "/404")],
  ["with the token of the cookie", 200, post("_xsrf=deadbeef", "Cookie: _xsrf=deadbeef\r\n")],
  [
    "with the token in a field",
    200,
    post("", "Cookie: _xsrf=deadbeef\r\nX-Xsrftoken: deadbeef\r\n"),
  ],
  [
    "with the token in the other field",
    200,
    post("", "Cookie: _xsrf=deadbeef\r\nX-Csrftoken: deadbeef\r\n"),
  ],
  [
    "with a masked token for a plain cookie",
    200,
    post("_xsrf=2%7C01020304%7Cdfafbdeb%7C1300000000", "Cookie: _xsrf=deadbeef\r\n"),
  ],
] as const) {
  xsrf(`answers ${status} to a request ${why}`, async () => {
    const { connect } = await startServer(xsrfRoutes, {}, { xsrfCookies: true });
    const client = await connect();
    await client.send(request);
    assert.is((await client.readResponse()).status, status);
  });
}
xsrf("lets everything through without the setting", async () => {
  const { connect } = await startServer(xsrfRoutes);
  const client = await connect();
  await client.send(post(""));
  assert.is((await client.readResponse()).text, "ok");
});
xsrf("sets a cookie with the token that the page has", async () => {
  const { connect } = await startServer(xsrfRoutes, {}, { xsrfCookies: true });
  const client = await connect();
  const [first, second] = [await client.get("/"), await client.get("/")];
  assert.match(first.text, /^2\|[0-9a-f]{8}\|[0-9a-f]{32}\|\d+$/);
  assert.match(first.header("set-cookie") ?? "", `_xsrf=${first.text}; Path=/`);
  assert.is.not(first.text, second.text);
});
xsrf("masks the token of a cookie anew each time, and sets none", async () => {
  const { connect } = await startServer(xsrfRoutes, {}, { xsrfCookies: true });
  const client = await connect();
  const fields = "Cookie: _xsrf=2|01020304|dfafbdeb|1300000000\r\n";
  const [first, second] = [await client.get("/", fields), await client.get("/", fields)];
  assert.equal(first.headers("set-cookie"), []);
  assert.is.not(first.text, second.text);
  for (const { text } of [first, second]) {
    const [, mask = "", masked = "", time] = text.split("|");
    const key = Buffer.from(mask, "hex");
    const token = Buffer.from(masked, "hex").map((byte, at) => byte ^ (key[at % 4] ?? 0));
    assert.is(Buffer.from(token).toString("hex"), "deadbeef");
    assert.is(time, "1300000000");
  }
});
xsrf("keeps the cookie of a user for 30 days, with the attributes of the setting", async () => {
  const settings = {
    xsrfCookies: true,
    xsrfCookieName: "token",
    xsrfCookieKwargs: { httpOnly: true, sameSite: "Strict" as const },
  };
  const { connect } = await startServer(xsrfRoutes, {}, settings);
  const line = (await (await connect()).get("/user")).header("set-cookie") ?? "";
  assert.match(line, /^token=2\|.*; expires=.*; HttpOnly; Path=\/; SameSite=Strict$/);
});
xsrf("writes version 1 plain", async () => {
  const { connect } = await startServer(xsrfRoutes, {}, { xsrfCookieVersion: 1 });
  assert.match((await (await connect()).get("/")).text, /^[0-9a-f]{32}$/);
});
xsrf.run();

const origin = serverSuite("crossOriginProtection");
for (const [fields, status] of [
  ["", 200],
  ["Sec-Fetch-Site: same-origin\r\n", 200],
  ["Sec-Fetch-Site: none\r\n", 200],
  ["Sec-Fetch-Site: same-site\r\n", 403],
  ["Sec-Fetch-Site: cross-site\r\n", 403],
  ["Sec-Fetch-Site: \r\n", 403],
  ["Origin: http://127.0.0.1\r\n", 200],
  ["Origin: https://127.0.0.1\r\n", 200],
  ["Origin: http://127.0.0.1:8080\r\n", 403],
  ["Origin: http://evil.example\r\n", 403],
  ["Origin: null\r\n", 403],
  ["Origin: 127.0.0.1\r\n", 403],
  ["Origin: http://127.0.0.1\r\nSec-Fetch-Site: cross-site\r\n", 403],
  ["Origin: https://app.example\r\nSec-Fetch-Site: cross-site\r\n", 200],
] as const) {
  const said = fields === "" ? "neither field" : JSON.stringify(fields);
  origin(`answers ${status} to a POST with ${said}`, async () => {
    const settings = { crossOriginProtection: true, trustedOrigins: ["https://app.example"] };
    const { connect } = await startServer(xsrfRoutes, {}, settings);
    const client = await connect();
    await client.send(post("", fields));
    assert.is((await client.readResponse()).status, status);
  });
}
origin("lets GET through, whoever asks", async () => {
  const { connect } = await startServer(xsrfRoutes, {}, { crossOriginProtection: true });
  const response = await (await connect()).get("/", "Sec-Fetch-Site: cross-site\r\n");
  assert.is(response.status, 200);
});
origin.run();

let asked = 0;
class Me extends RequestHandler {
  override getCurrentUser() {
    asked++;
    return this.getCookie("user");
  }
  get() {
    this.write({ user: this.currentUser, again: this.currentUser });
  }
}

class Assigned extends RequestHandler {
  override async prepare() {
    await null;
    this.currentUser = "from prepare";
  }
  get() {
    this.write({ user: this.currentUser });
  }
}

const user = serverSuite("currentUser");
user("is asked for once a request, null if nobody is there", async () => {
  const { connect } = await startServer([["/", Me]]);
  const client = await connect();
  asked = 0;
  assert.equal(JSON.parse((await client.get("/")).text), { user: null, again: null });
  assert.is(asked, 1);
  const ann = await client.get("/", "Cookie: user=ann\r\n");
  assert.equal(JSON.parse(ann.text), { user: "ann", again: "ann" });
});
user("may be assigned in an asynchronous prepare()", async () => {
  const { connect } = await startServer([["/", Assigned]]);
  assert.equal(JSON.parse((await (await connect()).get("/")).text), { user: "from prepare" });
});
user.run();
