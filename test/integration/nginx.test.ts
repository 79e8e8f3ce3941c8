/** Debian's nginx in front of an app, as docs/tutorial/8-deployment.md sets it up. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import * as assert from "uvu/assert";
import { Application, type HTTPServer, websocketConnect } from "../../lib/index.ts";
import { gone, start } from "../process/preforktools.ts";
import { RawClient, within } from "../support/rawclient.ts";
import { type ServerOptions, startServer } from "../support/servers.ts";
import { givenBytes, neighbourApp, sha256 } from "./app.ts";
import { Nginx, type NginxOptions, stopNginxes } from "./nginx.ts";
import { NGINX, programSuite } from "./programs.ts";

const PATIENCE_MS = 30_000;
const BIG_BYTES = 24 * 1024 * 1024;
const proxied: ServerOptions = { xheaders: true, maxBodyBytes: 2 * BIG_BYTES };

async function behindNginx(options: ServerOptions = proxied, nginxOptions: NginxOptions = {}) {
  const { routes, waiting } = neighbourApp();
  const { port, server } = await startServer(routes, options);
  const nginx = new Nginx(`127.0.0.1:${port}`, nginxOptions);
  return { nginx, waiting, server };
}

function ask(nginx: Nginx, target: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`${nginx.base}${target}`, { signal: AbortSignal.timeout(PATIENCE_MS), ...init });
}

async function jsonOf(response: Response): Promise<Record<string, unknown>> {
  return (await response.json()) as Record<string, unknown>;
}

/** Over a connection of its own. @returns its requests' client, which the test destroys */
function connectTo(nginx: Nginx): Promise<RawClient> {
  return RawClient.connect({ port: nginx.port, deadlineMs: PATIENCE_MS });
}

