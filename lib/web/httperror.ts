/** What a handler throws to answer with an error, or to end early. */
import { describe } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";
import { checkReason } from "../http/fieldvalue.ts";
import { reasonPhrase } from "../http/httpstatus.ts";

/** Besides status and message. */
export interface HTTPErrorOptions {
  /** Replaces the standard reason phrase; made safe when it is sent. */
  readonly reason?: string;
  /** The error that led to this one. */
  readonly cause?: unknown;
}

/**
 * Ends a request with an error status.
 *
 *     throw new HTTPError(403, `user ${id} may not do that`);
 *
 * The message is for the log; the client is told the status alone.
 */
export class HTTPError extends Error {
  static {
    HTTPError.prototype.name = "HTTPError";
  }

  readonly statusCode: number;
  readonly logMessage: string | null;
  readonly reason: string | null;

  /**
   * @param statusCode 200 to 999; 204 and 304 are sent without a body
   * @param logMessage for the log; none = not logged as an error of the handler. Options may stand in its place
   * @throws CodedError ERR_HTTP_STATUS if the status is none
   */
  constructor(
    statusCode = 500,
    logMessage: string | null | HTTPErrorOptions = null,
    options: HTTPErrorOptions = {},
  ) {
    checkStatus(statusCode);
    const message = typeof logMessage === "string" ? logMessage : null;
    const given = typeof logMessage === "object" && logMessage !== null ? logMessage : options;
    const reason = checkReason(given.reason ?? reasonPhrase(statusCode));
    const detail = message === null ? "" : ` (${message})`;
    super(
      `HTTP ${statusCode}: ${reason}${detail}`,
      "cause" in given ? { cause: given.cause } : undefined,
    );
    this.statusCode = statusCode;
    this.logMessage = message;
    this.reason = given.reason ?? null;
  }

  /** What is logged; null = nothing. Tornado's name for logMessage. */
  getMessage(): string | null {
    return this.logMessage;
  }
}

/** An argument that has no default is not there. Answered with 400. */
export class MissingArgumentError extends HTTPError {
  static {
    MissingArgumentError.prototype.name = "MissingArgumentError";
  }

  readonly argName: string;

  constructor(argName: string) {
    super(400, `Missing argument ${argName}`);
    this.argName = argName;
  }
}

/**
 * Ends a request without the machinery of errors: what has been written is the response.
 *
 *     throw new Finish(body);
 */
export class Finish extends Error {
  static {
    Finish.prototype.name = "Finish";
  }

  /** Given to finish(). */
  readonly chunk: unknown;

  constructor(chunk?: unknown) {
    super("the request is finished");
    this.chunk = chunk;
  }
}

/** @throws CodedError ERR_HTTP_STATUS unless `status` is an integer from 200 to 999 */
export function checkStatus(status: number): void {
  if (Number.isInteger(status) && status >= 200 && status <= 999) return;
  throw new CodedError(
    "ERR_HTTP_STATUS",
    `the status is ${describe(status)}; allowed is an integer from 200 to 999`,
  );
}
