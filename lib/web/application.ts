/**
 * Application: a table of routes with settings, and what finds the handler of each request; after Tornado's.
 *
 *     const app = new Application([["/", Home], ["/user/([0-9]+)", User]], { debug: true });
 *     const server = app.listen(8888, "127.0.0.1");
 *
 * HTTPServer gives it every request (startRequest). A literal path is found by the hash and bytes that the addon
 * delivers, before any string is made of them.
 */
import { CodedError } from "../base/errors.ts";
import { log, logs } from "../base/log.ts";
import type { Exchange, ExchangeServer, RequestDispatcher } from "../server/exchange.ts";
import { HTTPServer } from "../server/httpserver.ts";
import type { HTTPServerOptions } from "../server/httpserveroptions.ts";
import { hashPath } from "../server/methods.ts";
import { ErrorHandler } from "./errorhandler.ts";
import { runHandler } from "./handlerlife.ts";
import type { HandlerPlan } from "./handlerplan.ts";
import { PlainPieces } from "./plainpieces.ts";
import { type HandlerApplication, RequestHandler } from "./requesthandler.ts";
import { ResponseWriter } from "./responsewriter.ts";
import { RouteTable } from "./routetable.ts";
import type {
  InitArgs,
  MatchedRoute,
  PathArgs,
  PathKwargs,
  ReverseArg,
  RouteDestination,
  RouteEntry,
} from "./routing.ts";

/** Settings of an application. Names of its own may be added: handlers find them in this.settings. */
export interface ApplicationSettings {
  /** For development: serveTraceback, unless that is set. Never in public. */
  readonly debug?: boolean;
  /** Error pages show the stack of what was thrown. Default: debug. */
  readonly serveTraceback?: boolean;
  /** Called after each response instead of logging it. */
  readonly logFunction?: (handler: RequestHandler) => void;
  /** Answers what no route matches. Default: 404. */
  readonly defaultHandlerClass?: typeof RequestHandler;
  /** Init args of defaultHandlerClass. */
  readonly defaultHandlerArgs?: InitArgs;
  /** Host whose virtual hosts answer requests with a Host that no pattern fits. */
  readonly defaultHost?: string;
  readonly [name: string]: unknown;
}

export class Application implements RequestDispatcher, HandlerApplication {
  readonly settings: ApplicationSettings;
  readonly #table: RouteTable;
  readonly #pieces = new WeakMap<ExchangeServer, PlainPieces>();
  #lastServer: ExchangeServer | null = null;
  #lastPieces: PlainPieces | null = null;

  /**
   * @param routes `[pattern, handler, init args?, name?]`, URLSpecs, rules, nested routers; first match wins
   * @throws CodedError ERR_ROUTE_PATTERN, ERR_ROUTE_HANDLER, ERR_OPTION_TYPE
   */
  constructor(routes: readonly RouteEntry[] = [], settings: ApplicationSettings = {}) {
    checkSettings(settings);
    const { debug = false, serveTraceback = debug } = settings;
    this.settings = Object.freeze({ ...settings, debug, serveTraceback });
    this.#table = new RouteTable(routes, { hashPath, defaultHost: settings.defaultHost ?? null });
  }

  /**
   * Serves on an address.
   *
   * @param port    0 to 65535 (0: the kernel picks one), or the path of a Unix socket
   * @param address numeric, or "localhost"; none = all addresses
   * @throws CodedError for a bad address or option; SystemError EADDRINUSE, EACCES, …
   */
  listen(port: number | string, options?: HTTPServerOptions): HTTPServer;
  listen(port: number | string, address?: string, options?: HTTPServerOptions): HTTPServer;
  listen(
    port: number | string,
    address?: string | HTTPServerOptions,
    options?: HTTPServerOptions,
  ): HTTPServer {
    const given = typeof address === "object" ? address : options;
    const host = typeof address === "string" ? address : undefined;
    return new HTTPServer(this, given ?? {}).listen(port, host);
  }

  /** Adds routes for hosts that match a pattern; tried before the routes for any host. */
  addHandlers(hostPattern: string | RegExp, routes: readonly RouteEntry[]): void {
    this.#table.addHandlers(hostPattern, routes);
  }

  /**
   * The path of a named route, with values for its groups.
   *
   * @throws CodedError ERR_ROUTE_NAME, ERR_ROUTE_ARGUMENTS, ERR_ROUTE_PATTERN
   */
  reverseUrl(name: string, ...args: readonly ReverseArg[]): string {
    return this.#table.reverseUrl(name, ...args);
  }

