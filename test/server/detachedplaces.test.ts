/** A detached connection keeps its place under maxConnections and maxConnectionsPerAddress, and gives it back once. */
import * as assert from "uvu/assert";
import { detachStream } from "../../lib/server/detachstream.ts";
import type { Exchange, RequestDispatcher } from "../../lib/server/exchange.ts";
import type { IOStream } from "../../lib/index.ts";
import { deferred, until } from "../support/deferred.ts";
import type { RawClient } from "../support/rawclient.ts";
import { serverSuite } from "../support/servers.ts";
import { answer, type Serving, serving } from "./serving.ts";

const UPGRADE = "GET /raw HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: raw\r\n\r\n";

/** Detaches requests for /raw, and for /later once `gate` is open; answers others. */
class Detaching implements RequestDispatcher {
  readonly streams: IOStream[] = [];
  readonly faults: unknown[] = [];
  readonly gate = deferred();
  waiting = 0;

  startRequest(exchange: Exchange): void {
    if (exchange.path === "/raw") this.#detach(exchange);
    else if (exchange.path === "/later") {
      this.waiting++;
      void this.gate.promise.then(() => this.#detach(exchange));
    } else answer(exchange, "served");
  }

  #detach(exchange: Exchange): void {
    try {
      const stream = detachStream(exchange);
      this.streams.push(stream);
      stream.write("taken").catch(() => {});
    } catch (error) {
      this.faults.push(error);
    }
  }
}

async function isServed(connect: Serving["connect"]): Promise<RawClient> {
  const client = await connect();
  assert.is((await client.get("/")).text, "served");
  return client;
}

async function isRefused(connect: Serving["connect"]): Promise<void> {
  const client = await connect();
  assert.is((await client.readResponse()).status, 503);
  client.destroy();
}

/** Each way in which a detached connection may end. */
const ends: Readonly<Record<string, (client: RawClient, stream: IOStream) => unknown>> = {
  "its client has reset it": (client) => client.abort(),
  "its client has ended its side, and its owner closes": async (client, stream) => {
    client.endSending();
    await stream.readUntilClose();
    stream.close();
    await client.closed();
  },
  "its owner has closed it": (_client, stream) => stream.close(),
  "its owner has closed it twice": (_client, stream) => {
    stream.close();
    stream.close();
  },
  "both have ended it at once": (client, stream) => {
    stream.close();
    client.abort();
  },
};

for (const option of ["maxConnections", "maxConnectionsPerAddress"] as const) {
  const t = serverSuite(`a detached connection under ${option}`);

  for (const [when, end] of Object.entries(ends)) {
    t(`keeps its place until ${when}, and gives it back once`, async () => {
      const dispatcher = new Detaching();
      await serving(dispatcher, { [option]: 2 }, async ({ connect, server }) => {
        const client = await connect();
        await client.send(UPGRADE);
        await client.receives("taken");
        const other = await isServed(connect);
        await isRefused(connect);
        await until(() => server.connectionCount === 2, "the end of the refused");
        const [stream] = dispatcher.streams;
        if (stream === undefined) throw new Error("not detached");
        await end(client, stream);
        await until(() => server.connectionCount === 1, "the end of the detached");
        assert.is(server.stats().connections.detached, 0);
        // One place is free, and not two.
        const next = await isServed(connect);
        await isRefused(connect);
        await until(() => server.connectionCount === 2, "the end of the second refused");
        other.destroy();
        next.destroy();
        await until(() => server.connectionCount === 0, "the end of all");
        await isServed(connect);
        await isServed(connect);
        await isRefused(connect);
      });
    });
  }

  t("that has gone before it could be detached gives its place back, too", async () => {
    const dispatcher = new Detaching();
    await serving(dispatcher, { [option]: 1 }, async ({ connect, server }) => {
      const client = await connect();
      await client.send(UPGRADE.replace("/raw", "/later"));
      await until(() => dispatcher.waiting === 1, "the request");
      client.abort();
      await until(() => server.connectionCount === 0, "its end");
      dispatcher.gate.resolve();
      await until(() => dispatcher.faults.length === 1, "the refusal to detach");
      await isServed(connect);
      await isRefused(connect);
    });
  });

  t("keeps its place when the server has stopped and its owner goes on", async () => {
    const dispatcher = new Detaching();
    await serving(dispatcher, { [option]: 1 }, async ({ connect, server }) => {
      const client = await connect();
      await client.send(UPGRADE);
      await client.receives("taken");
      await server.stop({ graceMs: 0 });
      assert.is(server.connectionCount, 1);
      client.abort();
      await until(() => server.connectionCount === 0, "its end");
    });
  });

  t.run();
}
