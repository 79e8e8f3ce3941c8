/** Every limit of HTTPServer's options: one under, at, and one over; and the deadlines of a request. */
import * as assert from "uvu/assert";
import type { RawClient } from "../support/rawclient.ts";
import type { RawResponse } from "../support/rawresponse.ts";
import { serverSuite, startServer } from "../support/servers.ts";
import { vectorRoutes } from "../support/vectorapp.ts";
import { assertRefusal } from "../support/vectorrunner.ts";

/** The one response, a refusal with this status, and then the end. */
async function assertRefused(
  client: RawClient,
  status: number | readonly number[],
): Promise<RawResponse> {
  const response = await client.readFinalResponse();
  assert.ok([status].flat().includes(response.status), `wanted ${status}, got ${response.head}`);
  assertRefusal(response);
  await client.closed();
  return response;
}

/** Answered with 200, and the connection goes on. */
async function assertAnswered(client: RawClient, body?: string): Promise<void> {
  const response = await client.readFinalResponse();
  assert.is(response.status, 200, response.head);
  if (body !== undefined) assert.is(response.text, body);
  assert.is((await client.get("/")).text, "hello");
}

/** A request whose head, from its first byte to the end of the empty line, has this many bytes. */
function headOf(bytes: number): string {
  const start = "GET / HTTP/1.1\r\nHost: a\r\nX-Filler: ";
  return `${start}${"x".repeat(bytes - start.length - 4)}\r\n\r\n`;
}

const ask = (target: string): string => `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`;
const post = (field: string, body: string): string =>
  `POST /body HTTP/1.1\r\nHost: a\r\n${field}\r\n\r\n${body}`;

const head = serverSuite("maxHeaderBytes");
for (const bytes of [1023, 1024]) {
  head(`takes a head of ${bytes} when it is 1024`, async () => {
    const { connect } = await startServer(vectorRoutes, { maxHeaderBytes: 1024 });
    const client = await connect();
    void client.send(headOf(bytes));
    await assertAnswered(client, "hello");
  });
}
head("refuses a head of one more with 431", async () => {
  const { connect } = await startServer(vectorRoutes, { maxHeaderBytes: 1024 });
  const client = await connect();
  void client.send(headOf(1025));
  await assertRefused(client, 431);
});
head("refuses a head that has no end, without waiting for it", async () => {
  const { connect } = await startServer(vectorRoutes, { maxHeaderBytes: 1024 });
  const client = await connect();
  void client.send(headOf(4096).slice(0, 1500));
  await assertRefused(client, 431);
});
head("refuses a head that came in pieces", async () => {
  const { connect } = await startServer(vectorRoutes, { maxHeaderBytes: 1024 });
  const client = await connect();
  void client.sendPieces(headOf(1200).match(/.{1,100}/gs) ?? []);
  await assertRefused(client, 431);
});
head("is counted anew for each request of a connection", async () => {
  const { connect } = await startServer(vectorRoutes, { maxHeaderBytes: 1024 });
  const client = await connect();
  void client.send(headOf(1000).repeat(5));
  for (let i = 0; i < 4; i++) await client.readFinalResponse();
  await assertAnswered(client, "hello");
});
head("holds for the trailers of a chunked body too, or less", async () => {
  const { connect } = await startServer(vectorRoutes);
  const client = await connect();
  void client.send(post("Transfer-Encoding: chunked", "5\r\nhello\r\n0\r\n"));
  void client.send(`X-T: ${"x".repeat(506)}\r\n`.repeat(200));
  await assertRefused(client, [431, 400]);
});
head("is 64 KiB by default", async () => {
  const { connect } = await startServer(vectorRoutes);
  const [under, over] = [await connect(), await connect()];
  void under.send(headOf(65_536));
  await assertAnswered(under, "hello");
  void over.send(headOf(65_537));
  await assertRefused(over, 431);
});
head.run();

const count = serverSuite("maxHeaderCount");
for (const fields of [7, 8]) {
  count(`takes ${fields} fields when it is 8`, async () => {
    const { connect } = await startServer(vectorRoutes, { maxHeaderCount: 8 });
    const client = await connect();
    void client.send(`GET / HTTP/1.1\r\nHost: a\r\n${"X-A: b\r\n".repeat(fields - 1)}\r\n`);
    await assertAnswered(client, "hello");
  });
}
count("refuses one more with 431", async () => {
  const { connect } = await startServer(vectorRoutes, { maxHeaderCount: 8 });
  const client = await connect();
  void client.send(`GET / HTTP/1.1\r\nHost: a\r\n${"X-A: b\r\n".repeat(8)}\r\n`);
  await assertRefused(client, 431);
});
count("is 10,000 by default", async () => {
  const { connect } = await startServer(vectorRoutes);
  const [under, over] = [await connect(), await connect()];
  void under.send(`GET / HTTP/1.1\r\nHost: a\r\n${"X:\r\n".repeat(9_999)}\r\n`);
  await assertAnswered(under, "hello");
  void over.send(`GET / HTTP/1.1\r\nHost: a\r\n${"X:\r\n".repeat(10_000)}\r\n`);
  await assertRefused(over, 431);
});
count.run();

