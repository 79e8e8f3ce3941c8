/** Set-Cookie lines: the output is Tornado's, and nothing that is passed on can add to it. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { CodedError, ErrorCode } from "../../lib/base/errors.ts";
import { parseCookies } from "../../lib/http/cookies.ts";
import {
  type CookieAttributes,
  clearCookieLine,
  type SameSite,
  setCookieLine,
} from "../../lib/http/setcookie.ts";

const NOW_MS = 1_300_000_000_000;

/** Every character that Tornado's test tries: the controls, space, DEL and ";". */
const FORBIDDEN = [...Array.from({ length: 0x21 }, (_, code) => code), 0x3b, 0x7f].map((code) =>
  String.fromCharCode(code),
);

function line(name: string, value: string, attributes: CookieAttributes = {}): string {
  return setCookieLine(name, value, attributes, NOW_MS);
}

function refuses(call: () => unknown, code: ErrorCode, pattern = /./): void {
  assert.throws(call, (error: CodedError) => error.code === code && pattern.test(error.message));
}

const lines = suite("a Set-Cookie line");

lines("has name, value and the path /", () => {
  assert.is(line("a", "e"), "a=e; Path=/");
});

lines("has its attributes in the order of their names", () => {
  const attributes = {
    secure: true,
    sameSite: "Lax",
    path: "/foo",
    maxAge: 10,
    httpOnly: true,
    expires: NOW_MS,
    domain: "foo.com",
  } as const;
  assert.is(
    line("m", "1", attributes),
    "m=1; Domain=foo.com; expires=Sun, 13 Mar 2011 07:06:40 GMT; HttpOnly; Max-Age=10; " +
      "Path=/foo; SameSite=Lax; Secure",
  );
});

lines("has no attribute that is false, null, empty or not given", () => {
  const none = {
    domain: null,
    expires: null,
    expiresDays: null,
    httpOnly: false,
    maxAge: null,
    path: null,
    sameSite: null,
    secure: false,
  };
  assert.is(line("a", "1", none), "a=1");
  assert.is(line("a", "1", { domain: "", path: "", sameSite: "" }), "a=1");
  assert.is(line("a", "1", { path: undefined, secure: undefined }), "a=1; Path=/");
});

lines("takes when it ends as a Date, in ms and in days from now", () => {
  const end = "a=1; expires=Sun, 13 Mar 2011 07:06:40 GMT; Path=/";
  assert.is(line("a", "1", { expires: new Date(NOW_MS) }), end);
  assert.is(line("a", "1", { expires: NOW_MS, expiresDays: 7 }), end);
  assert.is(
    line("a", "1", { expiresDays: 10 }),
    "a=1; expires=Wed, 23 Mar 2011 07:06:40 GMT; Path=/",
  );
  assert.match(line("a", "1", { expiresDays: -0.5 }), "expires=Sat, 12 Mar 2011 19:06:40 GMT");
  assert.match(line("a", "1", { expires: 0 }), "expires=Thu, 01 Jan 1970 00:00:00 GMT");
});

lines("leaves Max-Age 0 out, as Tornado does, and keeps one below it", () => {
  assert.is(line("a", "1", { maxAge: 0 }), "a=1; Path=/");
  assert.is(line("a", "1", { maxAge: -1 }), "a=1; Max-Age=-1; Path=/");
});

lines.run();

const values = suite("a cookie's value");

values("of token characters and : is sent as it is", () => {
  const plain = "azAZ09!#$%&'*+-.^_`|~:";
  assert.is(line("a", plain), `a=${plain}; Path=/`);
});

values("with others is quoted, with octal escapes", () => {
  assert.is(line("q", "a;b"), 'q="a\\073b"; Path=/');
  assert.is(line("q", 'a"b'), 'q="a\\"b"; Path=/');
  assert.is(line("q", "a\\b"), 'q="a\\\\b"; Path=/');
  assert.is(line("q", "a=b"), 'q="a=b"; Path=/');
  assert.is(line("q", "a,b\x7f\xe9"), 'q="a\\054b\\177\\351"; Path=/');
  assert.is(line("q", "()/<=>?@[]{}"), 'q="()/<=>?@[]{}"; Path=/');
  assert.is(line("q", ""), 'q=""; Path=/');
});

values("is read back whatever its characters are", () => {
  for (let code = 0x21; code <= 0xff; code++) {
    const value = `a${String.fromCharCode(code)}7`;
    const [pair = ""] = line("q", value).split("; ");
    assert.is(parseCookies(pair).get("q"), value);
  }
});

