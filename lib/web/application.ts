/**
 * Application: a table of routes with settings, and what finds the handler of each request; after Tornado's.
 *
 *     const app = new Application([["/", Home], ["/user/([0-9]+)", User]], { debug: true });
 *     const server = app.listen(8888, "127.0.0.1");
 *
 * HTTPServer gives it every request (startRequest). A literal path is found by the hash and bytes that the addon
 * delivers, before any string is made of them.
 */
import { log } from "../base/log.ts";
import type { Backplane } from "../server/backplane.ts";
import { dispatcherOf, type RequestTarget } from "../server/dispatchers.ts";
import type { Exchange, ExchangeServer, RequestDispatcher } from "../server/exchange.ts";
import { handOver } from "../server/handover.ts";
import { HTTPServer } from "../server/httpserver.ts";
import type { HTTPServerOptions } from "../server/httpserveroptions.ts";
import { hashPath } from "../server/methods.ts";
import type { HistoryOptions } from "../server/topichistory.ts";
import type { PresenceListener } from "../server/topicpresence.ts";
import { logResponse } from "./accesslog.ts";
import {
  type HandlerSettings,
  resolveSettings,
  type SettingsInput,
} from "./applicationsettings.ts";
import { ErrorHandler } from "./errorhandler.ts";
import { runHandler, runStreaming } from "./handlerlife.ts";
import type { HandlerPlan } from "./handlerplan.ts";
import type { OutputTransformClass, TransformMaker } from "./outputtransform.ts";
import { PlainPieces } from "./plainpieces.ts";
import { RequestHandler } from "./requesthandler.ts";
import type { HandlerApplication, ResponseHandler } from "./responsehandler.ts";
import { ResponseWriter } from "./responsewriter.ts";
import type { CheckedRoutes } from "./routecheck.ts";
import { entriesOf } from "./routeentry.ts";
import { type RouteInfo, routeList } from "./routelist.ts";
import { RouteMatch } from "./routematch.ts";
import { RouteTable } from "./routetable.ts";
import type {
  HandlerClass,
  InitArgs,
  MatchedRoute,
  PathArgs,
  PathKwargs,
  ReverseArg,
  RouteDestination,
  RoutedRequest,
  RouteEntry,
} from "./routing.ts";
import { runHook } from "./runhook.ts";
import { StaticFileHandler } from "./staticfilehandler.ts";
import { staticRoutes } from "./staticroutes.ts";
import { type PublishOptions, publishMessage, type TopicMessage } from "./topicmessages.ts";
import { TransformedResponse } from "./transformedresponse.ts";
import { TransformList } from "./transformlist.ts";
import { receiveUploads } from "./uploadreader.ts";
import { WebSocketProfiles } from "./websocketprofiles.ts";

/** Settings of an application. Names of its own may be added: handlers find them in this.settings. */
export type ApplicationSettings = Omit<
  SettingsInput,
  "logFunction" | "defaultHandlerClass" | "staticHandlerClass"
> & {
  /** Called with the handler after each response instead of logging it. */
  readonly logFunction?: ((handler: RequestHandler) => void) | null | undefined;
  /** Answers what no route matches. Default: 404. */
  readonly defaultHandlerClass?: typeof RequestHandler | null | undefined;
  /** The handler of static files. Default: StaticFileHandler. */
  readonly staticHandlerClass?: typeof RequestHandler | null | undefined;
};

