/** A service of systemd for systemd.test.ts: `node … '{"form": "listen", "port": 8888}'`; prints "serving TASK PID PORT". */
// Not lib/index.ts: see prefork.child.ts.
import { setLogLevel } from "../../lib/base/log.ts";
import { systemdSockets } from "../../lib/net/systemdsockets.ts";
import { HTTPServer } from "../../lib/server/httpserver.ts";
import { forkProcesses } from "../../lib/process/forkprocesses.ts";
import type { PreforkOptions } from "../../lib/process/preforkoptions.ts";
import { taskId } from "../../lib/process/role.ts";
import { systemdNotify } from "../../lib/process/systemd.ts";

/** What the tests may ask for. */
export interface SystemdProgram {
  /** listen() or bind() and start(), on `port`; "activated": whatever there is of `name`. */
  readonly form: "listen" | "start" | "activated";
  readonly port?: number;
  readonly name?: string;
  readonly workers?: number;
  readonly options?: PreforkOptions;
  readonly status?: string;
}

const program = JSON.parse(process.argv[2] ?? "{}") as SystemdProgram;
setLogLevel("info");

const server = new HTTPServer(() => Response.json({ task: taskId(), pid: process.pid }));
const { form, port = 0, name, workers = 1, options = {} } = program;
if (form === "listen") server.listen(port, "127.0.0.1");
if (form === "start") server.bind(port, "127.0.0.1");
if (form === "start") await server.start(workers, options);
if (form === "activated") {
  const sockets = systemdSockets(name);
  if (workers > 1) await forkProcesses(workers, options);
  server.addSockets(sockets);
}
if (program.status !== undefined) console.log("told", systemdNotify(program.status));
const { address } = server;
const bound = address !== null && "port" in address ? address.port : "";
console.log("serving", taskId(), process.pid, bound);
console.log("count", server.addresses.length, process.env.NOTIFY_SOCKET ?? "no socket");
