/** RouteTable: virtual hosts, look-up by bytes, and the same answers as the ordered walk for any table. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { AnyMatches } from "../../lib/web/anymatches.ts";
import { HostMatches } from "../../lib/web/hostmatches.ts";
import { Matcher } from "../../lib/web/matcher.ts";
import { PathMatches } from "../../lib/web/pathmatches.ts";
import { RouteTable } from "../../lib/web/routetable.ts";
import type { HandlerClass, RoutedRequest, RouteEntry } from "../../lib/web/routing.ts";
import { Rule } from "../../lib/web/rule.ts";
import { RuleRouter } from "../../lib/web/rulerouter.ts";
import { fnv1a } from "../../lib/web/statictable.ts";

const handler = (name: string): HandlerClass => ({ [name]: class {} })[name] as HandlerClass;
const [A, B, C] = [handler("A"), handler("B"), handler("C")];

const request = (path: string, hostName = "127.0.0.1", fields: string[] = []) => ({
  path,
  hostName,
  headers: { has: (name: string) => fields.includes(name) },
});

/** The name of the handler that one look-up finds, null if it leaves the path to lookup. */
function nameByBytes(table: RouteTable, path: string, hash = fnv1a): string | null {
  const bytes = Buffer.from(`GET ${path} HTTP/1.1`, "latin1");
  const found = table.lookupStatic(hash(path), path.length, bytes, 4);
  return found === null ? null : (found.target.target as HandlerClass).name;
}

function nameOf(table: RouteTable, asked: RoutedRequest): string | null {
  const found = table.lookup(asked);
  return found === null ? null : (found.target.target as HandlerClass).name;
}

const hosts = suite("virtual hosts");

function virtualHosts(): RouteTable {
  const table = new RouteTable([["/foo", handler("wild")]]);
  table.addHandlers("www\\.example\\.com", [["/foo", handler("zero")]]);
  table.addHandlers("www\\.example\\.com", [["/bar", handler("one")]]);
  table.addHandlers("www.e.*e.com", [["/bar", handler("two")]]);
  return table;
}

hosts("are tried in the order added, all that fit, and then the wildcard rules", () => {
  const table = virtualHosts();
  assert.is(nameOf(table, request("/foo")), "wild");
  assert.is(nameOf(table, request("/bar")), null);
  assert.is(nameOf(table, request("/foo", "www.example.com")), "zero");
  assert.is(nameOf(table, request("/bar", "www.example.com")), "one");
  assert.is(nameOf(table, request("/bar", "www.exe.com")), "two");
  assert.is(nameOf(table, request("/foo", "www.exe.com")), "wild");
});

hosts("keep only paths that they might claim from look-up by bytes", () => {
  const table = virtualHosts();
  table.addRules([["/free", A]]);
  assert.is(nameByBytes(table, "/foo"), null);
  assert.is(nameByBytes(table, "/bar"), null);
  assert.is(nameByBytes(table, "/free"), "A");
});

hosts("also answer for the default host, unless a proxy forwarded", () => {
  const table = new RouteTable([["/foo", handler("wild")]], { defaultHost: "WWW.example.com" });
  table.addHandlers("www\\.example\\.com", [
    ["/foo", handler("zero")],
    ["/bar", handler("one"), {}, "bar"],
  ]);
  assert.is(nameOf(table, request("/bar")), "one");
  assert.is(nameOf(table, request("/foo")), "wild");
  assert.is(nameOf(table, request("/bar", "127.0.0.1", ["x-real-ip"])), null);
  assert.is(table.reverseUrl("bar"), "/bar");
});

hosts("are all asked about any host where the pattern is .*", () => {
  const table = new RouteTable([["/a", A]]);
  table.addHandlers(".*", [["/a", B]]);
  assert.is(nameOf(table, request("/a", "x")), "B");
});

hosts.run();

const byBytes = suite("look-up by bytes");

