// A preforking landspout for bench/prefork.mjs: `node bench/servers/prefork.mjs WORKERS shared|each`. Prints
// "serving PORT" once in each worker; the log of the parent goes to stderr.
//
//     /       the pid of the worker
//     /work   likewise, after a while of computing: what an application does

import { Application, HTTPServer, RequestHandler, setLogLevel } from "../../dist/lib/index.js";

const workers = Number(process.argv[2]);
const reusePort = process.argv[3] === "each";

class Who extends RequestHandler {
  get() {
    this.write(String(process.pid));
  }

  computeEtag() {
    return null;
  }
}

class Work extends Who {
  get() {
    let sum = 0;
    for (let i = 0; i < 200_000; i++) sum = (sum * 31 + i) | 0;
    this.write(`${process.pid} ${sum}`);
  }
}

setLogLevel("warn");
const routes = [
  ["/", Who],
  ["/work", Work],
];
const server = new HTTPServer(new Application(routes, { logFunction: () => {} }), { reusePort });
server.bind(0, "127.0.0.1");
await server.start(workers, { maxRestarts: 1000 });
console.log(`serving ${server.address.port} ${process.pid}`);
