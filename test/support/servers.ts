/**
 * Starts HTTP servers for tests, on 127.0.0.1 and a port of the kernel's choice, and cleans up.
 *
 *     const t = serverSuite("a kept-alive connection");
 *     t("is closed after …", async () => {
 *       const { connect, clock } = await startServer([["/", Hello]], { keepAliveTimeoutMs: 5_000 });
 *       const client = await connect();
 *       …
 *     });
 *     t.run();
 *
 * A suite made by `serverSuite` stops, after each test, every server that the test started, and
 * destroys every client that was connected to it; a failed test leaves nothing behind. What the
 * framework logs meanwhile is kept (`logged()`) and not printed.
 */
import { suite, type Test } from "uvu";
import { type Logger, setLogger, setLogLevel } from "../../lib/base/log.ts";
import { CLOCK_SKEW } from "../../lib/native/addon.ts";
import { Application, type HTTPServer, IOLoop } from "../../lib/index.ts";
import { until } from "./deferred.ts";
import { RawClient, type RawClientOptions, turns } from "./rawclient.ts";

export type Routes = ConstructorParameters<typeof Application>[0];
export type Settings = NonNullable<ConstructorParameters<typeof Application>[1]>;
export type ServerOptions = NonNullable<ConstructorParameters<typeof HTTPServer>[1]>;

/** One server under test. */
export interface StartedServer {
  readonly server: HTTPServer;
  readonly port: number;
  /** The loop's clock; `advance(ms)` fires what falls due, without waiting. */
  readonly clock: { advance(ms: number): void };
  /** Connects a raw client to this server. */
  connect(options?: RawClientOptions): Promise<RawClient>;
  /** Stops the server and destroys the clients that this object connected. */
  stop(): Promise<void>;
}

/** One line of the log. */
export interface LogLine {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
  readonly error: unknown;
}

/**
 * The unit of the times that tests set and then push the clock by. Real time goes on beside the clock: only where times are
 * this far apart is the outcome the same when the machine has kept the process waiting for seconds.
 */
export const MINUTE_MS = 60_000;

/**
 * Has time pass in which the loop has no turn, as on a server that waits for one slow handler: the kernel's clock goes on and
 * nobody reads it. Resolves between turns; what the caller does before it awaits again is done there.
 */
export async function passBetweenTurns(ms: number): Promise<void> {
  const { clock } = IOLoop.current().poller;
  await new Promise((resolve) => setImmediate(resolve));
  clock[CLOCK_SKEW] = (clock[CLOCK_SKEW] ?? 0) + ms;
}

/** Waits until bytes are queued and no more of them leave: the kernel's buffers are full, and the other side does not read. */
export async function untilStalled(): Promise<void> {
  const loop = IOLoop.current();
  await until(() => loop.stats().queuedBytes > 0, "bytes that the kernel does not take");
  for (let before = -1; before !== loop.stats().sentBytes; ) {
    before = loop.stats().sentBytes;
    await turns(100);
  }
}

const running = new Set<StartedServer>();
const lines: LogLine[] = [];

/** A suite whose servers, clients and log are cleaned up after each test. */
export function serverSuite(name: string): Test {
  const t = suite(name);
  t.before.each(() => {
    lines.length = 0;
    setLogger(keeper);
    setLogLevel("debug");
  });
  t.after.each(async () => {
    await stopServers();
    setLogLevel("warn");
    setLogger(null);
  });
  return t;
}

/** What the framework has logged at this level since the test began, responses (the access log) included. */
export function logged(level: LogLine["level"]): readonly LogLine[] {
  return lines.filter((line) => line.level === level);
}

/** The errors that the framework has logged, each with what was thrown. */
export function loggedErrors(): readonly LogLine[] {
  return logged("error").filter((line) => line.error !== undefined);
}

/** Serves an application of `routes`; the options are those of HTTPServer. */
export function startServer(
  routes: Routes,
  options: ServerOptions = {},
  settings: Settings = {},
): Promise<StartedServer> {
  return startApplication(new Application(routes, settings), options);
}

/** Serves an application that the test has made. */
export async function startApplication(
  app: Application,
  options: ServerOptions = {},
): Promise<StartedServer> {
  const server = app.listen(0, "127.0.0.1", options);
  const { address } = server;
  if (address === null || "path" in address) throw new Error("not listening on TCP");
  const clients: RawClient[] = [];
  const started: StartedServer = {
    server,
    port: address.port,
    clock: IOLoop.current().clock,
    async connect(clientOptions = {}) {
      const client = await RawClient.connect({ port: address.port, ...clientOptions });
      clients.push(client);
      return client;
    },
    async stop() {
      running.delete(started);
      for (const client of clients) client.destroy();
      const stopped = server.stop();
      server.closeAllConnections();
      await stopped;
      await turns(2);
    },
  };
  running.add(started);
  return started;
}

/** Stops every server that is still running. */
export async function stopServers(): Promise<void> {
  for (const server of [...running]) await server.stop();
}

const keeper: Logger = {
  debug: (message, error) => keep("debug", message, error),
  info: (message, error) => keep("info", message, error),
  warn: (message, error) => keep("warn", message, error),
  error: (message, error) => keep("error", message, error),
};

function keep(level: LogLine["level"], message: string, error: unknown): void {
  lines.push({ level, message, error });
}
