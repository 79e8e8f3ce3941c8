/** FallbackHandler: what it hands requests to, with their bodies, and what a subclass may check before. */
import { createHash } from "node:crypto";
import express from "express";
import { Hono } from "hono";
import * as assert from "uvu/assert";
import type { HTTPConnection } from "../../lib/http/httpconnection.ts";
import { ResponseStartLine } from "../../lib/http/startlines.ts";
import { type FetchEnvironment, fetchHandler } from "../../lib/server/fetchhandler.ts";
import { nodeListener } from "../../lib/server/nodelistener.ts";
import { FallbackHandler } from "../../lib/web/fallbackhandler.ts";
import {
  Application,
  HTTPHeaders,
  type HTTPServerRequest,
  RequestHandler,
} from "../../lib/index.ts";
import { postHeldBack, sha1 } from "../support/bodychecks.ts";
import { deferred, until } from "../support/deferred.ts";
import { turns } from "../support/rawclient.ts";
import { loggedErrors, serverSuite, startServer } from "../support/servers.ts";
import { ask, MEBIBYTE, pattern } from "../support/targets.ts";

const post = (target: string, body: string, fields = ""): string =>
  `${ask(target, "POST", `${fields}Content-Length: ${body.length}\r\n`)}${body}`;

class Foo extends RequestHandler {
  override get(): void {
    this.write("foo");
  }
}

/** Answers as Tornado's examples do. */
function answer(connection: HTTPConnection, text: string): void {
  const headers = new HTTPHeaders({ "Content-Length": String(text.length) });
  void connection.writeHeaders(new ResponseStartLine("HTTP/1.1", 200, "OK"), headers, text);
  connection.finish();
}

const handing = serverSuite("FallbackHandler hands requests to");

handing("a function of the request, as in Tornado", async () => {
  const fallback = (request: HTTPServerRequest) => answer(request.connection, "CALL");
  const { connect } = await startServer([
    ["/foo", Foo],
    [".*", FallbackHandler, { fallback }],
  ]);
  const client = await connect();
  assert.is((await client.get("/foo")).text, "foo");
  const response = await client.get("/bar");
  assert.equal([response.status, response.text], [200, "CALL"]);
});

handing("an Express app, wrapped or bare", async () => {
  const app = express().get("/bar", (_req, res) => {
    res.send("express");
  });
  for (const fallback of [app, nodeListener(app)]) {
    const { connect } = await startServer([
      ["/foo", Foo],
      [".*", FallbackHandler, { fallback }],
    ]);
    const client = await connect();
    assert.is((await client.get("/foo")).text, "foo");
    assert.is((await client.get("/bar")).text, "express");
    assert.is((await client.get("/none")).status, 404);
    await client.staysOpen();
  }
});

handing("a Hono app, wrapped or bare, with its environment", async () => {
  type Env = { Bindings: FetchEnvironment & { db: string } };
  const app = new Hono<Env>().get("/bar", (c) => c.text(`${c.env.request.remoteIp} ${c.env.db}`));
  for (const fallback of [app, { fetch: app.fetch }, fetchHandler(app, { env: { db: "db" } })]) {
    const { connect } = await startServer([
      ["/foo", Foo],
      [".*", FallbackHandler, { fallback }],
    ]);
    const client = await connect();
    assert.is((await client.get("/foo")).text, "foo");
    assert.match((await client.get("/bar")).text, /^127\.0\.0\.1 (db|undefined)$/);
    await client.send(post("/none", "body"));
    assert.is((await client.readFinalResponse()).status, 404);
  }
});

handing("another Application, whose handlers get their bodies whole or in pieces", async () => {
  class Whole extends RequestHandler {
    override post(): void {
      this.write(this.getBodyArgument("a"));
    }
  }
  class Pieces extends RequestHandler {
    static override readonly streamRequestBody = true;
    #text = "";
    override dataReceived(piece: Buffer): void {
      this.#text += piece;
    }
    override post(): void {
      this.write(`${this.#text} in pieces`);
    }
  }
  const fallback = new Application([
    ["/whole", Whole],
    ["/pieces", Pieces],
  ]);
  const { connect } = await startServer([[".*", FallbackHandler, { fallback }]]);
  const client = await connect();
  const form = "Content-Type: application/x-www-form-urlencoded\r\n";
  await client.send(post("/whole", "a=form", form));
  assert.is((await client.readFinalResponse()).text, "form");
  await client.send(post("/pieces", "body"));
  assert.is((await client.readFinalResponse()).text, "body in pieces");
  assert.is((await client.get("/none")).status, 404);
});

handing("a function or a delegate, with the body", async () => {
  const whole = (request: HTTPServerRequest) => answer(request.connection, `${request.body}`);
  const delegate = {
    startRequest(_server: object, connection: HTTPConnection) {
      let text = "";
      return {
        dataReceived(chunk: Buffer) {
          text += chunk;
        },
        finish: () => answer(connection, text),
      };
    },
  };
  for (const fallback of [whole, delegate]) {
    const { connect } = await startServer([[".*", FallbackHandler, { fallback }]]);
    const client = await connect();
    for (const text of ["one", "two"]) {
      await client.send(post("/", text));
      const response = await client.readFinalResponse();
      assert.equal([response.text, response.header("Connection")], [text, null]);
    }
  }
});

