/** Connections that are kept: for how long, and until when. (Who may keep one: vectors, Connection.) */
import * as assert from "uvu/assert";
import { RequestHandler } from "../../lib/index.ts";
import { deferred, until } from "../support/deferred.ts";
import { RawClient, turns } from "../support/rawclient.ts";
import { MINUTE_MS, passBetweenTurns, serverSuite, startServer } from "../support/servers.ts";
import { gated } from "./stoptools.ts";

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

class Hello extends RequestHandler {
  get() {
    this.write("hello");
  }
}

const keptAlive = serverSuite("a kept-alive connection");
keptAlive("serves a thousand requests, one after the other", async () => {
  const { connect } = await startServer([["/", Hello]]);
  const client = await connect();
  for (let i = 0; i < 1_000; i++) assert.is((await client.get("/")).text, "hello");
  client.assertOpen();
});
keptAlive("is closed after keepAliveTimeoutMs without a request", async () => {
  const { connect, clock } = await startServer([["/", Hello]], {
    keepAliveTimeoutMs: 5 * MINUTE_MS,
  });
  const client = await connect();
  await client.send(GET);
  await client.receives("HTTP/1.1 200 OK");
  await client.receives("hello");

  clock.advance(4 * MINUTE_MS);
  await client.staysOpen();
  clock.advance(MINUTE_MS + 1_000); // late by one tick of the wheel at most
  await client.closed();
});
keptAlive("begins its time anew with each request", async () => {
  const { connect, clock } = await startServer([["/", Hello]], {
    keepAliveTimeoutMs: 5 * MINUTE_MS,
  });
  const client = await connect();
  for (let i = 0; i < 5; i++) {
    assert.is((await client.get("/")).text, "hello");
    clock.advance(4 * MINUTE_MS);
    await client.staysOpen();
  }
  clock.advance(MINUTE_MS + 1_000);
  await client.closed();
});
keptAlive("does not count the time of a handler as idle", async () => {
  const begun = deferred();
  const gate = deferred();
  class Slow extends RequestHandler {
    async get() {
      begun.resolve();
      await gate.promise;
      this.write("slow");
    }
  }
  const { connect, clock } = await startServer([["/", Slow]], {
    keepAliveTimeoutMs: 5 * MINUTE_MS,
  });
  const client = await connect();
  await client.send(GET);
  await begun.promise;
  clock.advance(60 * MINUTE_MS);
  await client.staysOpen();
  gate.resolve();
  assert.is((await client.readResponse()).text, "slow");

  clock.advance(4 * MINUTE_MS);
  await client.staysOpen();
  clock.advance(MINUTE_MS + 1_000);
  await client.closed();
});
keptAlive("has its whole time behind an answer that comes after a long silence", async () => {
  const { gate, begun, Gated } = gated();
  const { connect, clock } = await startServer([["/", Gated]], {
    keepAliveTimeoutMs: 5 * MINUTE_MS,
  });
  const client = await connect();
  await client.send(GET);
  await begun;
  await passBetweenTurns(60 * MINUTE_MS);
  gate.resolve();
  assert.is((await client.readResponse()).status, 200);
  clock.advance(4 * MINUTE_MS);
  await client.staysOpen();
  clock.advance(MINUTE_MS + 1_000);
  await client.closed();
});
keptAlive("is closed quietly when the client ends it between requests", async () => {
  const { connect } = await startServer([["/", Hello]]);
  const client = await connect();
  assert.is((await client.get("/")).text, "hello");
  client.endSending();
  await client.closed();
});
keptAlive("may be ended by the client as soon as it has asked", async () => {
  const { connect } = await startServer([["/", Hello]]);
  const client = await connect();
  void client.send(GET);
  client.endSending();
  assert.is((await client.readResponse()).text, "hello");
  await client.closed();
});
keptAlive("is not disturbed by the deadline of a neighbour", async () => {
  const { connect, clock } = await startServer([["/", Hello]], {
    keepAliveTimeoutMs: 5 * MINUTE_MS,
  });
  const [idle, busy] = [await connect(), await connect()];
  assert.is((await idle.get("/")).text, "hello");
  assert.is((await busy.get("/")).text, "hello");
  clock.advance(3 * MINUTE_MS);
  assert.is((await busy.get("/")).text, "hello");
  clock.advance(2 * MINUTE_MS + 1_000);
  await idle.closed();
  await busy.staysOpen();
});
keptAlive.run();

const noKeepAlive = serverSuite("noKeepAlive");
noKeepAlive("closes after each response, and says so", async () => {
  const { connect } = await startServer([["/", Hello]], { noKeepAlive: true });
  const client = await connect();
  await client.send(GET + GET);
  const response = await client.readResponse();
  assert.is(response.text, "hello");
  assert.is(response.header("connection"), "close");
  await client.closed();
});
noKeepAlive("closes after HTTP/1.0 that asked to be kept", async () => {
  const { connect } = await startServer([["/", Hello]], { noKeepAlive: true });
  const client = await connect();
  await client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  const response = await client.readResponse();
  assert.is.not(response.header("connection")?.toLowerCase(), "keep-alive");
  await client.closed();
});
noKeepAlive("gives the client lingerTimeoutMs to close, however late the answer", async () => {
  const { gate, begun, Gated } = gated();
  const { server, connect, clock } = await startServer([["/", Gated]], {
    noKeepAlive: true,
    lingerTimeoutMs: 5 * MINUTE_MS,
  });
  const client = await connect();
  await client.send(GET);
  await begun;
  await passBetweenTurns(60 * MINUTE_MS);
  gate.resolve();
  assert.is((await client.readResponse()).status, 200);
  await client.closed();
  clock.advance(4 * MINUTE_MS);
  await turns(4);
  assert.is(server.connectionCount, 1);
  clock.advance(MINUTE_MS + 1_000);
  await until(() => server.connectionCount === 0, "end of the connection");
});
noKeepAlive.run();

const stop = serverSuite("stop()");
stop("closes the listener and lets a request in flight finish", async () => {
  const begun = deferred();
  const gate = deferred();
  class Slow extends RequestHandler {
    async get() {
      begun.resolve();
      await gate.promise;
      this.write("slow");
    }
  }
  const { server, connect, port } = await startServer([["/", Slow]]);
  const client = await connect();
  await client.send(GET);
  await begun.promise;
  const stopped = server.stop();
  await turns(3);
  let refusal: unknown;
  await RawClient.connect({ port }).then(
    (other) => other.destroy(),
    (error: unknown) => {
      refusal = error;
    },
  );
  assert.is((refusal as NodeJS.ErrnoException | undefined)?.code, "ECONNREFUSED");
  client.assertOpen();
  gate.resolve();
  assert.is((await client.readResponse()).text, "slow");
  await client.closed();
  client.destroy();
  await stopped;
});
stop("may be called twice", async () => {
  const { server } = await startServer([["/", Hello]]);
  const first = server.stop();
  await server.stop();
  await first;
});
stop("closeAllConnections() closes idle connections", async () => {
  const { server, connect } = await startServer([["/", Hello]]);
  const client = await connect();
  assert.is((await client.get("/")).text, "hello");
  server.closeAllConnections();
  await client.gone();
});
stop.run();
