/**
 * A server in a thread of its own, for worker.test.ts. Posts its port; then, as `workerData` says, it goes on until it is
 * terminated, ends by itself when told "stop", or leaves in the middle of everything.
 */
import { parentPort, workerData } from "node:worker_threads";
// Not lib/index.ts: threads are started by the dozen, and the web layer would be most of what they cost.
import { IOLoop } from "../../lib/loop/ioloop.ts";
import type { HTTPServerRequest } from "../../lib/http/httpserverrequest.ts";
import { HTTPServer } from "../../lib/server/httpserver.ts";

function answer(request: HTTPServerRequest): Response | Promise<Response> {
  switch (request.path) {
    case "/large":
      return new Response(Buffer.alloc(8 * 1024 * 1024, "x"));
    case "/never":
      return new Promise(() => {});
    case "/exit":
      // Ends the thread from inside a turn of the loop.
      return process.exit(3);
    case "/throws":
      setImmediate(() => {
        throw new Error("deliberate");
      });
  }
  return new Response("hello");
}

const server = new HTTPServer(answer);

if (workerData === "close") {
  const loop = IOLoop.current();
  server.listen(0, "127.0.0.1");
  loop.close();
  parentPort?.postMessage(0);
} else {
  const { address } = server.listen(0, "127.0.0.1");
  parentPort?.postMessage(address !== null && "port" in address ? address.port : 0);
  parentPort?.once("message", () => {
    server.closeAllConnections();
    void server.stop();
  });
  await IOLoop.current().start();
  parentPort?.postMessage("settled");
}
