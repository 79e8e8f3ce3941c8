/** The routes that the setting staticPath adds to an application, before its own. Application calls this. */
import { CodedError } from "../base/errors.ts";
import type { HandlerClass, InitArgs, RouteEntry } from "./routing.ts";
import { StaticFileHandler } from "./staticfilehandler.ts";

/** The settings of static files; see applicationsettings.ts. */
export interface StaticRouteSettings {
  readonly staticPath: string | null;
  readonly staticUrlPrefix: string;
  readonly staticHandlerClass: HandlerClass | null;
  readonly staticHandlerArgs: InitArgs;
}

/** A prefix of paths, or the URL of another server that has the same files. */
const PREFIX = /^(?:\/|https?:\/\/[^/]+\/)(?:.*\/)?$/;

/**
 * Routes for everything below staticUrlPrefix, unless that is another server's, for /favicon.ico and for /robots.txt;
 * none without staticPath.
 *
 * @throws CodedError ERR_OPTION_RANGE if staticUrlPrefix does not begin and end with a slash and is no URL that does
 */
export function staticRoutes(settings: StaticRouteSettings): RouteEntry[] {
  const { staticPath, staticUrlPrefix, staticHandlerArgs } = settings;
  if (staticPath === null) return [];
  if (!PREFIX.test(staticUrlPrefix)) {
    throw new CodedError(
      "ERR_OPTION_RANGE",
      `setting "staticUrlPrefix" is ${JSON.stringify(staticUrlPrefix)}; it must begin and end with a slash, as "/static/" or "https://cdn.example/static/"`,
    );
  }
  const handler = settings.staticHandlerClass ?? StaticFileHandler;
  const args: InitArgs = Object.freeze({ ...staticHandlerArgs, path: staticPath });
  const escaped = staticUrlPrefix.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  const routes: RouteEntry[] = [
    ["/(favicon\\.ico)", handler, args],
    ["/(robots\\.txt)", handler, args],
  ];
  return staticUrlPrefix.startsWith("/") ? [[`${escaped}(.*)`, handler, args], ...routes] : routes;
}
