/** bindSockets(), bindUnixSocket(), addAcceptHandler(), isValidIp(), and toDuplex(). */
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import * as assert from "uvu/assert";
import {
  addAcceptHandler,
  type BoundAddress,
  bindSockets,
  bindUnixSocket,
  IOLoop,
  isValidIp,
  toDuplex,
} from "../../lib/index.ts";
import { until } from "../support/deferred.ts";
import { RawClient, turns } from "../support/rawclient.ts";
import {
  afterwards,
  codeOf,
  descriptorCount,
  logged,
  netSuite,
  pair,
  portOf,
  serve,
  throwsCode,
} from "./streamtools.ts";

const binding = netSuite("a bound socket");

binding("has an address, and a descriptor until it is closed", () => {
  IOLoop.current(); // has descriptors of its own
  const before = descriptorCount();
  for (const [options, address, family] of [
    [{}, "127.0.0.1", 4],
    [{ family: 4 }, undefined, 4],
    [{ reusePort: true }, "localhost", 4],
  ] as const) {
    const sockets = bindSockets(0, address, options);
    assert.is(sockets.length, 1);
    const [socket] = sockets;
    assert.ok(portOf(socket?.address ?? null) > 0);
    assert.match(JSON.stringify(socket?.address), `"family":${family}`);
    assert.ok((socket?.fd ?? -1) > 2);
    socket?.close();
    socket?.close();
    assert.is(socket?.fd, -1);
  }
  assert.is(descriptorCount(), before);
});

binding("is one of several on a port with reusePort only", () => {
  const [first] = bindSockets(0, "127.0.0.1", { reusePort: true });
  const port = portOf(first?.address ?? null);
  const [second] = bindSockets(port, "127.0.0.1", { reusePort: true });
  throwsCode(() => bindSockets(port, "127.0.0.1"), "EADDRINUSE");
  first?.close();
  second?.close();
});

binding("is refused addresses and options that make no sense", () => {
  throwsCode(() => bindSockets(-1), "ERR_ADDRESS");
  throwsCode(() => bindSockets(0, "127.0.0.1", { family: 6 }), "ERR_ADDRESS");
  throwsCode(() => bindSockets(0, "203.0.113.77"), "EADDRNOTAVAIL");
  throwsCode(() => bindSockets(0, "127.0.0.1", { backlog: 0 }), "ERR_OPTION_RANGE");
  throwsCode(() => bindUnixSocket("x", { mode: 0o1000 }), "ERR_OPTION_RANGE");
  for (const name of ["", "\0", "a\0", "x".repeat(108)]) {
    throwsCode(() => bindUnixSocket(name), "ERR_ADDRESS");
  }
});

binding("of Unix has its mode from the start, replaces a stale file, and no other", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "landspout-"));
  afterwards(() => rmSync(folder, { recursive: true }));
  const file = path.join(folder, "socket");
  const socket = bindUnixSocket(file);
  assert.is(statSync(file).mode & 0o777, 0o600);
  throwsCode(() => bindUnixSocket(file), "EADDRINUSE");
  socket.release();
  assert.ok(existsSync(file));
  const umask = process.umask(0o022);
  const again = bindUnixSocket(file, { mode: 0o666 });
  process.umask(umask);
  assert.is(statSync(file).mode & 0o777, 0o644);
  again.close();
  assert.not(existsSync(file));
  writeFileSync(file, "precious");
  throwsCode(() => bindUnixSocket(file), "ERR_ADDRESS");
  throwsCode(() => bindUnixSocket(path.join(folder, "no", "folder")), "ENOENT");
  const longest = bindUnixSocket(`\0${"x".repeat(106)}`);
  longest.close();
});

binding("is accepted from by a handler until that is removed", async () => {
  const [socket] = bindSockets(0, "127.0.0.1");
  const port = portOf(socket?.address ?? null);
  const peers: BoundAddress[] = [];
  const remove = addAcceptHandler(socket as NonNullable<typeof socket>, async (stream, address) => {
    peers.push(address);
    await stream.write("hi");
    stream.close();
    throw new Error("in the handler");
  });
  const client = await RawClient.connect({ port });
  await client.receives("hi");
  await client.closed();
  assert.equal(peers, [{ address: "127.0.0.1", port: client.localPort, family: 4 }]);
  client.destroy();
  await until(() => logged("error").length === 1, "log");
  remove();
  remove();
  let refused: Error | null = null;
  await RawClient.connect({ port }).catch((error: Error) => {
    refused = error;
  });
  assert.is(codeOf(refused), "ECONNREFUSED");
  throwsCode(() => addAcceptHandler(0, () => {}), "ENOTSOCK");
});

binding.run();

const addresses = netSuite("isValidIp()");

addresses("takes numeric addresses and nothing else", () => {
  for (const text of ["127.0.0.1", "4.4.4.4", "::1", "2620:0:1cfe:face:b00c::3"]) {
    assert.ok(isValidIp(text), text);
  }
  for (const text of [
    "",
    " ",
    "\0",
    "www.google.com",
    "localhost",
    "4.4.4",
    "4.4.4.4.4",
    "256.1.1.1",
    "\n",
    "127.0.0.1\0",
  ]) {
    assert.not(isValidIp(text), text);
  }
  assert.not(isValidIp(undefined as unknown as string));
});

addresses.run();

const duplex = netSuite("a Duplex of a stream");

duplex("passes on bytes and both ends", async () => {
  const server = serve(async (stream) => {
    const all = toDuplex(stream);
    await pipeline(all, all);
  });
  const client = await server.connect();
  const bytes = Buffer.alloc(3_000_000, "0123456789");
  void client.send(bytes);
  client.endSending();
  assert.ok((await client.readToEnd()).equals(bytes));
  await until(() => server.connectionCount === 0, "end");
  assert.equal(logged("error"), []);
});

duplex("makes the peer wait for a slow reader", async () => {
  const { stream, client } = await pair({ readChunkBytes: 1000 });
  const reading = toDuplex(stream, { readableHighWaterMark: 1000 });
  let isSent = false;
  void client.send(Buffer.alloc(16 * 1024 * 1024)).then(() => {
    isSent = true;
  });
  await turns(60);
  assert.not(isSent);
  let count = 0;
  reading.on("data", (bytes: Buffer) => {
    count += bytes.length;
  });
  await until(() => count === 16 * 1024 * 1024, "bytes");
  reading.destroy();
  await client.closed();
});

duplex("fails when the connection is broken, and closes it when it is destroyed", async () => {
  const { stream, client } = await pair();
  const broken = toDuplex(stream);
  let error: Error | null = null;
  broken.on("error", (why) => {
    error = why;
  });
  broken.resume();
  await turns(3);
  client.abort();
  await until(() => error !== null, "error");
  assert.is(codeOf(error), "ERR_STREAM_CLOSED");
  const other = await pair();
  toDuplex(other.stream).destroy();
  await other.client.closed();
  assert.ok(other.stream.closed);
});

duplex("ends the sending side by end(), and reads on", async () => {
  const { stream, client } = await pair();
  const both = toDuplex(stream);
  let text = "";
  both.on("data", (bytes: Buffer) => {
    text += bytes.toString();
  });
  both.end("bye");
  await client.receives("bye");
  await client.closed();
  await client.send("answer");
  await until(() => text === "answer", "answer");
});

duplex.run();