programSuite("behind nginx, an app", NGINX, (t) => {
  t.after.each(stopNginxes);

  t("answers, over connections that nginx keeps", async () => {
    const { nginx, server } = await behindNginx();
    for (let i = 0; i < 20; i++) {
      const response = await ask(nginx, "/");
      assert.equal([response.status, await response.text()], [200, "Hello, world"]);
    }
    assert.is((await ask(nginx, "/nowhere")).status, 404);
    assert.is(server.stats().connections.open, 1);
    assert.equal(nginx.complaints, []);
  });

  t("is told the client's address and scheme if it trusts nginx", async () => {
    const { nginx } = await behindNginx(proxied, { scheme: "https" });
    const whom = await jsonOf(await ask(nginx, "/whom"));
    assert.equal(whom, {
      remoteIp: "127.0.0.1",
      protocol: "https",
      version: "HTTP/1.1",
      host: `127.0.0.1:${nginx.port}`,
    });
    const told = await ask(nginx, "/whom", { headers: { "X-Forwarded-For": "203.0.113.9" } });
    // What a client says of itself stands before what nginx says, and is not believed.
    assert.is((await jsonOf(told)).remoteIp, "127.0.0.1");
  });

  t("is told the client's address through proxies that it names", async () => {
    const trusting = { ...proxied, trustedDownstream: ["127.0.0.1", "10.0.0.0/8"] };
    const { nginx } = await behindNginx(trusting);
    const told = await ask(nginx, "/whom", {
      headers: { "X-Forwarded-For": "198.51.100.7, 203.0.113.9, 10.1.2.3" },
    });
    assert.is((await jsonOf(told)).remoteIp, "203.0.113.9");
  });

  t("believes nobody without xheaders", async () => {
    const { nginx } = await behindNginx({}, { scheme: "https" });
    const { remoteIp, protocol } = await jsonOf(await ask(nginx, "/whom"));
    assert.equal([remoteIp, protocol], ["127.0.0.1", "http"]);
  });

  t("listens on a Unix socket", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "landspout-"));
    const file = path.join(folder, "app");
    const { routes } = neighbourApp();
    const server: HTTPServer = new Application(routes).listen(file, proxied);
    try {
      const nginx = new Nginx(`unix:${file}`);
      assert.is((await jsonOf(await ask(nginx, "/whom"))).remoteIp, "127.0.0.1");
      const body = givenBytes(300_000);
      const taken = await ask(nginx, "/taken", { method: "POST", body });
      assert.is((await jsonOf(taken)).sha256, sha256(body));
      await stopNginxes();
    } finally {
      const stopped = server.stop();
      server.closeAllConnections();
      await stopped;
      rmSync(folder, { recursive: true });
    }
  });

  for (const isBuffering of [false, true]) {
    const how = isBuffering ? "buffers" : "passes on as they come";
    t(`takes and gives large bodies that nginx ${how}`, async () => {
      const { nginx } = await behindNginx(proxied, { isBuffering });
      const body = givenBytes(BIG_BYTES);
      const taken = await ask(nginx, "/taken", { method: "POST", body });
      const { bytes, sha256: hash } = await jsonOf(taken);
      assert.equal([bytes, hash], [BIG_BYTES, sha256(body)]);
      for (const query of ["", "?chunked=1"]) {
        const given = await ask(nginx, `/given/${BIG_BYTES}${query}`);
        assert.is(sha256(Buffer.from(await given.arrayBuffer())), sha256(body));
      }
    });
  }

  t("takes a chunked upload that nginx passes on", async () => {
    const { nginx } = await behindNginx();
    const client = await connectTo(nginx);
    const head = "POST /taken HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    await client.send(`${head}5\r\nhello\r\n7\r\n, world\r\n0\r\n\r\n`);
    const { bytes, sha256: hash } = JSON.parse((await client.readResponse()).text);
    assert.equal([bytes, hash], [12, sha256("hello, world")]);
    client.destroy();
  });

  t("refuses a body that is too large with 413, through nginx", async () => {
    const { nginx } = await behindNginx({ xheaders: true, maxBodyBytes: 1_000 });
    const answers = [];
    for (const bytes of [999, 1_000, 1_001]) {
      const body = givenBytes(bytes);
      answers.push((await ask(nginx, "/taken", { method: "POST", body })).status);
    }
    assert.equal(answers, [200, 200, 413]);
  });

  t("echoes over a WebSocket", async () => {
    const { nginx } = await behindNginx();
    const url = `${nginx.base.replace("http", "ws")}/echo`;
    const connection = await websocketConnect(url, { subprotocols: ["landspout"] });
    assert.is(await connection.readMessage(), "open landspout 127.0.0.1");
    for (const text of ["", "grün", "x".repeat(200_000)]) {
      await connection.writeMessage(text);
      assert.is(await connection.readMessage(), text);
    }
    await connection.writeMessage("close");
    assert.is(await connection.readMessage(), null);
    assert.equal([connection.closeCode, connection.closeReason], [4000, "as asked"]);
  });

  t("is told when a client has left nginx", async () => {
    const { nginx, waiting } = await behindNginx();
    const client = await connectTo(nginx);
    await client.send("GET /waits HTTP/1.1\r\nHost: a\r\n\r\n");
    await within(waiting.begun.promise, "request", PATIENCE_MS);
    client.destroy();
    await within(waiting.gone.promise, "onConnectionClose", PATIENCE_MS);
  });

  t("stops in the middle of requests without one that fails", async () => {
    const { nginx, waiting, server } = await behindNginx();
    const slow = ask(nginx, "/waits");
    await within(waiting.begun.promise, "request", PATIENCE_MS);
    const stopped = server.stop();
    waiting.go.resolve();
    assert.is(await (await slow).text(), "at last");
    await stopped;
    // Nobody listens any more: that is what nginx says 502 to.
    assert.is((await ask(nginx, "/")).status, 502);
  });

  t("has its workers replaced without a 502", async () => {
    const program = start({ workers: 2 });
    try {
      const before = await program.serves(2);
      const nginx = new Nginx(`127.0.0.1:${program.port}`);
      let isOver = false;
      const statuses: number[] = [];
      const visitor = async () => {
        while (!isOver) {
          const response = await ask(nginx, "/");
          await response.arrayBuffer();
          statuses.push(response.status);
        }
      };
      const visitors = [visitor(), visitor(), visitor()];
      program.kill("SIGHUP");
      await program.serves(4);
      for (const { pid } of before) await gone(pid);
      isOver = true;
      await Promise.all(visitors);
      assert.equal([...new Set(statuses)], [200]);
    } finally {
      program.kill("SIGTERM");
      await program.end();
    }
  });
});
