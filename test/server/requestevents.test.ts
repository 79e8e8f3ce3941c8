/** The channels landspout:request:start and landspout:request:end of node:diagnostics_channel. */
import diagnostics from "node:diagnostics_channel";
import * as assert from "uvu/assert";
import {
  type RequestEvent,
  RequestHandler,
  type RequestMessage,
  WebSocketHandler,
} from "../../lib/index.ts";
import { deferred, until } from "../support/deferred.ts";
import { serverSuite, startServer } from "../support/servers.ts";
import { open as openPeer } from "../support/websockets.ts";

class Hello extends RequestHandler {
  get() {
    this.write("hello");
  }
}

class Missing extends RequestHandler {
  async get() {
    await null;
    this.setStatus(404);
    this.setHeader("X-Other", "way");
    this.finish("missing");
  }
}

class Socket extends WebSocketHandler {
  override onMessage() {}
}

const gate = deferred();
class Slow extends RequestHandler {
  async get() {
    await gate.promise;
  }
}

const routes = [
  ["/", Hello],
  ["/missing", Missing],
  ["/slow", Slow],
  ["/socket", Socket],
] as const;

function subscribed() {
  const started: RequestEvent[] = [];
  const ended: RequestEvent[] = [];
  const servers = new Set<object>();
  const onStart = (message: unknown) => {
    const { event, server } = message as RequestMessage;
    assert.is(event.outcome, null);
    started.push(event);
    servers.add(server);
  };
  const onEnd = (message: unknown) => void ended.push((message as RequestMessage).event);
  diagnostics.subscribe("landspout:request:start", onStart);
  diagnostics.subscribe("landspout:request:end", onEnd);
  const unsubscribe = () => {
    diagnostics.unsubscribe("landspout:request:start", onStart);
    diagnostics.unsubscribe("landspout:request:end", onEnd);
  };
  return { started, ended, servers, unsubscribe };
}

const t = serverSuite("the channels of requests");

t("tell of each request at its start and at its end, by one object", async () => {
  const { started, ended, servers, unsubscribe } = subscribed();
  try {
    const { server, connect } = await startServer(routes);
    const client = await connect();
    await client.get("/?a=1");
    await client.get("/missing");
    assert.is(ended.length, 2);
    assert.is(started[0], ended[0]);
    assert.is(started[1], ended[1]);
    assert.equal([...servers], [server]);
    const [first, second] = ended;
    assert.is(first?.method, "GET");
    assert.is(first?.uri, "/?a=1");
    assert.is(first?.remoteIp, "127.0.0.1");
    assert.is(first?.status, 200);
    assert.is(first?.outcome, "finished");
    assert.ok((first?.durationMs ?? -1) >= 0);
    assert.is(second?.status, 404);
    assert.is(second?.outcome, "finished");
  } finally {
    unsubscribe();
  }
});

t("tell of a client that has gone, once", async () => {
  const { ended, unsubscribe } = subscribed();
  try {
    const { server, connect } = await startServer(routes);
    const client = await connect();
    await client.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
    await until(() => server.stats().connections.busy === 1, "the request");
    client.abort();
    await until(() => ended.length === 1, "its end");
    assert.is(ended[0]?.outcome, "aborted");
    assert.is(ended[0]?.status, null);
    gate.resolve();
    await until(() => server.connectionCount === 0, "the end of the connection");
    assert.is(ended.length, 1);
  } finally {
    unsubscribe();
  }
});

t("tell of a WebSocket's handshake", async () => {
  const { ended, unsubscribe } = subscribed();
  try {
    await openPeer(await startServer(routes), "/socket");
    assert.is(ended[0]?.outcome, "upgraded");
    assert.is(ended[0]?.status, 101);
  } finally {
    unsubscribe();
  }
});

t("survive a subscriber that throws, and nobody who listens", async () => {
  const fault = () => {
    throw new Error("of the subscriber");
  };
  const uncaught: unknown[] = [];
  const onUncaught = (error: unknown) => void uncaught.push(error);
  process.on("uncaughtException", onUncaught);
  diagnostics.subscribe("landspout:request:start", fault);
  try {
    const { connect } = await startServer(routes);
    assert.is((await (await connect()).get("/")).text, "hello");
    await until(() => uncaught.length === 1, "the error, as Node.js reports it");
  } finally {
    diagnostics.unsubscribe("landspout:request:start", fault);
    process.removeListener("uncaughtException", onUncaught);
  }
  const { connect } = await startServer(routes);
  assert.is((await (await connect()).get("/")).text, "hello");
});

t.run();
