/** WebSocketHandler as a RequestHandler: what prepare() and other hooks do before the handshake, and after it. */
import * as assert from "uvu/assert";
import { type CodedError, RequestHandler, WebSocketHandler } from "../../lib/index.ts";
import { deferred, until } from "../support/deferred.ts";
import { bare, hex, text } from "../support/frames.ts";
import { turns } from "../support/rawclient.ts";
import { logged, loggedErrors, serverSuite, startServer } from "../support/servers.ts";
import { Echo, handshake, open, peerOf } from "../support/websockets.ts";

const t = serverSuite("what comes before a handshake");

t("sends what setDefaultHeaders() and prepare() have set, but nothing about a body", async () => {
  class Setting extends Echo {
    override setDefaultHeaders() {
      this.setHeader("X-Extra", "V");
      this.setHeader("Content-Type", "text/x-none");
      this.setHeader("Content-Language", "en");
    }
    override prepare() {
      this.setCookie("k", "v");
    }
  }
  const server = await startServer([["/hdr", Setting]], {}, { compressResponse: true });
  const { head } = await open(server, "/hdr", "Accept-Encoding: gzip\r\n");
  assert.match(head, /\r\nX-Extra: V\r\n/);
  assert.match(head, /\r\nSet-Cookie: k=v; Path=\/\r\n/);
  assert.not.match(head, /Content-|Transfer-|Vary|Etag/i);
});

t("is done after an asynchronous prepare(), and keeps what it has found out", async () => {
  class Slow extends Echo {
    override async prepare() {
      await Promise.resolve();
      this.currentUser = { name: "ann" };
      await new Promise((resolve) => setImmediate(resolve));
    }
    override open() {
      const { name } = this.currentUser as { name: string };
      return this.writeMessage(
        `${name} ${this.request.path} ${this.getCookie("c")} ${this.getStatus()}`,
      );
    }
  }
  const server = await startServer([["/slow", Slow]]);
  const peer = await open(server, "/slow", "Cookie: c=d\r\n");
  await peer.gets(0x81, "ann /slow d 101");
});

for (const [name, prepare, status] of [
  ["redirects", (handler: RequestHandler) => handler.redirect("/login"), 302],
  [
    "throws",
    () => {
      throw new Error("no");
    },
    500,
  ],
  [
    "rejects",
    async () => {
      throw new Error("no");
    },
    500,
  ],
  ["finishes", (handler: RequestHandler) => void handler.finish("no WebSocket"), 200],
  ["sends an error", (handler: RequestHandler) => handler.sendError(418), 418],
] as const) {
  t(`is answered otherwise if prepare() ${name}`, async () => {
    let opened = 0;
    class Preparing extends Echo {
      override prepare() {
        return (prepare as (handler: RequestHandler) => unknown)(this);
      }
      override open() {
        opened++;
      }
    }
    const { connect } = await startServer([["/", Preparing]]);
    const client = await connect();
    void client.send(handshake());
    assert.is((await client.readFinalResponse()).status, status);
    void client.send(handshake());
    assert.is((await client.readFinalResponse()).status, status);
    assert.is(opened, 0);
  });
}

t("can be for users alone", async () => {
  class Private extends Echo {
    override getCurrentUser() {
      return this.getCookie("user") ?? null;
    }
    override prepare() {
      if (this.currentUser === null) this.sendError(403);
    }
  }
  const server = await startServer([["/", Private]], {}, { xsrfCookies: true });
  const client = await server.connect();
  void client.send(handshake());
  assert.is((await client.readFinalResponse()).status, 403);
  const peer = await open(server, "/", "Cookie: user=u\r\n");
  peer.send(text("x"));
  await peer.gets(0x81, "x");
});

t("gives up quietly if the client goes away during prepare()", async () => {
  const gate = deferred();
  const started = deferred();
  const aborted = deferred();
  class Waiting extends Echo {
    override prepare() {
      this.signal.addEventListener("abort", () => aborted.resolve());
      started.resolve();
      return gate.promise;
    }
  }
  const server = await startServer([["/", Waiting]]);
  const client = await server.connect();
  void client.send(handshake());
  await started.promise;
  client.abort();
  await aborted.promise;
  gate.resolve();
  await open(server).then((peer) => peer.client.staysOpen());
  assert.equal(loggedErrors(), []);
});

