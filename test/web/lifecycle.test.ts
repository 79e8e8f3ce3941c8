/** What a handler may not do, and what happens when one of its callbacks fails: an answer or an end, and a line in the log. */
import * as assert from "uvu/assert";
import { CodedError } from "../../lib/base/errors.ts";
import { Finish, HTTPError, RequestHandler } from "../../lib/index.ts";
import { type Deferred, deferred, until } from "../support/deferred.ts";
import { turns } from "../support/rawclient.ts";
import { logged, loggedErrors, serverSuite, startServer } from "../support/servers.ts";

/** What the handler of a test does, and the error that it kept. */
let act: (handler: RequestHandler) => unknown = () => {};
let caught: unknown = null;

const attempt = (call: () => unknown): void => {
  try {
    call();
  } catch (error) {
    caught = error;
  }
};

class Acts extends RequestHandler {
  get() {
    return act(this);
  }
}

const routes: Parameters<typeof startServer>[0] = [["/", Acts, {}, "home"]];

async function ask(does: (handler: RequestHandler) => unknown) {
  act = does;
  caught = null;
  const { connect } = await startServer(routes);
  return (await connect()).get("/");
}

const assertCaught = (code: string): void => {
  assert.instance(caught, CodedError);
  assert.is((caught as CodedError).code, code);
};

const misuse = serverSuite("a handler");

for (const status of [99, 199, 1000, 200.5, "200", null, Number.NaN]) {
  misuse(`cannot set the status ${JSON.stringify(status)}`, async () => {
    const { status: answered } = await ask((handler) => {
      attempt(() => handler.setStatus(status as number));
      handler.write("fine");
    });
    assert.is(answered, 200);
    assertCaught("ERR_HTTP_STATUS");
  });
}

for (const value of [null, undefined, {}, true, Symbol("s")]) {
  misuse(`cannot set a field to ${String(value)}`, async () => {
    await ask((handler) => {
      attempt(() => handler.setHeader("X-Field", value as string));
      handler.write("fine");
    });
    assertCaught("ERR_ARGUMENT_TYPE");
  });
}

misuse("can set a field to bytes, a number and a Date", async () => {
  const response = await ask((handler) => {
    handler.setHeader("X-Bytes", Buffer.from("bytes"));
    handler.setHeader("X-Number", 7);
    handler.setHeader("X-Date", new Date(0));
    handler.write("fine");
  });
  assert.equal(
    ["x-bytes", "x-number", "x-date"].map((name) => response.header(name)),
    ["bytes", "7", "Thu, 01 Jan 1970 00:00:00 GMT"],
  );
});

misuse("cannot flush after finish()", async () => {
  await ask((handler) => {
    handler.finish("done");
    attempt(() => handler.flush());
  });
  assertCaught("ERR_HTTP_FINISHED");
});

misuse("cannot redirect when a part of its answer has left", async () => {
  await ask(async (handler) => {
    handler.write("part");
    await handler.flush();
    attempt(() => handler.redirect("/elsewhere"));
    handler.finish();
  });
  assertCaught("ERR_HTTP_HEADERS_SENT");
});

misuse("cannot declare a length that is no number of bytes", async () => {
  const { status } = await ask((handler) => {
    handler.setHeader("Content-Length", "many");
    handler.write("fine");
  });
  assert.is(status, 500);
  assert.match(String(loggedErrors()[0]?.error), /Content-Length/);
});

for (const [declared, isFlushed] of [
  [0, false],
  [0, true],
  [2, false],
  [2, true],
] as const) {
  misuse(
    `that writes more than its Content-Length ${declared}${isFlushed ? ", and flushes," : ""} has the connection closed, and nothing sent`,
    async () => {
      act = (handler) => {
        handler.setHeader("Content-Length", declared);
        handler.write("long");
        if (isFlushed) handler.flush();
      };
      const client = await (await startServer(routes)).connect();
      await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      await client.closed();
      assert.match(String(loggedErrors()[0]?.error), /4 bytes were written where Content-Length/);
    },
  );
}

misuse("may send another phrase with 200", async () => {
  for (const withField of [false, true]) {
    const response = await ask((handler) => {
      handler.setStatus(200, "Fine");
      if (withField) handler.setHeader("X-Field", "1");
      handler.write("body");
    });
    assert.is(response.reason, "Fine");
    assert.is(response.text, "body");
    assert.ok(response.header("etag"));
  }
});

misuse("that clears after flush() has forgotten what was not sent, and no more", async () => {
  const { status, text } = await ask(async (handler) => {
    handler.setStatus(201);
    handler.write("a");
    await handler.flush();
    handler.write("lost");
    handler.clear();
    handler.write("b");
  });
  assert.is(status, 201);
  assert.is(text, "ab");
});

misuse("is told of options that are none, as Tornado's are positional", async () => {
  for (const [act, remedy] of [
    [(handler: RequestHandler) => handler.getArgument("a", "", false as never), /strip: false/],
    [(handler: RequestHandler) => handler.getArguments("a", "raw" as never), /strip: false/],
    [(handler: RequestHandler) => handler.getArguments("a", { strip: 0 as never }), /strip: false/],
    [(handler: RequestHandler) => handler.redirect("/", true as never), /permanent: true/],
    [(handler: RequestHandler) => handler.setHeader("A", Number.NaN), /finite numbers/],
  ] as const) {
    await ask((handler) => {
      attempt(() => act(handler));
      handler.write("fine");
    });
    assertCaught("ERR_ARGUMENT_TYPE");
    assert.match((caught as CodedError).message, remedy);
  }
});