/** `Routes` is what the compiler reads of the table, to check its handlers; an Application is the same without it. */
export class Application<const Routes extends readonly RouteEntry[] = readonly RouteEntry[]>
  implements RequestDispatcher, HandlerApplication
{
  readonly settings: HandlerSettings;
  /** @internal */
  readonly isGuarded: boolean;
  /** @internal */
  readonly webSockets: WebSocketProfiles;
  readonly #table: RouteTable;
  readonly #transforms: TransformList;
  /** What makes the output transforms of each response; null = there are none. */
  #makers: readonly TransformMaker[] | null;
  readonly #pieces = new WeakMap<ExchangeServer, PlainPieces>();
  #lastServer: ExchangeServer | null = null;
  #lastPieces: PlainPieces | null = null;
  #defaultMatch: MatchedRoute | null = null;

  /**
   * @param routes `[pattern, handler, init args?, name?]`, URLSpecs, rules, nested routers; first match wins
   * @throws CodedError ERR_ROUTE_PATTERN, ERR_ROUTE_HANDLER, ERR_OPTION_TYPE, ERR_OPTION_RANGE, ERR_UNKNOWN_OPTION
   */
  constructor(routes?: Routes & CheckedRoutes<Routes>, settings: ApplicationSettings = {}) {
    const { staticHandlerClass } = settings;
    this.settings = resolveSettings({
      ...settings,
      staticHandlerClass: staticHandlerClass ?? StaticFileHandler,
    });
    const { defaultHost, xsrfCookies, crossOriginProtection } = this.settings;
    this.#transforms = new TransformList(this.settings.transforms, this.settings.compressResponse);
    this.#makers = this.#transforms.makers();
    this.webSockets = new WebSocketProfiles(this.settings);
    this.isGuarded = xsrfCookies || crossOriginProtection;
    const allRoutes = [...staticRoutes(this.settings), ...entriesOf(routes ?? [])];
    this.#table = new RouteTable(allRoutes, { hashPath, defaultHost });
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
  addHandlers<const Added extends readonly RouteEntry[]>(
    hostPattern: string | RegExp,
    routes: Added & CheckedRoutes<Added>,
  ): void {
    this.#table.addHandlers(hostPattern, routes);
  }

  /** Adds a class of output transforms, which responses from now on pass through after those that are there. */
  addTransform(transform: OutputTransformClass): void {
    this.#transforms.add(transform);
    this.#makers = this.#transforms.makers();
  }

  /**
   * The path of a named route, with values for its groups.
   *
   * @throws CodedError ERR_ROUTE_NAME, ERR_ROUTE_ARGUMENTS, ERR_ROUTE_PATTERN
   */
  reverseUrl(name: string, ...args: readonly ReverseArg[]): string {
    return this.#table.reverseUrl(name, ...args);
  }

  /** What answers a request, with the groups of its path as they came: what no route matches has a match, too. */
  findHandler(request: RoutedRequest): MatchedRoute {
    return this.#table.lookup(request) ?? this.#default();
  }

  /** The table in the order it is tried, for people: `landspout routes` prints it. */
  routeList(): RouteInfo[] {
    return routeList(this.#table.rules);
  }

  /**
   * Makes what the findHandler() of a router of one's own may return: a handler with what it is to be given.
   *
   * @param pathArgs, pathKwargs groups as they stand in the path, undecoded; not both
   */
  getHandlerDelegate(
    _request: RoutedRequest,
    handlerClass: HandlerClass,
    targetKwargs: InitArgs = Object.freeze({}),
    pathArgs: PathArgs | null = null,
    pathKwargs: PathKwargs | null = null,
  ): MatchedRoute {
    return matchOf(handlerClass, targetKwargs, pathArgs, pathKwargs);
  }

  // Topics of WebSockets.

  /**
   * Sends a message to all WebSockets that are subscribed to a topic.
   *
   * @param message text, bytes, a plain object to be sent as JSON, or a function that makes one of these of its id
   * @returns how many get it
   * @throws CodedError ERR_TOPIC_NAME, ERR_HTTP_WRITE_TYPE; ERR_STATE inside of such a function
   */
  publish(topic: string, message: TopicMessage, options?: PublishOptions): number {
    return publishMessage(this.webSockets.hub, topic, message, options);
  }

  /** How many WebSockets are subscribed to just this: a topic, or a pattern. */
  subscriberCount(topic: string): number {
    return this.webSockets.hub.subscriberCount(topic);
  }

  /** The topics and patterns that have subscribers. */
  topics(): string[] {
    return this.webSockets.hub.topics();
  }

  /** Who is present in a topic, in the order they joined: what they gave at subscribe. */
  presence(topic: string): unknown[] {
    return this.webSockets.hub.presence(topic);
  }

  /** Hears of who joins and leaves. @see WebSocketHub.onPresence() */
  onPresence(topicOrPattern: string, listener: PresenceListener): () => void {
    return this.webSockets.hub.onPresence(topicOrPattern, listener);
  }

  /** Keeps the last messages for clients that come back. @see WebSocketHub.keepHistory() */
  keepHistory(topicOrPattern: string, options: HistoryOptions | null = {}): void {
    this.webSockets.hub.keepHistory(topicOrPattern, options);
  }

  /** Joins the topics of other processes; null leaves them. @see Backplane */
  connectBackplane(backplane: Backplane | null): void {
    this.webSockets.hub.connectBackplane(backplane);
  }

  /** Logs a response: below 400 at info, below 500 as a warning, else as an error; or calls logFunction. */
  logRequest(handler: ResponseHandler): void {
    const { logFunction } = this.settings;
    if (logFunction !== null) {
      runHook(
        () => (logFunction as (handler: ResponseHandler) => unknown)(handler),
        () => "logFunction",
      );
      return;
    }
    logResponse(handler.getStatus(), handler);
  }

  /** @internal @hot bench/run.mjs: once per request */
  startRequest(exchange: Exchange): void {
    this.#start(exchange, (exchange.routed as MatchedRoute | null) ?? this.#match(exchange));
  }

  /** @internal A request's body is here; some handlers want it in pieces all the same. */
  takesWholeBody(exchange: Exchange): boolean {
    const match = this.#match(exchange);
    const { target } = match;
    exchange.routed = match;
    if (target.kind !== "handler" || planOf(target).isStreaming) return false;
    return (target.target as unknown as typeof RequestHandler).uploads === null;
  }

  /** @internal A request's body is about to be asked for: some handlers want it in pieces. */
  startBody(exchange: Exchange): unknown {
    const match = (exchange.routed as MatchedRoute | null) ?? this.#match(exchange);
    const { target } = match;
    exchange.routed = match;
    if (target.kind !== "handler") return handOver(exchange, foreign(target));
    const plan = planOf(target);
    if (!plan.isStreaming) {
      const { uploads } = target.target as unknown as typeof RequestHandler;
      if (uploads !== null) {
        receiveUploads(exchange, uploads, (error) => this.#startFailed(exchange, match, error));
      }
      return undefined;
    }
    const response = this.#respond(exchange);
    const handler = this.#make(exchange, target, response);
    if (handler === null) return undefined;
    return runStreaming(handler, response, plan, match);
  }

  /** A handler answers what went wrong before it was made, as if it had thrown that before prepare(). */
  #startFailed(exchange: Exchange, match: MatchedRoute, error: Error): void {
    if (exchange.isFinished) return;
    exchange.isStarted = true;
    const response = this.#respond(exchange);
    const handler = this.#make(exchange, match.target, response);
    if (handler !== null) runHandler(handler, response, planOf(match.target).failing(error), match);
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

  #match(exchange: Exchange): MatchedRoute {
    if (exchange.hasPathBytes) {
      const { pathHash, pathLength, pathStart, loop } = exchange;
      const found = this.#table.lookupStatic(pathHash, pathLength, loop.arena, pathStart);
      return found ?? this.#matchRest(exchange);
    }
    if (exchange.isAsterisk || exchange.path === "*") return asteriskMatch;
    return this.#matchRest(exchange);
  }

  /** What no literal path decides. A matcher or router of the user's may throw. */
  #matchRest(exchange: Exchange): MatchedRoute {
    try {
      const { hasPathBytes } = exchange;
      const found = hasPathBytes ? this.#table.lookupRest(exchange) : this.#table.lookup(exchange);
      return found ?? this.#default();
    } catch (error) {
      log.error(`Uncaught exception while ${exchange.method} ${exchange.uri} was routed`, error);
      return matchOf(ErrorHandler, serverError);
    }
  }

  #default(): MatchedRoute {
    const { defaultHandlerClass: target, defaultHandlerArgs: kwargs } = this.settings;
    this.#defaultMatch ??=
      target === null ? matchOf(ErrorHandler, notFound) : matchOf(target, kwargs);
    return this.#defaultMatch;
  }

  #start(exchange: Exchange, match: MatchedRoute): void {
    const { target } = match;
    if (target.kind !== "handler") {
      handOver(exchange, foreign(target));
      return;
    }
    const plan = planOf(target);
    const response = this.#respond(exchange);
    const handler = this.#make(exchange, target, response);
    if (handler !== null) runHandler(handler, response, plan, match);
  }

  #respond(exchange: Exchange): ResponseWriter {
    return this.#makers === null
      ? new ResponseWriter(exchange)
      : new TransformedResponse(exchange, this.#makers);
  }

  /** @returns null if the constructor threw; the request has been answered then */
  #make(
    exchange: Exchange,
    target: RouteDestination,
    response: ResponseWriter,
  ): RequestHandler | null {
    const handlerClass = target.target as unknown as typeof RequestHandler;
    try {
      return new handlerClass(this, response);
    } catch (error) {
      log.error(`the constructor of ${handlerClass.name} threw`, error);
      exchange.isStarted = true;
      this.#start(exchange, matchOf(ErrorHandler, serverError));
      return null;
    }
  }
}

