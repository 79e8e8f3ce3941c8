/** Answers that are errors: HTTPError, Finish, sendError and writeError, 404 and 405. */
import * as assert from "uvu/assert";
import { Finish, HTTPError, RequestHandler } from "../../lib/index.ts";
import { logged, loggedErrors, serverSuite, startServer } from "../support/servers.ts";

/** Raises what its argument k names. */
class Err extends RequestHandler {
  get() {
    switch (this.getArgument("k")) {
      case "inj":
        throw new HTTPError(400, null, { reason: "OK\r\nX-Injection: 1" });
      case "xss":
        throw new HTTPError(400, null, { reason: "<script>" });
      case "reason":
        throw new HTTPError(400, null, { reason: "Not So Good" });
      case "304":
        throw new HTTPError(304);
      case "204":
        throw new HTTPError(204);
      case "message":
        throw new HTTPError(403, "for the log only");
      case "number":
        throw 42;
      case "undefined":
        throw undefined;
      case "proxy":
        throw new Proxy(
          {},
          {
            get() {
              throw new Error("a trap");
            },
          },
        );
      default:
        throw new Error("deliberate");
    }
  }
}

class Hello extends RequestHandler {
  get() {
    this.write("hello");
  }
}

const routes: Parameters<typeof startServer>[0] = [
  ["/", Hello],
  ["/err", Err],
];

const httpError = serverSuite("HTTPError");
httpError("gives its status, and a page that says it", async () => {
  const { connect } = await startServer(routes);
  const response = await (await connect()).get("/err?k=message");
  assert.is(response.status, 403);
  assert.is(response.text, "<html><title>403: Forbidden</title><body>403: Forbidden</body></html>");
  assert.is(response.header("content-type"), "text/html; charset=UTF-8");
});
httpError("keeps its message for the log", async () => {
  const { connect } = await startServer(routes);
  const response = await (await connect()).get("/err?k=message");
  assert.is((response.head + response.text).includes("log only"), false);
  assert.ok(logged("warn").some(({ message }) => message.includes("for the log only")));
});
httpError("may have a reason of its own", async () => {
  const { connect } = await startServer(routes);
  const response = await (await connect()).get("/err?k=reason");
  assert.match(response.head, /^HTTP\/1\.1 400 Not So Good\r\n/);
  assert.ok(response.text.includes("400: Not So Good"));
});
httpError("cannot inject a field by its reason", async () => {
  const { connect } = await startServer(routes);
  const response = await (await connect()).get("/err?k=inj");
  assert.match(response.head, /^HTTP\/1\.1 400 Unknown\r\n/);
  assert.is(response.header("x-injection"), null);
});
httpError("cannot inject a script by its reason", async () => {
  const { connect } = await startServer(routes);
  const response = await (await connect()).get("/err?k=xss");
  assert.match(response.head, /^HTTP\/1\.1 400 Unknown\r\n/);
  assert.is(response.text.includes("script"), false);
});
for (const status of [304, 204]) {
  httpError(`of ${status} has no body, and the connection goes on`, async () => {
    const { connect } = await startServer(routes);
    const client = await connect();
    const response = await client.get(`/err?k=${status}`);
    assert.is(response.status, status);
    assert.is(response.header("content-length"), null);
    assert.is(response.header("content-type"), null);
    assert.is((await client.get("/")).text, "hello");
  });
}
for (const kind of ["number", "undefined", "proxy"]) {
  httpError(`is not needed: a thrown ${kind} is 500 too`, async () => {
    const { connect } = await startServer(routes);
    const client = await connect();
    assert.is((await client.get(`/err?k=${kind}`)).status, 500);
    assert.is((await client.get("/")).text, "hello");
  });
}
httpError("drops what was written and set before it", async () => {
  class Half extends RequestHandler {
    get() {
      this.setHeader("X-Half", "1");
      this.setHeader("Content-Length", "5");
      this.write("half");
      throw new HTTPError(400);
    }
  }
  const { connect } = await startServer([["/", Half]]);
  const client = await connect();
  const response = await client.get("/");
  assert.is(response.status, 400);
  assert.is(response.header("x-half"), null);
  assert.is(response.text.includes("half"), false);
  client.assertOpen();
});
httpError(
  "is the answer to a request that came with it after finish() only in the log",
  async () => {
    class Late extends RequestHandler {
      get() {
        this.finish("done");
        throw new Error("deliberate");
      }
    }
    const { connect } = await startServer([["/", Late]]);
    const client = await connect();
    assert.is((await client.get("/")).text, "done");
    assert.is((await client.get("/")).text, "done");
    assert.is(loggedErrors().length, 2);
  },
);
httpError.run();

