/**
 * A program that is told to stop, for test/process/shutdown.test.ts: `node shutdown.child.js MODE`.
 *
 * Prints "listening PORT", and what happens to it, one line each.
 */
import {
  Application,
  HealthHandler,
  type HTTPServerOptions,
  IOLoop,
  log,
  RequestHandler,
  registerStoppable,
  shutdown,
  WebSocketHandler,
} from "../../lib/index.ts";

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const mode = process.argv[2] ?? "";

class Hello extends RequestHandler {
  get() {
    this.write("hello");
  }
}

/** Answers when its client, or the server, has lost patience; or when it is told "now" by another request. */
class Slow extends RequestHandler {
  static waiting: (() => void)[] = [];

  async get() {
    say("begun");
    await new Promise<void>((resolve) => Slow.waiting.push(resolve));
    this.write("slow answer");
  }

  override onConnectionClose() {
    say("told that the client has gone");
  }
}

class Socket extends WebSocketHandler {
  override onMessage() {}
}

class Shutdown extends RequestHandler {
  get() {
    this.write("shutting down");
    void shutdown({ isRestart: true });
  }
}

const optionsOf: Readonly<Record<string, HTTPServerOptions>> = {
  deaf: { handleSignals: false },
  short: { stopGraceMs: 300 },
  long: { stopGraceMs: 600_000 },
  drain: { drainDelayMs: 600_000 },
};

const app = new Application([
  ["/", Hello],
  ["/slow", Slow],
  ["/socket", Socket],
  ["/shutdown", Shutdown],
  ["/readyz", HealthHandler, { ready: true }],
]);
const server = app.listen(0, "127.0.0.1", optionsOf[mode] ?? {});
const { address } = server;
if (address === null || "path" in address) throw new Error("not listening");

// Other handles do not keep a process that was told to stop.
setInterval(() => {}, 60_000);
process.on("exit", (code) => say(`exit ${code}`));
// One a test sends itself when it wants the slow answers.
process.on("SIGUSR2", () => {
  for (const resolve of Slow.waiting.splice(0)) resolve();
});
if (mode === "own") {
  process.once("SIGTERM", async () => {
    say("the program's own");
    await server.stop();
    say("has stopped");
    process.exitCode = 7;
    process.exit();
  });
}
if (mode === "chatty") {
  registerStoppable({
    async stop() {
      for (let i = 0; i < 1_000; i++) log.warn(`last word ${i}`);
    },
  });
}
if (mode === "stoppables") {
  registerStoppable({
    async stop() {
      say("one fails");
      throw new Error("cannot stop");
    },
  });
  registerStoppable({ stop: () => new Promise(() => say("one hangs")), stopGraceMs: 100 });
  registerStoppable({ stop: async ({ graceMs }) => say(`one was given ${graceMs}`) });
}
if (mode === "twice") {
  const other = app.listen(0, "127.0.0.1");
  void other.stop().then(() => say("the other has stopped"));
}
if (mode === "stopped") {
  void server.stop().then(() => say("stopped, listens for no signal"));
  // Nothing else keeps it.
  IOLoop.current().callLater({ delayMs: 600_000 }, () => {});
}
say(`listening ${address.port}`);
