/** Exchange.writeFile: files as parts of responses, framed as other bytes are, within the limits of a connection. */
import * as fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { CodedError } from "../../lib/base/errors.ts";
import { setLogger } from "../../lib/base/log.ts";
import { openCount, withFile } from "../native/filetools.ts";
import { pattern } from "../native/pollertools.ts";
import type { Exchange } from "../../lib/server/exchange.ts";
import { HTTPServer, IOLoop } from "../../lib/index.ts";
import { until } from "../support/deferred.ts";
import { RawClient, turns } from "../support/rawclient.ts";
import {
  MINUTE_MS,
  type ServerOptions,
  type StartedServer,
  untilStalled,
} from "../support/servers.ts";

const KiB = 1024;
const MiB = 1024 * KiB;

const get = (target: string, fields = ""): string =>
  `GET ${target} HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;

interface Bench {
  readonly server: HTTPServer;
  readonly clock: { advance(ms: number): void };
  connect(options?: { paused?: boolean }): Promise<RawClient>;
}

/** Serves as `startRequest` says while `test` runs. */
async function serve(
  startRequest: (exchange: Exchange) => void,
  test: (bench: Bench) => Promise<void>,
  options: ServerOptions = {},
): Promise<void> {
  setLogger({ debug() {}, info() {}, warn() {}, error() {} });
  const server = new HTTPServer({ startRequest }, options).listen(0, "127.0.0.1");
  const { address } = server;
  const port = address !== null && "port" in address ? address.port : 0;
  const clients: RawClient[] = [];
  try {
    await test({
      server,
      clock: IOLoop.current().clock,
      async connect(given = {}) {
        const client = await RawClient.connect({ port, ...given });
        clients.push(client);
        return client;
      },
    });
  } finally {
    for (const client of clients) client.destroy();
    server.closeAllConnections();
    await server.stop();
    setLogger(null);
  }
}

/** Answers with the whole of a file. */
function sendWhole(exchange: Exchange, fd: number, bytes: number): void {
  exchange.sendHead(200, "OK", "", bytes);
  exchange.writeFile(fd, 0, bytes);
  exchange.finish();
}

const files = suite("a file in a response");

for (const size of [0, 1, 16 * KiB, 64 * KiB + 1, 3 * MiB]) {
  files(`is sent after its head, and the next response after it (${size} bytes)`, () =>
    withFile(pattern(size), (fd) =>
      serve(
        (exchange) => sendWhole(exchange, fd, size),
        async ({ connect }) => {
          const content = fs.readFileSync(fd);
          const client = await connect();
          void client.send(get("/a") + get("/b"));
          for (let i = 0; i < 2; i++) {
            const response = await client.readResponse();
            assert.is(response.status, 200);
            assert.ok(response.body.equals(content));
          }
          await client.staysOpen();
        },
      ),
    ),
  );
}

files("may be several spans among other bytes", () =>
  withFile(pattern(200 * KiB), (fd) =>
    serve(
      (exchange) => {
        exchange.sendHead(206, "Partial Content", "", 150 * KiB + 9);
        exchange.write("one");
        exchange.writeFile(fd, 100 * KiB, 100 * KiB);
        exchange.write("two");
        exchange.writeFile(fd, 0, 50 * KiB);
        exchange.write("end");
        exchange.finish();
      },
      async ({ connect }) => {
        const content = fs.readFileSync(fd);
        const client = await connect();
        const { body } = await client.get("/");
        const parts = ["one", content.subarray(100 * KiB), "two", content.subarray(0, 50 * KiB)];
        assert.ok(body.equals(Buffer.concat([...parts, "end"].map((part) => Buffer.from(part)))));
      },
    ),
  ),
);

files("is a chunk where the length is not declared", () =>
  withFile(pattern(100 * KiB), (fd) =>
    serve(
      (exchange) => {
        exchange.sendHead(200, "OK", "", null);
        exchange.write("<");
        exchange.writeFile(fd, 1, 100 * KiB - 1);
        exchange.writeFile(fd, 1, 0);
        exchange.write(">");
        exchange.finish();
      },
      async ({ connect }) => {
        const content = fs.readFileSync(fd);
        const expected = Buffer.concat([Buffer.from("<"), content.subarray(1), Buffer.from(">")]);
        const client = await connect();
        assert.ok((await client.get("/")).body.equals(expected));
        void client.send("GET / HTTP/1.0\r\nHost: a\r\n\r\n");
        assert.ok((await client.readToEnd()).subarray(-expected.length).equals(expected));
      },
    ),
  ),
);

files("is left out for HEAD, 204 and 304", () =>
  withFile(pattern(100), (fd) =>
    serve(
      (exchange) => {
        const status = Number(exchange.path.slice(1));
        exchange.sendHead(status, "Status", "", 100);
        exchange.writeFile(fd, 0, 100);
        exchange.finish();
      },
      async ({ connect }) => {
        const client = await connect();
        void client.send("HEAD /200 HTTP/1.1\r\nHost: a\r\n\r\n");
        const response = await client.readResponse({ method: "HEAD" });
        assert.equal(response.headers("content-length"), ["100"]);
        assert.is((await client.get("/204")).status, 204);
        assert.is((await client.get("/304")).status, 304);
        await client.staysOpen();
        assert.is(client.unread, "");
      },
    ),
  ),
);

files("must be as long as the head has said", () =>
  withFile(pattern(100), (fd) => {
    const codes: unknown[] = [];
    return serve(
      (exchange) => {
        const attempt = (call: () => void) => {
          try {
            call();
          } catch (error) {
            codes.push(error instanceof CodedError ? error.code : error);
          }
        };
        attempt(() => exchange.writeFile(fd, 0, 1));
        exchange.sendHead(200, "OK", "", 50);
        attempt(() => exchange.writeFile(fd, 0, 51));
        attempt(() => exchange.writeFile(fd, 0, 50));
      },
      async ({ connect }) => {
        const client = await connect();
        void client.send(get("/"));
        await client.gone();
        // The connection is gone with the second: what is still said goes nowhere.
        assert.equal(codes, ["ERR_HTTP_FINISHED", "ERR_HTTP_BODY_LENGTH"]);
      },
    );
  }),
);

files("ends the connection if it becomes shorter, and nobody else's", () =>
  withFile(pattern(32 * MiB), (fd) =>
    serve(
      (exchange) => sendWhole(exchange, fd, exchange.path === "/small" ? 10 : 32 * MiB),
      async ({ connect, server }) => {
        const client = await connect({ paused: true });
        const other = await connect();
        void client.send(get("/"));
        await until(() => openCount(fd) === 2, "queued file");
        fs.ftruncateSync(fd, 20 * MiB);
        client.resume();
        await client.gone();
        assert.ok(client.unread.length < 32 * MiB);
        assert.is((await other.get("/small")).body.length, 10);
        assert.is(server.connectionCount, 1);
        assert.is(openCount(fd), 1);
      },
    ),
  ),
);

files.run();

const limits = suite("a client that asks for files and does not read");

limits("is served no more pipelined requests, and holds a few descriptors at most", () =>
  withFile(pattern(8 * MiB), (fd) => {
    let served = 0;
    return serve(
      (exchange) => {
        served++;
        sendWhole(exchange, fd, exchange.path === "/80k" ? 80 * KiB : 8 * MiB);
      },
      async ({ connect }) => {
        for (const [target, most] of [
          ["/8m", 2],
          ["/80k", 6],
        ] as const) {
          const client = await connect({ paused: true });
          served = 0;
          await client.send(get(target).repeat(200));
          await until(() => openCount(fd) > 1, "queued file");
          await turns(10);
          assert.ok(served < 200, `${served} requests were served`);
          assert.ok(openCount(fd) <= 1 + most, `${openCount(fd)} descriptors`);
          client.destroy();
          await until(() => openCount(fd) === 1, "end of the connection");
        }
      },
    );
  }),
);

/** The only connection is still there so many ms from now, and is not so many ms from now. */
async function endsBetween(
  thereMs: number,
  goneMs: number,
  { clock, server }: Pick<StartedServer, "clock" | "server">,
): Promise<void> {
  clock.advance(thereMs);
  await turns(4);
  assert.is(server.connectionCount, 1);
  clock.advance(goneMs - thereMs);
  await until(() => server.connectionCount === 0, "end of the connection");
}

limits("is given up after writeStallTimeoutMs", () =>
  withFile(pattern(16 * MiB), (fd) =>
    serve(
      (exchange) => sendWhole(exchange, fd, 16 * MiB),
      async ({ connect, clock, server }) => {
        const client = await connect({ paused: true });
        void client.send(get("/"));
        await until(() => openCount(fd) === 2, "queued file");
        await untilStalled();
        await endsBetween(4 * MINUTE_MS, 6 * MINUTE_MS, { clock, server });
        assert.is(openCount(fd), 1);
      },
      { writeStallTimeoutMs: 5 * MINUTE_MS },
    ),
  ),
);

limits("has that time from the beginning of the stall, not from its request", () =>
  withFile(pattern(16 * MiB), (fd) => {
    let waiting: Exchange | null = null;
    return serve(
      (exchange) => {
        waiting = exchange;
      },
      async ({ connect, clock, server }) => {
        const client = await connect({ paused: true });
        void client.send(get("/"));
        await until(() => waiting !== null, "request");
        clock.advance(60 * MINUTE_MS);
        await turns(4);
        // The connection is looked at every five minutes: at 65, when the stall is three old.
        clock.advance(2 * MINUTE_MS);
        await turns(4);
        if (waiting !== null) sendWhole(waiting, fd, 16 * MiB);
        await until(() => openCount(fd) === 2, "queued file");
        await untilStalled();
        await endsBetween(4 * MINUTE_MS, 6 * MINUTE_MS, { clock, server });
      },
      { writeStallTimeoutMs: 5 * MINUTE_MS },
    );
  }),
);

limits.run();
