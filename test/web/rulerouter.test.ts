/** RuleRouter and ReversibleRuleRouter: order, kinds of target, nesting, names, and which entries are refused. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { setLogger } from "../../lib/base/log.ts";
import { AnyMatches } from "../../lib/web/anymatches.ts";
import { HostMatches } from "../../lib/web/hostmatches.ts";
import { Matcher } from "../../lib/web/matcher.ts";
import { PathMatches } from "../../lib/web/pathmatches.ts";
import { ReversibleRuleRouter } from "../../lib/web/reversiblerulerouter.ts";
import { RouteMatch } from "../../lib/web/routematch.ts";
import { RouteTarget } from "../../lib/web/routetarget.ts";
import type { RoutedRequest, RouteEntry } from "../../lib/web/routing.ts";
import { Rule } from "../../lib/web/rule.ts";
import { RuleRouter } from "../../lib/web/rulerouter.ts";
import { URLSpec } from "../../lib/web/urlspec.ts";

class A {}
class B {}
class C {}

const request = (path: string, hostName = "127.0.0.1") => ({
  path,
  hostName,
  headers: { has: () => false },
});

const order = suite("a RuleRouter");

order("takes the first rule that matches", () => {
  const router = new RuleRouter([
    ["/a", A],
    ["/.*", B],
    ["/c", C],
  ]);
  assert.is(router.findHandler(request("/a"))?.target.target, A);
  assert.is(router.findHandler(request("/c"))?.target.target, B);
  assert.is(router.findHandler(request("c")), null);
});

order("hands on to the next rule where a nested router passes", () => {
  const router = new RuleRouter([
    [new HostMatches("a\\.com"), [["/x", A]]],
    ["/x", B],
    ["/y", null],
    ["/y", { findHandler: () => null }],
    ["/y", C],
  ]);
  assert.is(router.findHandler(request("/x", "a.com"))?.target.target, A);
  assert.is(router.findHandler(request("/x", "b.com"))?.target.target, B);
  assert.is(router.findHandler(request("/y", "a.com"))?.target.target, C);
});

order("shares one target among the requests of a rule", () => {
  const kwargs = { db: 1 };
  const router = new RuleRouter([["/([0-9])", A, kwargs, "digit"]]);
  const first = router.findHandler(request("/1"));
  const second = router.findHandler(request("/2"));
  assert.ok(first !== null && first.target === second?.target);
  assert.is(first?.target.kwargs, kwargs);
  assert.is(first?.target.name, "digit");
  assert.is(first?.target.rule, router.rules[0]);
  assert.equal([first?.args, second?.args], [["1"], ["2"]]);
});

order("knows the kinds of target", () => {
  const call = () => "CALL";
  const delegate = { startRequest: () => null };
  function Old() {}
  Old.prototype.get = () => null;
  const router = new RuleRouter([
    ["/class", A],
    ["/old", Old],
    ["/arrow", call],
    ["/async", async () => null],
    ["/plain", function plain() {}],
    ["/delegate", delegate],
  ]);
  const kind = (path: string) => router.findHandler(request(path))?.target.kind;
  assert.is(kind("/class"), "handler");
  assert.is(kind("/old"), "handler");
  assert.is(kind("/arrow"), "function");
  assert.is(kind("/async"), "function");
  assert.is(kind("/plain"), "function");
  assert.is(kind("/delegate"), "delegate");
});

order("takes matches and bare targets from routers of users", () => {
  const match = new RouteMatch(new RouteTarget(A), ["x"]);
  const router = new RuleRouter([
    ["/match/.*", { findHandler: () => match }],
    ["/bare/(.*)", { findHandler: () => B }],
  ]);
  assert.is(router.findHandler(request("/match/1")), match);
  const bare = router.findHandler(request("/bare/1"));
  assert.is(bare?.target.target, B);
  assert.equal(bare?.args, ["1"]);
});

order("asks matchers of users for the whole request", () => {
  class OnPort extends Matcher {
    override match({ headers }: RoutedRequest) {
      return headers.has("x-port") ? { kwargs: { port: "80" } } : null;
    }
  }
  const router = new RuleRouter([[new OnPort(), A]]);
  assert.is(router.findHandler(request("/")), null);
  const found = router.findHandler({ path: "/", hostName: "", headers: { has: () => true } });
  assert.equal(found?.kwargs, { port: "80" });
});

order("takes rules and specs beside lists", () => {
  const spec = new URLSpec("/spec", A, { x: 1 }, "spec");
  const rule = new Rule(new AnyMatches(), B);
  const router = new RuleRouter([spec, rule]);
  assert.equal(router.rules, [spec, rule]);
  assert.is(spec.handlerClass, A);
  assert.equal(spec.kwargs, { x: 1 });
  assert.ok(spec.regex.test("/spec"));
  assert.is(router.findHandler(request("/spec"))?.target.target, A);
  assert.is(router.findHandler(request("/else"))?.target.target, B);
});

order("lets a subclass change rules on their way in", () => {
  class Prefixed extends RuleRouter {
    protected override processRule(rule: Rule): Rule {
      const { regex } = rule.matcher as PathMatches;
      const prefixed = new PathMatches(new RegExp(`/v1${regex.source.slice(1)}`));
      return super.processRule(new Rule(prefixed, rule.target));
    }
  }
  const router = new Prefixed([["/a", A]]);
  assert.is(router.findHandler(request("/v1/a"))?.target.target, A);
});

order("adds all rules or none", () => {
  const router = new RuleRouter([["/a", A]]);
  const entries = [
    ["/b", B],
    ["/(", C],
  ] as const;
  assert.throws(() => router.addRules(entries), /does not compile/);
  assert.is(router.rules.length, 1);
  assert.throws(
    () => router.addRules([["/b", B]], { before: new Rule(new AnyMatches(), A) }),
    /not in this router/,
  );
  router.addRules([["/b", B]], { before: router.rules[0] as Rule });
  assert.is(router.findHandler(request("/b"))?.target.target, B);
});

order("refuses what is no route, naming it", () => {
  const refused = (entry: unknown, message: RegExp) =>
    assert.throws(() => new RuleRouter([entry as RouteEntry]), message);
  refused(["/a"], /\["\/a"\] is not a route/);
  refused(["/a", A, "name"], /\["\/a", A, "name"\] is not a route/);
  refused(["/a", A, {}, 5], /is not a route/);
  refused(["/a", A, {}, "n", 1], /is not a route/);
  refused("/a", /"\/a" is not a route/);
  refused(null, /null is not a route/);
  refused([5, A], /begins with 5/);
  refused(["/a", undefined], /target of a route is undefined/);
  refused(["/a", "pkg.Handler"], /the string "pkg.Handler"; import the class/);
  refused(["/a", {}], /an object of class Object/);
  refused(["/a", [["/b"]]], /\["\/b"\] is not a route/);
});

order.run();

const names = suite("the names of a ReversibleRuleRouter");

names("lead back to paths", () => {
  const router = new ReversibleRuleRouter([["/user/:id", A, null, "user"]]);
  assert.is(router.reverseUrl("user", 5), "/user/5");
  assert.is(router.reverseUrl("user", { id: "a b" }), "/user/a%20b");
  assert.is(router.reverseUrl("nobody"), null);
});

names("are found in nested lists and routers", () => {
  const router = new ReversibleRuleRouter([
    [new HostMatches("a"), [["/deep/(.*)", A, null, "deep"]]],
    ["/.*", new ReversibleRuleRouter([["/other", B, {}, "other"]])],
    ["/.*", new RuleRouter([["/plain", B, {}, "plain"]])],
  ]);
  assert.is(router.reverseUrl("deep", "x"), "/deep/x");
  assert.is(router.reverseUrl("other"), "/other");
  assert.is(router.reverseUrl("plain"), null);
});

names("may belong to a rule that leads nowhere", () => {
  const router = new ReversibleRuleRouter([["/docs/(.*)", null, null, "docs"]]);
  assert.is(router.reverseUrl("docs", "a"), "/docs/a");
  assert.is(router.findHandler(request("/docs/a")), null);
});

names("are warned about when two rules share one; the later wins", () => {
  const warnings: string[] = [];
  const quiet = () => {};
  setLogger({ debug: quiet, info: quiet, error: quiet, warn: (message) => warnings.push(message) });
  try {
    const router = new ReversibleRuleRouter([
      ["/a", A, null, "x"],
      ["/b", B, null, "x"],
    ]);
    assert.is(router.reverseUrl("x"), "/b");
  } finally {
    setLogger(null);
  }
  assert.equal(warnings, ['two routes are named "x"; the later one replaces the earlier']);
});

names.run();
