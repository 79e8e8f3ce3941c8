/**
 * A preforking program for the tests of lib/process: `node … '{"form": "start", …}'`. What it serves and how it behaves
 * is said by its argument; each process that accepts prints "serving TASK PID PORT".
 *
 *     /        {"task", "pid"}
 *     /slow    answered after SIGUSR2; "begun PID" is printed before, and "stopping PID" when the worker is told to stop
 *     /exit    ends the worker with `code`;  /kill  by SIGKILL;  /hang  stops its loop and prints "hangs PID" before
 *     /stats   supervisorStats()
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
// Not lib/index.ts: these processes are started by the dozen, and the web layer would be most of what they cost.
import { setLogLevel } from "../../lib/base/log.ts";
import type { IOStream } from "../../lib/net/iostream.ts";
import { bindSockets } from "../../lib/net/netutil.ts";
import { TCPServer } from "../../lib/net/tcpserver.ts";
import type { HTTPServerRequest } from "../../lib/http/httpserverrequest.ts";
import { HTTPServer } from "../../lib/server/httpserver.ts";
import { forkProcesses } from "../../lib/process/forkprocesses.ts";
import type { PreforkOptions } from "../../lib/process/preforkoptions.ts";
import { taskId } from "../../lib/process/role.ts";
import { registerStoppable } from "../../lib/process/shutdown.ts";
import { supervisorStats } from "../../lib/process/workerstats.ts";

/** What the tests may ask for. */
export interface PreforkProgram {
  readonly form?: "start" | "fork" | "tcp" | "two" | "jobs" | "never" | "late";
  readonly workers?: number;
  readonly options?: PreforkOptions;
  readonly path?: string;
  /** For "late": what each worker listens on, after it was forked. */
  readonly port?: number;
  readonly reusePort?: boolean;
  /** In a worker: end with this code before it is ready. */
  readonly exitAtStart?: number;
  /** In a worker: likewise, once this file exists. */
  readonly exitIfExists?: string;
  /** In a worker: never get ready once this file exists. */
  readonly waitIfExists?: string;
  /** In a worker: start a program that lives on. */
  readonly grandchild?: boolean;
  /** In a worker: say these to the parent. */
  readonly messages?: readonly unknown[];
}

const program = JSON.parse(process.argv[2] ?? "{}") as PreforkProgram;
const { form = "start", workers = 2, options = {} } = program;
setLogLevel("info");

async function answer(request: HTTPServerRequest): Promise<Response> {
  const query = new URLSearchParams(request.query);
  switch (request.path) {
    case "/slow":
      registerStoppable({ stop: async () => console.log("stopping", process.pid) });
      await new Promise((resolve) => {
        process.once("SIGUSR2", resolve);
        console.log("begun", process.pid);
      });
      break;
    case "/stats":
      return Response.json(await supervisorStats());
    case "/kill":
      process.kill(process.pid, "SIGKILL");
      break;
    case "/exit":
      process.exit(Number(query.get("code")));
      break;
    case "/hang":
      console.log("hangs", process.pid);
      // Somebody kills it.
      for (;;);
  }
  return Response.json({ task: taskId(), pid: process.pid });
}

class Echo extends TCPServer {
  override async handleStream(stream: IOStream): Promise<void> {
    await stream.write(`${taskId()} ${process.pid}\n`);
    for (;;) await stream.write(await stream.readUntil("\n"));
  }
}

async function atStart(): Promise<void> {
  if (taskId() === null) return;
  for (const message of program.messages ?? []) process.send?.(message);
  if (program.exitAtStart !== undefined) process.exit(program.exitAtStart);
  if (program.exitIfExists !== undefined && existsSync(program.exitIfExists)) process.exit(3);
  if (program.waitIfExists !== undefined && existsSync(program.waitIfExists)) {
    console.log("waits", taskId(), process.pid);
    setInterval(() => {}, 60_000);
    await new Promise(() => {});
  }
  if (program.grandchild === true) {
    const sleeper = spawn(
      process.execPath,
      [
        "-e",
        "console.log('grandchild', process.pid, process.env.LANDSPOUT_WORKER); setInterval(() => {}, 60_000)",
      ],
      {
        stdio: ["ignore", "inherit", "inherit"],
      },
    );
    sleeper.unref();
  }
}

function say(server: { readonly address: unknown }): void {
  const { port = "" } = (server.address ?? {}) as { port?: number };
  console.log("serving", taskId(), process.pid, port);
}

await atStart();
if (form === "tcp") {
  const server = new Echo().bind(0, "127.0.0.1");
  await server.start(workers, options);
  say(server);
} else if (form === "fork") {
  const sockets = bindSockets(0, "127.0.0.1", { reusePort: program.reusePort ?? false });
  await forkProcesses(workers, options);
  say(new HTTPServer(answer).addSockets(sockets));
} else if (form === "jobs") {
  const task = await forkProcesses(workers, options);
  console.log("job", task, process.pid);
} else if (form === "late") {
  await forkProcesses(workers, options);
  say(new HTTPServer(answer).listen(program.port ?? 0, "127.0.0.1"));
} else if (form === "never") {
  new HTTPServer(answer).bind(0, "127.0.0.1");
  await forkProcesses(workers, options);
  setInterval(() => {}, 60_000);
} else {
  const server = new HTTPServer(answer, { reusePort: program.reusePort ?? false });
  if (program.path === undefined) server.bind(0, "127.0.0.1");
  else server.bind(program.path);
  const started = server.start(workers, options);
  if (form === "two") {
    const other = new HTTPServer(answer).bind(0, "127.0.0.1");
    await Promise.all([started, other.start(workers, options)]);
    say(other);
  }
  await started;
  say(server);
}