const target = serverSuite("maxTargetBytes");
for (const bytes of [63, 64]) {
  target(`takes a target of ${bytes} when it is 64`, async () => {
    const { connect } = await startServer(vectorRoutes, { maxTargetBytes: 64 });
    const client = await connect();
    void client.send(ask("/target/".padEnd(bytes, "x")));
    await assertAnswered(client);
  });
}
target("refuses one byte more with 414", async () => {
  const { connect } = await startServer(vectorRoutes, { maxTargetBytes: 64 });
  const client = await connect();
  void client.send(ask("/target/".padEnd(65, "x")));
  await assertRefused(client, 414);
});
target("counts the query", async () => {
  const { connect } = await startServer(vectorRoutes, { maxTargetBytes: 64 });
  const client = await connect();
  void client.send(ask("/target?".padEnd(65, "x")));
  await assertRefused(client, 414);
});
target("refuses a request line that has no end", async () => {
  const { connect } = await startServer(vectorRoutes, { maxTargetBytes: 64, maxHeaderBytes: 1024 });
  const client = await connect();
  void client.send(`GET /${"x".repeat(5_000)}`);
  await assertRefused(client, [414, 431]);
});
target.run();

const body = serverSuite("maxBodyBytes");
for (const bytes of [4095, 4096]) {
  body(`takes a declared body of ${bytes} when it is 4096`, async () => {
    const { connect } = await startServer(vectorRoutes, { maxBodyBytes: 4096 });
    const client = await connect();
    void client.send(post(`Content-Length: ${bytes}`, "x".repeat(bytes)));
    await assertAnswered(client, `${bytes}:${"x".repeat(bytes)}`);
  });
  body(`takes chunks of ${bytes} when it is 4096`, async () => {
    const { connect } = await startServer(vectorRoutes, { maxBodyBytes: 4096 });
    const client = await connect();
    void client.send(post("Transfer-Encoding: chunked", chunksOf(bytes)));
    await assertAnswered(client, `${bytes}:${"x".repeat(bytes)}`);
  });
}
body("refuses one byte more with 413 before any of it was sent", async () => {
  const { connect } = await startServer(vectorRoutes, { maxBodyBytes: 4096 });
  const client = await connect();
  void client.send(post("Content-Length: 4097", ""));
  await assertRefused(client, 413);
});
body("lets the client that sent it all the same read the refusal", async () => {
  const { connect } = await startServer(vectorRoutes, { maxBodyBytes: 4096 });
  const client = await connect();
  void client.send(post("Content-Length: 200000", "x".repeat(200_000)));
  await assertRefused(client, 413);
});
body("refuses chunks whose sum is one byte more", async () => {
  const { connect } = await startServer(vectorRoutes, { maxBodyBytes: 4096 });
  const client = await connect();
  void client.send(post("Transfer-Encoding: chunked", chunksOf(4097)));
  await assertRefused(client, [413, 400]);
});
body("refuses a chunk that is too large at its size, before its data", async () => {
  const { connect } = await startServer(vectorRoutes, { maxBodyBytes: 4096 });
  const client = await connect();
  void client.send(post("Transfer-Encoding: chunked", "1001\r\n"));
  await assertRefused(client, [413, 400]);
});
body("refuses without 100 (Continue) what is declared too long", async () => {
  const { connect } = await startServer(vectorRoutes, { maxBodyBytes: 4096 });
  const client = await connect();
  void client.send(post("Content-Length: 10240\r\nExpect: 100-continue", ""));
  const response = await client.readResponse();
  assert.is(response.status, 413);
  await client.closed();
});
body("does not let a chunk extension grow without bound", async () => {
  const { connect } = await startServer(vectorRoutes);
  const client = await connect();
  void client.send(post("Transfer-Encoding: chunked", `5;a=${"x".repeat(1_000_000)}`));
  await assertRefused(client, [400, 431]);
});
body("does not let many small extensions outgrow the data", async () => {
  const { connect } = await startServer(vectorRoutes);
  const client = await connect();
  void client.send(
    post("Transfer-Encoding: chunked", `1;${"x".repeat(4_000)}\r\nx\r\n`.repeat(500)),
  );
  await assertRefused(client, [400, 413, 431]);
});
body.run();

/** A chunked body of this many bytes, in chunks of 1000. */
function chunksOf(bytes: number): string {
  let text = "";
  for (let left = bytes; left > 0; left -= 1000) {
    const size = Math.min(left, 1000);
    text += `${size.toString(16)}\r\n${"x".repeat(size)}\r\n`;
  }
  return `${text}0\r\n\r\n`;
}
