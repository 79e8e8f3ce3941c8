/** Names of Unix sockets: a path, or an abstract name of Linux, which begins with NUL and has no file. @see unix(7) */
import { describe } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";

/** What fits into sockaddr_un with its NUL. */
const LONGEST_NAME = 107;

/** @throws CodedError ERR_ADDRESS if it is no name of a Unix socket */
export function checkUnixName(name: unknown): string {
  const isName =
    typeof name === "string" &&
    name !== "" &&
    name !== "\0" &&
    name.lastIndexOf("\0") <= 0 &&
    Buffer.byteLength(name) <= LONGEST_NAME;
  if (isName) return name;
  throw new CodedError(
    "ERR_ADDRESS",
    `the path of the Unix socket is ${describe(name)}; allowed are 1 to ${LONGEST_NAME} bytes, NUL only as the first`,
  );
}

/** A name without a file. */
export function isAbstract(name: string): boolean {
  return name.startsWith("\0");
}
