/**
 * The descriptor of a PipeIOStream: what may be one, and what the kernel says when it is read and written.
 *
 * What is given is opened anew by way of /proc: O_NONBLOCK belongs to an open file, which a pipe may share with the shell
 * or parent that made it, and they do not expect it.
 */
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readFileSync,
  readSync,
  writevSync,
} from "node:fs";
import { describe } from "../base/describe.ts";
import { CodedError, SystemError } from "../base/errors.ts";

const LAST_STANDARD_FD = 2;

/** One or both ends of a pipe, non-blocking, close-on-exec. */
export interface PipeDescriptor {
  readonly fd: number;
  readonly canRead: boolean;
  readonly canWrite: boolean;
}

/** Nothing is there to be read, or there is no room: later. */
export const TRY_LATER = -1;

/**
 * Opens a pipe for a stream. `given` is closed then, unless it is 0, 1 or 2, which are the process's.
 *
 * @throws CodedError ERR_ARGUMENT_TYPE if it is no pipe; SystemError EBADF; EACCES if the pipe is another user's; ENXIO if a
 *   FIFO is to be written that nobody has open for reading
 */
export function openPipe(given: number): PipeDescriptor {
  if (!Number.isSafeInteger(given) || given < 0) throw noPipe(describe(given));
  try {
    const isPipe = fstatSync(given).isFIFO();
    if (!isPipe) throw noPipe(`${given}, which is something else`);
    const flags = /^flags:\s+([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${given}`, "latin1"));
    const mode = Number.parseInt(flags?.[1] ?? "0", 8) & (constants.O_WRONLY | constants.O_RDWR);
    const fd = openSync(`/proc/self/fd/${given}`, mode | constants.O_NONBLOCK);
    if (given > LAST_STANDARD_FD) closeSync(given);
    return { fd, canRead: mode !== constants.O_WRONLY, canWrite: mode !== constants.O_RDONLY };
  } catch (error) {
    throw error instanceof CodedError ? error : pipeError(error, `cannot take the pipe ${given}`);
  }
}

/** @returns how many bytes were read, 0 = the end, or TRY_LATER. @throws SystemError */
export function readPipe(fd: number, into: Buffer): number {
  try {
    return readSync(fd, into);
  } catch (error) {
    if (isAgain(error)) return TRY_LATER;
    throw pipeError(error, "the pipe cannot be read");
  }
}

/** @returns how many bytes were written, or TRY_LATER. @throws SystemError EPIPE if nobody reads any more */
export function writePipe(fd: number, chunks: readonly Uint8Array[]): number {
  try {
    return writevSync(fd, chunks);
  } catch (error) {
    if (isAgain(error)) return TRY_LATER;
    throw pipeError(error, "the pipe is broken");
  }
}

/** The reader of a pipe has gone. */
export function brokenPipe(): SystemError {
  return new SystemError("EPIPE", "write", "the pipe is broken: nobody reads from it (EPIPE)");
}

function isAgain(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "EAGAIN";
}

function pipeError(cause: unknown, what: string): SystemError {
  const { code = "EIO", syscall = "open" } = cause as NodeJS.ErrnoException;
  if (code === "EPIPE") return brokenPipe();
  const reasons: Readonly<Record<string, string>> = {
    EACCES: "it belongs to another user",
    EBADF: "the descriptor is not open",
    ENXIO: "nobody has it open for reading",
  };
  const reason = reasons[code] ?? `${syscall} failed`;
  return new SystemError(code, syscall, `${what}: ${reason} (${code})`, { cause });
}

function noPipe(got: string): CodedError {
  return new CodedError(
    "ERR_ARGUMENT_TYPE",
    `PipeIOStream was given the descriptor ${got}; allowed is a pipe or FIFO; IOStream.adopt() takes sockets`,
  );
}