  /** Logs a response: below 400 at info, below 500 as a warning, else as an error; or calls logFunction. */
  logRequest(handler: RequestHandler): void {
    const { logFunction } = this.settings;
    if (logFunction !== undefined) {
      try {
        logFunction(handler);
      } catch (error) {
        log.error("Uncaught exception in logFunction", error);
      }
      return;
    }
    const status = handler.getStatus();
    const level = status < 400 ? "info" : status < 500 ? "warn" : "error";
    if (!logs(level)) return;
    const { request } = handler;
    log[level](
      `${status} ${request.method} ${request.uri} (${request.remoteIp}) ${request.requestTime().toFixed(2)}ms`,
    );
  }

  /** @hot bench/run.mjs: once per request */
  startRequest(exchange: Exchange): void {
    let match: MatchedRoute | null;
    if (exchange.hasPathBytes) {
      const { pathHash, pathLength, pathStart, loop } = exchange;
      const target = this.#table.lookupStatic(pathHash, pathLength, loop.arena, pathStart);
      if (target !== null) {
        this.#start(exchange, target, null, null);
        return;
      }
      match = this.#table.lookupRest(exchange);
    } else if (exchange.isAsterisk || exchange.path === "*") {
      this.#start(exchange, asteriskTarget, null, null);
      return;
    } else {
      match = this.#table.lookup(exchange);
    }
    if (match === null) this.#startDefault(exchange);
    else this.#start(exchange, match.target, match.args, match.kwargs);
  }

  /** @internal The ready-made heads of this application's plain responses on a server. @hot once per response */
  pieces(server: ExchangeServer): PlainPieces {
    if (this.#lastServer === server && this.#lastPieces !== null) return this.#lastPieces;
    let pieces = this.#pieces.get(server);
    if (pieces === undefined) {
      pieces = new PlainPieces(server.pieces);
      this.#pieces.set(server, pieces);
    }
    this.#lastServer = server;
    this.#lastPieces = pieces;
    return pieces;
  }

  #start(
    exchange: Exchange,
    target: RouteDestination,
    args: PathArgs | null,
    kwargs: PathKwargs | null,
  ): void {
    const handlerClass = target.target as unknown as typeof RequestHandler;
    const plan = (target.plan as HandlerPlan | null) ?? RequestHandler.planOf(handlerClass);
    target.plan = plan;
    const response = new ResponseWriter(exchange);
    let handler: RequestHandler;
    try {
      handler = new handlerClass(this, response);
    } catch (error) {
      log.error(`the constructor of ${handlerClass.name} threw`, error);
      this.#startError(exchange, serverError);
      return;
    }
    runHandler(handler, response, plan, target.kwargs, args, kwargs);
  }

  #startError(exchange: Exchange, initArgs: InitArgs): void {
    const response = new ResponseWriter(exchange);
    const plan = RequestHandler.planOf(ErrorHandler);
    runHandler(new ErrorHandler(this, response), response, plan, initArgs, null, null);
  }

  #startDefault(exchange: Exchange): void {
    const { defaultHandlerClass, defaultHandlerArgs = noInitArgs } = this.settings;
    if (defaultHandlerClass === undefined) {
      this.#startError(exchange, notFound);
      return;
    }
    const target = {
      ...asteriskTarget,
      target: defaultHandlerClass,
      kwargs: defaultHandlerArgs,
      plan: null,
    };
    this.#start(exchange, target, null, null);
  }
}

/** Answers "OPTIONS *", which asks about the server as a whole. RFC 9110 §9.3.7. */
class Asterisk extends RequestHandler {
  override options(): void {
    this.setStatus(204);
    this.setHeader("Allow", RequestHandler.SUPPORTED_METHODS.join(", "));
  }
}

const noInitArgs: InitArgs = Object.freeze({});
const notFound: InitArgs = Object.freeze({ statusCode: 404 });
const serverError: InitArgs = Object.freeze({ statusCode: 500 });
const asteriskTarget: RouteDestination = {
  kind: "handler",
  target: Asterisk,
  kwargs: noInitArgs,
  name: null,
  rule: null,
  plan: null,
};

/** The settings that the framework reads have their types; others are the application's own. */
function checkSettings(settings: ApplicationSettings): void {
  const types: Readonly<Record<string, string>> = {
    debug: "boolean",
    serveTraceback: "boolean",
    logFunction: "function",
    defaultHandlerClass: "function",
    defaultHandlerArgs: "object",
    defaultHost: "string",
  };
  for (const [name, type] of Object.entries(types)) {
    const value = settings[name];
    if (value === undefined || typeof value === type) continue;
    throw new CodedError(
      "ERR_OPTION_TYPE",
      `setting "${name}" is a ${typeof value}; allowed is a ${type}`,
    );
  }
}
