/**
 * landspout: a Tornado-style async web framework for Node.js on Linux, grown from epoll_wait(2) up.
 *
 * The public names, flat. Nothing happens at import: no descriptor, timer or signal.
 */
export { KiB, MiB } from "./base/bytes.ts";
export {
  CodedError,
  type ErrorCode,
  errorTable,
  HTTPInputError,
  SystemError,
} from "./base/errors.ts";
export { type Logger, type LogLevel, log, logLevel, setLogger, setLogLevel } from "./base/log.ts";
export { type Delay, IOLoop } from "./loop/ioloop.ts";
export { PeriodicCallback, type PeriodicCallbackOptions } from "./loop/periodiccallback.ts";
export { TimingWheel, type TimingWheelOptions, type WheelOwner } from "./loop/timingwheel.ts";
export type { BoundAddress } from "./net/listenaddress.ts";
export { xhtmlEscape } from "./http/escape.ts";
export type { Arguments } from "./http/forms.ts";
export { formatTimestamp } from "./http/httpdate.ts";
export { HTTPHeaders } from "./http/httpheaders.ts";
export { type HTTPFile, HTTPServerRequest } from "./http/httpserverrequest.ts";
export type { RequestDispatcher } from "./server/exchange.ts";
export { HTTPServer } from "./server/httpserver.ts";
export type { HTTPServerOptions, StopOptions } from "./server/httpserveroptions.ts";
export { Application, type ApplicationSettings } from "./web/application.ts";
export type { ArgumentOptions } from "./web/argumentreader.ts";
export { ErrorHandler } from "./web/errorhandler.ts";
export { HostMatches } from "./web/hostmatches.ts";
export { Finish, HTTPError, type HTTPErrorOptions, MissingArgumentError } from "./web/httperror.ts";
export { Matcher } from "./web/matcher.ts";
export { PathMatches } from "./web/pathmatches.ts";
export type { PathParams } from "./web/pathparams.ts";
export {
  type ErrorContext,
  type RedirectOptions,
  RequestHandler,
  type Writable,
} from "./web/requesthandler.ts";
export { route } from "./web/route.ts";
export type { InitArgs, RouteEntry } from "./web/routing.ts";
export { Rule } from "./web/rule.ts";
export { URLSpec } from "./web/urlspec.ts";
