/** Application: its settings, its named routes, its log, and the handlers it answers with by itself. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { CodedError } from "../../lib/base/errors.ts";
import { Application, ErrorHandler, RequestHandler } from "../../lib/index.ts";
import { logged, loggedErrors, serverSuite, startServer } from "../support/servers.ts";

class Hello extends RequestHandler {
  get() {
    this.write("hello");
  }
}

class Missing extends RequestHandler {
  override prepare() {
    this.setStatus(404);
    this.finish("mine");
  }
}

const settings = suite("an application's settings");

const wrong: readonly [name: string, value: unknown][] = [
  ["debug", 1],
  ["serveTraceback", "yes"],
  ["logFunction", true],
  ["defaultHandlerClass", {}],
  ["defaultHandlerArgs", "x"],
  ["defaultHost", 1],
];
for (const [name, value] of wrong) {
  settings(`are refused with the name and what is allowed: ${name}`, () => {
    assert.throws(
      () => new Application([], { [name]: value }),
      (error: unknown) =>
        error instanceof CodedError &&
        error.code === "ERR_OPTION_TYPE" &&
        error.message.includes(name),
    );
  });
}

settings("do not take a table's place, and a table is a list", () => {
  const isTold = (error: unknown) =>
    error instanceof CodedError &&
    error.code === "ERR_ROUTE_HANDLER" &&
    error.message.includes("allowed is a list");
  const table = { "/": Hello } as never;
  assert.throws(() => new Application(table), isTold);
  assert.throws(() => new Application([]).addHandlers("a", table), isTold);
});

settings("may hold what the application's own handlers read", () => {
  const app = new Application([], { database: "mine" });
  assert.is(app.settings["database"], "mine");
});

settings.run();

const routes = serverSuite("an application's routes");

routes("do not reload by the setting autoreload: a line says what does", () => {
  new Application([], { autoreload: false });
  assert.is(logged("warn").length, 0);
  new Application([], { autoreload: true });
  assert.match(logged("warn")[0]?.message ?? "", /npx landspout dev/);
});

routes("are found by findHandler(), that of what matches nothing too", () => {
  const app = new Application([
    ["/", Hello, null, "home"],
    ["/user/:id", Hello],
  ]);
  const request = (path: string) => ({ path, hostName: "a", headers: { has: () => false } });
  assert.is(app.findHandler(request("/")).target.name, "home");
  const { target, kwargs } = app.findHandler(request("/user/7"));
  assert.is(target.target, Hello);
  assert.equal({ ...kwargs }, { id: "7" });
  assert.is(app.findHandler(request("/none")).target.target, ErrorHandler);
});

routes("have paths by their names", () => {
  const app = new Application([
    ["/user/([0-9]+)/(.*)", Hello, {}, "user"],
    ["/", Hello],
  ]);
  assert.is(app.reverseUrl("user", 7, "a b"), "/user/7/a%20b");
  assert.throws(
    () => app.reverseUrl("nobody"),
    (error: unknown) => error instanceof CodedError && error.code === "ERR_ROUTE_NAME",
  );
});

routes("of a host added later come before those of any", async () => {
  const { connect, server } = await startServer([["/", Hello]]);
  assert.ok(server);
  const app = new Application([["/", Hello]]);
  app.addHandlers("a\\.test", [["/", Missing]]);
  const own = app.listen(0, "127.0.0.1");
  const { address } = own;
  const port = address !== null && "port" in address ? address.port : 0;
  const client = await connect({ port });
  void client.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\nGET / HTTP/1.1\r\nHost: b.test\r\n\r\n");
  assert.is((await client.readFinalResponse()).body.toString(), "mine");
  assert.is((await client.readFinalResponse()).body.toString(), "hello");
  client.destroy();
  own.closeAllConnections();
  await own.stop();
});

routes("that fit nothing end at defaultHandlerClass", async () => {
  const { connect } = await startServer([["/", Hello]], {}, { defaultHandlerClass: Missing });
  const response = await (await connect()).get("/nowhere");
  assert.equal([response.status, response.body.toString()], [404, "mine"]);
});

routes.run();

const gone = serverSuite("ErrorHandler");

gone("answers every method with its status", async () => {
  const { connect } = await startServer([["/gone", ErrorHandler, { statusCode: 410 }]]);
  const client = await connect();
  assert.is((await client.get("/gone")).status, 410);
  void client.send("DELETE /gone HTTP/1.1\r\nHost: a\r\n\r\n");
  assert.is((await client.readFinalResponse()).status, 410);
});

gone("without a status answers 500, and says what it needs", async () => {
  const { connect } = await startServer([["/gone", ErrorHandler]]);
  assert.is((await (await connect()).get("/gone")).status, 500);
  assert.match(String(loggedErrors()[0]?.error), /statusCode/);
});

gone.run();

const log = serverSuite("an application's log");

log("of responses goes to logFunction, if there is one", async () => {
  const seen: unknown[] = [];
  const logFunction = (handler: RequestHandler): void => {
    seen.push([handler.getStatus(), handler.request.path]);
  };
  const { connect } = await startServer([["/", Hello]], {}, { logFunction });
  const client = await connect();
  await client.get("/");
  await client.get("/nowhere");
  assert.equal(seen, [
    [200, "/"],
    [404, "/nowhere"],
  ]);
  assert.is(logged("info").length + logged("warn").length, 0);
});

log("says so when logFunction throws, and the server goes on", async () => {
  const logFunction = (): never => {
    throw new Error("deliberate");
  };
  const { connect } = await startServer([["/", Hello]], {}, { logFunction });
  const client = await connect();
  for (let i = 0; i < 2; i++) assert.is((await client.get("/")).status, 200);
  assert.is(loggedErrors().length, 2);
});

log("has each response at the level of its status", async () => {
  class Fails extends RequestHandler {
    get() {
      throw new Error("deliberate");
    }
  }
  const { connect } = await startServer([
    ["/", Hello],
    ["/fails", Fails],
  ]);
  const client = await connect();
  for (const target of ["/", "/nowhere", "/fails"]) await client.get(target);
  const has = (level: "info" | "warn" | "error", text: string): boolean =>
    logged(level).some(({ message }) => message.includes(text));
  assert.ok(has("info", "200 GET /"));
  assert.ok(has("warn", "404 GET /nowhere"));
  assert.ok(has("error", "500 GET /fails"));
});

log.run();
