/**
 * The app's module: imported, and looked at for what it exports.
 *
 * It may export (`export default`, or by the name `app`) an Application, a list of routes, a function, or anything else that
 * HTTPServer serves. If it exports nothing of the kind, or listens by itself, it was a program, and has been run.
 */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { describe } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";
import { nearestName } from "../base/levenshtein.ts";
import { UsageError } from "./usage.ts";

/** The framework as the app sees it: the copy that its project has. */
export type Landspout = typeof import("../index.ts");
type Target = ConstructorParameters<Landspout["HTTPServer"]>[0];

/** A module that was imported. */
export interface LoadedApp {
  readonly lib: Landspout;
  /** What can be served; null = the module was a program. */
  readonly target: Target | null;
  /** It has begun to serve by itself. */
  readonly isListening: boolean;
}

/**
 * The absolute path of an app's file.
 *
 * @throws UsageError if there is none
 */
export function appFile(given: string): string {
  const file = path.resolve(given);
  if (existsSync(file) && statSync(file).isFile()) return file;
  const candidates = namesIn(path.dirname(file)).filter((name) => /\.[cm]?[jt]sx?$/.test(name));
  const nearest = nearestName(path.basename(file), candidates);
  throw new UsageError(
    `there is no file ${file}`,
    nearest === null ? remedyFor(file) : `did you mean ${nearest}?`,
  );
}

/** What is compiled is not there before the first build. */
function remedyFor(file: string): string {
  const isCompiled = /\.[cm]?js$/.test(file);
  return isCompiled && hasBuildScript()
    ? '"npm run build" makes what this project compiles'
    : '"landspout new NAME" makes an app';
}

function hasBuildScript(): boolean {
  try {
    const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as {
      scripts?: { build?: unknown };
    };
    return typeof scripts?.build === "string";
  } catch {
    return false;
  }
}

/**
 * Imports the app.
 *
 * @param appArgs what it is to find in process.argv, behind its own name
 * @throws what the module throws
 */
export async function loadApp(file: string, appArgs: readonly string[]): Promise<LoadedApp> {
  const lib = await landspoutOf(file);
  const wereListening = noteListening(lib);
  const { argv } = process;
  process.argv = [argv[0] ?? "node", file, ...appArgs];
  const exported = await exportedOf(await importFile(file));
  const isListening = wereListening();
  const target = isListening ? null : targetOf(lib, exported, file);
  // What serves for the app may execute the command once more, for a worker. A program does that itself, by its own name.
  if (target !== null) process.argv = argv;
  return { lib, target, isListening };
}

/** The landspout that the app imports: there may be two, of which this command is the other. */
export async function landspoutOf(file: string): Promise<Landspout> {
  let found: string;
  try {
    found = createRequire(file).resolve("landspout");
  } catch {
    return await import("../index.ts");
  }
  return (await importFile(found)) as Landspout;
}

/** Imports a file by its path, whichever it is. */
export async function importFile(file: string): Promise<unknown> {
  return await import(pathToFileURL(file).href);
}

async function exportedOf(namespace: unknown): Promise<unknown> {
  const exports = namespace as { readonly default?: unknown; readonly app?: unknown };
  let exported = exports.default ?? exports.app;
  // CommonJS that was made of an ES module.
  const isWrapped = typeof exported === "object" && exported !== null && "__esModule" in exported;
  if (isWrapped)
    exported =
      (exported as { default?: unknown; app?: unknown }).default ??
      (exported as { app?: unknown }).app;
  return await exported;
}

function targetOf(lib: Landspout, exported: unknown, file: string): Target | null {
  if (exported === undefined || exported === null) return null;
  if (Array.isArray(exported)) return new lib.Application(exported as never);
  const isObject = typeof exported === "object";
  if (isObject && Object.keys(exported).length === 0 && !hasVerb(exported)) return null;
  if (hasVerb(exported) || (typeof exported === "function" && !isHandlerClass(exported))) {
    return exported as Target;
  }
  const what = typeof exported === "function" ? `the class ${exported.name}` : describe(exported);
  throw new CodedError(
    "ERR_ARGUMENT_TYPE",
    `${path.basename(file)} exports ${what}; allowed are an Application, a list of routes, a function (request), and what else HTTPServer serves: "export default new Application([…])"`,
  );
}

function hasVerb(exported: object | unknown): boolean {
  if (typeof exported !== "object" || exported === null) return false;
  const { startRequest, fetch } = exported as { startRequest?: unknown; fetch?: unknown };
  return typeof startRequest === "function" || typeof fetch === "function";
}

function isHandlerClass(exported: object): boolean {
  return /^class\b/.test(Function.prototype.toString.call(exported));
}

/** Hears of servers that the module makes listen while it is imported. */
function noteListening({ HTTPServer, TCPServer }: Landspout): () => boolean {
  let isListening = false;
  const restores = [HTTPServer.prototype, TCPServer.prototype].flatMap((prototype) =>
    (["listen", "bind", "addSocket"] as const).map((name) => {
      const held = prototype as unknown as Record<string, unknown>;
      const original = held[name];
      if (typeof original !== "function") return () => {};
      const isOwn = Object.hasOwn(held, name);
      held[name] = function (this: unknown, ...args: unknown[]): unknown {
        const result: unknown = Reflect.apply(original, this, args);
        isListening = true;
        return result;
      };
      return () => {
        if (isOwn) held[name] = original;
        else delete held[name];
      };
    }),
  );
  return () => {
    for (const restore of restores) restore();
    return isListening;
  };
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
