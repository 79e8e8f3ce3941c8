/** HTTPServer's bind(), start() in this process, and sockets that were made elsewhere. */
import * as assert from "uvu/assert";
import { bindSockets, HTTPServer } from "../../lib/index.ts";
import { RawClient } from "../support/rawclient.ts";
import { serverSuite } from "../support/servers.ts";

const made: HTTPServer[] = [];

function server(): HTTPServer {
  const one = new HTTPServer(() => new Response("here"));
  made.push(one);
  return one;
}

function portOf(address: HTTPServer["address"]): number {
  if (address === null || "path" in address) throw new Error("no address of IP");
  return address.port;
}

async function answers(port: number): Promise<void> {
  const client = await RawClient.connect({ port });
  assert.is((await client.get("/")).text, "here");
  client.destroy();
}

async function stopAll(): Promise<void> {
  for (const one of made.splice(0)) await one.stop({ graceMs: 0 });
}

const bound = serverSuite("an HTTPServer");
bound.after.each(stopAll);

bound("accepts what has waited since bind(), once it is started", async () => {
  const one = server().bind(0, "127.0.0.1").bind(0, "127.0.0.1");
  assert.is(one.address, null);
  await one.start();
  assert.is(one.addresses.length, 2);
  for (const address of one.addresses) await answers(portOf(address));
});

bound("closes what it has bound and never accepted from when it stops", async () => {
  const [socket] = bindSockets(0, "127.0.0.1");
  const port = portOf(socket?.address ?? null);
  socket?.close();
  const one = server().bind(port, "127.0.0.1");
  await one.stop();
  const error = await RawClient.connect({ port }).catch((reason: unknown) => reason);
  assert.is((error as { code?: string }).code, "ECONNREFUSED");
  assert.throws(() => one.bind(0), hasCode("ERR_SERVER_STOPPED"));
  assert.throws(() => one.addSocket(0), hasCode("ERR_SERVER_STOPPED"));
});

bound("takes sockets, which are its own then, and descriptors, which are not", async () => {
  const [socket] = bindSockets(0, "127.0.0.1");
  assert.ok(socket);
  if (socket === undefined) return;
  const port = portOf(socket.address);
  const first = server().addSockets([socket.fd]);
  await answers(port);
  await first.stop();
  const second = server().addSocket(socket);
  assert.is(socket.fd, -1);
  assert.equal(second.address, socket.address);
  await answers(port);
  await second.stop();
  const error = await RawClient.connect({ port }).catch((reason: unknown) => reason);
  assert.is((error as { code?: string }).code, "ECONNREFUSED");
});

bound("refuses descriptors that do not listen", () => {
  assert.throws(() => server().addSocket(-1), hasCode("EBADF"));
  assert.throws(() => server().addSocket(0), hasCode("ENOTSOCK"));
});

bound.run();

function hasCode(code: string): (error: unknown) => boolean {
  return (error) => (error as { code?: string }).code === code;
}
