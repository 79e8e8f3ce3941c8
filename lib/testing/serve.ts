/**
 * serve(): an application on 127.0.0.1 and a port that is free, for tests that need a real socket.
 *
 *     await using server = await serve(app); // or: finally { await server.stop(); }
 *     const response = await server.fetch("/");
 */
import { CodedError } from "../base/errors.ts";
import { IOStream } from "../net/iostream.ts";
import type { RequestTarget } from "../server/dispatchers.ts";
import { HTTPServer } from "../server/httpserver.ts";
import type { HTTPServerOptions, StopOptions } from "../server/httpserveroptions.ts";
import { websocketConnect } from "../web/websocketclient.ts";
import type { WebSocketClientConnection } from "../web/websocketclientconnection.ts";
import type { WebSocketClientOptions, WebSocketRequest } from "../web/websocketclientoptions.ts";
import { placeOf } from "./injectwebsocket.ts";
import { LOCAL_IP } from "./memoryserver.ts";

/** A server under test; serve() makes it. */
export class TestServer {
  readonly server: HTTPServer;
  /** Where it listens, on 127.0.0.1. */
  readonly port: number;
  readonly #streams = new Set<IOStream>();
  readonly #webSockets = new Set<WebSocketClientConnection>();

  /** @internal serve() makes them. */
  constructor(server: HTTPServer, port: number) {
    this.server = server;
    this.port = port;
  }

  /** The address of a path: "http://127.0.0.1:40123/path". */
  url(path = "/"): string {
    return `http://${LOCAL_IP}:${this.port}${path}`;
  }

  /** Node's fetch(). @param path "/path?query", or a whole URL */
  fetch(path: string | URL = "/", init?: RequestInit): Promise<Response> {
    const isPath = typeof path === "string" && path.startsWith("/");
    return fetch(isPath ? this.url(path) : path, init);
  }

  /** A connection for bytes of the test's own; stop() closes it. */
  async connect(): Promise<IOStream> {
    const stream = await new IOStream().connect({ host: LOCAL_IP, port: this.port });
    this.#streams.add(stream);
    return stream;
  }

  /** websocketConnect(); stop() ends it. @param to "/path?query", a ws: URL, or an object with a url */
  async websocket(
    to: string | URL | WebSocketRequest,
    options: WebSocketClientOptions = {},
  ): Promise<WebSocketClientConnection> {
    const place = placeOf(to, `ws://${LOCAL_IP}:${this.port}`);
    const connection = await websocketConnect(place, options);
    this.#webSockets.add(connection);
    void connection.closed.then(() => this.#webSockets.delete(connection));
    return connection;
  }

  /**
   * Stops the server and closes everything that is connected to it; unlike HTTPServer.stop(), at once. May be called again.
   *
   * @param options.graceMs time for requests in progress; default 0
   */
  async stop({ graceMs = 0, ...options }: StopOptions = {}): Promise<void> {
    const stopped = this.server.stop({ graceMs, ...options });
    if (graceMs > 0) await stopped;
    for (const stream of this.#streams) stream.abort();
    this.#streams.clear();
    const ending = [...this.#webSockets];
    for (const connection of ending) connection.abort();
    await Promise.all([stopped, ...ending.map(({ closed }) => closed)]);
  }

  /** stop(): at the end of the block that has it as `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/**
 * Serves.
 *
 * @param target  an Application, or whatever else HTTPServer takes
 * @param options those of HTTPServer; handleSignals is false unless it is given
 * @returns settles when connections are accepted
 * @throws CodedError as HTTPServer's constructor does
 */
export async function serve(
  target: RequestTarget,
  options: HTTPServerOptions = {},
): Promise<TestServer> {
  const server = new HTTPServer(target, { handleSignals: false, ...options });
  server.listen(0, LOCAL_IP);
  if (server.port !== null) return new TestServer(server, server.port);
  throw new CodedError("ERR_STATE", "the server has no port");
}
