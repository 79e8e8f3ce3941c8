/** Memory that a handler gives or takes: what it does to a buffer afterwards costs its own connection at most. */
import * as assert from "uvu/assert";
import { type HTTPServerRequest, RequestHandler } from "../../lib/index.ts";
import { type RawClient, turns } from "../support/rawclient.ts";
import { type StartedServer, serverSuite, startServer } from "../support/servers.ts";

const LARGE_BYTES = 256 * 1024;

/** Moves a buffer's memory to another thread's hands, as postMessage(…, [buffer]) does. */
function takeAway(bytes: Uint8Array): void {
  structuredClone(bytes.buffer, { transfer: [bytes.buffer as ArrayBuffer] });
}

class Hello extends RequestHandler {
  get() {
    this.write("hello");
  }
}

/** Answers with a buffer, and gives it away before it has left. */
class Given extends RequestHandler {
  get() {
    const bytes = new Uint8Array(LARGE_BYTES).fill(120);
    this.finish(bytes);
    takeAway(bytes);
  }
}

/** Gives the request's body away, and answers with its size. */
class Body extends RequestHandler {
  post() {
    const { body } = this.request;
    const size = body.length;
    takeAway(body);
    this.write(String(size));
  }
}

/** Keeps each body for later. */
const kept: Buffer[] = [];
class Keep extends RequestHandler {
  post() {
    kept.push(this.request.body);
  }
}

/** Keeps each request for later, having looked at as much of its body as its path says. */
const keptRequests: HTTPServerRequest[] = [];
class KeepRequest extends RequestHandler {
  post(mode: string) {
    if (mode.startsWith("json")) this.request.json();
    keptRequests.push(this.request);
    return mode.endsWith("later") ? turns(2) : undefined;
  }
}

/** Answers with bytes that lie in shared memory, or in a part of a larger buffer. */
class Shared extends RequestHandler {
  get() {
    const shared = new Uint8Array(new SharedArrayBuffer(LARGE_BYTES)).fill(115);
    this.write(shared.subarray(1));
  }
}

const routes: Parameters<typeof startServer>[0] = [
  ["/", Hello],
  ["/given", Given],
  ["/body", Body],
  ["/keep", Keep],
  ["/shared", Shared],
  ["/keep-request/(.*)", KeepRequest],
];

const buffers = serverSuite("a buffer");

async function assertServing({ connect }: StartedServer): Promise<void> {
  assert.is((await (await connect()).get("/")).body.toString(), "hello");
}

buffers(
  "given away before it was sent ends its connection: no answer passes for whole",
  async () => {
    const server = await startServer(routes);
    const client = await server.connect();
    void client.send("GET /given HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await client.gone();
    assert.not(client.unread.endsWith("hello"), "the next answer would be read as this one's body");
    await assertServing(server);
  },
);

const post = (client: RawClient, target: string, body: string) => {
  void client.send(
    `POST ${target} HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  return client.readFinalResponse();
};

for (const bytes of [1, 10, LARGE_BYTES]) {
  buffers(`of a request's body may be given away (${bytes} bytes)`, async () => {
    const server = await startServer(routes);
    const client = await server.connect();
    for (let i = 0; i < 3; i++) {
      assert.is((await post(client, "/body", "x".repeat(bytes))).body.toString(), String(bytes));
    }
    await assertServing(server);
  });
}

buffers("of a request's body stays as it was, whatever arrives later", async () => {
  const server = await startServer(routes);
  const client = await server.connect();
  kept.length = 0;
  const sizes = [1, 100, 5_000, LARGE_BYTES];
  for (const [i, size] of sizes.entries()) await post(client, "/keep", String(i).repeat(size));
  for (let i = 0; i < 10; i++) await post(client, "/body", "y".repeat(LARGE_BYTES));
  await turns(2);
  for (const [i, size] of sizes.entries()) {
    assert.ok(kept[i]?.equals(Buffer.alloc(size, String(i))), `body ${i}`);
  }
});

/** Posts JSON, then much else over it, and returns the request that a handler has kept. */
async function keptRequest(mode: string, body: string): Promise<HTTPServerRequest> {
  const server = await startServer(routes);
  const client = await server.connect();
  keptRequests.length = 0;
  await post(client, `/keep-request/${mode}`, body);
  for (let i = 0; i < 3; i++) await post(client, "/body", "y".repeat(LARGE_BYTES));
  const [request] = keptRequests;
  assert.ok(request);
  return request;
}

for (const mode of ["raw", "raw-later", "json-later"]) {
  buffers(`of a body is there after the answer (${mode})`, async () => {
    const request = await keptRequest(mode, '{"a":1}');
    assert.is(request.body.toString(), '{"a":1}');
    assert.equal(request.json(), { a: 1 });
  });
}

buffers("of a body that was only read as JSON is not there after an answer at once", async () => {
  const request = await keptRequest("json", '{"a":1}');
  assert.equal(request.json(), { a: 1 });
  assert.throws(() => request.body, /the body of this request is gone: it was answered at once/);
});

buffers("in shared memory is sent as any other", async () => {
  const { connect } = await startServer(routes);
  const { body } = await (await connect()).get("/shared");
  assert.ok(body.equals(Buffer.alloc(LARGE_BYTES - 1, "s")));
});

buffers.run();

const flood = serverSuite("a flood of requests");

flood("from several clients at once is answered whole and in order", async () => {
  const { connect } = await startServer([
    [
      "/(\\d+)",
      class extends RequestHandler {
        get(n: string) {
          this.write(n);
        }
      },
    ],
  ]);
  const count = 5_000;
  const clients = await Promise.all(Array.from({ length: 4 }, () => connect()));
  const answers = clients.map(async (client, c) => {
    let text = "";
    for (let i = 0; i < count; i++) text += `GET /${c}${i} HTTP/1.1\r\nHost: a\r\n\r\n`;
    void client.send(text);
    for (let i = 0; i < count; i++) {
      assert.is((await client.readFinalResponse()).body.toString(), `${c}${i}`);
    }
  });
  await Promise.all(answers);
});

flood.run();
