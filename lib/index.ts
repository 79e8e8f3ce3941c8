/**
 * landspout: a Tornado-style async web framework for Node.js on Linux, grown from epoll_wait(2) up.
 *
 * The public names, flat. Nothing happens at import: no descriptor, timer or signal.
 */
export { KiB, MiB } from "./base/bytes.ts";
export {
  addParseCallback,
  define,
  defineOptions,
  options,
  parseCommandLine,
  parseConfigFile,
  parseEnvironment,
  printHelp,
} from "./base/commandline.ts";
export {
  CodedError,
  type ErrorCode,
  errorTable,
  HTTPInputError,
  SystemError,
} from "./base/errors.ts";
export {
  type AccessEntry,
  type LogFields,
  type Logger,
  type LogLevel,
  log,
  logLevel,
  setLogger,
  setLogLevel,
} from "./base/log.ts";
export {
  configureLogging,
  type LoggingOptions,
  type PinoLike,
  pinoLogger,
} from "./base/logsetup.ts";
export { type DefinedOption, OptionParser, type ParseOptions } from "./base/optionparser.ts";
export type {
  OptionDefinition,
  OptionDefinitions,
  OptionKind,
  OptionType,
  OptionValueOf,
  OptionValues,
} from "./base/programoption.ts";
export { watch, watchedPaths } from "./base/watched.ts";
export { type Delay, IOLoop } from "./loop/ioloop.ts";
export { PeriodicCallback, type PeriodicCallbackOptions } from "./loop/periodiccallback.ts";
export { TimingWheel, type TimingWheelOptions, type WheelOwner } from "./loop/timingwheel.ts";
export { type LoopStats, TURN_BUCKETS_MS } from "./loop/turnmonitor.ts";
export { BoundSocket } from "./net/boundsocket.ts";
export type { ConnectAddress } from "./net/connectaddress.ts";
export { IOStream } from "./net/iostream.ts";
export type { IOStreamOptions } from "./net/iostreamoptions.ts";
export type { BoundAddress } from "./net/listenaddress.ts";
export {
  addAcceptHandler,
  type BindOptions,
  type BindUnixOptions,
  bindSockets,
  bindUnixSocket,
  isValidIp,
} from "./net/netutil.ts";
export { PipeIOStream } from "./net/pipeiostream.ts";
export type { PartialOptions, UntilOptions } from "./net/readarguments.ts";
export {
  type AddressFamily,
  type NameResolver,
  type Override,
  OverrideResolver,
  type ResolvedAddress,
  Resolver,
} from "./net/resolver.ts";
export {
  StreamBufferFullError,
  StreamClosedError,
  UnsatisfiableReadError,
} from "./net/streamerrors.ts";
export { systemdSockets } from "./net/systemdsockets.ts";
export { TCPClient, type TCPConnectOptions } from "./net/tcpclient.ts";
export { TCPServer } from "./net/tcpserver.ts";
export type { TCPServerOptions } from "./net/tcpserveroptions.ts";
export { toDuplex } from "./net/toduplex.ts";
export {
  ParseBodyConfig,
  type ParseBodyOptions,
  ParseJsonConfig,
  type ParseJsonOptions,
  ParseMultipartConfig,
  type ParseMultipartOptions,
  ParseUrlEncodedConfig,
  type ParseUrlEncodedOptions,
  setParseBodyConfig,
} from "./http/bodyconfig.ts";
export { parseBodyArguments, parseMultipartFormData } from "./http/bodyparsing.ts";
export {
  jsonDecode,
  jsonEncode,
  squeeze,
  toUnicode,
  type URLEscapeOptions,
  type URLUnescapeOptions,
  urlEscape,
  urlUnescape,
  utf8,
  xhtmlEscape,
  xhtmlUnescape,
} from "./http/escape.ts";
export type { Arguments } from "./http/forms.ts";
export type {
  HTTPConnection,
  HTTPMessageDelegate,
  HTTPServerConnectionDelegate,
} from "./http/httpconnection.ts";
export { formatTimestamp } from "./http/httpdate.ts";
export { HTTPHeaders } from "./http/httpheaders.ts";
export { type HTTPFile, type HTTPFiles, HTTPServerRequest } from "./http/httpserverrequest.ts";
export {
  parseCookie,
  parseQsBytes,
  type QueryStringOptions,
  recursiveUnicode,
  splitHostAndPort,
} from "./http/httputil.ts";
export { type LinkifyOptions, linkify } from "./http/linkify.ts";
export type { CookieAttributes, SameSite } from "./http/setcookie.ts";
export {
  type CookieSecret,
  DEFAULT_SIGNED_VALUE_MIN_VERSION,
  DEFAULT_SIGNED_VALUE_VERSION,
  getSignatureKeyVersion,
  MAX_SUPPORTED_SIGNED_VALUE_VERSION,
  MIN_SUPPORTED_SIGNED_VALUE_VERSION,
  type SignedValueVersion,
} from "./http/signedvalue.ts";
export {
  parseRequestStartLine,
  parseResponseStartLine,
  RequestStartLine,
  ResponseStartLine,
} from "./http/startlines.ts";
export {
  encodeUsernamePassword,
  qsToQsl,
  type URLArguments,
  urlConcat,
} from "./http/urlconcat.ts";
export type { Backplane, BackplaneMessage } from "./server/backplane.ts";
export { DISPATCHES, type RequestTarget } from "./server/dispatchers.ts";
export type { RequestDispatcher } from "./server/exchange.ts";
export {
  type FetchApplication,
  type FetchEnvironment,
  type FetchHandler,
  type FetchHandlerOptions,
  fetchHandler,
} from "./server/fetchhandler.ts";
export type { RequestCallback } from "./server/functions.ts";
export { HTTPServer } from "./server/httpserver.ts";
export type { HTTPServerOptions, StopOptions } from "./server/httpserveroptions.ts";
export { type NodeListener, nodeListener } from "./server/nodelistener.ts";
export type { NodeRequest, NodeResponse } from "./server/nodemessages.ts";
export type { RequestEvent, RequestMessage, RequestOutcome } from "./server/requestevents.ts";
export type { ServerErrors } from "./server/servercounters.ts";
export type { ServerStats } from "./server/serverstats.ts";
export type { HistoryOptions } from "./server/topichistory.ts";
export type { Subscribed, SubscribeOptions } from "./server/topicoptions.ts";
export type { PresenceEvent, PresenceListener } from "./server/topicpresence.ts";
export type { WebSocketOptions } from "./server/websocketoptions.ts";
export { AnyMatches } from "./web/anymatches.ts";
export { Application, type ApplicationSettings } from "./web/application.ts";
export type { HandlerSettings } from "./web/applicationsettings.ts";
export type { ArgumentOptions } from "./web/argumentreader.ts";
export type { CompressionOptions } from "./web/compressionoptions.ts";
export type { GetSignedCookieOptions, SignedCookieOptions } from "./web/cookiehandler.ts";
export { CSVLocale, type CSVTranslations } from "./web/csvlocale.ts";
export {
  addslash,
  authenticated,
  removeslash,
  streamRequestBody,
} from "./web/decorators.ts";
export { DefaultHostMatches } from "./web/defaulthostmatches.ts";
export { ErrorHandler } from "./web/errorhandler.ts";
export { EventStream, type EventStreamOptions, type ServerSentEvent } from "./web/eventstream.ts";
export { FallbackHandler } from "./web/fallbackhandler.ts";
export { formatMessage, type MessageValues } from "./web/formatmessage.ts";
export { GettextLocale } from "./web/gettextlocale.ts";
export { type HealthCheck, HealthHandler } from "./web/healthhandler.ts";
export { HostMatches } from "./web/hostmatches.ts";
export { Finish, HTTPError, type HTTPErrorOptions, MissingArgumentError } from "./web/httperror.ts";
export { JSONLocale, type JSONTranslations, type PluralTranslations } from "./web/jsonlocale.ts";
export type { JSONObject } from "./web/jsontext.ts";
export { getLocale, getSupportedLocales, Locale, setDefaultLocale } from "./web/locale.ts";
export type { DateOptions, DayOptions } from "./web/localedates.ts";
export { Matcher } from "./web/matcher.ts";
export { exposeMetrics, MetricsHandler, type MetricsRegistry } from "./web/metricshandler.ts";
export { NDJSONStream, type NDJSONStreamOptions } from "./web/ndjsonstream.ts";
export type {
  OutputTransform,
  OutputTransformClass,
  TransformedHead,
} from "./web/outputtransform.ts";
export type { StaticURLOptions } from "./web/pagehandler.ts";
export { PathMatches } from "./web/pathmatches.ts";
export type { PathParams } from "./web/pathparams.ts";
export { RedirectHandler } from "./web/redirecthandler.ts";
export { RequestHandler } from "./web/requesthandler.ts";
export type { PartSchemas, RequestSchemas, ValidatedBy } from "./web/requestschemas.ts";
export type { ErrorContext, RedirectOptions, Writable } from "./web/responsehandler.ts";
export { type FieldValue, ResponseHeaders } from "./web/responseheaders.ts";
export { ReversibleRuleRouter } from "./web/reversiblerulerouter.ts";
export { route } from "./web/route.ts";
export type { CheckedRoutes, CheckedTarget, FittingHandler } from "./web/routecheck.ts";
export type { RouteInfo } from "./web/routelist.ts";
export { ReversibleRouter, Router } from "./web/router.ts";
export type {
  AnyFunction,
  HandlerClass,
  InitArgs,
  MatchedParams,
  MatchedRoute,
  PathArgs,
  PathKwargs,
  RequestMatcher,
  ReverseArg,
  RouteDestination,
  RoutedRequest,
  RouteEntry,
  RouteFunction,
  RouteRule,
  RuleTarget,
} from "./web/routing.ts";
export { Rule } from "./web/rule.ts";
export { RuleRouter } from "./web/rulerouter.ts";
export {
  createSignedValue,
  decodeSignedValue,
  type SignOptions,
  type UnsignOptions,
} from "./web/signedvalues.ts";
export type {
  OutputOf,
  StandardIssue,
  StandardResult,
  StandardSchema,
} from "./web/standardschema.ts";
export { StaticFileHandler } from "./web/staticfilehandler.ts";
export type { StaticFileOptions } from "./web/staticoptions.ts";
export { isAbsolute } from "./web/staticurl.ts";
export { Template, type TemplateOptions } from "./web/template.ts";
export type { TemplateEngine, TemplateNamespace } from "./web/templateengine.ts";
export { BaseLoader, DictLoader, Loader, type LoaderOptions } from "./web/templateloader.ts";
export type { PublishOptions, TopicMessage } from "./web/topicmessages.ts";
export { loadGettextTranslations, loadTranslations } from "./web/translations.ts";
export { TemplateModule, type TemplateResources, UIModule } from "./web/uimodule.ts";
export { UploadedFile, uploadedFiles } from "./web/uploadedfile.ts";
export type { UploadOptions } from "./web/uploadoptions.ts";
export { URLSpec, url } from "./web/urlspec.ts";
export {
  HTTPValidationError,
  type ValidatedPart,
  type ValidationIssue,
} from "./web/validationerror.ts";
export { websocketConnect } from "./web/websocketclient.ts";
export { WebSocketClientConnection } from "./web/websocketclientconnection.ts";
export type {
  WebSocketClientOptions,
  WebSocketRequest,
} from "./web/websocketclientoptions.ts";
export type { WebSocketCompressionOptions } from "./web/websocketcompression.ts";
export { WebSocketHandler } from "./web/websockethandler.ts";
export { WebSocketHandshakeError } from "./web/websockethandshakeerror.ts";
export type { WebSocketMessage, WriteMessageOptions } from "./web/websocketmessage.ts";
export { cpuCount, forkProcesses } from "./process/forkprocesses.ts";
export type { PreforkOptions } from "./process/preforkoptions.ts";
export { taskId } from "./process/role.ts";
export {
  isShuttingDown,
  onShutdown,
  registerStoppable,
  type ShutdownOptions,
  type Stoppable,
  shutdown,
} from "./process/shutdown.ts";
export { onSignal, type SignalCallback } from "./process/signals.ts";
export { addStatsSource, collectStats, type Stats, sumStats } from "./process/stats.ts";
export { systemdNotify } from "./process/systemd.ts";
export { workerReady } from "./process/worker.ts";
export {
  onStatsRequest,
  type SupervisorStats,
  supervisorStats,
  type WorkerStats,
} from "./process/workerstats.ts";
