/** detach(): a connection that HTTP gives away, with every byte behind the head; and upgrades that are not granted. */
import * as assert from "uvu/assert";
import type { CodedError } from "../../lib/base/errors.ts";
import { OP_CLOSE } from "../../lib/native/addon.ts";
import { QuietOwner } from "../../lib/loop/slotowner.ts";
import type { Exchange, RequestDispatcher } from "../../lib/server/exchange.ts";
import { IOLoop } from "../../lib/index.ts";
import { deferred, until } from "../support/deferred.ts";
import { turns } from "../support/rawclient.ts";
import { serverSuite } from "../support/servers.ts";
import { answer, post, serving } from "./serving.ts";

/** Sends back what it gets, in brackets. */
class Echo extends QuietOwner {
  readonly events: string[] = [];
  #generation = 0;

  take(exchange: Exchange, greeting: string): this {
    const { slot, generation } = exchange.detach(this);
    this.#generation = generation;
    exchange.loop.outbox.writeLatin1(slot, generation, greeting);
    return this;
  }

  override onData(slot: number, start: number, end: number): void {
    const { arena, outbox } = IOLoop.current();
    outbox.writeLatin1(slot, this.#generation, `<${arena.latin1Slice(start, end)}>`);
  }

  override onEof(slot: number): void {
    this.events.push("eof");
    IOLoop.current().outbox.command(OP_CLOSE, slot, this.#generation);
  }

  override onClosed(): void {
    this.events.push("closed");
  }
}

const upgrade = (target: string): string =>
  `GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n`;
const ask = (target: string): string => `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`;

/** Detaches requests for /echo at once, those for /later when `gate` is open; answers others with their target. */
class Detaching implements RequestDispatcher {
  readonly echo = new Echo();
  readonly gate = deferred();
  readonly faults: unknown[] = [];
  started = 0;

  startRequest(exchange: Exchange): void {
    this.started++;
    if (exchange.path === "/echo") this.#detach(exchange);
    else if (exchange.path === "/later") void this.gate.promise.then(() => this.#detach(exchange));
    else if (exchange.path === "/late") void this.gate.promise.then(() => answer(exchange, "late"));
    else answer(exchange, exchange.uri);
  }

  #detach(exchange: Exchange): void {
    try {
      this.echo.take(exchange, "hi");
      // What the request still says goes nowhere.
      assert.ok(exchange.isDetached && exchange.isFinished);
      exchange.finish();
      exchange.abort();
    } catch (error) {
      this.faults.push((error as CodedError).code);
      answer(exchange, "refused");
    }
  }
}

const detaching = serverSuite("a detached connection");

for (const target of ["/echo", "/later"]) {
  const when = target === "/echo" ? "at once" : "later";

  detaching(`passes on every byte behind the head of an upgrade, detached ${when}`, async () => {
    for (const cut of [0, 1, 7, 60, 79, 80, 500]) {
      const dispatcher = new Detaching();
      await serving(dispatcher, {}, async ({ connect, server }) => {
        const client = await connect();
        const bytes = Buffer.from(
          `${upgrade(target)}\x81\x00\r\nGET / no HTTP${ask("/")}`,
          "latin1",
        );
        await client.sendPieces([bytes.subarray(0, cut), bytes.subarray(cut)]);
        await until(() => dispatcher.started === 1, "request");
        await turns(4);
        dispatcher.gate.resolve();
        await client.receives("hi");
        let echoed = "";
        const wanted = bytes.toString("latin1", upgrade(target).length);
        while (echoed.length < wanted.length) {
          echoed += (await client.receives(/<[^>]*>/)).slice(1, -1);
        }
        assert.is(echoed, wanted);
        await client.send("more");
        await client.receives("<more>");
        assert.is(server.connectionCount, 1);
        client.endSending();
        await client.closed();
        await until(() => server.connectionCount === 0, "end");
        assert.equal(dispatcher.echo.events, ["eof", "closed"]);
        assert.is(dispatcher.started, 1);
      });
    }
  });

  detaching(`of an ordinary request passes on what comes later, detached ${when}`, async () => {
    const dispatcher = new Detaching();
    await serving(dispatcher, {}, async ({ connect }) => {
      const client = await connect();
      await client.send(ask("/") + ask("/two") + ask(target));
      assert.is((await client.readResponse()).text, "/");
      assert.is((await client.readResponse()).text, "/two");
      dispatcher.gate.resolve();
      await client.receives("hi");
      await client.send(ask("/"));
      await client.receives(`<${ask("/")}>`);
    });
  });

  detaching(`is refused when bytes behind the request were read as HTTP, ${when}`, async () => {
    for (const behind of [ask("/"), "GET / HT", "no HTTP\r\n\r\n", upgrade("/")]) {
      const dispatcher = new Detaching();
      await serving(dispatcher, {}, async ({ connect }) => {
        const client = await connect();
        await client.send(ask(target) + behind);
        await until(() => dispatcher.started > 0, "request");
        await turns(2);
        dispatcher.gate.resolve();
        assert.is((await client.readResponse()).text, "refused");
        assert.equal(dispatcher.faults, ["ERR_STATE"]);
      });
    }
  });

  detaching(`may have had a body, ${when}`, async () => {
    const dispatcher = new Detaching();
    await serving(dispatcher, {}, async ({ connect }) => {
      const client = await connect();
      await client.send(`${post("Content-Length: 5", target)}hello`);
      await until(() => dispatcher.started > 0, "request");
      dispatcher.gate.resolve();
      await client.receives("hi");
      await client.send("raw");
      await client.receives("<raw>");
    });
  });
}

detaching("behind other requests waits for its turn", async () => {
  const dispatcher = new Detaching();
  await serving(dispatcher, {}, async ({ connect }) => {
    const client = await connect();
    await client.send(`${ask("/late")}${upgrade("/echo")}raw`);
    await turns(4);
    assert.is(client.unread, "");
    dispatcher.gate.resolve();
    assert.is((await client.readResponse()).text, "late");
    await client.receives("hi");
    await client.receives("<raw>");
  });
});

detaching(
  "is refused for a connection that would end, a begun response and a body on its way",
  async () => {
    const codes: unknown[] = [];
    const attempt = (exchange: Exchange): void => {
      try {
        exchange.detach(new Echo());
      } catch (error) {
        codes.push((error as CodedError).code);
      }
    };
    const dispatcher: RequestDispatcher = {
      startBody: attempt,
      startRequest(exchange) {
        if (exchange.method === "POST" || exchange.uri === "/begun") {
          exchange.sendHead(200, "OK", "", 0);
          attempt(exchange);
          exchange.finish();
          attempt(exchange);
          return;
        }
        attempt(exchange);
        answer(exchange, "");
      },
    };
    await serving(dispatcher, {}, async ({ connect }) => {
      const client = await connect();
      await client.get("/begun");
      assert.is(codes.length, 2);
      await client.send(`${post("Content-Length: 5")}hello`);
      await client.readResponse();
      assert.is(codes.length, 5);
      await client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
      await client.readResponse();
      assert.equal(codes, new Array(6).fill("ERR_STATE"));
    });
  },
);

detaching("has no deadline of the server's", async () => {
  const dispatcher = new Detaching();
  await serving(dispatcher, { keepAliveTimeoutMs: 1_000 }, async ({ connect }) => {
    const client = await connect();
    await client.send(upgrade("/echo"));
    await client.receives("hi");
    for (let i = 0; i < 5; i++) {
      IOLoop.current().clock.advance(60_000);
      await turns(2);
    }
    await client.staysOpen();
    await client.send("still");
    await client.receives("<still>");
  });
});

detaching("is not waited for by stop(), nor closed by closeAllConnections()", async () => {
  const dispatcher = new Detaching();
  await serving(dispatcher, {}, async ({ connect, server }) => {
    const client = await connect();
    const other = await connect();
    await client.send(upgrade("/echo"));
    await client.receives("hi");
    await other.get("/");
    assert.is(server.connectionCount, 2);
    await server.stop();
    server.closeAllConnections();
    await other.closed();
    await client.send("still");
    await client.receives("<still>");
    assert.is(server.connectionCount, 1);
    client.endSending();
    await client.closed();
  });
});

detaching("lets a server that waits for nothing else stop", async () => {
  const dispatcher = new Detaching();
  await serving(dispatcher, {}, async ({ connect, server }) => {
    const client = await connect();
    await client.send(upgrade("/later"));
    await until(() => dispatcher.started === 1, "request");
    const stopped = server.stop();
    dispatcher.gate.resolve();
    await client.receives("hi");
    await stopped;
    client.endSending();
    await client.closed();
  });
});

detaching("tells its owner when the client breaks it", async () => {
  const dispatcher = new Detaching();
  await serving(dispatcher, {}, async ({ connect, server }) => {
    const client = await connect();
    await client.send(upgrade("/echo"));
    await client.receives("hi");
    client.abort();
    await until(() => server.connectionCount === 0, "end");
    assert.is(dispatcher.echo.events.at(-1), "closed");
  });
});

detaching.run();

const declined = serverSuite("an upgrade that is not granted");

for (const target of ["/", "/late"]) {
  declined(
    `is answered, then what follows is served, ${target === "/" ? "at once" : "later"}`,
    async () => {
      const dispatcher = new Detaching();
      await serving(dispatcher, {}, async ({ connect }) => {
        const client = await connect();
        const text = target === "/" ? "/" : "late";
        await client.send(upgrade(target) + upgrade(target) + ask("/two"));
        await turns(4);
        dispatcher.gate.resolve();
        assert.is((await client.readResponse()).text, text);
        assert.is((await client.readResponse()).text, text);
        assert.is((await client.readResponse()).text, "/two");
        await client.send(`${upgrade("/echo")}raw`);
        await client.receives("hi");
        await client.receives("<raw>");
      });
    },
  );
}

declined(
  "of a response that has only begun does not keep the next one's hold from holding",
  async () => {
    let first: Exchange | null = null;
    const echo = new Echo();
    const dispatcher: RequestDispatcher = {
      startRequest(exchange) {
        if (exchange.uri === "/stream") {
          first = exchange;
          exchange.sendHead(200, "OK", "", 3);
        } else {
          echo.take(exchange, "hi");
        }
      },
    };
    await serving(dispatcher, {}, async ({ connect }) => {
      const client = await connect();
      await client.send(upgrade("/stream"));
      await client.receives("\r\n\r\n");
      await client.send(`${upgrade("/echo")}raw`);
      await turns(4);
      first?.write("abc");
      first?.finish();
      await client.receives("abc");
      await client.receives("hi");
      await client.receives("<raw>");
    });
  },
);

declined.run();
