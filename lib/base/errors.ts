/**
 * The errors of the framework and the one table of their codes.
 *
 * Every floor throws these. Whose fault it was decides the class: the caller's is a CodedError,
 * thrown before any state has changed; the peer's is an HTTPInputError, answered and logged at
 * info; the kernel's is a SystemError. A code is stable: programs may compare it, messages may
 * change. The manual's page of errors is made from errorTable, so a new code is one line here and
 * nothing elsewhere.
 */
import type { constants } from "node:os";

/** Every code of ours with its meaning in one line, in the order the manual shows them. */
export const errorTable = {
  // Arguments, options, state.
  ERR_UNKNOWN_OPTION: "an options object has a name that is not an option",
  ERR_OPTION_TYPE: "an option has a value of the wrong type",
  ERR_OPTION_RANGE: "an option has a value outside the allowed range or set",
  ERR_OPTION_DEFINED: "an option of the program is defined twice",
  ERR_OPTION_FILE: "a file of options cannot be read or is malformed",
  ERR_ARGUMENT_TYPE: "an argument of a call has the wrong type",
  ERR_ARGUMENT_RANGE: "an argument of a call is outside the allowed range or set",
  ERR_STATE: "a call came at a time when it has no meaning",
  ERR_ASSERTION: "the framework found its own state broken; this is a defect of landspout",

  // The native addon, the loop, the net.
  ERR_NATIVE_LOAD: "the native addon cannot be loaded or does not fit this Node.js",
  ERR_LLHTTP: "the llhttp inside this Node.js is not one that the addon can use",
  ERR_ZLIB: "this Node.js exports no zlib that permessage-deflate can be built on",
  ERR_NATIVE_OPEN: "the native addon was refused a descriptor it cannot work without",
  ERR_NATIVE_MEMORY: "the native addon found no memory for its arenas and rings",
  ERR_NATIVE_ARGUMENT: "the native addon was given an argument of the wrong type",
  ERR_NATIVE_RANGE: "the native addon was given an offset, length or slot out of range",
  ERR_LOOP_CLOSED: "the loop was closed and takes no more work",
  ERR_LOOP_RUNNING: "the loop is already running",
  ERR_HANDLER_EXISTS: "the descriptor already has a handler on this loop",
  ERR_HANDLER_MISSING: "the descriptor has no handler on this loop",
  ERR_STREAM_CLOSED: "the stream is closed",
  ERR_STREAM_UNSATISFIABLE: "what a read waits for does not end within its maxBytes",
  ERR_STREAM_BUFFER_FULL: "a buffer of a stream is full",
  ERR_STREAM_IDLE: "a connection was silent for longer than idleTimeoutMs",
  ERR_TLS_UNAVAILABLE: "what was asked for needs TLS, which is not there yet",
  ERR_CONNECT_TIMEOUT: "no connection was made within timeoutMs",
  ERR_ADDRESS: "an address to listen on or to connect to is malformed",
  ERR_SERVER_LISTENING: "the server already listens",
  ERR_SERVER_STOPPED: "the server was stopped",
  ERR_SERVER_FULL: "the server has as many connections as it may have, in all or of one address",

  // A request that is refused.
  ERR_HTTP_SYNTAX: "a message is not HTTP/1.x at all",
  ERR_HTTP_REQUEST_LINE: "the request line is malformed",
  ERR_HTTP_METHOD: "the method is not a token",
  ERR_HTTP_CONNECT: "CONNECT is not served",
  ERR_HTTP_TARGET: "the request target is malformed",
  ERR_HTTP_TARGET_TOO_LONG: "the request target is longer than maxTargetBytes",
  ERR_HTTP_VERSION: "the version of HTTP is not 1.0 or 1.1",
  ERR_HTTP_FIELD_LINE: "a field line is malformed or folded",
  ERR_HTTP_FIELD_NAME: "a field name is not a token",
  ERR_HTTP_FIELD_VALUE: "a field value has a byte that no field value may have",
  ERR_HTTP_HEAD_TOO_LARGE: "the head is larger than maxHeaderBytes",
  ERR_HTTP_TOO_MANY_FIELDS: "the head has more fields than maxHeaderCount",
  ERR_HTTP_HOST: "the Host field is missing, repeated or malformed",
  ERR_HTTP_CONTENT_LENGTH: "Content-Length is malformed or contradicts itself",
  ERR_HTTP_TRANSFER_ENCODING:
    "Transfer-Encoding is other than one chunked, or stands beside Content-Length",
  ERR_HTTP_CHUNK: "a chunk of the body is malformed",
  ERR_HTTP_TRAILER: "the trailer section is malformed or too large",
  ERR_HTTP_CONTENT_ENCODING:
    "the body is not what its Content-Encoding says, is cut short, or has something behind it",
  ERR_HTTP_BODY_TOO_LARGE: "the body is larger than maxBodyBytes",
  ERR_HTTP_HEAD_TIMEOUT: "the head did not arrive within headTimeoutMs",
  ERR_HTTP_BODY_TIMEOUT: "the body did not arrive in time",
  ERR_HTTP_EXPECTATION: "the Expect field asks for something other than 100-continue",

  // What a request carries.
  ERR_HTTP_TOO_MANY_ARGUMENTS: "the query or the form has more arguments than are taken",
  ERR_HTTP_FORM_ENCODING: "a form arrived with a Content-Encoding",
  ERR_HTTP_MULTIPART:
    "a multipart form is malformed, or has too many parts or too long a part header",
  ERR_HTTP_PART_TOO_LARGE: "a field or a file of a multipart form is larger than is taken",
  ERR_HTTP_JSON: "a body that should be JSON is malformed, not UTF-8, or has a property __proto__",
  ERR_HTTP_ARGUMENT_UNICODE: "an argument or a part of the path is not valid UTF-8",
  ERR_HTTP_MISSING_ARGUMENT: "an argument that the handler needs is missing",

  // What a handler answers.
  ERR_HTTP_STATUS:
    "a status code is not an integer from 100 to 999, or not one that this call takes",
  ERR_HTTP_REASON: "a reason phrase has a byte that no reason phrase may have",
  ERR_HTTP_DATE: "a date is not a valid time",
  ERR_HTTP_HEADERS_SENT: "the head of the response has already been sent",
  ERR_HTTP_FINISHED: "the response is already finished",
  ERR_HTTP_WRITE_TYPE: "write() was given something it cannot send",
  ERR_HTTP_BODY_LENGTH: "the body written is not as long as its Content-Length says",
  ERR_HTTP_BODY_FORBIDDEN: "a body was written for a status that has none",
  ERR_HTTP_CONNECTION_CLOSED: "the connection was closed before the response had left",
  ERR_HTTP_COOKIE: "a cookie's name, value or attribute has a character that would break the field",

  // Routes and settings.
  ERR_ROUTE_PATTERN: "the pattern of a route cannot be compiled",
  ERR_ROUTE_HANDLER:
    "a route's handler is not a RequestHandler class, a router or a list of routes",
  ERR_ROUTE_NAME: "no route, or more than one, has this name",
  ERR_ROUTE_ARGUMENTS:
    "a route was given the wrong number or type of arguments to build a path from",
  ERR_SETTING_REQUIRED: "a setting that the called feature needs is not set",
  ERR_PEER_MISSING: "an optional package that the called feature needs is not installed",

  // Pages.
  ERR_TEMPLATE: "a template cannot be read or run; the message names file and line",
  ERR_TEMPLATE_NAME: "the name of a template is none, or leads out of the folder of the templates",
  ERR_TEMPLATE_MISSING: "a template is not there, or cannot be read",
  ERR_UI_MODULE: "a UI module is not there, or cannot do what was asked of it",

  // Translations and streams of events.
  ERR_TRANSLATIONS: "a file of translations cannot be read or is malformed",
  ERR_SLOW_CLIENT: "more was sent to a client than it takes, and than is kept for it",

  // WebSocket.
  ERR_WEBSOCKET_URL: "the URL of a WebSocket is malformed, or none that can be connected to",
  ERR_WEBSOCKET_HANDSHAKE: "the opening handshake is malformed or was refused",
  ERR_WEBSOCKET_PROTOCOL: "the peer broke the WebSocket protocol",
  ERR_WEBSOCKET_UTF8: "a text message or a close reason is not valid UTF-8",
  ERR_WEBSOCKET_MESSAGE_TOO_LARGE: "a message is larger than is taken",
  ERR_WEBSOCKET_CLOSED: "the WebSocket is closed or closing",
  ERR_WEBSOCKET_QUEUE_FULL: "too many bytes of messages wait for a peer that does not keep up",
  ERR_TOPIC_NAME: "the name of a topic, or a pattern, is malformed",
  ERR_TOPIC_LIMIT:
    "a connection, or the application, has as many topics or patterns as it may have",
  ERR_WEBSOCKET_CLOSE_CODE: "a close code may not be sent, or its reason is too long",

  // landspout/testing.
  ERR_INJECT_TIMEOUT: "an injected request was not answered within timeoutMs",
  ERR_INJECT_BROKEN: "the answer to an injected request was cut short, or is no HTTP",
  ERR_TEST_TIMEOUT: "a test of a test case did not end within timeoutMs",
  ERR_TEST_LOG: "what a test expected of the log did not come",
} as const;

