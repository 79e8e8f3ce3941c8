/**
 * Start lines: the first line of a message as a value, and how its text is read.
 *
 * A delegate (httpconnection.ts) is told of a request by a RequestStartLine and answers with a ResponseStartLine; whoever
 * reads messages out of files or from other programs uses the two parsers.
 */
import { quote } from "../base/describe.ts";
import { HTTPInputError } from "../base/errors.ts";

/** A token, one space, a target without spaces or controls, one space, a version. RFC 9112 §3 */
const REQUEST_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([\x21-\x7e\x80-\xff]+) (HTTP\/1\.[0-9])$/;

/** A version, one space, three digits, and a phrase that may be empty; the space before it may be left out. RFC 9112 §4 */
const STATUS_LINE = /^(HTTP\/1\.[0-9]) ([1-9][0-9]{2})(?: ([\t\x20-\x7e\x80-\xff]*))?$/;

/** What a request asks for. */
export class RequestStartLine {
  /** In the case it was sent in: "GET". */
  readonly method: string;
  /** The request target as it was sent: "/a?b". Tornado's name for it. */
  readonly path: string;
  /** "HTTP/1.1" or "HTTP/1.0". */
  readonly version: string;

  constructor(method: string, path: string, version: string) {
    this.method = method;
    this.path = path;
    this.version = version;
  }
}

/** What a response begins with. */
export class ResponseStartLine {
  /** "HTTP/1.1"; what is sent says so whatever stands here. */
  readonly version: string;
  /** 100 to 999. */
  readonly code: number;
  /** The phrase after the code; "" = none. */
  readonly reason: string;

  constructor(version: string, code: number, reason: string) {
    this.version = version;
    this.code = code;
    this.reason = reason;
  }
}

/**
 * Reads the first line of a request.
 *
 * @param line latin1, without its CRLF
 * @throws HTTPInputError 400 ERR_HTTP_REQUEST_LINE if it is not exactly `method SP target SP HTTP/1.x`
 * @see RFC 9112 §3
 */
export function parseRequestStartLine(line: string): RequestStartLine {
  const parts = REQUEST_LINE.exec(line);
  if (parts === null) {
    throw new HTTPInputError(
      400,
      "ERR_HTTP_REQUEST_LINE",
      `request line ${quote(line)} is malformed; RFC 9112 §3 asks for "method target HTTP/1.1", one space between them`,
    );
  }
  const [, method = "", path = "", version = ""] = parts;
  return new RequestStartLine(method, path, version);
}

/**
 * Reads the first line of a response.
 *
 * @param line latin1, without its CRLF
 * @throws HTTPInputError 400 ERR_HTTP_SYNTAX if it is not `HTTP/1.x SP code [SP phrase]`
 * @see RFC 9112 §4
 */
export function parseResponseStartLine(line: string): ResponseStartLine {
  const parts = STATUS_LINE.exec(line);
  if (parts === null) {
    throw new HTTPInputError(
      400,
      "ERR_HTTP_SYNTAX",
      `status line ${quote(line)} is malformed; RFC 9112 §4 asks for "HTTP/1.1 200 OK"`,
    );
  }
  const [, version = "", code = "", reason = ""] = parts;
  return new ResponseStartLine(version, Number(code), reason);
}
