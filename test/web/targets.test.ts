/** Targets of routes that are no handler classes, and what else an HTTPServer serves by itself. */
import express from "express";
import { Hono } from "hono";
import * as assert from "uvu/assert";
import {
  Application,
  fetchHandler,
  HostMatches,
  type HTTPConnection,
  HTTPHeaders,
  HTTPServer,
  type HTTPServerRequest,
  nodeListener,
  RequestHandler,
  type RequestTarget,
  ResponseStartLine,
} from "../../lib/index.ts";
import {
  type ServerOptions,
  serverSuite,
  startApplication,
  startServer,
} from "../support/servers.ts";

const post = (target: string, body: string, host = "a.com"): string =>
  `POST ${target} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
const ask = (target: string, host: string): string =>
  `GET ${target} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;

function answer(connection: HTTPConnection, text: string): void {
  const headers = new HTTPHeaders({ "Content-Length": String(text.length) });
  void connection.writeHeaders(new ResponseStartLine("HTTP/1.1", 200, "OK"), headers, text);
  connection.finish();
}

const call = (request: HTTPServerRequest): void =>
  answer(request.connection, `CALL${request.body}`);

const delegate = {
  startRequest(_server: object, connection: HTTPConnection) {
    let text = "OK";
    return {
      dataReceived(chunk: Buffer) {
        text += chunk;
      },
      finish: () => answer(connection, text),
    };
  },
};

function saying(text: string): typeof RequestHandler {
  return class extends RequestHandler {
    override get(): void {
      this.write(text);
    }
    override post(): void {
      this.write(text + this.request.body);
    }
  };
}

const targets = serverSuite("a route leads to");

targets("nested rules, a function and a delegate, first match first", async () => {
  const { connect } = await startServer([
    [new HostMatches("a\\.com"), [["/x", saying("a")]]],
    ["/x", saying("any")],
    ["/call", call],
    ["/del", delegate],
  ]);
  const client = await connect();
  const get = async (target: string, host: string) => {
    await client.send(ask(target, host));
    const { status, text } = await client.readFinalResponse();
    return status === 200 ? text : status;
  };
  assert.is(await get("/x", "a.com"), "a");
  assert.is(await get("/x", "b.com"), "any");
  assert.is(await get("/call", "a.com"), "CALL");
  assert.is(await get("/del", "b.com"), "OK");
  assert.is(await get("/none", "a.com"), 404);
});

targets("any of them with a body, and the connection goes on", async () => {
  const app = express()
    .use(express.text({ type: () => true }))
    .post("/node", (req, res) => {
      res.send(`NODE${req.body}`);
    });
  const hono = new Hono().post("/fetch", async (c) => c.text(`FETCH${await c.req.text()}`));
  const { connect } = await startServer([
    ["/call", call],
    ["/del", delegate],
    ["/node", nodeListener(app)],
    ["/fetch", fetchHandler(hono)],
    ["/hono", new Hono().post("/hono", async (c) => c.text(`HONO${await c.req.text()}`))],
    ["/app", new Application([["/app", saying("APP")]])],
    ["/handler", saying("HANDLER")],
  ]);
  const client = await connect();
  for (const [target, text] of [
    ["/call", "CALL"],
    ["/del", "OK"],
    ["/node", "NODE"],
    ["/fetch", "FETCH"],
    ["/hono", "HONO"],
    ["/app", "APP"],
    ["/handler", "HANDLER"],
  ] as const) {
    await client.send(post(target, "body"));
    const response = await client.readFinalResponse();
    assert.equal([response.text, response.header("Connection")], [`${text}body`, null], target);
  }
});

targets("an object with fetch(), whose method is called as one", async () => {
  class Counter {
    count = 0;
    async fetch(request: Request): Promise<Response> {
      return new Response(`${++this.count} ${new URL(request.url).pathname}`);
    }
  }
  const counter = new Counter();
  const { connect } = await startServer([
    ["/a.*", counter],
    [new HostMatches("b"), [["/.*", counter]]],
  ]);
  const client = await connect();
  assert.is((await client.get("/a1")).text, "1 /a1");
  await client.send(ask("/b", "b"));
  assert.is((await client.readFinalResponse()).text, "2 /b");
  assert.throws(
    () => new Application([["/", { fetch: 1 } as never]]),
    /a fetch app \(an object with fetch\)/,
  );
});

targets("a delegate that says how large the body may be", async () => {
  const limited = {
    startRequest(server: object, connection: HTTPConnection) {
      connection.setMaxBodySize(4);
      return delegate.startRequest(server, connection);
    },
  };
  const { connect } = await startServer([["/del", limited]]);
  const client = await connect();
  await client.send(post("/del", "four"));
  assert.is((await client.readFinalResponse()).text, "OKfour");
  await client.send(post("/del", "fiver"));
  assert.is((await client.readFinalResponse()).status, 413);
});

targets("an Application, which answers by itself although it has findHandler()", async () => {
  const inner = new Application([["/in/x", saying("inner")]], {
    defaultHandlerClass: saying("none"),
  });
  const { connect } = await startServer([
    ["/in/.*", inner],
    ["/in/y", saying("outer")],
  ]);
  const client = await connect();
  assert.is((await client.get("/in/x")).text, "inner");
  assert.is((await client.get("/in/y")).text, "none");
});

targets("the same as an HTTPServer can serve by itself", async () => {
  const hono = new Hono().get("/", (c) => c.text("FETCH"));
  const app = express().get("/", (_req, res) => {
    res.send("NODE");
  });
  const cases: [target: RequestTarget, text: string][] = [
    [call, "CALL"],
    [delegate, "OK"],
    [app, "NODE"],
    [hono, "FETCH"],
    [new Application([["/", saying("APP")]]), "APP"],
  ];
  for (const [target, text] of cases) {
    const listen = (port: number, address: string, options: ServerOptions) =>
      new HTTPServer(target, options).listen(port, address);
    const { connect, stop } = await startApplication({ listen } as unknown as Application);
    assert.is((await (await connect()).get("/")).text, text);
    await stop();
  }
});

targets.run();
