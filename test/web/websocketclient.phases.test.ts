// Giving up: timeouts, signals and refusals in each phase of connecting; and that nothing is left of it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import net from "node:net";
import { fileURLToPath } from "node:url";
import * as assert from "uvu/assert";
import {
  Application,
  type BoundSocket,
  bindSockets,
  IOLoop,
  RequestHandler,
  WebSocketHandler,
} from "../../lib/index.ts";
import { deferred, until } from "../support/deferred.ts";
import { within } from "../support/rawclient.ts";
import { openSockets, rawServer, stopRawServers } from "../support/rawwebsockets.ts";
import { MINUTE_MS, serverSuite, startApplication, startServer } from "../support/servers.ts";
import { connect, endConnections } from "../support/websocketclients.ts";

const t = serverSuite("connecting to a WebSocket");
t.after.each(endConnections);
t.after.each(stopRawServers);

/** A resolver that is asked, and answers when it is told to. */
function slowResolver() {
  const asked = deferred();
  const answer = deferred<{ family: 4; address: string; port: number }[]>();
  return {
    asked: asked.promise,
    answer: (port: number) => answer.resolve([{ family: 4, address: "127.0.0.1", port }]),
    resolver: {
      resolve() {
        asked.resolve();
        return answer.promise;
      },
      close() {},
    },
  };
}

/** A port whose backlog is full: the kernel does not answer those who connect. */
async function deafPort(): Promise<{ port: number; end(): void }> {
  const [socket] = (await bindSockets(0, "127.0.0.1", { backlog: 1 })) as [BoundSocket];
  const { port } = socket.address as { port: number };
  const fillers = Array.from({ length: 4 }, () => net.connect(port, "127.0.0.1"));
  for (const filler of fillers) filler.on("error", () => {});
  // One more than the backlog has room in it.
  await Promise.all(
    fillers
      .slice(0, 2)
      .map((filler) => new Promise<void>((resolve) => filler.once("connect", resolve))),
  );
  return {
    port,
    end() {
      for (const filler of fillers) filler.destroy();
      socket.close();
    },
  };
}

/** Runs a test of one phase; nothing may be left of it. */
async function leavingNothing(run: () => Promise<void>): Promise<void> {
  const before = openSockets();
  await run();
  await stopRawServers();
  await until(() => openSockets() === before, "the sockets to be closed");
}

type Attempt = { readonly result: Promise<Error>; readonly isAt: () => Promise<void> };

/** An attempt that stays in one phase. */
async function stuck(phase: string, options: Parameters<typeof connect>[1]): Promise<Attempt> {
  const start = (url: string, more = {}) =>
    connect(url, { ...options, ...more }).then(
      () => new Error("it connected"),
      (error) => error,
    );
  if (phase === "resolving") {
    const { resolver, asked, answer } = slowResolver();
    const result = start("ws://slow.test/", { resolver });
    void result.then(() => answer(1));
    return { result, isAt: () => asked };
  }
  if (phase === "connecting") {
    const { port, end } = await deafPort();
    const result = start(`ws://127.0.0.1:${port}/`);
    void result.then(end);
    return { result, isAt: () => new Promise((resolve) => setImmediate(resolve)) };
  }
  const answers: Readonly<Record<string, string>> = {
    "waiting for the answer": "",
    "in the answer": "HTTP/1.1 101 Switching Proto",
    "in the body of a refusal": "HTTP/1.1 403 Forbidden\r\nContent-Length: 10\r\n\r\nno",
  };
  const said = deferred();
  const server = await rawServer((peer) => {
    peer.send(answers[phase] ?? "");
    setImmediate(said.resolve);
  });
  return { result: start(server.url), isAt: () => said.promise };
}

const phases = [
  "resolving",
  "connecting",
  "waiting for the answer",
  "in the answer",
  "in the body of a refusal",
];

for (const phase of phases) {
  t(`ends after connectTimeoutMs when it is ${phase}`, () =>
    leavingNothing(async () => {
      const { result, isAt } = await stuck(phase, { connectTimeoutMs: 5 * MINUTE_MS });
      let isSettled = false;
      void result.then(() => {
        isSettled = true;
      });
      await isAt();
      IOLoop.current().clock.advance(4 * MINUTE_MS);
      await new Promise((resolve) => setImmediate(resolve));
      assert.not(isSettled);
      IOLoop.current().clock.advance(MINUTE_MS + 1_000);
      const error = (await result) as Error & { code: string };
      assert.is(error.code, "ERR_CONNECT_TIMEOUT");
      const what = phases.indexOf(phase) < 2 ? "no connection" : "no answer to the handshake";
      assert.ok(error.message.startsWith(what), error.message);
      assert.match(error.message, /connectTimeoutMs, 300000 ms/);
    }),
  );

  t(`ends with the signal's reason when it is ${phase}`, () =>
    leavingNothing(async () => {
      const controller = new AbortController();
      const { result, isAt } = await stuck(phase, { signal: controller.signal });
      await isAt();
      const reason = new Error("not wanted any more");
      controller.abort(reason);
      assert.is(await result, reason);
    }),
  );
}