handing(
  "listeners and fetch handlers a body that streams: one that is not read is not sent",
  async () => {
    const bytes = pattern(10 * MEBIBYTE);
    const gate = deferred();
    const hashOf = async (body: AsyncIterable<Uint8Array>) => {
      await gate.promise;
      const hash = createHash("sha1");
      for await (const piece of body) hash.update(piece);
      return hash.digest("hex");
    };
    const app = express().post("/", async (req, res) => {
      res.send(await hashOf(req));
    });
    const hono = new Hono().post("/", async (c) =>
      c.text(await hashOf(c.req.raw.body as unknown as AsyncIterable<Uint8Array>)),
    );
    const held: (() => Promise<void>)[] = [];
    for (const fallback of [app, hono]) {
      const { connect } = await startServer([[".*", FallbackHandler, { fallback }]]);
      const client = await connect();
      const { sent } = await postHeldBack(client, bytes);
      held.push(async () => {
        await sent;
        assert.is((await client.readFinalResponse()).text, sha1(bytes));
      });
    }
    gate.resolve();
    for (const check of held) await check();
  },
);

handing("whatever it is, requests of any method", async () => {
  const app = express().all("/", (req, res) => {
    res.send(req.method);
  });
  const { connect } = await startServer([[".*", FallbackHandler, { fallback: app }]]);
  const client = await connect();
  for (const method of ["PROPFIND", "PURGE", "TRACE", "OPTIONS", "DELETE"]) {
    await client.send(ask("/", method));
    assert.is((await client.readFinalResponse()).text, method);
  }
});

handing.run();

const around = serverSuite("around FallbackHandler");

around(
  "a subclass may check who asks, at once or later, before the body is asked for",
  async () => {
    const app = express()
      .use(express.text())
      .all("/", (req, res) => {
        res.send(`in ${typeof req.body === "string" ? req.body : ""}`);
      });
    let finished = 0;
    class Guarded extends FallbackHandler {
      override async prepare(): Promise<void> {
        if (this.getQueryArgument("later", "") !== "") await turns(2);
        if (this.getQueryArgument("key", "") !== "1") this.sendError(403);
        else await super.prepare();
      }
      override onFinish(): void {
        finished++;
      }
    }
    const { connect } = await startServer([[".*", Guarded, { fallback: app }]]);
    const client = await connect();
    const text = "Content-Type: text/plain\r\n";
    for (const query of ["", "&later=1"]) {
      assert.is((await client.get(`/?key=0${query}`)).status, 403);
      assert.is((await client.get(`/?key=1${query}`)).text, "in ");
      await client.send(post(`/?key=1${query}`, "body", text));
      assert.is((await client.readFinalResponse()).text, "in body");
      const refused = await connect();
      await refused.send(
        ask(`/?key=0${query}`, "POST", "Expect: 100-continue\r\nContent-Length: 9\r\n"),
      );
      assert.is((await refused.readResponse()).status, 403);
    }
    assert.is(finished, 8);
    assert.equal(loggedErrors(), []);
  },
);

around("the client's going is the fallback's to hear, not the handler's", async () => {
  const told: string[] = [];
  class Telling extends FallbackHandler {
    override async prepare(): Promise<void> {
      await super.prepare();
      await turns(1);
    }
    override onConnectionClose(): void {
      told.push("handler");
    }
  }
  let begun = deferred();
  const app = express().all("/", (_req, res) => {
    res.on("close", () => told.push(`listener ${res.writableFinished}`));
    begun.resolve();
  });
  const { connect } = await startServer([[".*", Telling, { fallback: app }]]);
  for (const request of [ask("/"), `${ask("/", "POST", "Content-Length: 9\r\n")}half`]) {
    told.length = 0;
    begun = deferred();
    const client = await connect();
    await client.send(request);
    await begun.promise;
    client.abort();
    await until(() => told.length > 0, "the end");
    await turns(4);
    assert.equal(told, ["listener false"]);
  }
});

around("a client that goes while a subclass checks is not handed over", async () => {
  const gate = deferred();
  const ended = deferred();
  let calls = 0;
  class Slow extends FallbackHandler {
    override async prepare(): Promise<void> {
      await gate.promise;
      await super.prepare();
    }
    override onFinish(): void {
      ended.resolve();
    }
  }
  const { connect, server } = await startServer([[".*", Slow, { fallback: () => calls++ }]]);
  const client = await connect();
  await client.send(ask("/"));
  await turns(4);
  client.abort();
  await until(() => server.connectionCount === 0, "the end of the connection");
  gate.resolve();
  await ended.promise;
  assert.is(calls, 0);
});

around(
  "a token is asked for as everywhere, since the fallback may have none of its own",
  async () => {
    const app = express().post("/", (_req, res) => {
      res.send("in");
    });
    const { connect } = await startServer(
      [[".*", FallbackHandler, { fallback: app }]],
      {},
      { xsrfCookies: true },
    );
    const client = await connect();
    await client.send(post("/", ""));
    assert.is((await client.readFinalResponse()).status, 403);
  },
);

around(
  "a fallback that is missing, or cannot answer, is an error of the application's",
  async () => {
    class Uninitialized extends FallbackHandler {
      override initialize(): void {}
    }
    const { connect } = await startServer([
      ["/none", FallbackHandler],
      ["/wrong", FallbackHandler, { fallback: {} }],
      ["/class", FallbackHandler, { fallback: Foo }],
      ["/uninitialized", Uninitialized, { fallback: () => {} }],
    ]);
    const client = await connect();
    for (const target of ["/none", "/wrong", "/class", "/uninitialized"]) {
      assert.is((await client.get(target)).status, 500, target);
    }
    assert.is(loggedErrors().length, 4);
  },
);

around.run();
