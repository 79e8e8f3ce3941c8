// What the kernel says of a process: CPU time and resident memory, from /proc. And the servers of
// bench/servers as child processes, pinned to a CPU. Used by every benchmark in this folder.

import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { nginxCommand } from "../servers/nginx.mjs";

export const benchRoot = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");

const serverCpu = "0";
const loadCpu = "1";
const canPin = os.availableParallelism() > 1 && spawnSync("taskset", ["--version"]).status === 0;
const clockTicksPerSecond = 100; // sysconf(_SC_CLK_TCK) on every Linux that Node runs on

// Whatever is still running when a benchmark ends, by an exception say, ends with it.
const servers = new Set();
process.once("exit", () => {
  for (const child of servers) child.kill("SIGKILL");
});

/** CPU time of all threads of a process so far, in ns. A thread that has ended is not counted. */
export function cpuNs(pid) {
  let total = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      total += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]);
    } catch (error) {
      if (error.code !== "ENOENT" && error.code !== "ESRCH") throw error;
    }
  }
  return total > 0 ? total : cpuTicks(pid) * (1e9 / clockTicksPerSecond);
}

/** The same from /proc/PID/stat, for kernels without schedstat: to 10 ms only. */
function cpuTicks(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" "); // from the third field, "state"
  return Number(fields[11]) + Number(fields[12]); // utime, stime
}

/** Resident memory of a process, in bytes. */
export function rssBytes(pid) {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)[1]) * 1024;
}

/** The part of it that is no file's: what the kernel may take back when it likes is not counted. */
export function anonymousBytes(pid) {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)[1]) * 1024;
}

/** Most descriptors that this process, and so a server of its, may open. */
export function descriptorLimit() {
  const limits = readFileSync("/proc/self/limits", "utf8");
  return Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? 1024);
}

/** Whether server and load are each kept to a CPU of its own. */
export const pinned = canPin;

/** A command line for the load generator's CPU. */
export function onLoadCpu(command, args) {
  return canPin ? ["taskset", ["-c", loadCpu, command, ...args]] : [command, args];
}

/** Moves the calling process to the load generator's CPU. */
export function moveToLoadCpu() {
  if (canPin) spawnSync("taskset", ["-a", "-c", "-p", loadCpu, String(process.pid)]);
}

/**
 * Starts bench/servers/NAME.mjs, or nginx, on a free port.
 *
 * @param given.files the folder of the static files, if the scenario has any
 * @param given.nodeFlags flags of Node's
 * @returns { name, pid, port, stop() }
 */
export async function startServer(name, { files = null, nodeFlags = [] } = {}) {
  const port = await freePort();
  const isNginx = name.startsWith("nginx");
  const folder = isNginx ? mkdtempSync(path.join(os.tmpdir(), "landspout-bench-")) : null;
  const script = path.join(benchRoot, "servers", `${name}.mjs`);
  const line = isNginx
    ? nginxCommand({ folder, files, port, keepsOpen: name === "nginx-cached" })
    : [process.execPath, ...nodeFlags, script, String(port), ...(files === null ? [] : [files])];
  const [command, ...args] = canPin ? ["taskset", "-c", serverCpu, ...line] : line;
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
  servers.add(child);
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const listening = isNginx ? answers(port) : saysSo(child);
  const tooSoon = ended.then((code) => {
    throw new Error(`${name} ended with ${code} before it was listening`);
  });
  await Promise.race([listening, tooSoon]);
  tooSoon.catch(() => {});
  const stop = async () => {
    child.kill("SIGKILL");
    await ended;
    servers.delete(child);
    if (folder !== null) rmSync(folder, { recursive: true });
  };
  return { name, pid: child.pid, port, stop }; // taskset execs: the pid is the server's own
}

function saysSo(child) {
  return new Promise((resolve, reject) => {
    child.stdout.setEncoding("utf8").on("data", (text) => {
      if (text.includes("listening")) resolve();
    });
    child.once("error", reject);
  });
}

/** Waits until something accepts connections on a port. */
async function answers(port) {
  for (;;) {
    const isOpen = await new Promise((resolve) => {
      const probe = net.connect({ port, host: "127.0.0.1" }, () => resolve(true));
      probe.once("error", () => resolve(false));
      probe.once("connect", () => probe.destroy());
    });
    if (isOpen) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = net.createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}
