/** Where a server listens, and what it says when it cannot, or when its options are wrong. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as assert from "uvu/assert";
import { CodedError, SystemError } from "../../lib/base/errors.ts";
import { Application, HTTPServer, RequestHandler } from "../../lib/index.ts";
import { RawClient } from "../support/rawclient.ts";
import { serverSuite, startServer } from "../support/servers.ts";

class Address extends RequestHandler {
  get() {
    this.write({ ip: this.request.remoteIp, protocol: this.request.protocol });
  }
}

const app = (): Application => new Application([["/", Address]]);

function thrown(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

const listen = serverSuite("listen()");
listen("on port 0 tells the port it was given", async () => {
  const { port, connect } = await startServer([["/", Address]]);
  assert.ok(port > 0);
  assert.equal(JSON.parse((await (await connect()).get("/")).text), {
    ip: "127.0.0.1",
    protocol: "http",
  });
});
listen("on a port in use throws SystemError EADDRINUSE, which says the port", async () => {
  const { port } = await startServer([["/", Address]]);
  const error = thrown(() => app().listen(port, "127.0.0.1"));
  assert.instance(error, SystemError);
  assert.is((error as SystemError).code, "EADDRINUSE");
  assert.ok((error as SystemError).message.includes(String(port)), (error as SystemError).message);
});
listen("on a port in use leaves the one who has it serving", async () => {
  const { port, connect } = await startServer([["/", Address]]);
  thrown(() => app().listen(port, "127.0.0.1"));
  assert.is((await (await connect()).get("/")).status, 200);
});
listen("on an address that is not this host's throws SystemError", async () => {
  const error = thrown(() => app().listen(0, "192.0.2.1"));
  assert.instance(error, SystemError);
  assert.is((error as SystemError).code, "EADDRNOTAVAIL");
});
for (const port of [-1, 65_536, 1.5, Number.NaN]) {
  listen(`on port ${port} throws before any socket is made`, () => {
    assert.instance(
      thrown(() => app().listen(port, "127.0.0.1")),
      CodedError,
    );
  });
}
listen("on ::1 serves IPv6", async () => {
  const server = app().listen(0, "::1");
  try {
    const { address } = server;
    const port = address !== null && "port" in address ? address.port : 0;
    assert.is(server.port, port);
    const client = await RawClient.connect({ host: "::1", port });
    assert.is(JSON.parse((await client.get("/")).text).ip, "::1");
    client.destroy();
  } finally {
    server.closeAllConnections();
    await server.stop();
  }
});
listen("on a Unix socket serves there", async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "landspout-"));
  const file = path.join(folder, "socket");
  const server = new HTTPServer(app());
  server.listen(file);
  try {
    const client = await RawClient.connect({ path: file });
    await client.send("GET / HTTP/1.0\r\n\r\n");
    const response = await client.readResponse();
    assert.is(response.head.split("\r\n")[0], "HTTP/1.1 200 OK");
    assert.is(JSON.parse(response.text).ip, "0.0.0.0");
    await client.closed();
    client.destroy();

    const bad = await RawClient.connect({ path: file });
    await bad.send("garbage\r\n\r\n");
    assert.is((await bad.readResponse()).status, 400);
    await bad.closed();
    bad.destroy();
  } finally {
    server.closeAllConnections();
    await server.stop();
    fs.rmSync(folder, { recursive: true });
  }
});
listen("twice serves on both addresses", async () => {
  const server = new HTTPServer(app());
  server.listen(0, "127.0.0.1");
  const first = server.address;
  server.listen(0, "127.0.0.1");
  const port = first !== null && "port" in first ? first.port : 0;
  const client = await RawClient.connect({ port });
  assert.is((await client.get("/")).status, 200);
  client.destroy();
  server.closeAllConnections();
  await server.stop();
});
listen.run();

const option = serverSuite("an option of HTTPServer");
option("with an unknown name is refused with the nearest right one", () => {
  const error = thrown(() => new HTTPServer(app(), { maxHeadrBytes: 1 } as object));
  assert.instance(error, CodedError);
  assert.is((error as CodedError).code, "ERR_UNKNOWN_OPTION");
  assert.match((error as CodedError).message, /maxHeaderBytes/);
});
for (const [value, code] of [
  ["1024", "ERR_OPTION_TYPE"],
  [null, "ERR_OPTION_TYPE"],
  [-1, "ERR_OPTION_RANGE"],
  [Number.NaN, "ERR_OPTION_"],
  [1.5, "ERR_OPTION_"],
] as const) {
  option(`of ${JSON.stringify(value) ?? value} for a size is refused`, () => {
    const options = { maxHeaderBytes: value } as unknown as object;
    const error = thrown(() => new HTTPServer(app(), options));
    assert.instance(error, CodedError);
    assert.ok((error as CodedError).code.startsWith(code), (error as CodedError).code);
    assert.match((error as CodedError).message, /maxHeaderBytes/);
  });
}
option("is checked by listen() of Application too", () => {
  const error = thrown(() => app().listen(0, "127.0.0.1", { keepAliveTimeout: 5 } as object));
  assert.is((error as CodedError).code, "ERR_UNKNOWN_OPTION");
  assert.match((error as CodedError).message, /keepAliveTimeoutMs/);
});
option("that is undefined counts as not given", () => {
  new HTTPServer(app(), { maxHeaderBytes: undefined } as object);
});
option.run();
