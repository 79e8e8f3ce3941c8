/** Streamed request bodies that end early: who is told, what the client gets. */
import * as assert from "uvu/assert";
import { HTTPInputError } from "../../lib/base/errors.ts";
import type { Exchange, RequestDispatcher } from "../../lib/server/exchange.ts";
import { deferred, until } from "../support/deferred.ts";
import { turns } from "../support/rawclient.ts";
import { logged, loggedErrors, serverSuite } from "../support/servers.ts";
import { answer, post, Recorder, reading, SlowRecorder, serving } from "./serving.ts";

const ending = serverSuite("a streamed body that ends early");

ending("is aborted once when the client breaks the connection", async () => {
  const readers: Recorder[] = [];
  await serving(reading(readers), {}, async ({ connect, server }) => {
    const client = await connect();
    await client.send(`${post("Content-Length: 10")}hello`);
    await until(() => readers[0]?.events.length === 1, "piece");
    client.abort();
    await until(() => server.connectionCount === 0, "end of the connection");
    assert.equal(readers[0]?.events, [5, "aborted ERR_HTTP_CONNECTION_CLOSED"]);
  });
});

ending("is aborted and refused when the client ends its side", async () => {
  const readers: Recorder[] = [];
  await serving(reading(readers), {}, async ({ connect }) => {
    const client = await connect();
    await client.send(`${post("Content-Length: 10")}hello`);
    client.endSending();
    assert.is((await client.readResponse()).status, 400);
    await client.closed();
    assert.equal(readers[0]?.events, [5, "aborted ERR_HTTP_SYNTAX"]);
  });
});

ending("is aborted and refused for a malformed chunk", async () => {
  const readers: Recorder[] = [];
  await serving(reading(readers), {}, async ({ connect }) => {
    const client = await connect();
    await client.send(post("Transfer-Encoding: chunked"));
    await client.send("5\r\nhelloXX0\r\n\r\n");
    assert.is((await client.readResponse()).status, 400);
    await client.closed();
    assert.is(readers[0]?.events.at(-1), "aborted ERR_HTTP_CHUNK");
  });
});

ending("is refused with the reader's own error, thrown or rejected with", async () => {
  for (const call of ["onBody", "onBodyEnd"] as const) {
    for (const isAsync of [false, true]) {
      class Picky extends Recorder {
        #refuse(): PromiseLike<unknown> | undefined {
          const error = new HTTPInputError(422, "ERR_HTTP_MULTIPART", 'no such "\r\npart"');
          if (isAsync) return Promise.reject(error);
          throw error;
        }
        override onBody(piece: Buffer): PromiseLike<unknown> | undefined {
          super.onBody(piece);
          return call === "onBody" ? this.#refuse() : undefined;
        }
        override onBodyEnd(): PromiseLike<unknown> | undefined {
          return call === "onBodyEnd" ? this.#refuse() : undefined;
        }
      }
      const readers: Recorder[] = [];
      await serving(
        reading(readers, () => new Picky()),
        {},
        async ({ connect }) => {
          const client = await connect();
          await client.send(`${post("Content-Length: 5")}hello${post("Content-Length: 5")}hello`);
          const response = await client.readResponse();
          assert.is(response.status, 422);
          assert.not.match(response.text, /no such/);
          await client.closed();
          assert.equal(readers.length, 1);
          assert.equal(readers[0]?.events, [5, "aborted ERR_HTTP_MULTIPART"]);
          assert.ok(logged("info").some((line) => line.message.includes("422")));
        },
      );
    }
  }
});

ending("is answered with 500 and the end when the reader fails, and that is logged", async () => {
  for (const isAsync of [false, true]) {
    class Broken extends Recorder {
      override onBody(piece: Buffer): PromiseLike<unknown> | undefined {
        super.onBody(piece);
        const error = new Error("deliberate");
        if (isAsync) return Promise.reject(error);
        throw error;
      }
    }
    const readers: Recorder[] = [];
    await serving(
      reading(readers, () => new Broken()),
      {},
      async ({ connect }) => {
        const client = await connect();
        void client.send(`${post("Content-Length: 5")}hello`);
        assert.is((await client.readResponse()).status, 500);
        await client.gone();
        assert.equal(readers[0]?.events, [5, "aborted deliberate"]);
        assert.match(String(loggedErrors().at(-1)?.error), /deliberate/);
      },
    );
  }
});

