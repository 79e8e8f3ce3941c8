/**
 * `landspout new my-app`: makes the folder of a new app out of scaffold/ beside this file, which is a whole project named my-app.
 *
 * Names that npm would not pack, or would take for its own, are spelled otherwise there.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { quote } from "../base/describe.ts";
import { OptionParser } from "../base/optionparser.ts";
import { UsageError } from "./usage.ts";

// From dist/lib/cli.
const PACKAGE = fileURLToPath(new URL("../../../", import.meta.url));
const SCAFFOLD = path.join(PACKAGE, "lib/cli/scaffold");

/** What npm takes for the name of a package, without a scope. */
const NAME = /^[a-z0-9][a-z0-9._-]{0,213}$/;

/** npm's own, and what the app itself imports. */
const TAKEN_NAMES: ReadonlySet<string> = new Set(["landspout", "node_modules", "favicon.ico"]);

const spellings: Readonly<Record<string, string>> = {
  gitignore: ".gitignore",
  dockerignore: ".dockerignore",
  "_package.json": "package.json",
};

export function newApp(args: readonly string[]): void {
  const parser = new OptionParser({ usage: "landspout new NAME" });
  const [given, ...more] = parser.parseCommandLine([...args], { envPrefix: null });
  if (given === undefined || more.length > 0) {
    throw new UsageError('landspout new needs the name of one app: "landspout new my-app"');
  }
  const folder = path.resolve(given);
  const name = path.basename(folder);
  if (!NAME.test(name)) {
    throw new UsageError(
      `${quote(name)} cannot be the name of a package`,
      "allowed are lower-case letters, digits and ._-, with a letter or a digit first",
    );
  }
  if (TAKEN_NAMES.has(name)) {
    throw new UsageError(`an app cannot be called ${quote(name)}`, "choose another name");
  }
  if (existsSync(folder) && (!statSync(folder).isDirectory() || readdirSync(folder).length > 0)) {
    throw new UsageError(`${folder} is there already`, "choose another name, or an empty folder");
  }
  const files = copy(SCAFFOLD, folder, name);
  process.stdout.write(
    `${files.map((file) => `  ${path.join(given, file)}\n`).join("")}
Next:
  cd ${given}
  npm install
  npm run dev
`,
  );
}

/** @returns the files that were made, relative to `folder` */
function copy(from: string, folder: string, name: string): string[] {
  const made: string[] = [];
  const visit = (relative: string): void => {
    for (const entry of readdirSync(path.join(from, relative), { withFileTypes: true })) {
      const source = path.join(relative, entry.name);
      if (entry.isDirectory()) visit(source);
      else made.push(copyFile(path.join(from, source), folder, source, name));
    }
  };
  visit("");
  return made.sort();
}

function copyFile(source: string, folder: string, relative: string, name: string): string {
  const base = path.basename(relative).replaceAll("my-app", name);
  const target = path.join(path.dirname(relative), spellings[base] ?? base);
  const text = readFileSync(source, "utf8")
    .replaceAll("my-app", name)
    .replaceAll("LANDSPOUT_VERSION", versionRange());
  mkdirSync(path.join(folder, path.dirname(target)), { recursive: true });
  writeFileSync(path.join(folder, target), text);
  return target;
}

function versionRange(): string {
  const text = readFileSync(path.join(PACKAGE, "package.json"), "utf8");
  return `^${(JSON.parse(text) as { version: string }).version}`;
}
