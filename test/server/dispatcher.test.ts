/** HTTPServer by itself: what it is made with, what it asks of whom it serves, and what it is after stop(). */
import * as assert from "uvu/assert";
import { CodedError } from "../../lib/base/errors.ts";
import type { Exchange } from "../../lib/server/exchange.ts";
import { HTTPServer, IOLoop, RequestHandler } from "../../lib/index.ts";
import { deferred, until } from "../support/deferred.ts";
import { RawClient } from "../support/rawclient.ts";
import { loggedErrors, serverSuite, startServer } from "../support/servers.ts";

const ask = (target: string): string => `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`;
const coded = (code: string) => (error: unknown) =>
  error instanceof CodedError && error.code === code;

async function serve(
  startRequest: (exchange: Exchange) => void,
  test: (client: RawClient, port: number) => Promise<void>,
): Promise<void> {
  const server = new HTTPServer({ startRequest }).listen(0, "127.0.0.1");
  const { address } = server;
  const port = address !== null && "port" in address ? address.port : 0;
  const client = await RawClient.connect({ port });
  try {
    await test(client, port);
  } finally {
    client.destroy();
    server.closeAllConnections();
    await server.stop();
  }
}

const making = serverSuite("an HTTPServer");

making("needs somebody to serve", () => {
  for (const wrong of [undefined, null, {}, { startRequest: 1 }]) {
    assert.throws(() => new HTTPServer(wrong as never), coded("ERR_ARGUMENT_TYPE"));
  }
});

making("has no address before listen() and after stop(), and cannot listen again", async () => {
  const server = new HTTPServer({ startRequest() {} });
  assert.is(server.address, null);
  server.listen(0, "127.0.0.1").listen(0, "127.0.0.1");
  assert.is(server.addresses.length, 2);
  await server.stop();
  await server.stop();
  assert.equal([server.address, server.addresses.length], [null, 0]);
  assert.throws(() => server.listen(0, "127.0.0.1"), coded("ERR_SERVER_STOPPED"));
});

making.run();

const dispatching = serverSuite("whom an HTTPServer serves");

dispatching("may throw: that connection ends, and the next is served", async () => {
  let calls = 0;
  const startRequest = (exchange: Exchange): void => {
    calls++;
    if (calls === 1) throw new Error("deliberate");
    exchange.abort();
  };
  await serve(startRequest, async (client, port) => {
    void client.send(ask("/"));
    await client.gone();
    assert.match(String(loggedErrors()[0]?.error), /deliberate/);
    const next = await RawClient.connect({ port });
    void next.send(ask("/"));
    await next.gone();
    assert.is(calls, 2);
  });
});

dispatching(
  "is not told of a request read together with the last one of its connection",
  async () => {
    let calls = 0;
    const startRequest = (exchange: Exchange): void => {
      calls++;
      exchange.sendHead(200, "OK", "", 0);
      exchange.finish();
    };
    const server = new HTTPServer({ startRequest }, { noKeepAlive: true }).listen(0, "127.0.0.1");
    const { address } = server;
    const client = await RawClient.connect({
      port: address !== null && "port" in address ? address.port : 0,
    });
    await client.send(ask("/") + ask("/") + ask("/"));
    assert.is((await client.readResponse()).header("connection"), "close");
    await client.closed();
    assert.is(calls, 1);
    client.destroy();
    await server.stop();
  },
);

dispatching.run();

class Hello extends RequestHandler {
  get() {
    this.write("hello");
  }
}

const waiting = serverSuite("a connection on which a request waits");

waiting("is ended when its client half-closed long ago and the answer never comes", async () => {
  let started = 0;
  const never = deferred();
  class Never extends RequestHandler {
    async get() {
      started++;
      await never.promise;
    }
  }
  const { connect, clock } = await startServer([["/never", Never]], { keepAliveTimeoutMs: 5_000 });
  const client = await connect();
  void client.send(ask("/never"));
  await until(() => started === 1, "request");
  client.endSending();
  for (let i = 0; i < 20; i++) {
    clock.advance(20_000);
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  await client.gone();
});

waiting("refuses the head behind it that is never ended, once it has answered", async () => {
  const gate = deferred();
  let started = 0;
  class Slow extends RequestHandler {
    async get() {
      started++;
      await gate.promise;
      this.write("slow");
    }
  }
  const { connect, clock } = await startServer(
    [
      ["/", Hello],
      ["/slow", Slow],
    ],
    { headTimeoutMs: 5_000 },
  );
  const client = await connect();
  void client.send(`${ask("/slow")}GET / HTTP/1.1\r\nHo`);
  await until(() => started === 1, "request");
  gate.resolve();
  assert.is((await client.readFinalResponse()).body.toString(), "slow");
  clock.advance(6_000);
  assert.is((await client.readFinalResponse()).status, 408);
});

waiting("answers what came before a head that is not ended in time", async () => {
  const gate = deferred();
  let started = 0;
  class Slow extends RequestHandler {
    async get() {
      started++;
      await gate.promise;
      this.write("slow");
    }
  }
  const { connect, clock } = await startServer([["/slow", Slow]], { headTimeoutMs: 5_000 });
  const client = await connect();
  void client.send(`${ask("/slow")}GET / HTTP/1.1\r\nHo`);
  await until(() => started === 1, "request");
  await new Promise<void>((resolve) => setImmediate(resolve));
  clock.advance(6_000);
  gate.resolve();
  assert.is((await client.readFinalResponse()).body.toString(), "slow");
  assert.is((await client.readFinalResponse()).status, 408);
});

waiting("is of the loop that is current: a server serves there", () => {
  assert.is(new HTTPServer({ startRequest() {} }).loop, IOLoop.current());
});

waiting.run();
