/**
 * `landspout start app.js`: serves an app in this process, or in several that share the socket.
 *
 * Signals, restarts of workers and systemd are the framework's (lib/process). Under prefork this command is executed once more
 * in each worker, with the same arguments.
 */
import { constants } from "node:os";
import { appFile, type Landspout } from "./appmodule.ts";
import { type ServeCommand, serveCommand } from "./commandoptions.ts";
import { loadShown } from "./loadshown.ts";
import { isTypeScript } from "./sourcemaker.ts";
import { say } from "./usage.ts";

type Server = InstanceType<Landspout["HTTPServer"]>;

export async function start(args: readonly string[]): Promise<void> {
  const command = serveCommand("start", args);
  const file = appFile(command.file);
  const { execArgv } = process;
  if (isTypeScript(file)) {
    // A program in TypeScript that forks by itself executes itself, and needs the hooks, too.
    const hooks = new URL("./typescript.js", import.meta.url).href;
    process.execArgv = [...execArgv, "--import", hooks];
  }
  const leaveSignals = endOnSignals();
  const { lib, target, isListening } = await loadShown(file, command.appArgs);
  if (target === null) {
    leaveSignals();
    if (!isListening)
      say(
        `${command.file} exports no app: it was run as it is, and the options of "start" say nothing to it`,
      );
    return;
  }
  process.execArgv = execArgv;
  lib.configureLogging(command.logging);
  const server = new lib.HTTPServer(target, command.server);
  if (command.unix !== null) server.bind(command.unix);
  else server.bind(command.port, command.address);
  const started = server.start(command.processes);
  // By now the server, or the parent of its workers, hears of signals itself.
  setImmediate(leaveSignals);
  await started;
  tell(lib, server, command);
}

/**
 * Until the app serves, SIGTERM and SIGINT have their default effect, but for the first process of a container, on which
 * they have none: there "docker stop" would wait in vain. pid_namespaces(7)
 *
 * @returns ends that
 */
function endOnSignals(): () => void {
  if (process.pid !== 1) return () => {};
  const removes = (["SIGTERM", "SIGINT"] as const).map((signal) => {
    const end = () => {
      // A program that listens itself has the last word.
      if (process.listenerCount(signal) === 1) process.exit(128 + constants.signals[signal]);
    };
    process.on(signal, end);
    return () => process.off(signal, end);
  });
  return () => {
    for (const remove of removes) remove();
  };
}

function tell(lib: Landspout, server: Server, { processes }: ServeCommand): void {
  const task = lib.taskId();
  if (task !== null && task !== 0) return;
  const workers = processes === 0 ? lib.cpuCount() : processes;
  const by = task === null ? "" : ` by ${workers} processes`;
  lib.log.info(`serving ${addressText(server)}${by}`);
}

/** "http://127.0.0.1:8888/", or the path of a Unix socket. */
export function addressText({ address }: Pick<Server, "address">): string {
  if (address === null) return "nowhere";
  if ("path" in address) return `unix:${address.path}`;
  const host = address.family === 6 ? `[${address.address}]` : address.address;
  return `http://${host}:${address.port}/`;
}
