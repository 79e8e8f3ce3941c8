// The rules of the ladder (docs/architecture.md) as a function of source texts. Called by
// test/architecture.test.ts with the project's own files, and with small faulty ones to prove that
// each rule can fail.

import path from "node:path";
import { type ImportSite, importsOf } from "./imports.ts";

/** Path from the root, with "/", to the file's text. */
export type Sources = ReadonlyMap<string, string>;

/** Height of each folder of lib: a file imports from lower floors and from its own folder only. */
const floors: ReadonlyMap<string, number> = new Map([
  ["base", -1],
  ["native", 0],
  ["loop", 1],
  ["process", 1.5],
  ["net", 2],
  ["http", 3],
  ["websocket", 3],
  ["server", 4],
  ["web", 5],
  ["testing", 6],
  ["cli", 7],
]);

/** Modules of Node that a floor must do without: what stands under landspout is its own. */
const bannedModules: readonly { readonly folder: RegExp; readonly module: RegExp }[] = [
  { folder: /^lib\//, module: /^(node:)?(http|https|http2|_http_\w+)$/ },
  { folder: /^lib\/(http|websocket)\//, module: /^(node:)?(net|tls|dgram|fs|dns|timers)(\/|$)/ },
];

/**
 * The file that may import node:http: it makes IncomingMessage and ServerResponse for listeners of node:http, such as
 * Express, which look at their prototypes. Nothing of Node's server, parser or sockets is used there.
 */
const nodeHttpFile = "lib/server/nodemessages.ts";

/** The floor above lib/index.ts, which it may import: the command. */
const topFolder = "cli";

/** The file that imports modules whose names a user gives: the app. */
const computedImportFile = "lib/cli/appmodule.ts";

/** Pure functions of modules that are banned for the rest of what is in them. */
const pureFunctions = /^(isIP|isIPv4|isIPv6)$/;

/** Folders that would be low enough, and are out of bounds all the same. */
const bannedFloors: ReadonlyMap<string, readonly string[]> = new Map([["web", ["native"]]]);

const maxLines = 400;
const maxNativeLines = 250;

/** Says what is wrong with these files: one sentence each, with file and line; empty = nothing. */
export function violations(sources: Sources): string[] {
  const found: string[] = [];
  const graph = new Map<string, string[]>();
  for (const [file, text] of sources) {
    found.push(...shapeViolations(file, text));
    if (!file.endsWith(".ts") || !/^(lib|handlers)\//.test(file)) continue;
    const targets: string[] = [];
    for (const site of importsOf(text)) {
      const problem = importViolation(file, site, sources);
      if (problem !== null) found.push(`${file}:${site.line} ${problem}`);
      if (site.specifier?.startsWith(".")) targets.push(resolve(file, site.specifier));
    }
    graph.set(file, targets);
  }
  found.push(...cycles(graph).map((circle) => `circle of imports: ${circle.join(" → ")}`));
  return found;
}

function shapeViolations(file: string, text: string): string[] {
  const found: string[] = [];
  const lines = text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
  const most = /\.(cc|h)$/.test(file) ? maxNativeLines : maxLines;
  if (lines > most) found.push(`${file} has ${lines} lines; at most ${most}: it is two concepts`);
  if (!/^\s*\/[/*]/.test(text.replace(/^#!.*\n/, ""))) {
    found.push(`${file} does not open with a comment that says what it is`);
  }
  return found;
}

function importViolation(file: string, site: ImportSite, sources: Sources): string | null {
  const { specifier } = site;
  if (specifier === null) {
    if (file === computedImportFile) return null;
    return "imports a computed name: the ladder cannot be checked";
  }
  const pure = site.names.length > 0 && site.names.every((name) => pureFunctions.test(name));
  for (const ban of pure ? [] : bannedModules) {
    const isExempt = file === nodeHttpFile && specifier === "node:http";
    if (!isExempt && ban.folder.test(file) && ban.module.test(specifier))
      return `imports ${specifier}`;
  }
  if (file.startsWith("handlers/")) return handlerImport(specifier);
  if (specifier === "landspout") return "imports landspout by name: import the file itself";
  if (!specifier.startsWith(".")) return null; // a package or a module of Node
  const target = resolve(file, specifier);
  if (!specifier.endsWith(".ts")) return `imports ${specifier}: name the .ts file`;
  if (!sources.has(target)) return `imports ${target}: there is no such file in lib`;
  if (file === "lib/index.ts") return null;
  return climbing(file, target);
}

function handlerImport(specifier: string): string | null {
  const allowed = specifier === "landspout" || /^node:|^\.\/[^/]+$/.test(specifier);
  return allowed ? null : `imports ${specifier}: handlers import "landspout", node: and siblings`;
}

function climbing(file: string, target: string): string | null {
  const from = folderOf(file);
  const to = folderOf(target);
  if (target === "lib/index.ts") {
    return from === topFolder ? null : "imports lib/index.ts, which stands above every floor";
  }
  const own = floors.get(from);
  const other = floors.get(to);
  if (own === undefined) return `is in lib/${from}, which is no floor of the ladder`;
  if (other === undefined) return `imports from lib/${to}, which is no floor of the ladder`;
  if (from === to) return null;
  if (other >= own) return `imports ${target}: ${to} is not below ${from}`;
  if (bannedFloors.get(from)?.includes(to)) return `imports ${target}: ${from} keeps off ${to}`;
  return null;
}

function folderOf(file: string): string {
  return file.split("/").slice(1, -1).join("/");
}

function resolve(file: string, specifier: string): string {
  return path.posix.join(path.posix.dirname(file), specifier);
}

/** Every circle that a depth-first walk closes, as the files along it. */
function cycles(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const found: string[][] = [];
  const done = new Set<string>();
  const trail: string[] = [];
  const visit = (file: string): void => {
    const at = trail.indexOf(file);
    if (at >= 0) {
      found.push([...trail.slice(at), file]);
      return;
    }
    if (done.has(file)) return;
    trail.push(file);
    for (const target of graph.get(file) ?? []) visit(target);
    trail.pop();
    done.add(file);
  };
  for (const file of graph.keys()) visit(file);
  return found;
}
