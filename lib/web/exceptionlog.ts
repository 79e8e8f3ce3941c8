/** How what a handler threw is logged. ResponseHandler.logException() is made of it. */
import { CodedError, HTTPInputError } from "../base/errors.ts";
import { type LogFields, log } from "../base/log.ts";
import type { HTTPServerRequest } from "../http/httpserverrequest.ts";
import { HTTPError } from "./httperror.ts";

/**
 * Logs HTTPError with a message as a warning, without one not at all; what the peer did wrong, or that it has gone, at info;
 * anything else as an error, with its stack.
 *
 * @param summary of the request: "GET / (127.0.0.1)"
 */
export function logHandlerException(
  error: unknown,
  summary: string,
  source: { readonly request: HTTPServerRequest },
): void {
  if (error instanceof HTTPError) {
    if (error.logMessage === null) return;
    const message = `${error.statusCode} ${summary}: ${error.logMessage}`;
    log.warn(message, undefined, fieldsOf(source));
  } else if (isClientGone(error)) {
    log.info(`${summary}: the client has gone away`, undefined, fieldsOf(source));
  } else if (error instanceof HTTPInputError) {
    log.info(`${error.status} ${summary}: ${error.message}`, undefined, fieldsOf(source));
  } else {
    log.error(`Uncaught exception ${summary}`, error, fieldsOf(source));
  }
}

/** The client has gone away while it was being answered. */
export function isClientGone(error: unknown): boolean {
  return error instanceof CodedError && error.code === "ERR_HTTP_CONNECTION_CLOSED";
}

/** By what the lines of several logs are found to be about one request. */
function fieldsOf(source: { readonly request: HTTPServerRequest }): LogFields {
  try {
    return { requestId: source.request.id };
  } catch {
    // It was answered at once, and its head is gone.
    return {};
  }
}
