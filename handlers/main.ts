/**
 * The demo's entry: serves the routes of routes.ts until it is told to stop.
 *
 *     npm start                                     http://127.0.0.1:8888/
 *     npm start -- --port=9000 --host=0.0.0.0       or PORT=9000 HOST=0.0.0.0 npm start
 *     npm start -- --processes=0                    a worker per CPU
 *
 * The framework stops it on SIGINT and SIGTERM: what is in progress is answered first; a second Ctrl-C cuts it off. Exit
 * code 0 then, 1 if it cannot serve, 2 if it was called wrongly; each failure is one sentence on stderr.
 */
import { parseArgs } from "node:util";
import {
  type BoundAddress,
  bindSockets,
  CodedError,
  forkProcesses,
  HTTPServer,
  SystemError,
  taskId,
} from "landspout";
import { makeApp } from "./app.ts";
import { bus, openBus } from "./bus.ts";
import { LiveFeed } from "./livefeed.ts";
import { joinRooms } from "./rooms.ts";
import { sharedState } from "./shared.ts";
import { UploadStore } from "./uploadstore.ts";

const DEFAULT_PORT = "8888";
const DEFAULT_HOST = "127.0.0.1";
const MOST_PROCESSES = 1024;

const CANNOT_SERVE = 1;
const WRONG_USAGE = 2;

/** Says in its message how the program is to be called. */
class UsageError extends Error {}

interface CommandLine {
  readonly port: number;
  readonly host: string;
  /** 1: this process alone; 0: a worker per CPU. */
  readonly processes: number;
}

/** Options win over the environment, the environment over the defaults. @throws UsageError */
function readCommandLine(): CommandLine {
  const given = readOptions();
  const portText = given.port ?? variable("PORT") ?? DEFAULT_PORT;
  const port = integer("port", portText, 65_535, "0: any free port");
  const processes = integer(
    "number of processes",
    given.processes ?? "1",
    MOST_PROCESSES,
    "0: one per CPU",
  );
  return { port, processes, host: given.host ?? variable("HOST") ?? DEFAULT_HOST };
}

function readOptions() {
  try {
    const options = { port: { type: "string" }, host: { type: "string" } } as const;
    return parseArgs({ options: { ...options, processes: { type: "string" } } }).values;
  } catch (error) {
    // The first sentence says what is wrong; what follows is about quoting.
    const what = error instanceof Error ? error.message.split(/\.\s/)[0] : String(error);
    throw new UsageError(
      `${what}; the options are --port=NUMBER, --host=ADDRESS and --processes=NUMBER`,
    );
  }
}

function integer(name: string, text: string, most: number, zero: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= most) return Number(text);
  throw new UsageError(
    `the ${name} is ${JSON.stringify(text)}; allowed is an integer from 0 to ${most} (${zero})`,
  );
}

/** A variable of the environment; an empty one is one that is not set. */
function variable(name: string): string | undefined {
  return process.env[name] || undefined;
}

function urlOf(address: BoundAddress): string {
  if ("path" in address) return `unix:${address.path}`;
  const host = address.family === 6 ? `[${address.address}]` : address.address;
  return `http://${host}:${address.port}/`;
}

async function main(): Promise<void> {
  const { port, host, processes } = readCommandLine();
  const { cookieSecret, uploadFolder, busPath } = sharedState();
  // Bound before the workers are forked: they inherit the socket, and this line says the port once.
  const sockets = bindSockets(port, host);
  const [first] = sockets;
  if (taskId() === null && first !== undefined) {
    if (processes !== 1) openBus(busPath);
    console.log(`landspout serves ${urlOf(first.address)} (Ctrl-C stops)`);
  }
  // The script is executed again for each worker; the parent stays here.
  if (processes !== 1) await forkProcesses(processes);

  const store = new UploadStore(uploadFolder);
  const app = makeApp({ cookieSecret, feed: new LiveFeed(), store });
  if (taskId() !== null) {
    bus.join(busPath);
    joinRooms(app);
  }
  new HTTPServer(app).addSockets(sockets);
  store.start();
}

try {
  await main();
} catch (error) {
  const isUsage = error instanceof UsageError || error instanceof RangeError;
  if (!isUsage && !(error instanceof CodedError)) throw error;
  console.error(error.message);
  process.exitCode = error instanceof SystemError ? CANNOT_SERVE : WRONG_USAGE;
}