/** A route's function, delegate or application, as what answers. */
function foreign(target: RouteDestination): RequestDispatcher {
  return dispatcherOf(target.target as RequestTarget);
}

/** The plan of a route's handler class, kept with the route. */
function planOf(target: RouteDestination): HandlerPlan {
  const known = target.plan as HandlerPlan | null;
  if (known !== null) return known;
  const plan = RequestHandler.planOf(target.target as unknown as typeof RequestHandler);
  target.plan = plan;
  return plan;
}

/** Answers "OPTIONS *", which asks about the server as a whole. RFC 9110 §9.3.7. */
class Asterisk extends RequestHandler {
  override options(): void {
    this.setStatus(204);
    this.setHeader("Allow", RequestHandler.SUPPORTED_METHODS.join(", "));
  }
}

const notFound: InitArgs = Object.freeze({ statusCode: 404 });
const serverError: InitArgs = Object.freeze({ statusCode: 500 });
const asteriskMatch = matchOf(Asterisk, Object.freeze({}));

/** A handler that no route leads to. */
function matchOf(
  handlerClass: HandlerClass,
  initArgs: InitArgs,
  args: PathArgs | null = null,
  kwargs: PathKwargs | null = null,
): MatchedRoute {
  const target: RouteDestination = {
    kind: "handler",
    target: handlerClass,
    kwargs: initArgs,
    name: null,
    rule: null,
    plan: null,
  };
  return new RouteMatch(target, args, kwargs);
}
