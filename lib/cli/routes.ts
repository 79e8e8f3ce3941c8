/** `landspout routes app.ts`: prints the table of an app's routes, for people or as JSON. */
import path from "node:path";
import { OptionParser } from "../base/optionparser.ts";
import type { RouteInfo } from "../index.ts";
import { appFile } from "./appmodule.ts";
import { split } from "./commandoptions.ts";
import { loadShown } from "./loadshown.ts";
import { UsageError } from "./usage.ts";

const COLUMNS = ["METHODS", "PATTERN", "HANDLER", "NAME", "ONLY FOR"] as const;

export async function routes(args: readonly string[]): Promise<void> {
  const parser = new OptionParser({
    usage: "landspout routes FILE [options] [-- options of the app]",
  });
  const json = parser.define("json", { type: Boolean, help: "a list of objects, as JSON" });
  const [own, appArgs] = split(args);
  const [given, ...more] = parser.parseCommandLine(own);
  if (given === undefined || more.length > 0) {
    throw new UsageError('landspout routes needs the file of one app: "landspout routes app.ts"');
  }
  const file = appFile(given);
  const { target, lib } = await loadShown(file, appArgs);
  const list = (target as { routeList?: () => RouteInfo[] } | null)?.routeList?.();
  if (list === undefined) {
    const why = target === null ? "exports no app" : "exports no Application";
    throw new UsageError(
      `${path.basename(file)} ${why}, so there is no table to print: write "export default app"`,
    );
  }
  await print(json.value ? `${JSON.stringify(list, null, 2)}\n` : table(list));
  // The module may have opened what keeps a process alive: a database, a timer.
  if (lib !== null) process.exit(0);
}

/** The table, with a final newline. */
export function table(list: readonly RouteInfo[]): string {
  const rows = list.map(({ pattern, methods, handler, name, conditions }) => [
    methods?.join(" ") ?? "any",
    pattern ?? "any",
    handler,
    name ?? "",
    conditions.join(", "),
  ]);
  const all = [[...COLUMNS], ...rows];
  // A column with nothing in it is left out.
  const used = COLUMNS.map((_, i) => i).filter((i) => rows.some((row) => row[i] !== "") || i < 3);
  const widths = used.map((i) => Math.max(...all.map((row) => row[i]?.length ?? 0)));
  const lines = all.map((row) =>
    used
      .map((i, at) => (row[i] ?? "").padEnd(widths[at] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  return `${lines.join("\n")}\n`;
}

function print(text: string): Promise<void> {
  return new Promise((resolve) => process.stdout.write(text, () => resolve()));
}