byBytes("finds literal paths and nothing else", () => {
  const table = new RouteTable([
    ["/", A],
    ["/a/b", B],
    ["/user/([0-9]+)", C],
  ]);
  assert.is(nameByBytes(table, "/"), "A");
  assert.is(nameByBytes(table, "/a/b"), "B");
  assert.is(nameByBytes(table, "/a/bc"), null);
  assert.is(nameByBytes(table, "/a/"), null);
  assert.is(nameByBytes(table, ""), null);
  assert.is(nameByBytes(table, "/user/5"), null);
});

byBytes("compares bytes where hashes collide", () => {
  for (const collide of [() => 0, () => -1, (path: string) => path.length << 31]) {
    const entries = Array.from({ length: 50 }, (_, i) => [`/${i}`, handler(`h${i}`)] as const);
    const table = new RouteTable(entries, { hashPath: collide });
    for (let i = 0; i < 50; i++) assert.is(nameByBytes(table, `/${i}`, collide), `h${i}`);
    assert.is(nameByBytes(table, "/50", collide), null);
    assert.is(nameByBytes(table, "/z", collide), null);
  }
});

byBytes("gives a path to the rule that comes first, dynamic ones included", () => {
  const table = new RouteTable([
    ["/a", A],
    ["/a", B],
    ["/re.", B],
    ["/rex", A],
    ["/([a-z])", C],
    ["/b", A],
  ]);
  assert.is(nameByBytes(table, "/a"), "A");
  assert.is(nameByBytes(table, "/rex"), "B");
  assert.is(nameByBytes(table, "/b"), null);
  assert.equal(table.lookup(request("/b"))?.args, ["b"]);
});

byBytes("leaves to lookup what a matcher or a router of a user may claim", () => {
  class Never extends Matcher {
    override match(): null {
      return null;
    }
  }
  class Picky extends PathMatches {
    override match(asked: RoutedRequest) {
      return asked.headers.has("x") ? super.match(asked) : null;
    }
  }
  const table = new RouteTable([
    ["/first", A],
    [new Picky("/picky"), B],
    ["/routed", { findHandler: () => null }],
    ["/between", A],
    [new Never(), B],
    ["/last", A],
  ]);
  assert.is(nameByBytes(table, "/first"), "A");
  assert.is(nameByBytes(table, "/between"), null);
  assert.is(nameByBytes(table, "/last"), null);
  for (const path of ["/between", "/last"]) assert.is(nameOf(table, request(path)), "A");
  assert.is(nameOf(table, request("/picky", "a", ["x"])), "B");
  assert.is(nameOf(table, request("/picky")), null);
});

byBytes("reaches into nested lists behind paths", () => {
  const table = new RouteTable([
    [
      "/api/.*",
      [
        ["/api/a", A],
        ["/other", B],
      ],
    ],
    [new AnyMatches(), [["/any", C]]],
  ]);
  assert.is(nameByBytes(table, "/api/a"), "A");
  assert.is(nameByBytes(table, "/any"), "C");
  assert.is(nameByBytes(table, "/other"), null);
});

byBytes("sees latin1 bytes as characters, and no others", () => {
  const table = new RouteTable([
    ["/\xe9", A],
    ["/\u0141", B],
    ["/A", C],
  ]);
  assert.is(nameByBytes(table, "/\xe9"), "A");
  // U+0141 has 0x41 "A" for its low byte, and must not be taken for it.
  assert.is(nameByBytes(table, "/A"), "C");
});

byBytes.run();

const changes = suite("a table that changes");

changes("answers anew after addHandlers, addRules and additions to a nested router", () => {
  const nested = new RuleRouter();
  const table = new RouteTable([["/n/.*", nested]]);
  assert.is(nameByBytes(table, "/a"), null);
  table.addRules([["/a", A]]);
  assert.is(nameByBytes(table, "/a"), "A");
  nested.addRules([["/n/b", B]]);
  assert.is(nameByBytes(table, "/n/b"), "B");
  table.addHandlers("h", [["/a", C]]);
  assert.is(nameByBytes(table, "/a"), null);
  assert.is(nameOf(table, request("/a", "h")), "C");
});

