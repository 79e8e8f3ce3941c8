/**
 * A server in a thread of its own, for worker.test.ts. Posts its port; then, as `workerData` says, it goes on until it is
 * terminated, ends by itself when told "stop", or leaves in the middle of everything.
 */
import { parentPort, workerData } from "node:worker_threads";
import { Application, IOLoop, RequestHandler } from "../../lib/index.ts";

class Hello extends RequestHandler {
  get() {
    this.write("hello");
  }
}

class Large extends RequestHandler {
  get() {
    this.write(Buffer.alloc(8 * 1024 * 1024, "x"));
  }
}

/** Never answers. */
class Never extends RequestHandler {
  async get() {
    await new Promise<void>(() => {});
  }
}

/** Ends the thread from inside a turn of the loop. */
class Exit extends RequestHandler {
  get() {
    this.write("bye");
    process.exit(3);
  }
}

class Throws extends RequestHandler {
  get() {
    setImmediate(() => {
      throw new Error("deliberate");
    });
  }
}

const app = new Application([
  ["/", Hello],
  ["/large", Large],
  ["/never", Never],
  ["/exit", Exit],
  ["/throws", Throws],
]);

if (workerData === "close") {
  const loop = IOLoop.current();
  app.listen(0, "127.0.0.1");
  loop.close();
  parentPort?.postMessage(0);
} else {
  const server = app.listen(0, "127.0.0.1");
  const { address } = server;
  parentPort?.postMessage(address !== null && "port" in address ? address.port : 0);
  parentPort?.once("message", () => {
    server.closeAllConnections();
    void server.stop();
  });
  await IOLoop.current().start();
  parentPort?.postMessage("settled");
}
