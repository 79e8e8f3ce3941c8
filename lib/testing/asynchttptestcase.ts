/**
 * AsyncHTTPTestCase: a test case with a server of its own for each of its tests, after Tornado's.
 *
 *     class HomeTest extends AsyncHTTPTestCase {
 *       override getApp() {
 *         return makeApp();
 *       }
 *       async testHome() {
 *         const response = await this.fetch("/");
 *         assert.equal(response.status, 200);
 *       }
 *     }
 *     runTestCase(HomeTest, { test });
 *
 * runTestCase() makes one object a test: what a test keeps in `this` no other test sees.
 */
import { CodedError } from "../base/errors.ts";
import type { RequestTarget } from "../server/dispatchers.ts";
import type { HTTPServer } from "../server/httpserver.ts";
import type { HTTPServerOptions } from "../server/httpserveroptions.ts";
import type { WebSocketClientConnection } from "../web/websocketclientconnection.ts";
import type { WebSocketClientOptions, WebSocketRequest } from "../web/websocketclientoptions.ts";
import { inject } from "./inject.ts";
import type { InjectedResponse } from "./injectedresponse.ts";
import type { InjectRequest } from "./injectrequest.ts";
import { serve, type TestServer } from "./serve.ts";

/** Extend it: getApp(), and methods whose names begin with "test". */
export abstract class AsyncHTTPTestCase {
  #server: TestServer | null = null;

  /** What is tested; called once a test, before it. A promise is waited for. */
  abstract getApp(): RequestTarget | Promise<RequestTarget>;

  /** The options of the server. Default: none. */
  getHttpServerOptions(): HTTPServerOptions {
    return {};
  }

  /** Called before each test: serves what getApp() returns. One that is overridden calls it. */
  async setUp(): Promise<void> {
    this.#server = await serve(await this.getApp(), this.getHttpServerOptions());
  }

  /** Called after each test, however it ended: stops the server. One that is overridden calls it. */
  async tearDown(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    await server?.stop();
  }

  /** Node's fetch(). @param path "/path?query", or a whole URL */
  fetch(path: string | URL = "/", init?: RequestInit): Promise<Response> {
    return this.#running.fetch(path, init);
  }

  /** inject(): the same server asked without a socket. */
  inject(request: string | URL | InjectRequest): Promise<InjectedResponse> {
    return inject(this.httpServer, request);
  }

  /** websocketConnect() to the server; it ends with the test. @param path "/path?query", or as websocketConnect() takes it */
  websocketConnect(
    path: string | URL | WebSocketRequest,
    options: WebSocketClientOptions = {},
  ): Promise<WebSocketClientConnection> {
    return this.#running.websocket(path, options);
  }

  /** The address of a path: "http://127.0.0.1:40123/path". */
  getUrl(path = "/"): string {
    return this.#running.url(path);
  }

  /** The port of the server. */
  getHttpPort(): number {
    return this.#running.port;
  }

  /** The scheme of getUrl(). */
  getProtocol(): string {
    return "http";
  }

  /** The server that setUp() has started. */
  get httpServer(): HTTPServer {
    return this.#running.server;
  }

  get #running(): TestServer {
    if (this.#server !== null) return this.#server;
    throw new CodedError(
      "ERR_STATE",
      "the test case has no server; setUp() starts it and tearDown() stops it: one that is overridden calls super.setUp()",
    );
  }
}
