/**
 * The command `landspout`: finds the subcommand, runs it, and says in one sentence what went wrong.
 *
 *     landspout dev app.ts          landspout start app.js --processes=0
 *     landspout routes app.ts       landspout new my-app
 *
 * landspout.cjs calls run() once it knows that this Node.js is new enough. Exit codes: 0; 1 if it could not do it; 2 if it was
 * called wrongly. Each subcommand is a file of its own, loaded when it is asked for.
 */
import { readFileSync } from "node:fs";
import { quote } from "../base/describe.ts";
import { nearestName } from "../base/levenshtein.ts";
import { failed, WRONG_USAGE } from "./failed.ts";
import { UsageError } from "./usage.ts";

const HELP = `Usage: landspout COMMAND [options]

Commands:
  dev FILE      serves an app, in TypeScript or JavaScript, and restarts it when a file changes
  start FILE    serves an app, in one process or several
  routes FILE   prints the table of an app's routes
  new NAME      makes the folder of a new app

landspout COMMAND --help   the options of a command
landspout --version        the version
`;

/** A subcommand: given its arguments, settles when it has done or begun its work. */
type Command = (args: readonly string[]) => unknown;

const commands: Readonly<Record<string, () => Promise<Command>>> = {
  dev: async () => (await import("./dev.ts")).dev,
  start: async () => (await import("./start.ts")).start,
  routes: async () => (await import("./routes.ts")).routes,
  new: async () => (await import("./new.ts")).newApp,
};

/** @param args without node and the script */
export async function run(args: readonly string[]): Promise<void> {
  try {
    const [name = "--help", ...rest] = args;
    if (name === "--help" || name === "-h" || name === "help") {
      process.stdout.write(HELP);
      if (args.length === 0) process.exitCode = WRONG_USAGE;
    } else if (name === "--version" || name === "-v") process.stdout.write(`${version()}\n`);
    else await (await commandNamed(name))(rest);
  } catch (error) {
    process.exitCode = failed(error);
  }
}

async function commandNamed(name: string): Promise<Command> {
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (load !== undefined) return await load();
  const what = name.startsWith("-") ? "option" : "command";
  const nearest = nearestName(name, Object.keys(commands));
  const isFile = /\.[cm]?[jt]sx?$/.test(name);
  throw new UsageError(
    `there is no ${what} ${quote(name)}`,
    isFile
      ? `did you mean "landspout dev ${name}"?`
      : nearest === null
        ? "landspout --help lists the commands"
        : `did you mean ${nearest}?`,
  );
}

function version(): string {
  const file = new URL("../../../package.json", import.meta.url);
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}
