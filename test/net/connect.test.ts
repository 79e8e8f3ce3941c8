/** IOStream.connect() and adopt(): addresses, refusals, Unix sockets, what is written before the connection is there. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import * as assert from "uvu/assert";
import {
  bindUnixSocket,
  type ConnectAddress,
  IOLoop,
  IOStream,
  SystemError,
} from "../../lib/index.ts";
import { deferred, until } from "../support/deferred.ts";
import { turns } from "../support/rawclient.ts";
import {
  afterwards,
  assertAtRest,
  codeOf,
  connected,
  deadPort,
  descriptorCount,
  netSuite,
  pair,
  realError,
  serve,
  TestServer,
  throwsCode,
} from "./streamtools.ts";

const connecting = netSuite("connecting a stream");

connecting("resolves with the stream, and both ends name each other", async () => {
  const accepted = deferred<IOStream>();
  const server = serve((stream) => accepted.resolve(stream));
  const stream = new IOStream();
  assert.is(await stream.connect({ host: "127.0.0.1", port: server.port }), stream);
  const peer = await accepted.promise;
  assert.equal(stream.remoteAddress, { address: "127.0.0.1", port: server.port, family: 4 });
  assert.equal(peer.remoteAddress, stream.localAddress);
  stream.close();
  assert.is((await peer.readUntilClose()).length, 0);
});

connecting("lets bytes be written, read and ended before it is done", async () => {
  const server = serve(async (stream) => {
    await stream.write(`<${await stream.readUntilClose()}>`).catch(() => {});
  });
  const echo = serve(async (stream) => {
    await stream.write(await stream.readUntil("\n"));
  });
  const stream = new IOStream();
  const opened = stream.connect({ host: "localhost", port: echo.port });
  const line = stream.readUntil("\n");
  const written = stream.write("early\n");
  const large = new IOStream();
  void large.connect({ host: "127.0.0.1", port: server.port });
  const sent = large.write(Buffer.alloc(3_000_000));
  large.endWriting();
  await opened;
  await written;
  assert.is((await line).toString(), "early\n");
  await sent;
  stream.close();
  await large.readUntilClose();
});

connecting("is refused with the kernel's reason", async () => {
  const port = await deadPort();
  const stream = new IOStream();
  let calls = 0;
  stream.setCloseCallback(() => calls++);
  const opened = stream.connect({ host: "127.0.0.1", port });
  void stream.write("lost");
  const read = stream.readBytes(1);
  const error = await realError(opened);
  assert.instance(error, SystemError);
  assert.is(codeOf(error), "ECONNREFUSED");
  assert.is((error as SystemError).syscall, "connect");
  assert.match(error?.message ?? "", `127.0.0.1:${port}`);
  assert.is(codeOf(await realError(read)), "ECONNREFUSED");
  assert.is(stream.error, error);
  assert.ok(stream.closed);
  await until(() => calls === 1, "callback");
});

connecting("refuses addresses that are none, at once, and may be tried again", async () => {
  const stream = new IOStream();
  const wrong: unknown[] = [
    undefined,
    null,
    8888,
    {},
    { host: "example.com", port: 80 },
    { host: "", port: 80 },
    { host: "127.0.0.1" },
    { host: "127.0.0.1", port: 0 },
    { host: "127.0.0.1", port: 65_536 },
    { host: "127.0.0.1", port: 1.5 },
    { host: "127.0.0.1", port: "80" },
    { host: "127.0.0.1", port: 80, sourceAddress: "::1" },
    { host: "127.0.0.1", port: 80, sourceAddress: "here" },
    { host: "127.0.0.1", port: 80, sourcePort: -1 },
    { path: "" },
    { path: "\0" },
    { path: "a\0b" },
    { path: "x".repeat(108) },
    { path: 1 },
  ];
  for (const address of wrong) {
    throwsCode(() => stream.connect(address as ConnectAddress), "ERR_ADDRESS");
  }
  const server = serve(() => {});
  await stream.connect({ host: "127.0.0.1", port: server.port });
  stream.close();
});

connecting("comes from the address and port that were asked for", async () => {
  const accepted = deferred<IOStream>();
  const server = serve((stream) => accepted.resolve(stream));
  const sourcePort = await deadPort();
  const stream = await new IOStream().connect({
    host: "127.0.0.1",
    port: server.port,
    sourceAddress: "127.0.0.2",
    sourcePort,
  });
  const peer = await accepted.promise;
  assert.equal(peer.remoteAddress, { address: "127.0.0.2", port: sourcePort, family: 4 });
  stream.abort();
  const wrong = new IOStream();
  const refused = wrong.connect({
    host: "127.0.0.1",
    port: server.port,
    sourceAddress: "203.0.113.77",
  });
  assert.is(codeOf(await realError(refused)), "EADDRNOTAVAIL");
});

connecting("is given up by close() and abort()", async () => {
  // Nobody answers there: the backlog of the listener is full.
  const server = new TestServer(() => {}, { backlog: 1 }).bind(0, "127.0.0.1");
  afterwards(() => server.stop());
  const [socket] = server.takeBoundSockets();
  assert.ok(socket);
  afterwards(() => socket?.close());
  const address = socket?.address;
  const port = address !== undefined && "port" in address ? address.port : 0;
  const before = descriptorCount();
  const streams = Array.from({ length: 6 }, () => new IOStream());
  const openings = streams.map((stream) => stream.connect({ host: "127.0.0.1", port }));
  await turns(5);
  streams.forEach((stream, i) => {
    if (i % 2 === 0) stream.close();
    else stream.abort();
  });
  let refused = 0;
  for (const opening of openings) await opening.catch(() => refused++);
  assert.ok(refused >= 3, `${refused}`);
  await until(() => descriptorCount() === before, "descriptors");
});

connecting("reaches Unix sockets, by path and by abstract name", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "landspout-"));
  afterwards(() => rmSync(folder, { recursive: true }));
  for (const name of [path.join(folder, "a"), `\0landspout-${process.pid}`]) {
    const accepted: unknown[] = [];
    const server = new TestServer(async (stream, address) => {
      accepted.push(address);
      for await (const piece of stream) await stream.write(piece);
    }).addSocket(bindUnixSocket(name));
    afterwards(() => server.stop());
    const stream = await new IOStream().connect({ path: name });
    assert.equal(stream.remoteAddress, { path: name });
    stream.setNodelay(true);
    await stream.write("unix");
    assert.is((await stream.readBytes(4)).toString(), "unix");
    assert.equal(accepted, [{ path: "" }]);
    stream.close();
    await until(() => server.connectionCount === 0, "end");
  }
  const missing = new IOStream().connect({ path: path.join(folder, "missing") });
  assert.is(codeOf(await realError(missing)), "ENOENT");
  writeFileSync(path.join(folder, "file"), "");
  const file = new IOStream().connect({ path: path.join(folder, "file") });
  assert.is(codeOf(await realError(file)), "ECONNREFUSED");
});

connecting("of 200 at once is done for each, and leaves nothing behind", async () => {
  const server = serve(async (stream) => {
    await stream.write(await stream.readBytes(1));
    stream.close();
  });
  const before = descriptorCount();
  const port = await deadPort();
  await Promise.all(
    Array.from({ length: 200 }, async (_, i) => {
      if (i % 4 === 0) {
        const refused = new IOStream().connect({ host: "127.0.0.1", port });
        assert.is(codeOf(await realError(refused)), "ECONNREFUSED");
        return;
      }
      const stream = await new IOStream().connect({ host: "127.0.0.1", port: server.port });
      void stream.write("x");
      assert.is((await stream.readUntilClose()).toString(), "x");
    }),
  );
  await until(() => server.connectionCount === 0, "end");
  await until(() => descriptorCount() === before, "descriptors");
});

connecting.run();

const adopting = netSuite("adopting a socket");

adopting("makes a stream of it and leaves the descriptor to its owner", async () => {
  const accepted = deferred<net.Socket>();
  const listener = net.createServer((socket) => accepted.resolve(socket));
  afterwards(() => listener.close());
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const { port } = listener.address() as net.AddressInfo;
  const loop = IOLoop.current();
  const client = await connected(port, { readChunkBytes: 1 });
  const peer = await accepted.promise;
  afterwards(() => peer.destroy());
  // The descriptor of another stream's: two streams of one socket, of which one ends first.
  const slots = loop.slotCount;
  const fd = Array.from({ length: slots }, (_, slot) =>
    loop.poller.descriptor(slot, loop.poller.generation(slot)),
  ).find((candidate) => {
    const name = candidate < 0 ? null : loop.poller.fdName(candidate);
    const own = client.localAddress;
    return name !== null && own !== null && "port" in own && name[1] === own.port;
  });
  assert.type(fd, "number");
  const before = descriptorCount();
  const stream = IOStream.adopt(fd ?? -1);
  assert.is(descriptorCount(), before + 1);
  await stream.write("adopted");
  const [bytes] = (await new Promise<[Buffer]>((resolve) =>
    peer.once("data", (data: Buffer) => resolve([data])),
  )) as [Buffer];
  assert.is(bytes.toString(), "adopted");
  stream.abort();
  await until(() => descriptorCount() === before, "descriptor");
  // Its socket is open still, and has bytes that nobody reads: the loop must not be told of them for the closed slot.
  peer.write(Buffer.alloc(500_000));
  await until(() => client.bufferedBytes > 0, "bytes");
  await turns(5);
  await assertAtRest();
});

adopting("refuses what is no connected stream socket", () => {
  const codes = [-1, 1_000_000, 2.5].map((fd) => {
    try {
      IOStream.adopt(fd);
      return "none";
    } catch (error) {
      return (error as { code?: string }).code;
    }
  });
  assert.equal(codes, ["EBADF", "EBADF", "ERR_NATIVE_ARGUMENT"]);
  const folder = mkdtempSync(path.join(tmpdir(), "landspout-"));
  afterwards(() => rmSync(folder, { recursive: true }));
  const bound = bindUnixSocket(path.join(folder, "a"));
  throwsCode(() => IOStream.adopt(bound.fd), "ENOTCONN");
  bound.close();
  throwsCode(() => IOStream.adopt(0), "ENOTSOCK");
});

adopting("is not inherited by children, nor is any socket of the loop", async () => {
  const { stream } = await pair();
  const client = await connected(
    stream.localAddress && "port" in stream.localAddress ? stream.localAddress.port : 0,
  );
  const listing = spawnSync("ls", ["-l", "/proc/self/fd"], { encoding: "utf8" }).stdout;
  assert.not.match(listing, /socket:.*\n.*socket:.*\n.*socket:.*\n.*socket:/);
  client.close();
});

adopting.run();