changes("is as it was if new rules are refused", () => {
  const table = new RouteTable([["/a", A]]);
  assert.throws(() => table.addHandlers("h", [["/(", B]]), /does not compile/);
  assert.throws(() => table.addHandlers("(", [["/b", B]]), /does not compile/);
  assert.throws(() => table.addRules([["/b", B], ["/("] as never]), /is not a route/);
  assert.is(table.rules.length, 1);
  assert.is(nameOf(table, request("/b")), null);
});

changes("says which name it does not know", () => {
  const table = new RouteTable([["/a/:x", A, {}, "a"]]);
  assert.is(table.reverseUrl("a", "1"), "/a/1");
  assert.throws(() => table.reverseUrl("b"), /named "b"/);
});

changes.run();

const sameAnswers = suite("any table");

/** Marsaglia's xorshift32: the same tables in every run. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const patterns = [
  ...["/", "/a", "/b", "/a/b", "/a/c", "/b/a", "/a/?", "/a/.*", "/.*", "/(.*)", "/a|/b/a"],
  ...["/:x", "/a/:x", "/:x/:y", "/([a-b])", "/a/([^/]+)", "/b/(a)?", "/.", "/a(.*)", "/c/(.*)"],
];
const paths = ["/", "/a", "/a/", "/b", "/c", "/a/b", "/a/c", "/b/a", "/b/", "/a/b/c", "/c/a", "x"];
const hostNames = ["one.com", "two.com", "three.org"];

function randomEntries(random: (below: number) => number, depth: number): RouteEntry[] {
  return Array.from({ length: 1 + random(depth === 0 ? 14 : 4) }, (): RouteEntry => {
    const pattern = patterns[random(patterns.length)] ?? "/";
    const kind = random(10);
    if (kind > 3 || depth === 2) return [pattern, handler(`h${random(1000)}`)];
    const nested = randomEntries(random, depth + 1);
    if (kind === 0) return [new HostMatches(random(2) === 0 ? ".*\\.com" : "one.*"), nested];
    if (kind === 1) return [new AnyMatches(), nested];
    if (kind === 2)
      return [pattern, { findHandler: (asked) => new RuleRouter(nested).findHandler(asked) }];
    return [pattern, nested];
  });
}

sameAnswers("answers as the ordered walk does", () => {
  const random = randomFrom(0x5eed);
  let byLookUp = 0;
  for (let round = 0; round < 400; round++) {
    const wildcard = randomEntries(random, 0);
    const hosted = randomEntries(random, 1);
    const table = new RouteTable(wildcard);
    const walk = new RuleRouter([new Rule(new AnyMatches(), new RuleRouter(wildcard))]);
    if (round % 2 === 0) {
      table.addHandlers("t.*", hosted);
      walk.addRules([[new HostMatches("t.*"), hosted]], { before: walk.rules[0] as Rule });
    }
    for (const path of paths) {
      const bytes = Buffer.from(path, "latin1");
      const settled = table.lookupStatic(fnv1a(path), path.length, bytes, 0);
      if (settled !== null) byLookUp++;
      for (const hostName of hostNames) {
        const expected = walk.findHandler(request(path, hostName));
        const found = table.lookup(request(path, hostName));
        assert.is(found?.target.target, expected?.target.target, `round ${round}, ${path}`);
        assert.equal([found?.args, found?.kwargs], [expected?.args, expected?.kwargs]);
        if (settled !== null) assert.is(settled.target.target, expected?.target.target);
      }
    }
  }
  assert.ok(byLookUp > 200, "the random tables hardly ever let a path be looked up");
});

sameAnswers.run();
