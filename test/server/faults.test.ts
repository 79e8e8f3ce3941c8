/** Clients that lie, break off or vanish, and handlers that fail: each costs its own connection at most. */
import * as assert from "uvu/assert";
import { RequestHandler } from "../../lib/index.ts";
import { type Deferred, deferred, until } from "../support/deferred.ts";
import { turns } from "../support/rawclient.ts";
import {
  logged,
  loggedErrors,
  type StartedServer,
  serverSuite,
  startServer,
} from "../support/servers.ts";

const ask = (target: string): string => `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`;

let gate: Deferred<void> = deferred();
let started = 0;
let closes = 0;
let finishes = 0;

class Hello extends RequestHandler {
  get() {
    this.write("hello");
  }
}

/** Waits at the gate, then answers. */
class Slow extends RequestHandler {
  async get() {
    started++;
    await gate.promise;
    this.write("slow");
  }

  override onConnectionClose() {
    closes++;
  }

  override onFinish() {
    finishes++;
  }
}

/** Never answers. */
class Never extends RequestHandler {
  async get() {
    started++;
    await new Promise<void>(() => {});
  }

  override onConnectionClose() {
    closes++;
  }
}

/** Streams until its client is gone. */
class Endless extends RequestHandler {
  async get() {
    started++;
    let gone = false;
    this.#onGone = () => {
      gone = true;
    };
    while (!gone) {
      this.write(Buffer.alloc(16_384, "x"));
      await this.flush();
      await turns(1);
    }
  }

  #onGone = (): void => {};

  override onConnectionClose() {
    closes++;
    this.#onGone();
  }
}

class Echo extends RequestHandler {
  post() {
    started++;
    this.write(this.request.body.toString("latin1"));
  }
}

class Throws extends RequestHandler {
  get() {
    throw new Error("deliberate, sync");
  }
}

class Rejects extends RequestHandler {
  async get() {
    await turns(1);
    throw new Error("deliberate, async");
  }
}

/** Throws when half of its answer has left. */
class ThrowsLate extends RequestHandler {
  async get() {
    this.write("half");
    await this.flush();
    throw new Error("deliberate, late");
  }
}

const routes: Parameters<typeof startServer>[0] = [
  ["/", Hello],
  ["/slow", Slow],
  ["/never", Never],
  ["/endless", Endless],
  ["/echo", Echo],
  ["/throws", Throws],
  ["/rejects", Rejects],
  ["/late", ThrowsLate],
];

/** The server answers a newcomer. */
async function assertServing({ connect }: StartedServer): Promise<void> {
  const client = await connect();
  assert.is((await client.get("/")).text, "hello");
}

function faultSuite(name: string): ReturnType<typeof serverSuite> {
  const t = serverSuite(name);
  t.before.each(() => {
    gate = deferred();
    started = closes = finishes = 0;
  });
  return t;
}