t("is done, and ends, if the client half-closes during prepare()", async () => {
  const gate = deferred();
  const started = deferred();
  let closes = 0;
  class Waiting extends Echo {
    override prepare() {
      started.resolve();
      return gate.promise;
    }
    override onClose() {
      closes++;
    }
  }
  const { connect } = await startServer([["/", Waiting]]);
  const client = await connect();
  void client.send(handshake());
  await started.promise;
  client.endSending();
  await turns(6);
  gate.resolve();
  assert.match(await client.receives("\r\n\r\n"), /^HTTP\/1\.1 101 /);
  await client.closed();
  client.destroy();
  await until(() => closes === 1, "onClose");
  assert.equal(loggedErrors(), []);
});

t("is an error of ours if prepare() has begun a response", async () => {
  class Flushing extends Echo {
    override prepare() {
      this.write("x");
      return this.flush();
    }
  }
  const { connect } = await startServer([["/", Flushing]]);
  const client = await connect();
  void client.send(handshake());
  assert.match(await client.receives("\r\n\r\n"), /^HTTP\/1\.1 200 /);
  await client.gone();
  assert.is((loggedErrors()[0]?.error as CodedError | undefined)?.code, "ERR_STATE");
});

t("is answered with 503 by a server that is stopping", async () => {
  const gate = deferred();
  const started = deferred();
  class Waiting extends Echo {
    override prepare() {
      started.resolve();
      return gate.promise;
    }
  }
  const { server, connect } = await startServer([["/", Waiting]]);
  const client = await connect();
  void client.send(handshake());
  await started.promise;
  const stopped = server.stop();
  gate.resolve();
  assert.is((await client.readFinalResponse()).status, 503);
  await client.closed();
  client.destroy();
  await stopped;
});

t("leaves no response to be changed", async () => {
  const codes: unknown[] = [];
  class Late extends Echo {
    override open() {
      for (const call of [
        () => this.write("x"),
        () => this.redirect("/"),
        () => this.setHeader("X", "y"),
        () => this.addHeader("X", "y"),
        () => this.clearHeader("X"),
        () => this.setCookie("a", "b"),
        () => this.setStatus(200),
        () => void this.flush(),
        () => void this.finish(),
      ]) {
        try {
          call();
          codes.push("nothing");
        } catch (error) {
          codes.push((error as { code: string }).code);
        }
      }
      return this.writeMessage("done");
    }
  }
  const server = await startServer([["/", Late]]);
  await (await open(server)).gets(0x81, "done");
  for (const code of codes) assert.match(String(code), /^ERR_HTTP_(HEADERS_SENT|FINISHED)$/);
  assert.is(codes.length, 9);
});

t("is what writeMessage(), ping(), close() and messages wait for", async () => {
  const codes: unknown[] = [];
  class Early extends Echo {
    override prepare() {
      for (const call of [
        () => this.writeMessage("x"),
        () => this.ping(),
        () => this.close(),
        () => this.messages,
        () => this.setNodelay(true),
      ]) {
        try {
          call();
        } catch (error) {
          codes.push((error as { code: string }).code);
        }
      }
      assert.equal(
        [this.closeCode, this.closeReason, this.selectedSubprotocol],
        [null, null, null],
      );
      assert.equal([this.bufferedBytes, this.isClosing], [0, false]);
    }
  }
  const server = await startServer([["/", Early]]);
  await open(server);
  assert.equal(codes, Array(5).fill("ERR_STATE"));
});

t("gives open() the path arguments, decoded", async () => {
  class Args extends WebSocketHandler {
    override open(...args: never[]) {
      return this.writeMessage(JSON.stringify(args));
    }
  }
  const server = await startServer([
    ["/path/(.*)", Args],
    ["/:a/:b", Args],
  ]);
  await (await open(server, "/path/h%C3%A4llo")).gets(0x81, '["hällo"]');
});

t("is in the access log once, as 101", async () => {
  const finished: string[] = [];
  class Logged extends Echo {
    override async onFinish() {
      finished.push("onFinish");
      throw new Error("late");
    }
  }
  const server = await startServer([["/log", Logged]]);
  const peer = await open(server, "/log");
  peer.send(text("x"));
  await peer.gets(0x81, "x");
  assert.is(logged("info").filter(({ message }) => message.startsWith("101 GET /log ")).length, 1);
  assert.equal(finished, ["onFinish"]);
  assert.is(loggedErrors().length, 1);
});

t("is done by one class, for many clients, beside other handlers", async () => {
  class Page extends RequestHandler {
    get() {
      this.write("page");
    }
  }
  const server = await startServer([
    ["/", Page],
    ["/ws", Echo],
  ]);
  const client = await server.connect();
  assert.is((await client.get("/")).text, "page");
  void client.send(handshake("/ws") + bare(0).toString("latin1").slice(2));
  await client.receives("\r\n\r\n");
  void client.send(hex("81 81 00000000 78"));
  await peerOf(client).gets(0x81, "x");
});

t.run();
