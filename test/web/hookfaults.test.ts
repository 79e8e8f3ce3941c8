/** What goes wrong in a hook: the request is answered all the same, it is logged, and the process lives. */
import * as assert from "uvu/assert";
import {
  addslash,
  authenticated,
  Finish,
  Matcher,
  RequestHandler,
  type RouteEntry,
  removeslash,
} from "../../lib/index.ts";
import { deferred, until } from "../support/deferred.ts";
import { turns } from "../support/rawclient.ts";
import { logged, loggedErrors, serverSuite } from "../support/servers.ts";
import { get, HOST, serving } from "../support/wire.ts";

const t = serverSuite("a hook that fails");

function boom(): never {
  throw new Error("boom");
}

class Ok extends RequestHandler {
  get(): unknown {
    this.write("ok");
    return undefined;
  }
}

t("as setDefaultHeaders() does is a 500, without what it would have set", async () => {
  class Broken extends Ok {
    override setDefaultHeaders() {
      boom();
    }
  }
  const { connect } = await serving([["/", Broken]]);
  const client = await connect();
  assert.is((await client.get("/")).status, 500);
  await client.staysOpen();
  assert.is(loggedErrors().length, 2);
});

const hooks: Readonly<Record<string, typeof RequestHandler>> = {
  onFinish: class extends Ok {
    override async onFinish() {
      await Promise.reject(new Error("boom"));
    }
  },
  logException: class extends Ok {
    override async get() {
      boom();
    }
    override async logException() {
      await Promise.reject(new Error("boom"));
    }
  },
  initialize: class extends Ok {
    override async initialize() {
      await Promise.reject(new Error("boom"));
    }
  },
};
for (const [name, handler] of Object.entries(hooks)) {
  t(`that is async, as ${name}() may be, is logged, and does not end the process`, async () => {
    const { ask } = await serving([["/", handler]]);
    assert.is((await ask(get("/"))).status, name === "logException" ? 500 : 200);
    await turns(2);
    const messages = loggedErrors().map(({ message }) => message);
    assert.equal(messages, [`Uncaught exception in ${name} GET / (127.0.0.1)`]);
  });
}

t("that is async, as logFunction may be, is logged", async () => {
  const logFunction = async () => {
    await Promise.reject(new Error("boom"));
  };
  const { ask } = await serving([["/", Ok]], { logFunction });
  assert.is((await ask(get("/"))).text, "ok");
  await turns(2);
  assert.is(loggedErrors()[0]?.message, "Uncaught exception in logFunction");
});

t("that is async, as onConnectionClose() may be, is logged with the client's address", async () => {
  const started = deferred();
  class Waits extends RequestHandler {
    async get() {
      started.resolve();
      await new Promise((resolve) => this.signal.addEventListener("abort", resolve));
    }
    override async onConnectionClose() {
      await Promise.reject(new Error("boom"));
    }
  }
  const { connect } = await serving([["/", Waits]]);
  const client = await connect();
  await client.send(get("/"));
  await started.promise;
  client.abort();
  await until(() => loggedErrors().length > 0, "line of the log");
  const [line] = loggedErrors();
  assert.is(line?.message, "Uncaught exception in onConnectionClose GET / (127.0.0.1)");
});

const page = serverSuite("an asynchronous writeError()");

class Failing extends RequestHandler {
  get(): unknown {
    return boom();
  }
}

page("is waited for", async () => {
  class Custom extends Failing {
    override async writeError(status: number) {
      await turns(2);
      this.write(`custom ${status}`);
    }
  }
  const { connect } = await serving([["/", Custom]]);
  const client = await connect();
  void client.send(get("/") + get("/"));
  for (let i = 0; i < 2; i++) {
    const response = await client.readResponse();
    assert.equal([response.status, response.text], [500, "custom 500"]);
  }
});

page("is waited for after sendError() in a verb and in prepare()", async () => {
  const seen: string[] = [];
  class Custom extends RequestHandler {
    override prepare() {
      if (this.request.path === "/prepare") this.sendError(418);
    }
    get() {
      seen.push(this.request.path);
      this.sendError(419);
    }
    override async writeError(status: number) {
      await turns(2);
      this.finish(`custom ${status}`);
    }
  }
  const { ask } = await serving([["/.*", Custom]]);
  assert.is((await ask(get("/prepare"))).text, "custom 418");
  assert.is((await ask(get("/verb"))).text, "custom 419");
  assert.equal(seen, ["/verb"]);
});