const broken = faultSuite("a client that breaks off");
for (const [where, bytes] of [
  ["before a byte", ""],
  ["inside the request line", "GET / HT"],
  ["inside the head", "GET / HTTP/1.1\r\nHost: a\r\nX-A"],
  ["inside a body", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello"],
  ["inside a chunk size", "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1"],
  ["inside a chunk", "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe"],
  [
    "inside the trailers",
    "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX",
  ],
] as const) {
  broken(`with RST ${where} is forgotten`, async () => {
    const server = await startServer(routes);
    for (let i = 0; i < 10; i++) {
      const client = await server.connect();
      if (bytes !== "") await client.send(bytes);
      await turns(2);
      client.abort();
    }
    await assertServing(server);
    assert.is(started, 0);
    assert.equal(logged("error"), []);
  });
  broken(`with FIN ${where} is refused or forgotten`, async () => {
    const server = await startServer(routes);
    const client = await server.connect();
    if (bytes !== "") await client.send(bytes);
    await turns(2);
    client.endSending();
    const said = (await client.readToEnd()).toString("latin1");
    assert.ok(said === "" || said.startsWith("HTTP/1.1 400 "), said);
    await assertServing(server);
    assert.is(started, 0);
    assert.equal(logged("error"), []);
  });
}
broken("with RST while its handler works is told of once, and not answered", async () => {
  const server = await startServer(routes);
  const client = await server.connect();
  await client.send(ask("/slow"));
  await until(() => started === 1, "the request");
  client.abort();
  await until(() => closes > 0, "onConnectionClose");
  gate.resolve();
  await turns(10);
  assert.is(closes, 1);
  await assertServing(server);
  assert.equal(logged("error"), []);
});
broken("is told of once to a handler that never answers", async () => {
  const server = await startServer(routes);
  const client = await server.connect();
  await client.send(ask("/never") + ask("/never"));
  await until(() => started === 1, "the request");
  client.abort();
  await until(() => closes > 0, "onConnectionClose");
  await turns(10);
  assert.is(closes, 1);
  assert.is(started, 1);
  await assertServing(server);
});
broken("is not told of to a handler that has answered", async () => {
  const server = await startServer(routes);
  const client = await server.connect();
  gate.resolve();
  await client.send(ask("/slow"));
  assert.is((await client.readResponse()).text, "slow");
  client.abort();
  await turns(10);
  assert.is(closes, 0);
  assert.is(finishes, 1);
  await assertServing(server);
});
broken("with RST in the middle of a response ends its handler", async () => {
  const server = await startServer(routes);
  const client = await server.connect();
  await client.send(ask("/endless"));
  await client.receives("xxxx");
  client.abort();
  await until(() => closes > 0, "onConnectionClose");
  await turns(10);
  assert.is(closes, 1);
  await assertServing(server);
  assert.equal(logged("error"), []);
});
broken("with queued requests behind has none of them begun", async () => {
  const server = await startServer(routes);
  const client = await server.connect();
  await client.send(ask("/slow").repeat(20));
  await until(() => started === 1, "the first request");
  client.abort();
  await until(() => closes > 0, "onConnectionClose");
  gate.resolve();
  await turns(20);
  assert.is(started, 1);
  assert.is(closes, 1);
});
broken.run();

const garbage = faultSuite("garbage");
for (const [what, bytes] of [
  ["zeros", "\x00".repeat(100_000)],
  [
    "every byte in turn",
    Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte)).join(""),
  ],
  ["high bytes", "\xff".repeat(10_000)],
  ["a hello of TLS", `\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03${"\xaa".repeat(512)}`],
  ["letters without end", "a".repeat(300_000)],
  ["a target without end", `GET /${"a".repeat(300_000)}`],
  ["spaces", " ".repeat(100_000)],
  ["colons", ":".repeat(100_000)],
  ["lines of nothing but colons", `GET / HTTP/1.1\r\n${":\r\n".repeat(10_000)}`],
] as const) {
  garbage(`of ${what} is refused and the server goes on`, async () => {
    const server = await startServer(routes);
    const client = await server.connect();
    void client.send(bytes);
    const response = await client.readResponse();
    assert.ok([400, 414, 431].includes(response.status), response.head);
    await client.closed();
    await assertServing(server);
    assert.equal(logged("error"), []);
    assert.equal(logged("warn"), []);
  });
}
garbage.run();

const failing = faultSuite("a handler that fails");
for (const target of ["/throws", "/rejects"]) {
  failing(`(${target}) is answered with 500, logged, and the connection goes on`, async () => {
    const { connect } = await startServer(routes);
    const client = await connect();
    const response = await client.get(target);
    assert.is(response.status, 500);
    assert.is.not(response.text.includes("deliberate"), true, "its message is not for the client");
    assert.is((await client.get("/")).text, "hello");
    assert.is(loggedErrors().length, 1);
  });
}
failing("(/late) ends the connection short of a whole answer", async () => {
  const server = await startServer(routes);
  const client = await server.connect();
  await client.send(ask("/late") + ask("/"));
  await client.gone();
  assert.ok(client.unread.startsWith("HTTP/1.1 200 OK"));
  assert.is(client.unread.includes("\r\n0\r\n\r\n"), false, "the last chunk would say: whole");
  assert.is(client.unread.indexOf("HTTP/1.1", 1), -1);
  assert.is(loggedErrors().length, 1);
  await assertServing(server);
});
failing("does not disturb another in the same turn", async () => {
  const { connect } = await startServer(routes);
  const clients = await Promise.all(Array.from({ length: 20 }, () => connect()));
  const targets = ["/throws", "/", "/rejects", "/"];
  clients.forEach((client, i) => {
    void client.send(ask(targets[i % 4] ?? "/"));
  });
  const statuses = await Promise.all(clients.map(async (c) => (await c.readResponse()).status));
  assert.equal(
    statuses,
    statuses.map((_, i) => [500, 200, 500, 200][i % 4]),
  );
});
failing.run();

const many = faultSuite("a thousand connections");
many("opened and dropped leave nothing behind", async () => {
  const server = await startServer(routes);
  for (let round = 0; round < 10; round++) {
    const clients = await Promise.all(Array.from({ length: 100 }, () => server.connect()));
    const half = clients.filter((_, i) => i % 2 === 0);
    await Promise.all(half.map((client) => client.get("/")));
    clients.forEach((client, i) => {
      if (i % 3 === 0) client.abort();
      else client.destroy();
    });
  }
  await until(() => server.server.connectionCount === 0, "an end of all connections");
  await assertServing(server);
});
many("open at once are all served", async () => {
  const server = await startServer(routes);
  const clients = await Promise.all(Array.from({ length: 1_000 }, () => server.connect()));
  const texts = await Promise.all(clients.map(async (client) => (await client.get("/")).text));
  assert.ok(texts.every((text) => text === "hello"));
  assert.is(server.server.connectionCount, 1_000);
});
many.run();
