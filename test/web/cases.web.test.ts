/** Known requests and the answers they must get, byte for byte: arguments, paths, the life of a handler, cases 65 to 91. */
import * as assert from "uvu/assert";
import { ErrorHandler, Finish, HTTPError, RequestHandler } from "../../lib/index.ts";
import { Args, MERGED } from "../support/args.ts";
import { serverSuite } from "../support/servers.ts";
import { FORM, get, HOST, serving } from "../support/wire.ts";

const t = serverSuite("known requests of the web layer");

const form = (target: string, body: string, type = FORM) =>
  `POST ${target} HTTP/1.1\r\n${HOST}${type}Content-Length: ${body.length}\r\n\r\n${body}`;

t("65: controls in an argument become spaces, which are stripped or not", async () => {
  const { json } = await serving([["/args", Args]]);
  assert.equal(await json(get("/args?a=%20x%00y%20")), { all: ["x y"], raw: [" x y "] });
});

t("67: arguments of query and body are merged, the body's last", async () => {
  const { json } = await serving([["/args", Args]]);
  assert.equal(await json(form("/args?a=bar", "a=hello")), MERGED);
  const blank = { all: ["bar", ""], q: ["bar"], b: [""], one: "", oneQ: "bar", oneB: "" };
  assert.equal(await json(form("/args?a=bar", "a=")), blank);
  const none = { all: [], q: [], b: [], one: null, oneQ: null, oneB: null };
  assert.equal(await json(form("/args", "a=1", "Content-Type: text/plain\r\n")), none);
  const type = "Content-Type: application/x-www-form-urlencoded; charset=utf-8\r\n";
  const one = { all: ["1"], q: [], b: ["1"], one: "1", oneQ: null, oneB: "1" };
  assert.equal(await json(form("/args", "a=1", type)), one);
});

t("69: decodeArgument() may know another encoding", async () => {
  class Gbk extends RequestHandler {
    override decodeArgument(bytes: Buffer) {
      return new TextDecoder("gbk").decode(bytes);
    }
    post() {
      this.write({ v: this.getArgument("data") });
    }
  }
  const { json } = await serving([["/gbk", Gbk]]);
  const raw = form("/gbk", "data=chinese: \xd5\xc5\xc8\xfd");
  assert.match(raw, /Content-Length: 18\r/);
  assert.equal(await json(raw), { v: "chinese: 张三" });
  assert.equal(await json(form("/gbk", "data=%D5%C5%C8%FD")), { v: "张三" });
});

t("71: groups of a path are decoded, and + is +", async () => {
  class Groups extends RequestHandler {
    get(..._groups: unknown[]) {
      this.write({ args: this.pathArgs.map((arg) => arg ?? null), kw: { ...this.pathKwargs } });
    }
  }
  const { json } = await serving([
    ["/p/(.*)", Groups],
    ["/s/([^/]*)/([^/]*)", Groups],
    ["/opt/(.+)?", Groups],
    ["/kw/(?P<path>.*)", Groups],
  ]);
  assert.equal(await json(get("/p/%3F?%3F=%3F")), { args: ["?"], kw: {} });
  assert.equal(await json(get("/p/%C3%A9")), { args: ["é"], kw: {} });
  assert.equal(await json(get("/p/1+1")), { args: ["1+1"], kw: {} });
  assert.equal(await json(get("/s/a%2Fb/c%2Fd")), { args: ["a/b", "c/d"], kw: {} });
  assert.equal(await json(get("/opt/")), { args: [null], kw: {} });
  assert.equal(await json(get("/kw/foo")), { args: [], kw: { path: "foo" } });
});

class Err extends RequestHandler {
  get() {
    const kind = this.getArgument("k", "");
    if (kind === "inj") throw new HTTPError(400, null, { reason: "OK\r\nX-Injection: 1" });
    if (kind === "xss") throw new HTTPError(400, null, { reason: "<script>" });
    if (kind === "304") throw new HTTPError(304);
    throw new RangeError("division by zero");
  }
}

class Hello extends RequestHandler {
  get() {
    this.write("hello");
  }
}

t("73: patterns are anchored at both ends", async () => {
  const { ask } = await serving([["/err", Err]]);
  assert.is((await ask(get("/errx"))).status, 404);
  assert.is((await ask(get("/x/err"))).status, 404);
});

t("75: defaultHandlerClass answers what no route does", async () => {
  class Custom404 extends RequestHandler {
    override prepare() {
      this.setStatus(404);
      this.finish("custom 404");
    }
  }
  const { ask } = await serving([], { defaultHandlerClass: Custom404 });
  const response = await ask(get("/nope"));
  assert.is(response.status, 404);
  assert.is(response.text, "custom 404");
});

