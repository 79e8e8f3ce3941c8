/**
 * Type tests of routing: what must compile stands plainly, what must not stands under @ts-expect-error, which is itself
 * an error if the line below it compiles. The suite only runs the file; tsc is what tests it.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { HostMatches } from "../../lib/web/hostmatches.ts";
import type { PathParams } from "../../lib/web/pathparams.ts";
import { ReversibleRuleRouter } from "../../lib/web/reversiblerulerouter.ts";
import { route } from "../../lib/web/route.ts";
import { RouteTable } from "../../lib/web/routetable.ts";
import type { RouteEntry } from "../../lib/web/routing.ts";
import { URLSpec } from "../../lib/web/urlspec.ts";

type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles only if the two types are the same. */
function same<A, B>(_same: Same<A, B>): void {}

/** Stands for RequestHandler: constructed with things of its own, verbs that take anything. */
abstract class BaseHandler {
  readonly request: { uri: string };
  constructor(_application: object, request: { uri: string }) {
    this.request = request;
  }
}
class Home extends BaseHandler {
  get(): void {}
}
class ById extends BaseHandler {
  get({ id }: PathParams<"/user/:id">): string {
    return id;
  }
}
class ByIdAndTab extends BaseHandler {
  async post({ id, tab }: { id: string; tab: string }): Promise<string> {
    return id + tab;
  }
}
class Positional extends BaseHandler {
  get(year: string, month?: string): string {
    return year + month;
  }
}
class Anything extends BaseHandler {
  get(...args: unknown[]): unknown {
    return args;
  }
}

const pathParams = suite("PathParams");

pathParams("has a string for each named group of a literal pattern", () => {
  same<PathParams<"/user/:id/:tab">, { id: string; tab: string }>(true);
  same<PathParams<"/:a/x/:b/">, { a: string; b: string }>(true);
  same<PathParams<"/user/(?P<id>[0-9]+)">, { id: string }>(true);
  same<PathParams<"/(?P<year>\\d{4})/(?<slug>[^/]+)">, { year: string; slug: string }>(true);
  same<PathParams<"/a(?:/:b)?">, { b: string }>(true);
  same<PathParams<"/a/(?<!x)(?<=y)(?<id>.*)">, { id: string }>(true);
});

pathParams("is empty without named groups, and open for a string that is no literal", () => {
  same<keyof PathParams<"/user/([0-9]+)">, never>(true);
  same<keyof PathParams<"/at/12:30">, never>(true);
  same<PathParams<string>, Record<string, string>>(true);
  // @ts-expect-error the group is called id
  same<PathParams<"/user/:id">, { ID: string }>(true);
});

pathParams("refuses a name that the pattern has not", () => {
  const params: PathParams<"/user/:id"> = { id: "5" };
  assert.is(params.id, "5");
  // @ts-expect-error there is no group "name"
  assert.is(params.name, undefined);
});

pathParams.run();

const checkedRoute = suite("route()");

checkedRoute("takes handlers that fit their pattern", () => {
  const dynamic: string = ["/user", "/:id"].join("");
  const routes = [
    route("/", Home),
    route("/user/:id", ById, { db: null }, "user"),
    route("/user/:id/:tab", ById),
    route("/user/:id/:tab", ByIdAndTab),
    route("/user/:id", Home),
    route("/user/:id", Anything),
    route("/(?P<id>[0-9]+)", ById),
    route("/([0-9]{4})/([0-9]{2})", Positional),
    route("/", Positional),
    route("/x/(.*)", Anything),
    route(dynamic, ById),
  ];
  assert.ok(routes.every((made) => made instanceof URLSpec));
});

checkedRoute("refuses a handler that asks for a group that the pattern lacks", () => {
  // @ts-expect-error the pattern's group is called name
  route("/user/:name", ById);
  // @ts-expect-error the pattern has no group tab
  route("/user/:id", ByIdAndTab);
  // @ts-expect-error the pattern has no named group at all
  route("/user/([0-9]+)", ById);
  // @ts-expect-error named groups arrive as one object, not as strings
  route("/:year", Positional);
  // @ts-expect-error a handler is a class
  assert.throws(() => route("/", {}), /the target of a route is an object/);
});

checkedRoute.run();

const tables = suite("a table");

tables("takes every kind of entry without a cast", () => {
  const entries: RouteEntry[] = [
    ["/", Home],
    ["/user/([0-9]+)", Positional, { db: 1 }, "user"],
    [/\/re\/(?<id>\d+)/, ById, null, "re"],
    ["/call", (request: { uri: string }) => request.uri],
    ["/async", async () => undefined],
    ["/delegate", { startRequest: (connection: object) => connection }],
    ["/api/.*", new ReversibleRuleRouter([["/api/x", Home]])],
    [new HostMatches("a\\.com"), [["/x", Home], new URLSpec("/y", Home), route("/z/:id", ById)]],
    new URLSpec("/spec", Home),
    route("/checked/:id", ById),
  ];
  assert.is(new RouteTable(entries).rules.length, 1);
  assert.is(
    new RouteTable([
      ["/", Home],
      ["/b", Home, {}],
    ]).rules.length,
    1,
  );
});

tables("can narrow what functions are called with", () => {
  const entries: RouteEntry<(request: { uri: string }) => void>[] = [
    ["/a", (request) => assert.type(request.uri, "string")],
    [new HostMatches("b"), [["/b", (request) => assert.type(request.uri, "string")]]],
    // @ts-expect-error the request has no such property
    ["/c", (request) => request.nothing],
  ];
  assert.is(entries.length, 3);
});

tables("refuses what is no entry", () => {
  // @ts-expect-error a target is missing
  const missing: RouteEntry = ["/"];
  // @ts-expect-error kwargs are an object
  const swapped: RouteEntry = ["/", Home, "name"];
  assert.throws(() => new RouteTable([missing]), /is not a route/);
  assert.throws(() => new RouteTable([swapped]), /is not a route/);
});

tables.run();
