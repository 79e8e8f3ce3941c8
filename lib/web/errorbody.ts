/** The body of an error response, as writeError() writes it unless it is overridden. */
import type { HTTPServerRequest } from "../http/httpserverrequest.ts";
import type { HandlerSettings } from "./applicationsettings.ts";
import { debugPage, wantsHtml } from "./debugpage.ts";
import { errorPage, tracebackPage } from "./errorpage.ts";
import { HTTPValidationError, PROBLEM_JSON } from "./validationerror.ts";

export interface ErrorBody {
  /** null = that of any response. */
  readonly contentType: string | null;
  readonly text: string;
}

/**
 * Makes the body of an error response. What was thrown is told only with serveTraceback; with debug, as a page with the
 * source around it, to clients that read HTML.
 *
 * @param error what was thrown; undefined = nothing
 */
export function errorBody(
  status: number,
  reason: string,
  error: unknown,
  { serveTraceback, debug }: HandlerSettings,
  request: HTTPServerRequest,
): ErrorBody {
  if (error instanceof HTTPValidationError) {
    return { contentType: PROBLEM_JSON, text: error.problemText() };
  }
  if (!serveTraceback || error === undefined) {
    return { contentType: null, text: errorPage(status, reason) };
  }
  if (debug && wantsHtml(request.headers.get("Accept"))) {
    return { contentType: null, text: debugPage(status, reason, error, request) };
  }
  return { contentType: "text/plain; charset=UTF-8", text: tracebackPage(error) };
}
