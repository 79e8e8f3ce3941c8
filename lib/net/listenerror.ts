/** Why listening failed, for people: what the kernel said and what to do. HTTPServer throws it. */
import { getSystemErrorName } from "node:util";
import { SystemError } from "../base/errors.ts";
import { isWorker } from "../process/role.ts";

/**
 * Makes the error of a listen() that the kernel refused.
 *
 * @param errno   above 0
 * @param syscall which call it was: "bind", say
 * @param where   the address, as addressText() names it
 */
export function listenError(
  [errno, syscall]: readonly [errno: number, syscall: string],
  where: string,
): SystemError {
  const name = getSystemErrorName(-errno);
  const remedies: Readonly<Record<string, string>> = {
    EADDRINUSE: isWorker()
      ? "the address is in use; workers share what is bound, by bind() or bindSockets(), before they are forked"
      : "the address is in use; stop the other server, choose another port or set reusePort",
    EACCES: "permission denied; ports below 1024 need a privileged user or CAP_NET_BIND_SERVICE",
    EADDRNOTAVAIL: "no interface of this machine has that address",
    EMFILE: "no descriptors left; raise ulimit -n",
    ENOENT: "the folder of the socket does not exist",
  };
  return new SystemError(
    name,
    syscall,
    `cannot listen on ${where}: ${remedies[name] ?? `${syscall} failed with ${name}`}`,
  );
}