/** A code of ours: a key of errorTable. */
export type ErrorCode = keyof typeof errorTable;

/** The name of an errno, such as "EADDRINUSE". @see errno(3) */
export type ErrnoName = keyof typeof constants.errno;

/** What may be said besides code and message. */
export interface ErrorDetails {
  /** The error that led to this one. */
  readonly cause?: unknown;
}

/** An error with a stable code; thrown as this very class, it is the caller's fault. */
export class CodedError extends Error {
  static {
    // On the prototype, so that a stack begins with the right name and instances carry no name of
    // their own.
    CodedError.prototype.name = "CodedError";
  }

  /** A key of errorTable; the name of an errno in a SystemError. */
  readonly code: ErrorCode | ErrnoName;

  /**
   * @param code    stable, for programs
   * @param message for people: what was wrong, what was got, what is allowed, the remedy where
   *   there is one
   */
  constructor(code: ErrorCode | ErrnoName, message: string, details: ErrorDetails = {}) {
    super(message, "cause" in details ? { cause: details.cause } : undefined);
    this.code = code;
  }
}

/**
 * The peer sent what no server should take; it is answered with `status` and logged at info without
 * a stack.
 */
export class HTTPInputError extends CodedError {
  static {
    HTTPInputError.prototype.name = "HTTPInputError";
  }

  /** The status to answer with, 400 to 505. */
  readonly status: number;

  constructor(status: number, code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(code, message, details);
    this.status = status;
  }
}

/** The kernel refused a call; `code` is the name of its errno. */
export class SystemError extends CodedError {
  static {
    SystemError.prototype.name = "SystemError";
  }

  /** The system call that was refused, such as "listen". */
  readonly syscall: string;

  /**
   * @param code    name of the errno; a plain string, because a kernel may know more names than
   *   this Node.js does
   * @param syscall name of the system call
   */
  constructor(code: string, syscall: string, message: string, details: ErrorDetails = {}) {
    super(code as ErrnoName, message, details);
    this.syscall = syscall;
  }
}

/**
 * States what must be true of our own state; never reachable from what a peer sent.
 *
 * @throws CodedError ERR_ASSERTION if `condition` is false: a defect of the framework, not of its
 *   user
 */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new CodedError("ERR_ASSERTION", `${message}; please report this`);
}
