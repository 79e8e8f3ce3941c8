/**
 * The server behind inject(): one HTTPServer a target, which listens nowhere. Connections to it are made in memory.
 */
import { AsyncResource } from "node:async_hooks";
import { describe } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";
import { IOLoop } from "../loop/ioloop.ts";
import { isValidIp } from "../net/netutil.ts";
import type { RequestTarget } from "../server/dispatchers.ts";
import { HTTPServer } from "../server/httpserver.ts";
import { connectInMemory, type MemoryConnection } from "../server/memoryconnection.ts";

/** What can be asked: an Application, whatever else HTTPServer takes, or an HTTPServer with options of its own. */
export type InjectTarget = RequestTarget | HTTPServer;

export const LOCAL_IP = "127.0.0.1";

/** By loop: a test may close its loop. */
const servers = new WeakMap<IOLoop, WeakMap<object, HTTPServer>>();

/** Where requests begin: not in the asynchronous context of the test that happens to be the first. */
const root = new AsyncResource("landspout.testing");

/** Those that may be open; looked through when they have become twice as many as were. */
let connections: MemoryConnection[] = [];
let mostConnections = 64;

/**
 * Connects to a target without a socket.
 *
 * @param remoteIp the client's address
 * @throws CodedError ERR_ARGUMENT_TYPE for what cannot answer; ERR_ARGUMENT_RANGE for what is no address;
 *   ERR_SERVER_STOPPED
 */
export function connectTo(target: InjectTarget, remoteIp: string): MemoryConnection {
  if (!isValidIp(remoteIp)) {
    throw new CodedError(
      "ERR_ARGUMENT_RANGE",
      `remoteIp is ${describe(remoteIp)}; allowed is an IPv4 or IPv6 address`,
    );
  }
  const server = target instanceof HTTPServer ? target : serverOf(target);
  if (server.isStopping) {
    throw new CodedError("ERR_SERVER_STOPPED", "the server was stopped; make a new one");
  }
  const connection = connectInMemory(server, remoteIp);
  connections.push(connection);
  if (connections.length > mostConnections) {
    connections = connections.filter(({ isOpen }) => isOpen);
    mostConnections = Math.max(64, 2 * connections.length);
  }
  return connection;
}

/**
 * Breaks every injected connection that is still open: WebSockets, streams, requests in progress. For the end of a test that
 * may have failed before it closed them: what is open holds the process.
 *
 *     afterEach(closeInjected);
 */
export function closeInjected(): void {
  for (const connection of connections.splice(0)) {
    if (connection.isOpen) connection.reset();
  }
}

function serverOf(target: RequestTarget): HTTPServer {
  const loop = IOLoop.current();
  let ofLoop = servers.get(loop);
  if (ofLoop === undefined) {
    ofLoop = new WeakMap();
    servers.set(loop, ofLoop);
  }
  // What is no object HTTPServer refuses, and says why.
  let server = ofLoop.get(target);
  if (server === undefined) {
    server = root.runInAsyncScope(() => new HTTPServer(target));
    ofLoop.set(target, server);
  }
  return server;
}
