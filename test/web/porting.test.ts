/** Names that an application which is ported line by line uses: url(), Router, getHandlerDelegate(), detach(). */
import * as assert from "uvu/assert";
import {
  Application,
  isAbsolute,
  RequestHandler,
  ReversibleRouter,
  type RoutedRequest,
  Router,
  url,
} from "../../lib/index.ts";
import { turns } from "../support/rawclient.ts";
import { serverSuite, startApplication } from "../support/servers.ts";
import { get, served, serving } from "../support/wire.ts";

class Echo extends RequestHandler {
  #greeting: unknown = null;

  override initialize({ greeting = null }: { greeting?: unknown }) {
    this.#greeting = greeting;
  }

  get(..._groups: unknown[]) {
    this.write({ args: this.pathArgs, kwargs: { ...this.pathKwargs }, greeting: this.#greeting });
  }
}

const t = serverSuite("an application that is ported");

t("may write its table with url()", async () => {
  const { json } = await serving([url("/a/(.*)", Echo, { greeting: "hi" }, "a")]);
  assert.equal(await json(get("/a/b%20c")), { args: ["b c"], kwargs: {}, greeting: "hi" });
});

t("may extend Router", async () => {
  class ByHeader extends Router {
    override findHandler(request: RoutedRequest) {
      return request.headers.has("X-Echo") ? Echo : null;
    }
  }
  const { ask } = await serving([["/.*", new ByHeader()]]);
  assert.is((await ask(get("/x", "X-Echo: 1\r\n"))).status, 200);
  assert.is((await ask(get("/x"))).status, 404);
});

t("may give a handler its arguments by getHandlerDelegate()", async () => {
  class Own extends ReversibleRouter {
    app: Application | null = null;
    override findHandler(request: RoutedRequest) {
      const group = request.path.slice(1);
      if (group === "none") return null;
      if (group === "named") {
        return this.app?.getHandlerDelegate(request, Echo, {}, null, { name: "%C3%A9" }) ?? null;
      }
      return this.app?.getHandlerDelegate(request, Echo, { greeting: 1 }, [group]) ?? null;
    }
    override reverseUrl(name: string, ...args: readonly unknown[]) {
      return name === "own" ? `/own/${args.join("/")}` : null;
    }
  }
  const own = new Own();
  const app = new Application([["/.*", own]]);
  own.app = app;
  const { ask, json } = served(await startApplication(app));
  assert.equal(await json(get("/a%2Fb")), { args: ["a/b"], kwargs: {}, greeting: 1 });
  assert.equal(await json(get("/named")), { args: [], kwargs: { name: "é" }, greeting: null });
  assert.is((await ask(get("/none"))).status, 404);
  assert.is(app.reverseUrl("own", "x", 1), "/own/x/1");
});

t("may ask what is absolute", () => {
  assert.equal(["/a", "http://a", "https://a", "a", "httpx", ""].map(isAbsolute), [
    true,
    true,
    true,
    false,
    false,
    false,
  ]);
});

const detached = serverSuite("detach()");

detached("gives the connection to the handler, which speaks what it likes", async () => {
  const seen: string[] = [];
  class Raw extends RequestHandler {
    async get() {
      const stream = this.detach();
      stream.write("RAW\r\n");
      seen.push((await stream.readUntil("\n")).toString());
      await stream.write("BYE\r\n");
      stream.close();
    }
    override onFinish() {
      seen.push("onFinish");
    }
  }
  const { connect } = await serving([["/", Raw]]);
  const client = await connect();
  await client.send(get("/", "Connection: Upgrade\r\nUpgrade: raw\r\n"));
  await client.receives("RAW\r\n");
  void client.send("hello\n");
  await client.receives("BYE\r\n");
  await client.gone();
  await turns(2);
  assert.equal(seen, ["hello\n"]);
});

detached("after the response has begun is an error of the handler", async () => {
  let code: unknown;
  class Late extends RequestHandler {
    async get() {
      this.write("a");
      await this.flush();
      try {
        this.detach();
      } catch (error) {
        code = (error as { code?: unknown }).code;
      }
      this.write("b");
    }
  }
  const { ask } = await serving([["/", Late]]);
  assert.is((await ask(get("/"))).text, "ab");
  assert.is(code, "ERR_STATE");
});

t.run();
detached.run();