values("is refused with a space, a control or what latin1 has not", () => {
  for (let code = 0; code <= 0x20; code++) {
    refuses(() => line("a", `v${String.fromCharCode(code)}`), "ERR_HTTP_COOKIE", /at offset 1/);
  }
  refuses(() => line("a", "\u2603"), "ERR_HTTP_COOKIE", /0x2603.*encodeURIComponent/);
  refuses(() => line("a", 5 as unknown as string), "ERR_HTTP_COOKIE", /its value is 5/);
});

values.run();

const injection = suite("an injection into a cookie");

injection("by name, domain, path or sameSite is refused (CVE-2026-35536)", () => {
  for (const character of FORBIDDEN) {
    refuses(() => line(`foo${character}`, "bar"), "ERR_HTTP_COOKIE");
    for (const attributes of [
      { domain: `example${character}.com` },
      { path: `/${character}` },
      { sameSite: `a${character}` as SameSite },
    ]) {
      refuses(() => line("foo", "bar", attributes), "ERR_HTTP_COOKIE");
      refuses(() => clearCookieLine("foo", attributes, NOW_MS), "ERR_HTTP_COOKIE");
    }
  }
  refuses(() => line("a", "b", { domain: "\u2603.com" }), "ERR_HTTP_COOKIE", /0x2603/);
});

injection("by maxAge is refused: it is an integer", () => {
  for (const maxAge of ["10; Domain=evil.com", "10", 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    refuses(() => line("a", "b", { maxAge: maxAge as number }), "ERR_HTTP_COOKIE", /an integer/);
  }
});

injection("by another attribute of the wrong type is refused", () => {
  const text = "x; Domain=evil.com";
  for (const name of ["expires", "expiresDays", "httpOnly", "secure"]) {
    refuses(() => line("a", "b", { [name]: text }), "ERR_HTTP_COOKIE", /cannot be set/);
  }
  const object = { toString: () => text };
  for (const name of ["domain", "path", "sameSite"]) {
    refuses(() => line("a", "b", { [name]: object }), "ERR_HTTP_COOKIE", /cannot be set/);
  }
});

injection("by an attribute of another spelling is refused, with the right one named", () => {
  const spelled = { httponly: true } as CookieAttributes;
  refuses(() => line("a", "b", spelled), "ERR_UNKNOWN_OPTION", /did you mean "httpOnly"/);
  const tornado = { max_age: 1 } as CookieAttributes;
  refuses(() => line("a", "b", tornado), "ERR_UNKNOWN_OPTION", /did you mean "maxAge"/);
});

injection.run();

const names = suite("a cookie's name");

names("is a token, in which : may be, too", () => {
  assert.is(line("__Host-a:b", "1"), "__Host-a:b=1; Path=/");
  for (const name of ["", "a b", "a=b", "a,b", '"a"', "\xfc", "\u2603"]) {
    refuses(() => line(name, "1"), "ERR_HTTP_COOKIE", /no name for a cookie/);
  }
});

names("is not that of an attribute", () => {
  for (const name of ["path", "Expires", "SameSite", "secure"]) {
    refuses(() => line(name, "1"), "ERR_HTTP_COOKIE", /no name for a cookie/);
  }
});

names.run();

const dates = suite("a time that cannot be written");

dates("is refused", () => {
  for (const attributes of [{ expires: Number.NaN }, { expires: new Date(Number.NaN) }]) {
    refuses(() => line("a", "b", attributes), "ERR_HTTP_DATE");
  }
  refuses(() => line("a", "b", { expiresDays: 1e9 }), "ERR_HTTP_DATE");
});

dates.run();

const cleared = suite("a cleared cookie");

cleared("has no value and ended a year ago", () => {
  assert.is(
    clearCookieLine("a", {}, NOW_MS),
    'a=""; expires=Sat, 13 Mar 2010 07:06:40 GMT; Path=/',
  );
});

cleared("has the attributes it was set with", () => {
  const attributes = { domain: "d", path: "/p", secure: true, sameSite: "None" } as const;
  assert.is(
    clearCookieLine("a", attributes, NOW_MS),
    'a=""; Domain=d; expires=Sat, 13 Mar 2010 07:06:40 GMT; Path=/p; SameSite=None; Secure',
  );
});

cleared("takes none that says when it ends", () => {
  for (const name of ["expires", "expiresDays", "maxAge"]) {
    refuses(() => clearCookieLine("a", { [name]: 1 }, NOW_MS), "ERR_UNKNOWN_OPTION");
  }
});

cleared.run();
