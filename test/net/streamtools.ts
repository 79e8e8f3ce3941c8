/**
 * TCP servers and streams for the suites of the net floor, cleaned up after each test; a promise that rejects without
 * anybody to hear it fails the test that was running.
 */
import { readdirSync } from "node:fs";
import { suite, type Test } from "uvu";
import * as assert from "uvu/assert";
import { setLogger, setLogLevel } from "../../lib/base/log.ts";
import {
  type BoundAddress,
  IOStream,
  type IOStreamOptions,
  StreamClosedError,
  TCPServer,
  type TCPServerOptions,
} from "../../lib/index.ts";
import { deferred } from "../support/deferred.ts";
import { RawClient, type RawClientOptions, turns } from "../support/rawclient.ts";

export type Handler = (stream: IOStream, address: BoundAddress) => unknown;

/** A server whose handler is a function. */
export class TestServer extends TCPServer {
  readonly #handler: Handler;
  readonly streams: IOStream[] = [];

  constructor(handler: Handler, options: TCPServerOptions = {}) {
    super(options);
    this.#handler = handler;
  }

  override handleStream(stream: IOStream, address: BoundAddress): unknown {
    this.streams.push(stream);
    return this.#handler(stream, address);
  }

  get port(): number {
    return super.port ?? -1;
  }

  /** Connects a raw client, destroyed after the test. */
  async connect(options: RawClientOptions = {}): Promise<RawClient> {
    const client = await RawClient.connect({ port: this.port, ...options });
    cleanups.push(() => client.destroy());
    return client;
  }
}

const cleanups: (() => unknown)[] = [];
const lines: { level: string; message: string; error: unknown }[] = [];
const unhandled: unknown[] = [];
process.on("unhandledRejection", (error) => unhandled.push(error));

/** Has `cleanup` called after the test. */
export function afterwards(cleanup: () => unknown): void {
  cleanups.push(cleanup);
}

/** A suite that leaves nothing behind. */
export function netSuite(name: string): Test {
  const t = suite(name);
  const keep = (level: string) => (message: string, error?: unknown) => {
    lines.push({ level, message, error });
  };
  t.before.each(() => {
    lines.length = 0;
    unhandled.length = 0;
    setLogLevel("debug");
    setLogger({
      debug: keep("debug"),
      info: keep("info"),
      warn: keep("warn"),
      error: keep("error"),
    });
  });
  t.after.each(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
    await turns(3);
    setLogger(null);
    setLogLevel("warn");
    assert.equal(unhandled, [], "unhandled rejections");
  });
  return t;
}

/** What was logged at a level in this test. */
export function logged(level: string): readonly { message: string; error: unknown }[] {
  return lines.filter((line) => line.level === level);
}

/** A server on 127.0.0.1, stopped after the test. */
export function serve(handler: Handler, options: TCPServerOptions = {}): TestServer {
  const server = new TestServer(handler, options).listen(0, "127.0.0.1");
  afterwards(() => {
    server.stop();
    server.closeAllConnections();
  });
  return server;
}

/** A stream, accepted, and its raw peer. */
export async function pair(
  options: IOStreamOptions = {},
  clientOptions: RawClientOptions = {},
): Promise<{ stream: IOStream; client: RawClient; server: TestServer }> {
  const accepted = deferred<IOStream>();
  const server = serve((stream) => accepted.resolve(stream), options);
  const client = await server.connect(clientOptions);
  return { stream: await accepted.promise, client, server };
}

/** A stream connected to a server, closed after the test. */
export async function connected(port: number, options: IOStreamOptions = {}): Promise<IOStream> {
  const stream = await new IOStream(options).connect({ host: "127.0.0.1", port });
  afterwards(() => stream.abort());
  return stream;
}

export function portOf(address: BoundAddress | null): number {
  if (address === null || "path" in address) throw new Error("no address of IP");
  return address.port;
}

/** What a promise rejects with; fails if it does not. */
export async function rejection(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    assert.instance(error, Error);
    return error as Error;
  }
  throw new Error("the promise was fulfilled");
}

/** The realError of the StreamClosedError that a promise rejects with. */
export async function realError(promise: Promise<unknown>): Promise<Error | null> {
  const error = await rejection(promise);
  assert.instance(error, StreamClosedError);
  assert.is((error as StreamClosedError).code, "ERR_STREAM_CLOSED");
  return (error as StreamClosedError).realError;
}

/** Is thrown at once, with this code. */
export function throwsCode(call: () => unknown, code: string): void {
  let thrown: unknown = null;
  try {
    call();
  } catch (error) {
    thrown = error;
  }
  assert.instance(thrown, Error, `expected ${code}`);
  assert.is((thrown as { code?: string }).code, code);
}

export function codeOf(error: Error | null): string | undefined {
  return (error as { code?: string } | null)?.code;
}

/** Descriptors that this process has open. */
export function descriptorCount(): number {
  return readdirSync("/proc/self/fd").length;
}

/** Nothing is under way, and the loop waits for it: a descriptor that is ready for ever would have it turn thousands of times. */
export async function assertAtRest(): Promise<void> {
  // Not the share of the time that it was busy: somebody else may have the CPU meanwhile.
  const before = performance.nodeTiming.uvMetricsInfo.loopCount;
  await new Promise((resolve) => setTimeout(resolve, 50));
  const count = performance.nodeTiming.uvMetricsInfo.loopCount - before;
  assert.ok(count < 100, `${count} iterations of the event loop`);
}

/** A port of 127.0.0.1 on which nobody listens. */
export async function deadPort(): Promise<number> {
  const server = new TestServer(() => {}).listen(0, "127.0.0.1");
  const { port } = server;
  server.stop();
  await turns(2);
  return port;
}
