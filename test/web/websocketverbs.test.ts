/** What a WebSocketHandler can do besides answering messages: ping, write too late, iterate, be told of the end. */
import * as assert from "uvu/assert";
import { WebSocketHandler } from "../../lib/index.ts";
import { deferred, until } from "../support/deferred.ts";
import { close, hex, ping, pong, text } from "../support/frames.ts";
import { turns } from "../support/rawclient.ts";
import { logged, loggedErrors, serverSuite, startServer } from "../support/servers.ts";
import { Echo, type Heard, listening, open } from "../support/websockets.ts";

const t = serverSuite("verbs of a WebSocketHandler");

// Pings.

t("answers pings, tells of them and of pongs, and sends its own", async () => {
  const heard: Heard = [];
  class Pinging extends listening(heard) {
    override open() {
      this.ping("p");
      this.ping(hex("00ff"));
      this.ping();
      this.ping("x".repeat(125));
      assert.throws(
        () => this.ping("x".repeat(126)),
        (error: { code?: string }) => error.code === "ERR_ARGUMENT_RANGE",
      );
    }
  }
  const server = await startServer([["/", Pinging]]);
  const peer = await open(server);
  await peer.gets(0x89, "p");
  await peer.gets(0x89, hex("00ff"));
  await peer.gets(0x89);
  await peer.gets(0x89, "x".repeat(125));
  peer.send(pong("p"), ping("q"), pong());
  await peer.gets(0x8a, "q");
  peer.send(text("x"));
  await peer.gets(0x81, "x");
  assert.equal(heard, ["pong p", "ping q", "pong ", "message x"]);
});

// Writing after the end.

t("rejects writeMessage() after close(), typed, once, and ends no process", async () => {
  const codes: unknown[] = [];
  class Closing extends WebSocketHandler {
    override async open() {
      this.close(1000);
      assert.ok(this.isClosing);
      this.close(1001, "again");
      void this.writeMessage("dropped");
      await this.writeMessage("x").catch((error: { code: string }) => codes.push(error.code));
      try {
        this.ping();
      } catch (error) {
        codes.push((error as { code: string }).code);
      }
    }
    override onClose() {
      void this.writeMessage(Buffer.alloc(100_000));
      codes.push(this.bufferedBytes);
    }
  }
  const server = await startServer([["/", Closing]]);
  const peer = await open(server);
  await peer.gets(0x88, hex("03e8"));
  peer.send(close(1000));
  await peer.client.closed();
  peer.client.destroy();
  await until(() => codes.length === 3, "onClose");
  assert.equal(codes, ["ERR_WEBSOCKET_CLOSED", "ERR_WEBSOCKET_CLOSED", 0]);
  assert.equal(loggedErrors(), []);
});

t("goes on with the closing handshake though a late write was not caught", async () => {
  const codes: unknown[] = [];
  const ended = deferred();
  class Careless extends WebSocketHandler {
    override async onMessage() {
      this.close(1000);
      await this.writeMessage("late");
    }
    override onClose() {
      codes.push(this.closeCode);
      ended.resolve();
    }
  }
  const server = await startServer([["/", Careless]]);
  const peer = await open(server);
  peer.send(text("x"));
  await peer.gets(0x88, hex("03e8"));
  await peer.client.staysOpen();
  peer.send(close(4000));
  await peer.client.closed();
  peer.client.destroy();
  await ended.promise;
  assert.equal(codes, [4000]);
  assert.equal(loggedErrors(), []);
});

t("logs at info what fails only because the client has gone", async () => {
  const gate = deferred();
  class Late extends WebSocketHandler {
    override async onMessage() {
      await gate.promise;
      await this.writeMessage("too late");
    }
  }
  const server = await startServer([["/", Late]]);
  const peer = await open(server);
  peer.send(text("x"));
  await turns(4);
  peer.client.abort();
  await until(() => server.server.connectionCount === 0, "end");
  gate.resolve();
  await until(() => logged("info").some(({ message }) => /after its end/.test(message)), "log");
  assert.equal(loggedErrors(), []);
});