t("does not begin with a signal that is aborted, and leaves an open connection alone", () =>
  leavingNothing(async () => {
    const error = await connect("ws://127.0.0.1:1/", { signal: AbortSignal.abort() }).catch(
      (e) => e,
    );
    assert.is(error.name, "AbortError");
    const controller = new AbortController();
    const server = await rawServer((peer) => peer.send(peer.switching()));
    const connection = await connect(server.url, { signal: controller.signal });
    controller.abort();
    connection.ping("still here");
    await (await server.peer()).hears(`ping ${Buffer.from("still here").toString("hex")}`);
    await endConnections();
  }),
);

t("is refused with the kernel's reason", () =>
  leavingNothing(async () => {
    const [socket] = (await bindSockets(0, "127.0.0.1", {})) as [BoundSocket];
    const { port } = socket.address as { port: number };
    socket.close();
    const refused = await connect(`ws://127.0.0.1:${port}/`).catch((e) => e);
    assert.is(refused.code, "ECONNREFUSED");
    assert.is(refused.syscall, "connect");
    const resolver = {
      resolve: () =>
        Promise.reject(Object.assign(new Error("no such host"), { code: "ENOTFOUND" })),
      close() {},
    };
    const unknown = await connect("ws://nowhere.test/", { resolver }).catch((e) => e);
    assert.is(unknown.code, "ENOTFOUND");
  }),
);

t("may be given up in the very turn in which the answer arrives", () =>
  leavingNothing(async () => {
    for (let n = 0; n < 20; n++) {
      const controller = new AbortController();
      const server = await rawServer((peer) => {
        peer.send(peer.switching());
        let left = n;
        const later = () => {
          if (left-- === 0) controller.abort();
          else queueMicrotask(later);
        };
        setImmediate(later);
      });
      const connection = await connect(server.url, { signal: controller.signal }).catch(() => null);
      connection?.abort();
      await connection?.closed;
      await (await server.peer()).ended();
      await server.stop();
    }
  }),
);

class Echo extends WebSocketHandler {
  override onMessage(message: string | Buffer) {
    return this.writeMessage(message);
  }
}

class Refuses extends RequestHandler {
  override get() {
    this.setStatus(503);
    this.finish("no");
  }
}

t("works for a handler that is itself a client", async () => {
  const inner = await startServer([["/echo", Echo]]);
  class Relay extends WebSocketHandler {
    override async onMessage(message: string | Buffer) {
      const connection = await connect(`ws://127.0.0.1:${inner.port}/echo`);
      void connection.writeMessage(message);
      const answer = await connection.readMessage();
      connection.close();
      await this.writeMessage(`through: ${answer}`);
    }
  }
  const outer = await startApplication(new Application([["/relay", Relay]]));
  const connection = await connect(`ws://127.0.0.1:${outer.port}/relay`);
  void connection.writeMessage("hello");
  assert.is(await connection.readMessage(), "through: hello");
});

for (const end of ["close", "abort", "loop"]) {
  t(
    `lets the process end after ${end === "loop" ? "the loop's close()" : `${end}()`}`,
    async () => {
      const { port } = await startServer([["/echo", Echo]]);
      const file = fileURLToPath(new URL("websocketclient.child.js", import.meta.url));
      const child = spawn(process.execPath, [file, `ws://127.0.0.1:${port}/echo`, end]);
      let said = "";
      child.stdout.on("data", (piece) => {
        said += piece;
      });
      const [code] = await within(once(child, "close"), "the end of the process");
      assert.is(said, "hello\n");
      assert.is(code, 0);
    },
  );
}

t("leaves nothing behind when many are refused at once", () =>
  leavingNothing(async () => {
    const started = await startServer([["/no", Refuses]]);
    const results = await Promise.all(
      Array.from({ length: 300 }, () =>
        connect(`ws://127.0.0.1:${started.port}/no`).catch((error) => error.status),
      ),
    );
    assert.ok(results.every((status) => status === 503));
    await started.stop();
  }),
);

t.run();