class Fin extends RequestHandler {
  get() {
    this.setStatus(401);
    this.setHeader("WWW-Authenticate", 'Basic realm="x"');
    if (this.getArgument("a", "") === "1") throw new Finish("auth required");
    this.write("auth required");
    throw new Finish();
  }
}

const finish = serverSuite("Finish");
for (const target of ["/", "/?a=1"]) {
  finish(`(${target}) ends the handler with what was written and set`, async () => {
    const { connect } = await startServer([["/", Fin]]);
    const response = await (await connect()).get(target);
    assert.is(response.status, 401);
    assert.is(response.header("www-authenticate"), 'Basic realm="x"');
    assert.is(response.text, "auth required");
    assert.equal(loggedErrors(), []);
  });
}
finish.run();

const writeError = serverSuite("writeError");
writeError("may be overridden, and gets the error", async () => {
  class Custom extends RequestHandler {
    get() {
      throw new Error("deliberate");
    }

    override writeError(status: number, { error }: { error?: unknown } = {}) {
      this.setHeader("Content-Type", "text/plain");
      this.write(`custom ${status} ${error === undefined ? "noexc" : "exc"}`);
    }
  }
  const { connect } = await startServer([["/", Custom]]);
  const response = await (await connect()).get("/");
  assert.is(response.status, 500);
  assert.is(response.header("content-type"), "text/plain");
  assert.is(response.text, "custom 500 exc");
});
writeError("that throws leaves an empty body", async () => {
  class Bad extends RequestHandler {
    get() {
      throw new HTTPError(404);
    }

    override writeError() {
      throw new Error("deliberate");
    }
  }
  const { connect } = await startServer([["/", Bad]]);
  const client = await connect();
  const response = await client.get("/");
  assert.is(response.status, 404);
  assert.is(response.text, "");
  client.assertOpen();
});
writeError("keeps the fields of setDefaultHeaders", async () => {
  class Defaults extends RequestHandler {
    override setDefaultHeaders() {
      this.setHeader("X-Default", "1");
    }

    get() {
      throw new HTTPError(400);
    }
  }
  const { connect } = await startServer([["/", Defaults]]);
  assert.is((await (await connect()).get("/")).header("x-default"), "1");
});
writeError("shows a stack where serveTraceback is set", async () => {
  const { connect } = await startServer(routes, {}, { serveTraceback: true });
  const response = await (await connect()).get("/err?k=zero");
  assert.is(response.status, 500);
  assert.match(response.header("content-type") ?? "", /^text\/plain/);
  assert.match(response.text, /Error: deliberate.*\n\s+at /s);
});
writeError("is reached by sendError", async () => {
  class Sends extends RequestHandler {
    get() {
      this.write("dropped");
      this.sendError(418);
    }
  }
  const { connect } = await startServer([["/", Sends]]);
  const response = await (await connect()).get("/");
  assert.is(response.status, 418);
  assert.is(response.text.includes("dropped"), false);
});
writeError.run();

const missing = serverSuite("a request for nothing");
missing("is answered with 404 and a page", async () => {
  const { connect } = await startServer(routes);
  const response = await (await connect()).get("/nope");
  assert.is(response.status, 404);
  assert.ok(response.text.includes("404: Not Found"));
});
missing("goes to defaultHandlerClass where one is set", async () => {
  class Custom extends RequestHandler {
    override prepare() {
      this.setStatus(404);
      this.finish("custom 404");
    }
  }
  const { connect } = await startServer(routes, {}, { defaultHandlerClass: Custom });
  const response = await (await connect()).get("/nope");
  assert.is(response.status, 404);
  assert.is(response.text, "custom 404");
});
missing("by a verb that the handler lacks is answered with 405 and Allow", async () => {
  const { connect } = await startServer(routes);
  const client = await connect();
  for (const method of ["POST", "PUT", "DELETE", "PATCH", "FOO"]) {
    await client.send(`${method} / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n`);
    const response = await client.readResponse();
    assert.is(response.status, 405, method);
    assert.match(response.header("allow") ?? "", /^GET\b/);
  }
});
missing("by HEAD is answered by get() without its body where there is no head()", async () => {
  const { connect } = await startServer(routes);
  const client = await connect();
  await client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
  const response = await client.readResponse({ method: "HEAD" });
  assert.is(response.status, 200);
  assert.is(response.header("content-length"), "5");
  assert.is((await client.get("/")).text, "hello");
});
missing("by OPTIONS * is answered without a handler", async () => {
  const { connect } = await startServer(routes);
  const client = await connect();
  await client.send("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");
  const response = await client.readResponse();
  assert.ok(response.status === 200 || response.status === 204);
  assert.is(response.text, "");
});
missing.run();
