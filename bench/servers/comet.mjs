// The server of comet.mjs: `node --expose-gc bench/servers/comet.mjs WORKERS`, prefork, each worker with a listening
// socket of its own. Prints "serving PORT PID" once in each worker, and "collected PID" when a worker has collected its
// garbage, which SIGUSR2 has it do.

import { Application, HTTPServer, setLogLevel, WebSocketHandler } from "../../dist/lib/index.js";

class Echo extends WebSocketHandler {
  onMessage(message) {
    return this.writeMessage(message);
  }
}

process.on("SIGUSR2", async () => {
  // Twice, with a pause: what finalizers let go of goes with the second.
  globalThis.gc();
  await new Promise((resolve) => setTimeout(resolve, 100));
  globalThis.gc();
  console.log(`collected ${process.pid}`);
});
setLogLevel("warn");
const app = new Application([["/echo", Echo]], { logFunction: () => {} });
const server = new HTTPServer(app, { reusePort: true, tcpKeepAliveMs: 0 });
server.bind(0, "127.0.0.1");
await server.start(Number(process.argv[2]));
console.log(`serving ${server.address.port} ${process.pid}`);