misuse("may finish with null, which is nothing", async () => {
  const { status, text } = await ask((handler) => {
    handler.write("body");
    handler.finish(null);
  });
  assert.equal([status, text], [200, "body"]);
});

misuse("that throws an HTTPError with an empty reason answers with the standard one", async () => {
  const { status, reason } = await ask(() => {
    throw new HTTPError(403, null, { reason: "" });
  });
  assert.equal([status, reason], [403, "Forbidden"]);
});

misuse("cannot give a body to a status that has none", async () => {
  const { status } = await ask((handler) => {
    handler.setStatus(204);
    handler.write("body");
  });
  assert.is(status, 500);
});

misuse("knows the paths of named routes", async () => {
  const { body } = await ask((handler) => handler.write(handler.reverseUrl("home")));
  assert.is(body.toString(), "/");
});

misuse("without any verb of its own answers all with 405", async () => {
  const { connect } = await startServer([["/", class extends RequestHandler {}]]);
  const client = await connect();
  for (const method of ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"]) {
    void client.send(`${method} / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n`);
    assert.is((await client.readFinalResponse({ method })).status, 405, method);
  }
});

misuse("that calls a verb it has not answers 405", async () => {
  for (const verb of ["post", "put", "delete", "patch", "head", "options"] as const) {
    assert.is((await ask((handler) => handler[verb]())).status, 405, verb);
  }
});

misuse("may finish by throwing Finish, with a last piece, also after finish()", async () => {
  const first = await ask(() => {
    throw new Finish("last");
  });
  assert.is(first.body.toString(), "last");
  const second = await ask((handler) => {
    handler.finish("done");
    throw new Finish("ignored");
  });
  assert.is(second.body.toString(), "done");
  assert.equal(loggedErrors(), []);
});

misuse.run();

let gate: Deferred<void> = deferred();
let started = 0;
const fail = (where: string): never => {
  throw new Error(`deliberate, in ${where}`);
};

class FailsAtEnd extends RequestHandler {
  get() {
    this.write("fine");
  }
  override onFinish() {
    fail("onFinish");
  }
}

class FailsWhenGone extends RequestHandler {
  async get() {
    started++;
    await gate.promise;
  }
  override onConnectionClose() {
    fail("onConnectionClose");
  }
}

class FailsInLog extends RequestHandler {
  get() {
    fail("get");
  }
  override logException() {
    fail("logException");
  }
}

class FailsInError extends RequestHandler {
  get() {
    fail("get");
  }
  override writeError() {
    fail("writeError");
  }
}

class FailsAfterPrepare extends RequestHandler {
  override async prepare() {
    await turns(1);
  }
  get() {
    fail("get");
  }
}

const failing = serverSuite("a failure");
const failingRoutes: Parameters<typeof startServer>[0] = [
  ["/", Acts],
  ["/end", FailsAtEnd],
  ["/gone", FailsWhenGone],
  ["/log", FailsInLog],
  ["/error", FailsInError],
  ["/prepare", FailsAfterPrepare],
];

const messages = (): string[] => loggedErrors().map(({ error }) => String(error));

failing("in onFinish leaves the answer as it is", async () => {
  const { connect } = await startServer(failingRoutes);
  const client = await connect();
  for (let i = 0; i < 2; i++) assert.is((await client.get("/end")).body.toString(), "fine");
  assert.equal(messages(), new Array(2).fill("Error: deliberate, in onFinish"));
});

failing("in onConnectionClose harms nobody", async () => {
  gate = deferred();
  started = 0;
  const { connect } = await startServer(failingRoutes);
  const client = await connect();
  void client.send("GET /gone HTTP/1.1\r\nHost: a\r\n\r\n");
  await until(() => started === 1, "request");
  client.abort();
  await until(() => messages().length === 1, "error in the log");
  assert.equal(messages(), ["Error: deliberate, in onConnectionClose"]);
  gate.resolve();
  act = (handler) => handler.write("fine");
  assert.is((await (await connect()).get("/")).status, 200);
});

failing("in logException is logged, and the client is answered all the same", async () => {
  const { connect } = await startServer(failingRoutes);
  assert.is((await (await connect()).get("/log")).status, 500);
  assert.ok(messages().includes("Error: deliberate, in logException"));
});

failing("in writeError never leaves the client waiting", async () => {
  const { connect } = await startServer(failingRoutes);
  const client = await connect();
  void client.send("GET /error HTTP/1.1\r\nHost: a\r\n\r\n");
  await client.receives("500 ").catch(() => client.gone());
  assert.ok(logged("error").length > 0);
});

failing("after an async prepare is answered with 500", async () => {
  const { connect } = await startServer(failingRoutes);
  assert.is((await (await connect()).get("/prepare")).status, 500);
});

failing.run();
