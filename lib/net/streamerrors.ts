/** What an IOStream rejects with. The stream's users compare the classes, or their codes. */
import { getSystemErrorName } from "node:util";
import { CodedError, SystemError } from "../base/errors.ts";

/** The stream is closed, or was before the read or write could be done. */
export class StreamClosedError extends CodedError {
  static {
    StreamClosedError.prototype.name = "StreamClosedError";
  }

  /** Why it closed; null after an orderly end, from either side. Also the `cause`. */
  readonly realError: Error | null;

  constructor(realError: Error | null) {
    super(
      "ERR_STREAM_CLOSED",
      realError === null ? "the stream is closed" : `the stream is closed: ${realError.message}`,
      realError === null ? {} : { cause: realError },
    );
    this.realError = realError;
  }
}

/** What readUntil() or readUntilRegex() waits for is not within maxBytes. The stream is closed for it. */
export class UnsatisfiableReadError extends CodedError {
  static {
    UnsatisfiableReadError.prototype.name = "UnsatisfiableReadError";
  }

  /** @param maxBytes what the read allowed */
  constructor(maxBytes: number) {
    super(
      "ERR_STREAM_UNSATISFIABLE",
      `what the read waits for does not end within its maxBytes of ${maxBytes}`,
    );
  }
}

/** A buffer of the stream is full: a read needs more than maxBufferBytes, or a write than maxWriteBufferBytes. */
export class StreamBufferFullError extends CodedError {
  static {
    StreamBufferFullError.prototype.name = "StreamBufferFullError";
  }

  constructor(message: string) {
    super("ERR_STREAM_BUFFER_FULL", message);
  }
}

/**
 * The kernel's reason for the end of a connection.
 *
 * @param errno   above 0
 * @param syscall what was refused: "connect", or "recv" for what ends an open connection
 * @param what    what did not succeed, for people
 */
export function connectionError(errno: number, syscall: string, what: string): SystemError {
  const name = getSystemErrorName(-errno);
  const reasons: Readonly<Record<string, string>> = {
    ECONNREFUSED: "nobody listens there",
    ECONNRESET: "the peer has reset it",
    EPIPE: "the peer takes no more",
    ETIMEDOUT: "the peer does not answer",
    EHOSTUNREACH: "no route leads to the host",
    ENETUNREACH: "no route leads to the network",
    ENOENT: "there is no such socket",
    EAGAIN: "the backlog of the socket is full",
    EADDRNOTAVAIL: "no interface has the source address, or its ports are used up",
    EADDRINUSE: "the source address is in use",
    EMFILE: "no descriptors left; raise ulimit -n",
  };
  const reason = reasons[name];
  return new SystemError(
    name,
    syscall,
    `${what}: ${reason === undefined ? `${syscall} failed with ${name}` : `${reason} (${name})`}`,
  );
}
