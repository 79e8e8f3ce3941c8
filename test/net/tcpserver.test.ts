/** TCPServer: listening, handlers that fail, stop(), silence, most connections; sockets given to it. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import * as assert from "uvu/assert";
import {
  bindSockets,
  IOLoop,
  type IOStream,
  StreamClosedError,
  TCPServer,
} from "../../lib/index.ts";
import { deferred, until } from "../support/deferred.ts";
import { RawClient, turns } from "../support/rawclient.ts";
import { MINUTE_MS, passBetweenTurns } from "../support/servers.ts";
import {
  afterwards,
  assertAtRest,
  codeOf,
  logged,
  netSuite,
  portOf,
  rejection,
  serve,
  TestServer,
  throwsCode,
} from "./streamtools.ts";

const echo = async (stream: IOStream): Promise<void> => {
  for (;;) await stream.write(await stream.readBytes(64 * 1024, { partial: true }));
};

const serving = netSuite("a TCPServer");

serving("listens on several addresses and tells the handler who has connected", async () => {
  const peers: unknown[] = [];
  const folder = mkdtempSync(path.join(tmpdir(), "landspout-"));
  afterwards(() => rmSync(folder, { recursive: true }));
  const file = path.join(folder, "socket");
  const server = new TestServer((stream, address) => {
    peers.push(address);
    void stream.write("hi");
    stream.close();
  });
  server.listen(0, "127.0.0.1").listen(0, "localhost").listen(file);
  afterwards(() => server.stop());
  assert.is(server.addresses.length, 3);
  assert.is(server.port, (server.addresses[0] as { port: number }).port);
  const ports: number[] = [];
  for (const address of server.addresses) {
    const where = "path" in address ? { path: address.path } : { port: address.port };
    const client = await RawClient.connect(where);
    await client.receives("hi");
    await client.closed();
    ports.push(client.localPort);
    client.destroy();
  }
  assert.equal(peers, [
    { address: "127.0.0.1", port: ports[0], family: 4 },
    { address: "127.0.0.1", port: ports[1], family: 4 },
    { path: "" },
  ]);
  server.stop();
  assert.is(server.address, null);
  assert.is(server.port, -1, "none");
  assert.not(existsSync(file));
});

serving("listens on all addresses if none is named, by IPv4 and IPv6", async () => {
  const server = new TestServer(echo).listen(0);
  afterwards(() => server.stop());
  const hosts = ["127.0.0.1"];
  if ((server.address as { family: number }).family === 6) hosts.push("::1");
  for (const host of hosts) {
    const client = await server.connect({ host });
    await client.send("x");
    await client.receives("x");
    assert.match(JSON.stringify(server.streams.at(-1)?.remoteAddress), host);
  }
});

serving("accepts after start() what bind() has bound", async () => {
  const server = new TestServer(echo).bind(0, "127.0.0.1");
  afterwards(() => server.stop());
  assert.is(server.address, null);
  assert.is(codeOf(await rejection(server.start(1025))), "ERR_ARGUMENT_RANGE");
  assert.is(codeOf(await rejection(server.start(1.5))), "ERR_ARGUMENT_RANGE");
  await server.start();
  assert.is(codeOf(await rejection(server.start())), "ERR_STATE");
  const client = await server.connect();
  await client.send("x");
  await client.receives("x");
});

serving("takes sockets that were bound before, and descriptors", async () => {
  const [socket] = bindSockets(0, "127.0.0.1");
  assert.ok(socket);
  const port = portOf(socket?.address ?? null);
  // It connects before anybody accepts.
  const early = await RawClient.connect({ port });
  afterwards(() => early.destroy());
  const server = new TestServer(echo).addSockets([socket?.fd ?? -1]);
  afterwards(() => server.stop());
  await early.send("x");
  await early.receives("x");
  server.stop();
  // The descriptor is the caller's still, and listens.
  const other = new TestServer(echo).addSocket(socket as NonNullable<typeof socket>);
  afterwards(() => other.stop());
  assert.is(socket?.fd, -1);
  const client = await other.connect();
  await client.send("y");
  await client.receives("y");
  throwsCode(() => new TestServer(echo).addSocket(0), "ENOTSOCK");
  throwsCode(() => new TestServer(echo).addSocket(-1), "EBADF");
});

serving("that gives back its listener leaves the loop at rest", async () => {
  const [socket] = bindSockets(0, "127.0.0.1");
  afterwards(() => socket?.close());
  const server = new TestServer(echo).addSocket(socket?.fd ?? -1);
  await turns(2);
  server.stop();
  const client = await RawClient.connect({ port: portOf(socket?.address ?? null) });
  afterwards(() => client.destroy());
  await assertAtRest();
});

serving("goes on when a handler fails, logs that, and closes its connection", async () => {
  let count = 0;
  const server = serve((stream) => {
    count++;
    if (count === 1) throw new Error("at once");
    if (count === 2) return Promise.reject(new Error("later"));
    if (count === 3) return Promise.reject("no error at all");
    return echo(stream);
  });
  for (let i = 0; i < 3; i++) {
    const client = await server.connect();
    await client.closed();
  }
  assert.equal(
    logged("error").map(({ error }) => (error instanceof Error ? error.message : error)),
    ["at once", "later", "no error at all"],
  );
  const client = await server.connect();
  await client.send("x");
  await client.receives("x");
});

serving("takes StreamClosedError for the ordinary end of a handler", async () => {
  const server = serve(async (stream) => {
    await stream.readUntil("\n", { maxBytes: 3 });
    await stream.readUntil("\n");
  });
  const orderly = await server.connect();
  orderly.endSending();
  await orderly.closed();
  const broken = await server.connect();
  await turns(3);
  broken.abort();
  const tooLong = await server.connect();
  await tooLong.send("12345");
  await tooLong.gone();
  await until(() => logged("info").length === 2, "log");
  assert.equal(logged("error"), []);
  assert.match(
    logged("info")
      .map(({ message }) => message)
      .join(),
    /ECONNRESET.*maxBytes of 3/,
  );
});

serving("needs a handler", async () => {
  const server = new TCPServer().listen(0, "127.0.0.1");
  afterwards(() => server.stop());
  const client = await RawClient.connect({ port: portOf(server.address) });
  await client.closed();
  client.destroy();
  assert.is(codeOf(logged("error")[0]?.error as Error), "ERR_STATE");
});

serving("stops accepting at once, even from a handler; connections go on", async () => {
  const server = serve(async (stream) => {
    server.stop();
    server.stop();
    await echo(stream);
  });
  const { port } = server;
  const client = await server.connect();
  await until(() => server.streams.length === 1, "connection");
  let refused: Error | null = null;
  await RawClient.connect({ port }).catch((error: Error) => {
    refused = error;
  });
  assert.is(codeOf(refused), "ECONNREFUSED");
  await client.send("x");
  await client.receives("x");
  assert.is(server.connectionCount, 1);
  for (const call of [() => server.listen(0), () => server.bind(0), () => server.addSocket(0)]) {
    throwsCode(call, "ERR_SERVER_STOPPED");
  }
  assert.is(codeOf(await rejection(server.start())), "ERR_SERVER_STOPPED");
  server.closeAllConnections();
  await client.gone();
  await until(() => server.connectionCount === 0, "end");
});

serving("refuses options and addresses that make no sense", () => {
  throwsCode(() => new TCPServer({ idleTimeout: 1 } as object), "ERR_UNKNOWN_OPTION");
  throwsCode(() => new TCPServer({ idleTimeoutMs: -1 }), "ERR_OPTION_RANGE");
  throwsCode(() => new TCPServer({ maxBufferBytes: 1 }), "ERR_OPTION_RANGE");
  throwsCode(() => new TCPServer().listen(65_536), "ERR_ADDRESS");
  throwsCode(() => new TCPServer().listen(0, "example.com"), "ERR_ADDRESS");
  const server = serve(() => {});
  throwsCode(() => new TCPServer().listen(server.port, "127.0.0.1"), "EADDRINUSE");
  throwsCode(() => new TCPServer().bind(server.port, "127.0.0.1"), "EADDRINUSE");
});

serving("takes maxConnections and not one more, and another when one has gone", async () => {
  const server = serve(echo, { maxConnections: 2 });
  const first = await server.connect();
  const second = await server.connect();
  await second.send("x");
  await second.receives("x");
  const third = await server.connect();
  await third.gone();
  assert.is(server.connectionCount, 2);
  first.destroy();
  await until(() => server.connectionCount === 1, "end");
  const fourth = await server.connect();
  await fourth.send("y");
  await fourth.receives("y");
});

serving("runs handlers in the asynchronous context in which it was made", async () => {
  const { AsyncLocalStorage } = await import("node:async_hooks");
  const storage = new AsyncLocalStorage<string>();
  const seen = deferred<string | undefined>();
  const server = storage.run("maker", () => serve(() => seen.resolve(storage.getStore())));
  await server.connect();
  assert.is(await seen.promise, "maker");
});

serving.run();

const silent = netSuite("a connection that is silent");

silent("is closed after idleTimeoutMs, no earlier, and at most a tick late", async () => {
  const { clock } = IOLoop.current();
  const server = serve(echo, { idleTimeoutMs: 2 * MINUTE_MS });
  const client = await server.connect();
  await until(() => server.connectionCount === 1, "connection");
  clock.advance(1.5 * MINUTE_MS);
  await client.staysOpen();
  clock.advance(0.5 * MINUTE_MS + 1_000);
  await client.closed();
  const [stream] = server.streams;
  assert.is(codeOf(stream?.error ?? null), "ERR_STREAM_IDLE");
  await until(() => server.connectionCount === 0, "end");
});

silent(
  "is one that sends a byte a minute, for as long as it does, and 2 minutes more",
  async () => {
    const { clock } = IOLoop.current();
    const server = serve(echo, { idleTimeoutMs: 2 * MINUTE_MS });
    const client = await server.connect();
    for (let i = 0; i < 6; i++) {
      await client.send("x");
      await client.receives("x");
      clock.advance(MINUTE_MS);
      await client.staysOpen();
    }
    clock.advance(MINUTE_MS + 1_000);
    await client.closed();
  },
);

silent("is not one that is only written to", async () => {
  const { clock } = IOLoop.current();
  const server = serve(() => {}, { idleTimeoutMs: 2 * MINUTE_MS });
  const client = await server.connect();
  await until(() => server.connectionCount === 1, "connection");
  for (let i = 0; i < 6; i++) {
    await turns(2);
    await server.streams[0]?.write("x");
    clock.advance(1.5 * MINUTE_MS);
    await client.receives("x");
    await client.staysOpen();
  }
  clock.advance(MINUTE_MS);
  await client.closed();
});

silent("has its whole time behind a write that comes after a long silence", async () => {
  const { clock } = IOLoop.current();
  const server = serve(() => {}, { idleTimeoutMs: 2 * MINUTE_MS });
  const client = await server.connect();
  await until(() => server.connectionCount === 1, "connection");
  await passBetweenTurns(60 * MINUTE_MS);
  await server.streams[0]?.write("x");
  clock.advance(MINUTE_MS);
  await client.receives("x");
  await client.staysOpen();
  clock.advance(MINUTE_MS + 1_000);
  await client.closed();
});

silent("ends its handler by StreamClosedError", async () => {
  const ended = deferred<unknown>();
  const server = serve(
    async (stream) => {
      await stream.readBytes(1).catch(ended.resolve);
    },
    { idleTimeoutMs: MINUTE_MS },
  );
  await server.connect();
  await until(() => server.connectionCount === 1, "connection");
  IOLoop.current().clock.advance(MINUTE_MS + 1_000);
  const error = await ended.promise;
  assert.instance(error, StreamClosedError);
  assert.is(codeOf((error as StreamClosedError).realError), "ERR_STREAM_IDLE");
});

silent("has nothing on the wheel once it is closed", async () => {
  const { wheel } = IOLoop.current();
  const before = wheel.size;
  const server = serve(echo, { idleTimeoutMs: 60_000 });
  const clients = await Promise.all(Array.from({ length: 50 }, () => server.connect()));
  await until(() => server.connectionCount === 50, "connections");
  assert.is(wheel.size, before + 50);
  clients.forEach((client, i) => {
    if (i % 2 === 0) client.abort();
    else client.endSending();
  });
  await until(() => server.connectionCount === 0, "end");
  assert.is(wheel.size, before);
});

silent.run();
