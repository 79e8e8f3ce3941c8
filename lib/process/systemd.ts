/**
 * What systemd and a service tell each other: the sockets that it hands over, and how the service is doing.
 *
 *     READY=1       the first server listens; under prefork, all workers accept
 *     RELOADING=1   SIGHUP: workers are replaced; READY=1 again afterwards
 *     STOPPING=1    the process shuts down
 *     WATCHDOG=1    the loop turns, twice in WatchdogSec=
 *
 * Without NOTIFY_SOCKET nothing is sent. Under prefork the parent speaks, its workers do not have the variables.
 *
 * @see sd_notify(3), sd_listen_fds(3), sd_watchdog_enabled(3), systemd.service(5)
 */
import { getSystemErrorName } from "node:util";
import { log } from "../base/log.ts";
import { notifySocket } from "../native/addon.ts";
import { isSupervisor, isWorker } from "./role.ts";
import { onShutdown } from "./shutdown.ts";

/** The first descriptor that systemd hands over (SD_LISTEN_FDS_START). */
const FIRST_FD = 3;
const MOST_FDS = 1024;

/** One descriptor of a socket unit. */
export interface ActivatedDescriptor {
  readonly fd: number;
  /** FileDescriptorName= of its unit; "unknown" if that was not told. */
  readonly name: string;
}

let isReady = false;
let isComing = false;

/**
 * Tells systemd about the state of the service.
 *
 * @param lines "STATUS=…", "EXTEND_TIMEOUT_USEC=…": assignments, one a line. @see sd_notify(3)
 * @returns whether it was sent; false without NOTIFY_SOCKET, and if nobody listens there, which is logged
 */
export function systemdNotify(lines: string): boolean {
  const path = process.env["NOTIFY_SOCKET"];
  if (path === undefined || path === "") return false;
  const errno = notifySocket(path, lines);
  if (errno === 0) return true;
  log.warn(`systemd could not be told ${lines.split("\n")[0]}: ${getSystemErrorName(-errno)}`);
  return false;
}

/** @internal A server listens, in a process without prefork: it is ready as soon as the script has gone on. */
export function noteListening(): void {
  if (isWorker() || isSupervisor() || isComing) return;
  isComing = true;
  setImmediate(notifyReady);
}

/** @internal The service serves, for the first time or again. */
export function notifyReady(): void {
  if (process.env["NOTIFY_SOCKET"] === undefined) return;
  systemdNotify(`READY=1\nMAINPID=${process.pid}`);
  if (isReady) return;
  isReady = true;
  onShutdown(() => systemdNotify("STOPPING=1"));
  startWatchdog();
}

/** @internal Workers are about to be replaced. */
export function notifyReloading(): void {
  // hrtime is CLOCK_MONOTONIC, which systemd compares it with.
  systemdNotify(`RELOADING=1\nMONOTONIC_USEC=${process.hrtime.bigint() / 1_000n}`);
}

/** The descriptors that systemd has handed to this very process; none in another. */
export function activatedDescriptors(): ActivatedDescriptor[] {
  const count = Number(process.env["LISTEN_FDS"] ?? 0);
  if (Number(process.env["LISTEN_PID"]) !== process.pid) return [];
  if (!Number.isInteger(count) || count < 1 || count > MOST_FDS) return [];
  const names = (process.env["LISTEN_FDNAMES"] ?? "").split(":");
  return Array.from({ length: count }, (_, index) => ({
    fd: FIRST_FD + index,
    name: names[index] || "unknown",
  }));
}

/** From libuv's loop: when that does not turn, nothing is sent, and systemd restarts the service. */
function startWatchdog(): void {
  const { WATCHDOG_USEC: usec, WATCHDOG_PID: pid } = process.env;
  const everyMs = Math.floor(Number(usec) / 1_000 / 2);
  if (!(everyMs >= 1) || (pid !== undefined && Number(pid) !== process.pid)) return;
  setInterval(() => systemdNotify("WATCHDOG=1"), everyMs).unref();
}
