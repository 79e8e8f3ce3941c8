/**
 * Type tests of landspout/testing: what must compile stands plainly, what must not stands under @ts-expect-error, which is
 * itself an error if the line below it compiles. The suite only runs the file; tsc is what tests it.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  Application,
  HTTPServer,
  type HTTPServerRequest,
  type IOStream,
  RequestHandler,
  type WebSocketClientConnection,
} from "../../lib/index.ts";
import {
  AsyncHTTPTestCase,
  captureLog,
  expectLog,
  type FakeClock,
  fakeClock,
  type InjectedResponse,
  inject,
  type injectConnection,
  injectStream,
  injectWebSocket,
  type LogLine,
  runTestCase,
  serve,
  type TestServer,
} from "../../lib/testing/index.ts";

type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles only if the two types are the same. */
function same<A, B>(_same: Same<A, B>): void {}

class Home extends RequestHandler {}
const app = new Application([["/", Home]]);

/** Is not called: only its types matter. */
async function injecting(): Promise<void> {
  const response = await inject(app, "/");
  same<typeof response, InjectedResponse>(true);
  same<typeof response.body, Buffer>(true);
  const parsed = response.json();
  same<typeof parsed, unknown>(true);
  const typed = response.json<{ id: number }>();
  same<typeof typed.id, number>(true);
  void inject(new HTTPServer(app), new URL("http://a/"));
  void inject((request: HTTPServerRequest) => void request.method, { path: "/", query: { a: 1 } });
  void inject((_req, res) => void res.end(), "/");
  void inject({ fetch: () => new Response() }, { url: "/", cookies: response.cookies });
  void inject(app, { path: "/", body: { a: 1 }, headers: [["A", "1"]], remoteIp: "::1" });
  void inject(app, { path: "/", body: new FormData() });
  // @ts-expect-error a class is no application
  void inject(Home, "/");
  // @ts-expect-error no such name
  void inject(app, { path: "/", bdy: "" });
  // @ts-expect-error a number is no body
  void inject(app, { path: "/", body: 7 });
  // @ts-expect-error text, as it goes on the wire
  void inject(app, { path: "/", cookies: { a: 1 } });
  for await (const piece of await injectStream(app, "/")) same<typeof piece, Buffer>(true);
  same<ReturnType<typeof injectConnection>, IOStream>(true);
  const client = await injectWebSocket(app, "/chat", { subprotocols: ["a"], remoteIp: "::1" });
  same<typeof client, WebSocketClientConnection>(true);
  // @ts-expect-error nothing is looked up
  void injectWebSocket(app, "/chat", { resolver: null });
}

/** As above. */
async function serving(): Promise<void> {
  const server = await serve(app, { maxBodyBytes: 1 });
  same<typeof server, TestServer>(true);
  const response = await server.fetch("/", { method: "POST" });
  same<typeof response, Response>(true);
  // @ts-expect-error an option of HTTPServer is misspelled
  void serve(app, { maxBodyByte: 1 });
  await server[Symbol.asyncDispose]();
}

/** As above. */
async function logging(): Promise<void> {
  const { value, lines, matched } = await expectLog(/a/, async () => 7, { level: "info" });
  same<typeof value, number>(true);
  same<typeof lines, readonly LogLine[]>(true);
  same<typeof matched, boolean>(true);
  const captured = await captureLog(() => "text");
  same<typeof captured.value, string>(true);
  // @ts-expect-error no level of a line
  void expectLog(/a/, () => {}, { level: "silent" });
}

/** As above. */
function cases(test: (title: string, run: () => Promise<void>) => void): void {
  class HomeTest extends AsyncHTTPTestCase {
    override getApp() {
      return app;
    }
    async testIt() {
      same<Awaited<ReturnType<HomeTest["fetch"]>>, Response>(true);
    }
  }
  runTestCase(HomeTest, { test });
  runTestCase(HomeTest, { test, before: (run) => run(), after: undefined }, { timeoutMs: 1 });
  // @ts-expect-error it has no getApp()
  class _Incomplete extends AsyncHTTPTestCase {}
  // @ts-expect-error an object is no class
  runTestCase(new HomeTest(), { test });
  const clock: FakeClock = fakeClock();
  void clock.advance(1);
  // @ts-expect-error private
  clock.settle();
}

const types = suite("the types of landspout/testing");

types("compile as they should", () => {
  for (const each of [injecting, serving, logging, cases]) assert.type(each, "function");
});

types.run();
