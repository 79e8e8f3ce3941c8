/** Two workers that serve a page of metrics, for workermetrics.test.ts. Prints "serving TASK PID PORT", as preforktools.ts expects. */
import { Counter, Registry } from "prom-client";
import {
  Application,
  bindSockets,
  exposeMetrics,
  forkProcesses,
  HTTPServer,
  MetricsHandler,
  RequestHandler,
  setLogLevel,
  taskId,
} from "../../lib/index.ts";

setLogLevel("info");
const sockets = bindSockets(0, "127.0.0.1");
await forkProcesses(2);

const registry = new Registry();
const sales = new Counter({ name: "shop_sales_total", help: "Sales.", registers: [registry] });
exposeMetrics(registry);
sales.inc(10 ** (taskId() ?? 0));

class Who extends RequestHandler {
  get() {
    this.write(String(taskId()));
  }
}

const server = new HTTPServer(
  new Application([
    ["/", Who],
    ["/metrics", MetricsHandler],
  ]),
);
server.addSockets(sockets);
const { address } = server;
console.log(
  "serving",
  taskId(),
  process.pid,
  address !== null && "port" in address ? address.port : "",
);
