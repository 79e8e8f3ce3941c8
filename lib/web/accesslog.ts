/** The access log: one line for each response. Application.logRequest() writes it, unless the setting logFunction does. */
import { accessLevel, logAccess, logs } from "../base/log.ts";
import type { HTTPServerRequest } from "../http/httpserverrequest.ts";

/**
 * Logs a response: below 400 at info, below 500 as a warning, else as an error.
 *
 * @param source its request is looked at only if the line is kept
 */
export function logResponse(status: number, source: { readonly request: HTTPServerRequest }): void {
  if (!logs(accessLevel(status))) return;
  const { request } = source;
  logAccess({
    status,
    method: request.method,
    uri: request.uri,
    remoteIp: request.remoteIp,
    ms: request.requestTime(),
    get requestId() {
      return request.id;
    },
  });
}