t("77: every standard method has its verb", async () => {
  class All extends RequestHandler {
    get() {
      this.write(this.request.method);
    }
    post() {
      this.get();
    }
    put() {
      this.get();
    }
    delete() {
      this.get();
    }
    options() {
      this.get();
    }
    patch() {
      this.get();
    }
  }
  const { ask } = await serving([["/allm", All]]);
  for (const method of ["GET", "DELETE", "OPTIONS"]) {
    const response = await ask(`${method} /allm HTTP/1.1\r\n${HOST}\r\n`);
    assert.equal([response.status, response.text], [200, method]);
  }
  for (const method of ["POST", "PUT", "PATCH"]) {
    const bytes = `${method} /allm HTTP/1.1\r\n${HOST}${FORM}Content-Length: 0\r\n\r\n`;
    const response = await ask(bytes);
    assert.equal([response.status, response.text], [200, method]);
  }
});

t("79: finish() in prepare() leaves out the verb", async () => {
  class FinishInPrepare extends RequestHandler {
    override prepare() {
      this.finish("done");
    }
    get() {
      throw new Error("should not reach this method");
    }
  }
  const { ask } = await serving([["/finprep", FinishInPrepare]]);
  const response = await ask(get("/finprep"));
  assert.equal([response.status, response.text], [200, "done"]);
});

t("81: a second finish() throws, and changes nothing", async () => {
  let thrown: unknown;
  class DoubleFinish extends RequestHandler {
    get() {
      this.finish("a");
      try {
        this.finish("b");
      } catch (error) {
        thrown = error;
      }
    }
  }
  const { connect } = await serving([["/df", DoubleFinish]]);
  const client = await connect();
  const response = await client.get("/df");
  assert.equal([response.status, response.text], [200, "a"]);
  assert.instance(thrown, Error);
  await client.staysOpen();
  assert.is(client.unread, "");
});

t("83: a reason cannot inject a field or a script", async () => {
  const { ask } = await serving([["/err", Err]]);
  const injected = await ask(get("/err?k=inj"));
  assert.is(injected.head.split("\r\n")[0], "HTTP/1.1 400 Unknown");
  assert.is(injected.header("X-Injection"), null);
  const scripted = await ask(get("/err?k=xss"));
  assert.is(scripted.head.split("\r\n")[0], "HTTP/1.1 400 Unknown");
  assert.not.match(scripted.text, "script");
});

t("85: HTTPError(304) has no body and leaves the connection usable", async () => {
  const { connect } = await serving([
    ["/err", Err],
    ["/", Hello],
  ]);
  const client = await connect();
  const response = await client.get("/err?k=304");
  assert.is(response.status, 304);
  assert.is(response.header("Content-Length"), null);
  assert.is(response.header("Content-Type"), null);
  assert.is((await client.get("/")).text, "hello");
});

t("87: writeError() may write another page", async () => {
  class WriteError extends RequestHandler {
    get() {
      throw new Error("zero");
    }
    override writeError(status: number, { error }: { error?: unknown }) {
      this.setHeader("Content-Type", "text/plain");
      this.finish(`custom ${status} ${error === undefined ? "noexc" : "exc"}`);
    }
  }
  const { ask } = await serving([["/werr", WriteError]]);
  const response = await ask(get("/werr"));
  assert.is(response.status, 500);
  assert.is(response.header("Content-Type"), "text/plain");
  assert.is(response.text, "custom 500 exc");
});

t("89: with serveTraceback the stack is shown", async () => {
  const { ask } = await serving([["/err", Err]], { serveTraceback: true });
  const response = await ask(get("/err?k=zero"));
  assert.is(response.status, 500);
  assert.match(response.header("Content-Type") ?? "", /^text\/plain/);
  assert.match(response.text, "RangeError: division by zero");
  assert.match(response.text, /\n\s+at /);
});

t("91: Finish ends a request with what was written, or with its own", async () => {
  class Auth extends RequestHandler {
    get() {
      this.setStatus(401);
      this.setHeader("WWW-Authenticate", 'Basic realm="x"');
      if (this.getArgument("a", "") !== "") throw new Finish("auth required");
      this.write("auth required");
      throw new Finish();
    }
  }
  const { ask } = await serving([["/fin", Auth]]);
  for (const target of ["/fin", "/fin?a=1"]) {
    const response = await ask(get(target));
    assert.is(response.status, 401);
    assert.is(response.header("Www-Authenticate"), 'Basic realm="x"');
    assert.is(response.text, "auth required");
  }
});

t("97: ErrorHandler answers every method with its status", async () => {
  const { ask } = await serving([["/errh", ErrorHandler, { statusCode: 417 }]]);
  assert.is((await ask(get("/errh"))).status, 417);
  assert.is((await ask(form("/errh", ""))).status, 417);
});

t.run();
