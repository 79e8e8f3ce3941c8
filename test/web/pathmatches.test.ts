/** PathMatches: what patterns match, what they capture, how they reverse, which are refused. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { CodedError, type ErrorCode } from "../../lib/base/errors.ts";
import { PathMatches } from "../../lib/web/pathmatches.ts";
import { RouteTarget } from "../../lib/web/routetarget.ts";

const target = new RouteTarget(class Handler {});

/** What the pattern captures of the path; both roads of PathMatches must say the same. */
function capture(pattern: string | RegExp, path: string) {
  const matcher = new PathMatches(pattern);
  const request = { path, hostName: "a", headers: { has: () => false } };
  const plain = matcher.match(request);
  const fast = matcher.matchTo(target, path);
  assert.is(matcher.accepts(path), plain !== null);
  if (plain === null || fast === null) {
    assert.is(plain, fast);
    return null;
  }
  assert.equal(fast.args, plain.args ?? null);
  assert.equal(fast.kwargs, plain.kwargs ?? null);
  return plain.kwargs ?? plain.args ?? [];
}

function throwsCode(code: ErrorCode, work: () => unknown, message: RegExp): void {
  try {
    work();
  } catch (error) {
    assert.instance(error, CodedError);
    assert.is((error as CodedError).code, code);
    assert.match((error as CodedError).message, message);
    return;
  }
  assert.unreachable("nothing was thrown");
}

const patterns = suite("a pattern");

patterns("is anchored at both ends", () => {
  assert.equal(capture("/err", "/err"), []);
  assert.is(capture("/err", "/errx"), null);
  assert.is(capture("/err", "/x/err"), null);
  assert.is(capture(/\/err/, "/errx"), null);
  assert.equal(capture("^/err$", "/err"), []);
});

patterns("keeps alternatives inside its anchors", () => {
  assert.equal(capture("/a|/b", "/b"), []);
  assert.is(capture("/a|/b", "/ax"), null);
  assert.is(capture("/a|/b", "/x/b"), null);
});

patterns("captures positional groups as they came, undecoded", () => {
  assert.equal(capture("/p/(.*)", "/p/%3F"), ["%3F"]);
  assert.equal(capture("/p/(.*)", "/p/1+1"), ["1+1"]);
  assert.equal(capture("/s/([^/]*)/([^/]*)", "/s/a%2Fb/c%2Fd"), ["a%2Fb", "c%2Fd"]);
  assert.equal(capture("/s/([^/]*)/([^/]*)", "/s//"), ["", ""]);
  assert.is(capture("/s/([^/]*)/([^/]*)", "/s/a/b/c"), null);
});

patterns("gives undefined for an optional group that took no part", () => {
  assert.equal(capture("/opt/(.+)?", "/opt/"), [undefined]);
  assert.equal(capture("/opt/(.+)?", "/opt/a"), ["a"]);
  assert.equal(capture("/opt(?:/:name)?", "/opt"), { name: undefined });
});

patterns("names groups in Python's way, in JavaScript's and by segment", () => {
  assert.equal(capture("/kw/(?P<path>.*)", "/kw/foo"), { path: "foo" });
  assert.equal(capture("/kw/(?<path>.*)", "/kw/foo/bar"), { path: "foo/bar" });
  assert.equal(capture("/user/:id/:tab", "/user/5/posts"), { id: "5", tab: "posts" });
  assert.equal(capture(/\/re\/(?<id>\d+)/, "/re/12"), { id: "12" });
  assert.equal(capture("/(?P<a>[0-9])/(?P=a)", "/1/1"), { a: "1" });
  assert.is(capture("/(?P<a>[0-9])/(?P=a)", "/1/2"), null);
});

patterns("takes a colon for itself where no segment begins with a name", () => {
  assert.equal(capture("/at/12:30", "/at/12:30"), []);
  assert.equal(capture("/at/:30", "/at/:30"), []);
  assert.equal(capture("/at/\\:id", "/at/:id"), []);
  assert.equal(capture("/([/:a]+)", "/a:/"), ["a:/"]);
  assert.equal(capture("/(?:x|y)", "/y"), []);
  assert.is(capture(/\/:id/, "/5"), null);
});

patterns("never lets a segment match nothing or a slash", () => {
  assert.is(capture("/user/:id", "/user/"), null);
  assert.is(capture("/user/:id", "/user/5/"), null);
  assert.is(capture("/user/:id", "/user"), null);
});

patterns("counts repeats", () => {
  assert.equal(capture("/([0-9]{4})/([a-z]{1,2})", "/2026/ab"), ["2026", "ab"]);
  assert.is(capture("/([0-9]{4})/([a-z]{1,2})", "/202/ab"), null);
  assert.is(capture("/([0-9]{4})/([a-z]{1,2})", "/2026/abc"), null);
  assert.is(capture("/([0-9]{4})/([a-z]{1,2})", "/20261/a"), null);
});

patterns("may end in an optional slash", () => {
  assert.equal(new PathMatches("/about/?").literals, ["/about", "/about/"]);
  assert.equal(capture("/about/?", "/about/"), []);
  assert.is(capture("/about/?", "/about//"), null);
});

patterns("understands what differs in Python", () => {
  assert.equal(capture("\\A/x\\Z", "/x"), []);
  assert.equal(capture("(?i)/About", "/aBOUT"), []);
  assert.equal(capture("/([]a]+)", "/a]a"), ["a]a"]);
  assert.equal(capture("/([^]a]+)", "/bcd"), ["bcd"]);
  assert.is(capture("/([^]a]+)", "/b]"), null);
});

