/**
 * The demo's entry: serves the routes of routes.ts until it is told to stop.
 *
 *     npm start                                     http://127.0.0.1:8888/
 *     npm start -- --port=9000 --host=0.0.0.0       or PORT=9000 HOST=0.0.0.0 npm start
 *
 * Exit code 0 after SIGINT or SIGTERM, 1 if it cannot serve, 2 if it was called wrongly; each failure is one sentence
 * on stderr.
 */
import { constants } from "node:os";
import { parseArgs } from "node:util";
import {
  Application,
  type BoundAddress,
  CodedError,
  type HTTPServer,
  SystemError,
} from "landspout";
import { routes } from "./routes.ts";

const DEFAULT_PORT = "8888";
const DEFAULT_HOST = "127.0.0.1";

const CANNOT_SERVE = 1;
const WRONG_USAGE = 2;

/**
 * Signals that are one wish to stop. Ctrl-C under npm delivers two: the terminal's, which every process in the
 * foreground gets, and the one that npm passes on.
 */
const SIGNALS_OF_ONE_STOP = 2;

/** Says in its message how the program is to be called. */
class UsageError extends Error {}

interface Place {
  readonly port: number;
  readonly host: string;
}

/** Options win over the environment, the environment over the defaults. @throws UsageError */
function readPlace(): Place {
  const { port, host } = readOptions();
  const portText = port ?? given(process.env.PORT) ?? DEFAULT_PORT;
  if (!/^\d{1,5}$/.test(portText) || Number(portText) > 65_535) {
    throw new UsageError(
      `the port is ${JSON.stringify(portText)}; allowed is an integer from 0 to 65535 (0: any free port)`,
    );
  }
  return { port: Number(portText), host: host ?? given(process.env.HOST) ?? DEFAULT_HOST };
}

function readOptions(): { port?: string | undefined; host?: string | undefined } {
  try {
    return parseArgs({ options: { port: { type: "string" }, host: { type: "string" } } }).values;
  } catch (error) {
    // The first sentence says what is wrong; what follows is about quoting.
    const what = error instanceof Error ? error.message.split(/\.\s/)[0] : String(error);
    throw new UsageError(`${what}; the options are --port=NUMBER and --host=ADDRESS`);
  }
}

/** An empty variable is one that is not set. */
function given(variable: string | undefined): string | undefined {
  return variable === "" ? undefined : variable;
}

function urlOf(address: BoundAddress): string {
  if ("path" in address) return `unix:${address.path}`;
  const host = address.family === 6 ? `[${address.address}]` : address.address;
  return `http://${host}:${address.port}/`;
}

/** Answers what is in progress, then lets the process end; told again in earnest, ends it at once. */
function stopOnSignals(server: HTTPServer): void {
  let count = 0;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      count++;
      if (count > SIGNALS_OF_ONE_STOP) process.exit(128 + constants.signals[signal]);
      void server.stop();
    });
  }
}

function main(): void {
  const { port, host } = readPlace();
  const server = new Application(routes).listen(port, host);
  stopOnSignals(server);
  if (server.address !== null) {
    console.log(`landspout serves ${urlOf(server.address)} (Ctrl-C stops)`);
  }
}

try {
  main();
} catch (error) {
  if (!(error instanceof UsageError || error instanceof CodedError)) throw error;
  console.error(error.message);
  process.exitCode = error instanceof SystemError ? CANNOT_SERVE : WRONG_USAGE;
}
