/**
 * Type tests of routing: what must compile stands plainly, what must not stands under @ts-expect-error, which is itself
 * an error if the line below it compiles. The suite only runs the file; tsc is what tests it.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Application } from "../../lib/web/application.ts";
import { HostMatches } from "../../lib/web/hostmatches.ts";
import type { PathParams } from "../../lib/web/pathparams.ts";
import { ReversibleRuleRouter } from "../../lib/web/reversiblerulerouter.ts";
import { route } from "../../lib/web/route.ts";
import { RouteTable } from "../../lib/web/routetable.ts";
import type { RouteEntry } from "../../lib/web/routing.ts";
import { URLSpec, url } from "../../lib/web/urlspec.ts";

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
class MaybeTab extends BaseHandler {
  get({ tab }: { tab?: string | undefined }): string | undefined {
    return tab;
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
  same<PathParams<"/a/(?<!x)(?<=y)(?<id>.*)">, { id: string }>(true);
});

pathParams("has string | undefined for a group that may be absent", () => {
  same<PathParams<"/a(?:/:b)?">, { b: string | undefined }>(true);
  same<PathParams<"/(?<a>x)?/:b">, { a: string | undefined; b: string }>(true);
  same<keyof PathParams<"/(?<a>x)*/(?<b>x)+/(?<c>x){0,2}">, "a" | "b" | "c">(true);
  same<PathParams<"/(?<a>x)*/(?<b>x)+/(?<c>x){0,2}">["a" | "c"], string | undefined>(true);
  same<PathParams<"/(?<a>x)*/(?<b>x)+/(?<c>x){0,2}">["b"], string>(true);
  same<PathParams<"/a/:b|/c/:d">, { b: string | undefined; d: string | undefined }>(true);
  same<PathParams<"/(?<k>a|b)/:c">, { k: string; c: string }>(true);
  same<PathParams<"/(?:a/(?<n>\\d+)|b)">, { n: string | undefined }>(true);
  same<PathParams<"/x(?!(?<n>y))(?<!(?<m>y))/:c">["n" | "m"], string | undefined>(true);
  type Nested = PathParams<"/a(?:/(?<x>\\d+)(?:\\.(?<y>[^)]+))?)?/:z">;
  same<Nested, { x: string | undefined; y: string | undefined; z: string }>(true);
});

pathParams("is not misled by escapes, classes and back-references", () => {
  same<keyof PathParams<"/a\\(?<b>">, never>(true);
  same<PathParams<"/[)(|]/(?P<b>[]|)])(?P=b)">, { b: string }>(true);
  same<PathParams<"\\/:b\\?">, { b: string }>(true);
  same<keyof PathParams<"/at/:30">, never>(true);
  same<PathParams<`/x/${string}/:id`>, Record<string, string>>(true);
});

pathParams("is read from a pattern of 300 characters", () => {
  type Long =
    "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/(?<id>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/:tab";
  same<PathParams<Long>, { id: string; tab: string }>(true);
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

tables("infers the request of a function with one parameter", () => {
  const entries: RouteEntry[] = [
    ["/a", (request) => assert.type(request.path, "string")],
    ["/b", async (request) => assert.type(request.headers.get("a"), "string")],
    // @ts-expect-error the request has no such property
    ["/c", (request) => request.nothing],
  ];
  assert.is(entries.length, 3);
  const application = new Application([
    ["/a", (request) => assert.type(request.path, "string")],
    [new HostMatches("b"), [["/b", (request) => assert.type(request.uri, "string")]]],
    // @ts-expect-error the request has no such property
    ["/c", (request) => request.nothing],
    ["/e", (_req: object, res: { end(): void }) => res.end()],
    ["/h", { fetch: async () => new Response() }],
  ]);
  application.addHandlers("b", [["/a", (request) => assert.type(request.path, "string")]]);
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

tables(
  "of an application is checked: a handler that asks for a group that its pattern lacks",
  () => {
    const dynamic: string = ["/user", "/:id"].join("");
    const entries: RouteEntry[] = [["/user/:name", ById]];
    const application: Application = new Application(
      [
        ["/", Home],
        ["/user/:id", ById, { db: null }, "user"],
        ["/user/:id/:tab", ByIdAndTab],
        ["/page(?:/:tab)?", MaybeTab],
        ["/page/:tab", MaybeTab],
        ["/user/:id", Anything],
        ["/user/:id", Home],
        ["/([0-9]{4})/([0-9]{2})", Positional],
        [/\/re\/(?<other>\d+)/, ById],
        [dynamic, ById],
        [new HostMatches("a"), [["/user/:id", ById]]],
        ...entries,
      ],
      { debug: true },
    );
    new Application([
      ["/", Home],
      // @ts-expect-error get() asks for "id", which the pattern /user/:name has not
      ["/user/:name", ById],
      // @ts-expect-error post() asks for "tab", which the pattern /user/:id has not
      ["/user/:id", ByIdAndTab],
      // @ts-expect-error get() asks for "id", which the pattern /user/([0-9]+) has not
      ["/user/([0-9]+)", ById],
      // @ts-expect-error the group may be absent
      ["/user(?:/:id)?", ById],
      // @ts-expect-error get() takes no object, but the pattern /:year gives it one
      ["/:year", Positional],
      // @ts-expect-error in a nested table, too
      [new HostMatches("a"), [["/user/:name", ById]]],
    ]);
    // @ts-expect-error get() asks for "id", which the pattern /user/:name has not
    application.addHandlers("a", [["/user/:name", ById]]);
    // @ts-expect-error get() asks for "id", which the pattern /user/:name has not
    url("/user/:name", ById);
    url(/x/, ById);
    url("/user/:id", ById, null, "user");
  },
);

class Checking extends Application {
  constructor() {
    super([["/user/:id", ById]], {});
  }
}

tables("may be that of a class of one's own", () => {
  assert.instance(new Checking(), Application);
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