ending("is answered with 500 and the end when startBody fails", async () => {
  const dispatcher: RequestDispatcher = {
    startBody(exchange) {
      const error =
        exchange.uri === "/refuse" ? new HTTPInputError(403, "ERR_HTTP_FORM_ENCODING", "no") : null;
      if (exchange.uri === "/later") return Promise.reject(new Error("deliberate"));
      throw error ?? new Error("deliberate");
    },
    startRequest: () => assert.unreachable(),
  };
  await serving(dispatcher, {}, async ({ connect }) => {
    for (const target of ["/", "/later"]) {
      const client = await connect();
      void client.send(`${post("Content-Length: 5", target)}hello`);
      assert.is((await client.readResponse()).status, 500);
      await client.gone();
    }
    assert.is(loggedErrors().length, 2);
    const client = await connect();
    await client.send(post("Content-Length: 5", "/refuse"));
    assert.is((await client.readResponse()).status, 403);
    await client.closed();
  });
});

ending("cuts off a response that has begun, and tells who waits for its end", async () => {
  let closed = 0;
  const reader = new Recorder();
  const dispatcher: RequestDispatcher = {
    startBody(exchange) {
      exchange.isStarted = true;
      exchange.bodyReader = reader;
      exchange.closeListener = () => {
        closed++;
      };
      exchange.sendHead(200, "OK", "", null);
      exchange.write("begun");
    },
    startRequest: () => assert.unreachable(),
  };
  await serving(dispatcher, {}, async ({ connect }) => {
    const client = await connect();
    await client.send(post("Transfer-Encoding: chunked"));
    await client.receives("5\r\nbegun\r\n");
    void client.send("x\r\n");
    await client.gone();
    assert.is(client.unread, "");
    assert.is(closed, 1);
    assert.equal(reader.events, ["aborted ERR_HTTP_CHUNK"]);
  });
});

ending("gives nothing more to a reader whose promise settles afterwards", async () => {
  const gate = deferred();
  const readers: Recorder[] = [];
  const dispatcher = reading(readers, () => new SlowRecorder(gate.promise));
  await serving(dispatcher, { chunkBytes: 2 }, async ({ connect, server }) => {
    const client = await connect();
    await client.send(`${post("Content-Length: 10")}hello`);
    await until(() => readers[0]?.events.length === 1, "piece");
    client.abort();
    await until(() => server.connectionCount === 0, "end of the connection");
    gate.resolve();
    await turns(4);
    assert.equal(readers[0]?.events, [2, "aborted ERR_HTTP_CONNECTION_CLOSED"]);
  });
});

ending("behind an unfinished request is judged when it is its turn", async () => {
  let waiting: Exchange | null = null;
  const readers: Recorder[] = [];
  const bodies = reading(readers);
  const dispatcher: RequestDispatcher = {
    startBody: bodies.startBody as (exchange: Exchange) => void,
    startRequest(exchange) {
      if (exchange.uri === "/slow") waiting = exchange;
      else bodies.startRequest(exchange);
    },
  };
  await serving(dispatcher, { maxBodyBytes: 4 }, async ({ connect }) => {
    const client = await connect();
    await client.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
    await client.send(`${post("Content-Length: 5")}hello`);
    await turns(4);
    assert.is(client.unread, "");
    assert.is(readers.length, 0);
    if (waiting !== null) answer(waiting, "slow");
    assert.is((await client.readResponse()).text, "slow");
    assert.is((await client.readResponse()).status, 413);
    assert.equal(readers[0]?.events, ["aborted ERR_HTTP_BODY_TOO_LARGE"]);
  });
});

ending("is refused for its own fault, whatever is wrong behind it", async () => {
  const gate = deferred();
  class Picky extends Recorder {
    override async onBody(piece: Buffer): Promise<void> {
      super.onBody(piece);
      await gate.promise;
      throw new HTTPInputError(422, "ERR_HTTP_MULTIPART", "no");
    }
  }
  const readers: Recorder[] = [];
  const dispatcher = reading(readers, () => new Picky());
  await serving(dispatcher, {}, async ({ connect }) => {
    const client = await connect();
    await client.send(`${post("Content-Length: 5")}hello no HTTP\r\n\r\n`);
    await until(() => readers[0]?.events.length === 1, "piece");
    await turns(4);
    assert.is(client.unread, "");
    gate.resolve();
    assert.is((await client.readResponse()).status, 422);
    await client.closed();
  });
});

ending.run();
