/** The addon and a loop of its own in a worker thread: it serves there, and its end, however it comes, is clean. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { RequestHandler } from "../../lib/index.ts";
import { RawClient, turns, within } from "../support/rawclient.ts";
import { serverSuite, startServer } from "../support/servers.ts";

interface Serving {
  readonly worker: Worker;
  readonly port: number;
  readonly exited: Promise<number>;
  connect(): Promise<RawClient>;
}

const clients: RawClient[] = [];

async function startWorker(data = "serve"): Promise<Serving> {
  const worker = new Worker(new URL("server.worker.js", import.meta.url), { workerData: data });
  // Not once(): it would reject for a worker that an error ends.
  const exited = new Promise<number>((resolve) => worker.once("exit", resolve));
  const [port] = (await within(once(worker, "message"), "port of the worker")) as [number];
  return {
    worker,
    port,
    exited: within(exited, "end of the worker", 90_000),
    async connect() {
      const client = await RawClient.connect({ port });
      clients.push(client);
      return client;
    },
  };
}

const ask = (target: string): string => `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`;

const inWorker = suite("a loop in a worker thread");
inWorker.after.each(() => {
  for (const client of clients.splice(0)) client.destroy();
});

inWorker("serves, and ends by itself when nothing is left to serve", async () => {
  const { worker, connect, exited } = await startWorker();
  const client = await connect();
  for (let i = 0; i < 20; i++) assert.is((await client.get("/")).body.toString(), "hello");
  const settled = once(worker, "message");
  worker.postMessage("stop");
  assert.equal(await within(settled, "end of start()"), ["settled"]);
  assert.is(await exited, 0);
});

inWorker("ends by itself when its loop is closed", async () => {
  assert.is(await (await startWorker("close")).exited, 0);
});

inWorker("may be terminated at rest, again and again", async () => {
  for (let i = 0; i < 10; i++) {
    const { worker, connect, exited } = await startWorker();
    const client = await connect();
    await client.get("/");
    await worker.terminate();
    await exited;
    await client.gone();
  }
});

inWorker("may be terminated while it serves, with all its sockets", async () => {
  for (let i = 0; i < 5; i++) {
    const { worker, connect, exited } = await startWorker();
    const pipelining = await Promise.all([connect(), connect(), connect()]);
    for (const client of pipelining) void client.send(ask("/").repeat(500));
    const stalled = await connect();
    stalled.pause();
    void stalled.send(ask("/large"));
    const waiting = await connect();
    void waiting.send(ask("/never"));
    const halfway = await connect();
    void halfway.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf");
    await pipelining[0]?.receives("hello");
    await turns(i);
    await worker.terminate();
    await exited;
    stalled.resume();
    for (const client of [...pipelining, stalled, waiting, halfway]) await client.gone();
  }
});

inWorker("may end its thread from inside a handler", async () => {
  const { connect, exited } = await startWorker();
  const client = await connect();
  void client.send(ask("/exit").repeat(3));
  assert.is(await exited, 3);
  await client.gone();
});

inWorker("goes with a thread that an error ends", async () => {
  const { worker, connect, exited } = await startWorker();
  const failed = once(worker, "error");
  const client = await connect();
  void client.send(ask("/throws"));
  assert.match(String(await within(failed, "error of the worker")), /deliberate/);
  assert.is(await exited, 1);
  await client.gone();
});

inWorker("is one of several, each with its own", async () => {
  const all = await Promise.all(Array.from({ length: 4 }, () => startWorker()));
  assert.is(new Set(all.map(({ port }) => port)).size, 4);
  const answers = all.map(async ({ connect }) => {
    const client = await connect();
    void client.send(ask("/").repeat(50));
    for (let i = 0; i < 50; i++) assert.is((await client.readFinalResponse()).status, 200);
  });
  await Promise.all(answers);
  // Ended in different ways, at once.
  for (const [i, { worker }] of all.entries()) {
    if (i % 2 === 0) void worker.terminate();
    else worker.postMessage("stop");
  }
  await Promise.all(all.map(({ exited }) => exited));
});

inWorker.run();

class Hello extends RequestHandler {
  get() {
    this.write("main");
  }
}

const besideMain = serverSuite("a loop in the main thread");

besideMain("serves on while workers come and go", async () => {
  const { connect } = await startServer([["/", Hello]]);
  const client = await connect();
  for (let i = 0; i < 3; i++) {
    const { worker, connect: connectWorker, exited } = await startWorker();
    const other = await connectWorker();
    const both = await Promise.all([client.get("/"), other.get("/")]);
    assert.equal(
      both.map(({ body }) => body.toString()),
      ["main", "hello"],
    );
    await worker.terminate();
    await exited;
    assert.is((await client.get("/")).body.toString(), "main");
  }
});

besideMain.run();
