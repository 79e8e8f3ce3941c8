/** Known requests and the answers they must get, byte for byte: the server and its options, cases 55 to 63. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import * as assert from "uvu/assert";
import { Application, RequestHandler } from "../../lib/index.ts";
import { deferred } from "../support/deferred.ts";
import { RawClient } from "../support/rawclient.ts";
import { serverSuite } from "../support/servers.ts";
import { get, type Served, serving } from "../support/wire.ts";

class Origin extends RequestHandler {
  get() {
    this.write({ ip: this.request.remoteIp, proto: this.request.protocol });
  }
}

const behindProxy = (): Promise<Served> =>
  serving([["/", Origin]], {}, { xheaders: true, trustedDownstream: ["5.5.5.5"] });

const t = serverSuite("known requests of a server");

const addresses: readonly (readonly [fields: string, ip: string])[] = [
  ["", "127.0.0.1"],
  ["X-Real-IP: 4.4.4.4\r\n", "4.4.4.4"],
  ["X-Forwarded-For: 127.0.0.1, 4.4.4.4\r\n", "4.4.4.4"],
  ["X-Real-IP: 2620:0:1cfe:face:b00c::3\r\n", "2620:0:1cfe:face:b00c::3"],
  ["X-Forwarded-For: ::1, 2620:0:1cfe:face:b00c::3\r\n", "2620:0:1cfe:face:b00c::3"],
  ["X-Real-IP: 4.4.4.4<script>\r\n", "127.0.0.1"],
  ["X-Forwarded-For: 4.4.4.4, 5.5.5.5<script>\r\n", "127.0.0.1"],
  ["X-Real-IP: www.google.com\r\n", "127.0.0.1"],
];
for (const [fields, ip] of addresses) {
  t(`55: with ${JSON.stringify(fields)} the client is ${ip}`, async () => {
    const { json } = await behindProxy();
    assert.equal(await json(get("/", fields)), { ip, proto: "http" });
  });
}

const schemes: readonly (readonly [fields: string, proto: string])[] = [
  ["", "http"],
  ["X-Scheme: https\r\n", "https"],
  ["X-Forwarded-Proto: https\r\n", "https"],
  ["X-Forwarded-Proto: https , http\r\n", "http"],
  ["X-Forwarded-Proto: http,https\r\n", "https"],
  ["X-Forwarded-Proto: unknown\r\n", "http"],
];
for (const [fields, proto] of schemes) {
  t(`57: with ${JSON.stringify(fields)} the scheme is ${proto}`, async () => {
    const { json } = await behindProxy();
    assert.equal(await json(get("/", fields)), { ip: "127.0.0.1", proto });
  });
}

t("59: without xheaders the fields of a proxy say nothing", async () => {
  const { json } = await serving([["/", Origin]]);
  const fields = "X-Real-IP: 4.4.4.4\r\nX-Forwarded-Proto: https\r\n";
  assert.equal(await json(get("/", fields)), { ip: "127.0.0.1", proto: "http" });
});

t("61: over a Unix socket the client is 0.0.0.0, and garbage is 400", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "landspout-cases-"));
  const socket = path.join(folder, "s");
  const server = new Application([["/", Origin]]).listen(socket);
  const clients: RawClient[] = [];
  try {
    const client = await RawClient.connect({ path: socket });
    clients.push(client);
    void client.send("GET / HTTP/1.0\r\n\r\n");
    const response = await client.readResponse();
    assert.is(response.head.split("\r\n")[0], "HTTP/1.1 200 OK");
    assert.is(JSON.parse(response.text).ip, "0.0.0.0");
    const other = await RawClient.connect({ path: socket });
    clients.push(other);
    void other.send("garbage\r\n\r\n");
    assert.is((await other.readResponse()).status, 400);
    await other.closed();
  } finally {
    for (const client of clients) client.destroy();
    server.closeAllConnections();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});

t("63: stop() closes the listener and lets a request finish", async () => {
  const gate = deferred();
  class Slow extends RequestHandler {
    async get() {
      await gate.promise;
      this.write("slow");
    }
  }
  const { connect, server } = await serving([["/slow", Slow]]);
  const client = await connect();
  await client.send(get("/slow"));
  await client.staysOpen();
  const stopped = server.stop();
  await client.staysOpen();
  await connect().then(
    () => assert.unreachable("a connection was accepted after stop()"),
    (error: NodeJS.ErrnoException) => assert.is(error.code, "ECONNREFUSED"),
  );
  gate.resolve();
  const response = await client.readResponse();
  assert.is(response.status, 200);
  assert.is(response.text, "slow");
  client.destroy();
  await stopped;
});

t.run();
