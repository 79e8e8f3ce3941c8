/** What may answer requests, told apart: dispatchers, delegates, functions, listeners, fetch handlers. */
import type { IncomingMessage, ServerResponse } from "node:http";
import * as assert from "uvu/assert";
import { CodedError } from "../../lib/base/errors.ts";
import type { HTTPConnection } from "../../lib/http/httpconnection.ts";
import { ResponseStartLine } from "../../lib/http/startlines.ts";
import { DISPATCHES, dispatcherOf } from "../../lib/server/dispatchers.ts";
import type { Exchange } from "../../lib/server/exchange.ts";
import { fetchHandler } from "../../lib/server/fetchhandler.ts";
import { type NodeListener, nodeListener } from "../../lib/server/nodelistener.ts";
import {
  Application,
  HTTPHeaders,
  type HTTPServerRequest,
  RequestHandler,
} from "../../lib/index.ts";
import { serverSuite } from "../support/servers.ts";
import { startTarget } from "../support/targets.ts";

function answer(connection: HTTPConnection, text: string): void {
  const line = new ResponseStartLine("HTTP/1.1", 200, "");
  void connection.writeHeaders(line, new HTTPHeaders(), text);
  connection.finish();
}

class Home extends RequestHandler {
  override get(): void {
    this.write("application");
  }
}

const telling = serverSuite("what answers requests");

telling("is told apart by what it is", async () => {
  const delegate = {
    startRequest: (_server: object, connection: HTTPConnection) => ({
      finish: () => answer(connection, "delegate"),
    }),
  };
  const restDelegate = {
    startRequest: (...args: [object, HTTPConnection]) => delegate.startRequest(...args),
  };
  const dispatcher = {
    startRequest(exchange: Exchange): void {
      exchange.sendHead(200, "OK", "", 10);
      exchange.write("dispatcher");
      exchange.finish();
    },
  };
  const spy = {
    [DISPATCHES]: true,
    startRequest: (...args: [Exchange]) => dispatcher.startRequest(...args),
  };
  const listener: NodeListener = (_req, res) => res.end("listener");
  const cases: [text: string, target: Parameters<typeof dispatcherOf>[0]][] = [
    ["application", new Application([["/", Home]])],
    ["delegate", delegate],
    ["delegate", restDelegate],
    ["dispatcher", dispatcher],
    ["dispatcher", spy],
    ["listener", listener],
    [
      "listener",
      (req: IncomingMessage, res: ServerResponse, _next?: unknown) => listener(req, res),
    ],
    ["listener", nodeListener(listener)],
    ["fetch", { fetch: () => new Response("fetch") }],
    ["fetch", fetchHandler(() => new Response("fetch"))],
    ["function", ({ connection }: HTTPServerRequest) => answer(connection, "function")],
    ["function", () => new Response("function")],
  ];
  for (const [text, target] of cases) {
    const { connect, stop } = await startTarget(target);
    assert.is((await (await connect()).get("/")).text, text);
    await stop();
  }
});

telling("is made a dispatcher of once", () => {
  const target = () => new Response("");
  assert.is(dispatcherOf(target), dispatcherOf(target));
  const ready = nodeListener(() => {});
  assert.is(dispatcherOf(ready), ready);
});

telling("is refused if it cannot be called", () => {
  class Callable {}
  for (const wrong of [
    undefined,
    null,
    1,
    "x",
    {},
    [],
    { startRequest: 1 },
    { fetch: 1 },
    Callable,
  ]) {
    assert.throws(
      () => dispatcherOf(wrong as never),
      (error: unknown) => error instanceof CodedError && error.code === "ERR_ARGUMENT_TYPE",
    );
  }
  for (const wrong of [undefined, {}, "x"]) {
    assert.throws(() => nodeListener(wrong as never), /allowed is a function \(req, res\)/);
    assert.throws(() => fetchHandler(wrong as never), /allowed are a function/);
  }
});

telling.run();
