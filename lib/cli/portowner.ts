/** Who listens on a port that is in use: Linux tells in /proc, of the user's own processes. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** The state of a listening socket in /proc/net/tcp. */
const LISTENING = "0A";

/** Most characters of a command line that are shown. */
const MOST_SHOWN = 60;

/**
 * @param message of the error: "cannot listen on 127.0.0.1:8888: …"
 * @returns " (process 123 listens there: node app.js)"; "" if that cannot be told
 */
export function portOwner(message: string): string {
  const port = /^cannot listen on \S*:(\d+):/.exec(message)?.[1];
  if (port === undefined) return "";
  try {
    const inodes = inodesOf(Number(port));
    if (inodes.size === 0) return "";
    for (const pid of readdirSync("/proc")) {
      if (/^\d+$/.test(pid) && holds(pid, inodes)) return owner(pid);
    }
  } catch {
    // No /proc, or none of what we expect in it.
  }
  return "";
}

/** The inodes of the sockets that listen on a port, on whatever address. */
function inodesOf(port: number): Set<string> {
  const inodes = new Set<string>();
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  for (const file of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    for (const line of readOr(file, "").split("\n").slice(1)) {
      const [, local = "", , state, , , , , , inode] = line.trim().split(/\s+/);
      if (state === LISTENING && local.endsWith(`:${hex}`) && inode !== undefined)
        inodes.add(inode);
    }
  }
  return inodes;
}

function holds(pid: string, inodes: ReadonlySet<string>): boolean {
  try {
    for (const fd of readdirSync(`/proc/${pid}/fd`)) {
      const inode = /^socket:\[(\d+)\]$/.exec(linkOr(`/proc/${pid}/fd/${fd}`))?.[1];
      if (inode !== undefined && inodes.has(inode)) return true;
    }
  } catch {
    // Another user's, or gone.
  }
  return false;
}

function owner(pid: string): string {
  const words = readOr(`/proc/${pid}/cmdline`, "").split("\0").join(" ").trim();
  const all = words.replace(/\p{Cc}/gu, "?");
  const shown = all.length <= MOST_SHOWN ? all : `${all.slice(0, MOST_SHOWN)}…`;
  return ` (process ${pid} listens there${shown === "" ? "" : `: ${shown}`})`;
}

function readOr(file: string, fallback: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return fallback;
  }
}

function linkOr(file: string): string {
  try {
    return readlinkSync(file);
  } catch {
    return "";
  }
}