patterns("keeps the meaning of a RegExp's flags and drops where it would start", () => {
  assert.equal(capture(/\/a\/([a-z]+)/i, "/A/BC"), ["BC"]);
  const global = new PathMatches(/\/a/gy);
  assert.ok(global.accepts("/a"));
  assert.ok(global.accepts("/a"));
});

patterns("says which paths it stands for and how they begin", () => {
  assert.equal(new PathMatches("/a/b\\.c").literals, ["/a/b.c"]);
  assert.equal(new PathMatches("/a.c").literals, []);
  assert.equal(new PathMatches("/a|/b").literals, []);
  assert.equal(new PathMatches("(?i)/a").literals, []);
  assert.is(new PathMatches("/user/([0-9]+)").firstSegment, "/user");
  assert.is(new PathMatches("/user/x*").firstSegment, "/user");
  assert.is(new PathMatches("/user/?(.*)").firstSegment, null);
  assert.is(new PathMatches("/user(.*)").firstSegment, null);
  assert.is(new PathMatches("/user/a|/b").firstSegment, null);
});

patterns.run();

const refused = suite("a pattern is refused");

refused("if it mixes named and positional groups", () => {
  throwsCode(
    "ERR_ROUTE_PATTERN",
    () => new PathMatches("/:id/([0-9]+)"),
    /1 named and 1 positional/,
  );
});

refused("if it does not compile", () => {
  throwsCode("ERR_ROUTE_PATTERN", () => new PathMatches("/(a"), /"\/\(a" does not compile/);
  throwsCode("ERR_ROUTE_PATTERN", () => new PathMatches("/:a/:a"), /does not compile/);
  throwsCode("ERR_ROUTE_PATTERN", () => new PathMatches("/(?P<a>x"), /does not compile/);
  throwsCode("ERR_ROUTE_PATTERN", () => new PathMatches("(?x)/a"), /inline flag x/);
});

refused("if a segment has more than its name", () => {
  throwsCode("ERR_ROUTE_PATTERN", () => new PathMatches("/:id(\\d+)"), /write \(\?<id>…\)/);
  throwsCode("ERR_ROUTE_PATTERN", () => new PathMatches("/:file.json"), /or \\: for a colon/);
});

refused("if it is no pattern at all", () => {
  throwsCode("ERR_ROUTE_PATTERN", () => new PathMatches(5 as never), /a number; it must be/);
  throwsCode("ERR_ROUTE_PATTERN", () => new PathMatches("/(?<__proto__>a)"), /__proto__/);
});

refused.run();

const reversing = suite("reverse()");
const reverse = (pattern: string | RegExp, ...args: never[]) =>
  new PathMatches(pattern).reverse(...args);

reversing("takes off anchors and backslashes", () => {
  assert.is(reverse("/favicon\\.ico"), "/favicon.ico");
  assert.is(reverse("^/favicon\\.ico$"), "/favicon.ico");
  assert.is(reverse("/favicon.ico"), "/favicon.ico");
  assert.is(reverse(/\/a\/b/), "/a/b");
});

reversing("puts values in the place of groups", () => {
  const of = (pattern: string, ...values: (string | number)[]) =>
    new PathMatches(pattern).reverse(...values);
  assert.is(of("^/api/v1/foo/(\\w+)$", "bar"), "/api/v1/foo/bar");
  assert.is(of("/api\\.v1/foo/([0-9]+)/icon\\.png", 5), "/api.v1/foo/5/icon.png");
  assert.is(of("/user/:id/:tab", 5, "posts"), "/user/5/posts");
  assert.is(new PathMatches("/user/:id/:tab").reverse({ tab: "x", id: 5 }), "/user/5/x");
});

reversing("encodes values as UTF-8 and keeps slashes", () => {
  const of = (value: string) => new PathMatches("/(.*)").reverse(value);
  assert.is(of("a b/é?#%"), "/a%20b/%C3%A9%3F%23%25");
  assert.is(of("!'()*+~_.-"), "/%21%27%28%29%2A%2B~_.-");
  throwsCode("ERR_ROUTE_ARGUMENTS", () => of("\ud800"), /surrogate/);
});

reversing("puts what is optional or repeated once", () => {
  assert.is(new PathMatches("/opt/(.+)?").reverse("a"), "/opt/a");
  assert.is(new PathMatches("/opt/(.+)?").reverse(undefined), "/opt/");
  assert.is(reverse("/about/?"), "/about/");
});

reversing("refuses patterns that vary outside of plain groups", () => {
  for (const pattern of [
    "/v\\d+/(\\w+)",
    "/(a(b))",
    "/(?:a)",
    "/[ab]/(c)",
    "/.*",
    "/a|/b",
    "/a{2}",
  ]) {
    throwsCode("ERR_ROUTE_PATTERN", () => reverse(pattern), /Cannot reverse/);
  }
});

reversing("refuses the wrong number and names of values", () => {
  const two = new PathMatches("/:a/:b");
  throwsCode("ERR_ROUTE_ARGUMENTS", () => two.reverse("x"), /takes 2 values .* got 1/);
  throwsCode("ERR_ROUTE_ARGUMENTS", () => reverse("/x", "y" as never), /takes 0 values .* got 1/);
  throwsCode("ERR_ROUTE_ARGUMENTS", () => two.reverse({ a: 1 }), /needs a value for group b/);
  throwsCode(
    "ERR_ROUTE_ARGUMENTS",
    () => two.reverse({ a: 1, c: 2 }),
    /called "c"; there are a, b/,
  );
});

reversing.run();