page("that rejects leaves an empty body", async () => {
  class Custom extends Failing {
    override async writeError() {
      await turns(1);
      boom();
    }
  }
  const { ask } = await serving([["/", Custom]]);
  const response = await ask(get("/"));
  assert.equal([response.status, response.text], [500, ""]);
  assert.ok(loggedErrors().some(({ message }) => message.includes("writeError")));
});

const finish = serverSuite("Finish");

for (const chunk of [["a list"], 5, null]) {
  finish(`with ${JSON.stringify(chunk)}, which cannot be written, is a 500`, async () => {
    class Ends extends RequestHandler {
      get() {
        throw new Finish(chunk);
      }
    }
    const { ask } = await serving([["/", Ends]]);
    assert.is((await ask(get("/"))).status, 500);
    assert.ok(loggedErrors().length > 0);
  });
}

const gone = serverSuite("a client that has gone");

gone("is no error of a handler that awaits flush()", async () => {
  const started = deferred();
  const ended = deferred();
  class Streams extends RequestHandler {
    async get() {
      started.resolve();
      for (;;) {
        this.write("x".repeat(65_536));
        await this.flush();
        await turns(1);
      }
    }
    override onFinish() {
      ended.resolve();
    }
  }
  const { connect } = await serving([["/", Streams]]);
  const client = await connect();
  await client.send(get("/"));
  await started.promise;
  client.abort();
  await ended.promise;
  assert.equal(logged("error"), []);
  assert.ok(logged("info").some(({ message }) => /GET \/ \(127\.0\.0\.1\): .*gone/.test(message)));
});

const redirects = serverSuite("redirect()");

redirects("percent-encodes what is not ASCII", async () => {
  class Away extends RequestHandler {
    get() {
      this.redirect("/\u017e?q=\u{1f600}&r=%20");
    }
  }
  const { ask } = await serving([["/", Away]]);
  const response = await ask(get("/"));
  assert.is(response.status, 302);
  assert.is(response.header("Location"), "/%C5%BE?q=%F0%9F%98%80&r=%20");
});

redirects("by @addslash and @removeslash stays on its host", async () => {
  class Slashes extends RequestHandler {
    @addslash
    get() {}
  }
  class Bare extends RequestHandler {
    @removeslash
    get() {}
  }
  const { ask } = await serving([
    ["/b?/.*/", Bare],
    [".*/", Bare],
    [".*", Slashes],
  ]);
  for (const target of [
    "//evil.com",
    "/\\evil.com",
    "/\\/evil.com",
    "//evil.com/",
    "/\\evil.com/",
  ]) {
    const location = (await ask(`GET ${target} HTTP/1.1\r\n${HOST}\r\n`)).header("Location") ?? "";
    assert.match(location, /^\/evil\.com\/?$/, target);
  }
});

redirects("by @authenticated in prepare() leaves out the verb", async () => {
  class Members extends RequestHandler {
    @authenticated
    override prepare() {
      return undefined;
    }
    get() {
      boom();
    }
  }
  const { ask } = await serving([["/", Members]], { loginUrl: "/login" });
  assert.is((await ask(get("/"))).header("Location"), "/login?next=%2F");
});

const strip = serverSuite("white space around an argument");

strip("is what Unicode calls so, NEL too, and not U+FEFF", async () => {
  class Args extends RequestHandler {
    get() {
      this.write({ a: this.getArguments("a") });
    }
  }
  const { json } = await serving([["/", Args]]);
  const values = ["%C2%85x%C2%85", "%EF%BB%BFx", "%C2%A0%09x%20y%E3%80%80", "%20%20"];
  assert.equal(await json(get(`/?${values.map((value) => `a=${value}`).join("&")}`)), {
    a: ["x", "\ufeffx", "x y", ""],
  });
});

const routing = serverSuite("a matcher or a router that throws");

for (const [name, route] of Object.entries({
  matcher: [
    new (class extends Matcher {
      override match(): never {
        return boom();
      }
    })(),
    Ok,
  ],
  router: ["/.*", { findHandler: boom }],
} satisfies Record<string, RouteEntry>)) {
  routing(`is a 500, as this ${name}, with and without a body`, async () => {
    const { connect } = await serving([route]);
    const client = await connect();
    for (const body of ["", "hello"]) {
      void client.send(`POST / HTTP/1.1\r\n${HOST}Content-Length: ${body.length}\r\n\r\n${body}`);
      assert.is((await client.readResponse()).status, 500);
    }
    await client.staysOpen();
    assert.match(loggedErrors()[0]?.message ?? "", "POST / was routed");
  });
}

for (const each of [routing, t, page, finish, gone, redirects, strip]) each.run();