t("logs an error if it fails because another client has gone", async () => {
  const others: Echo[] = [];
  class Telling extends WebSocketHandler {
    override open() {
      others.push(this as unknown as Echo);
    }
    override async onMessage() {
      await others[0]?.writeMessage("x");
    }
  }
  const server = await startServer([["/", Telling]]);
  (await open(server)).client.abort();
  const peer = await open(server);
  await until(() => others[0]?.isClosing === true, "end of the first");
  peer.send(text("x"));
  await peer.getsClose(1011);
  assert.is(loggedErrors().length, 1);
});

// Iteration.

t("gives its messages one by one to who iterates, and ends with the connection", async () => {
  const heard: Heard = [];
  const ended = deferred();
  class Iterating extends WebSocketHandler {
    override async open() {
      for await (const message of this.messages) {
        heard.push(`> ${message}`);
        await this.writeMessage(message);
        await turns(2);
        heard.push(`< ${message}`);
      }
      heard.push(`end ${this.closeCode}`);
      ended.resolve();
    }
  }
  const server = await startServer([["/", Iterating]]);
  const peer = await open(server);
  peer.send(Buffer.concat([text("a"), text("b"), close(1001)]));
  await peer.gets(0x81, "a");
  await peer.gets(0x81, "b");
  await peer.getsClose(1001);
  peer.client.destroy();
  await ended.promise;
  assert.equal(heard, ["> a", "< a", "> b", "< b", "end 1001"]);
});

t("closes with 1011 if who iterates throws, and drops messages if it leaves", async () => {
  class Leaving extends WebSocketHandler {
    override async open() {
      for await (const message of this.messages) {
        if (message === "throw") throw new Error("bad");
        if (message === "break") break;
      }
      void this.writeMessage("left");
    }
  }
  const server = await startServer([["/", Leaving]]);
  const failing = await open(server);
  failing.send(text("x"), text("throw"));
  await failing.getsClose(1011);
  const leaving = await open(server);
  leaving.send(text("break"), text("x"), text("y"), ping("p"));
  const frames = [await leaving.frame(), await leaving.frame()];
  assert.equal(frames.map(({ payload }) => payload.toString()).sort(), ["left", "p"]);
});

t("can be iterated from elsewhere, several at a time", async () => {
  const got: unknown[] = [];
  class Pulling extends WebSocketHandler {
    override open() {
      const { messages } = this;
      assert.is(this.messages, messages);
      void Promise.all([messages.next(), messages.next(), messages.next(), messages.next()]).then(
        (results) => {
          got.push(...results.map(({ value, done }) => (done ? "done" : value)));
        },
      );
    }
  }
  const server = await startServer([["/", Pulling]]);
  const peer = await open(server);
  peer.send(text("a"), text("b"), text("c"));
  peer.send(close(1000));
  await peer.getsClose(1000);
  peer.client.destroy();
  await until(() => got.length > 0, "results");
  assert.equal(got, ["a", "b", "c", "done"]);
});

t("has a signal that fires when the connection ends, and after it", async () => {
  const fired: string[] = [];
  const ended = deferred();
  class Signalling extends Echo {
    override prepare() {
      this.signal.addEventListener("abort", () => fired.push("first"));
    }
    override open() {
      this.signal.addEventListener("abort", () => fired.push("second"));
      return this.writeMessage(String(this.signal.aborted));
    }
    override onClose() {
      fired.push(`closed ${this.signal.aborted}`);
      ended.resolve();
    }
  }
  const server = await startServer([["/", Signalling]]);
  const peer = await open(server);
  await peer.gets(0x81, "false");
  peer.client.abort();
  await ended.promise;
  assert.equal(fired, ["first", "second", "closed true"]);
});

t("can render pages and turn Nagle's algorithm on", async () => {
  class Rendering extends WebSocketHandler {
    override async onMessage() {
      this.setNodelay(false);
      this.setNodelay(true);
      await this.writeMessage(this.reverseUrl("ws"));
    }
  }
  const { url } = await import("../../lib/index.ts");
  const server = await startServer([url("/ws", Rendering, {}, "ws")]);
  const peer = await open(server, "/ws");
  peer.send(text("x"));
  await peer.gets(0x81, "/ws");
});

t.run();
