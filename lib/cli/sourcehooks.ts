/**
 * What happens to an app's sources on their way into Node.js: TypeScript is made JavaScript, and each file that is loaded is
 * told of, so that `landspout dev` knows what to watch.
 *
 * TypeScript is made JavaScript by the esbuild of the app's project, if it has one, else by Node.js itself from 22.18 on, which
 * takes away types and nothing more. Newer Node.js has hooks in this thread (module.registerHooks); Node.js 20 runs those for
 * `import` in a thread of their own (loaderthread.ts), and `require` is told of by wrapping its extensions.
 */
import module, { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { MessageChannel, type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import { CodedError } from "../base/errors.ts";
import { isTypeScript, type SourceMaker, sourceMaker, typeScriptTwin } from "./sourcemaker.ts";

/** Hears of each file that is loaded, by its absolute path. */
export type LoadListener = (file: string) => void;

/** The hooks that are in force. */
export interface SourceHooks {
  /** Tells of what was loaded in the other thread up to now. */
  drain(): void;
}

interface LoadContext {
  readonly format?: string | null | undefined;
}
interface Loaded {
  readonly format: string | null | undefined;
  readonly source?: string | Uint8Array | undefined;
  readonly shortCircuit?: boolean;
}
type NextResolve = (specifier: string, context?: object) => { url: string };
type NextLoad = (url: string, context?: LoadContext) => Loaded;

/** What newer Node.js has and the types of the oldest do not. */
interface ModuleWithHooks {
  registerHooks?: (hooks: {
    resolve(specifier: string, context: { parentURL?: string }, next: NextResolve): { url: string };
    load(url: string, context: LoadContext, next: NextLoad): Loaded;
  }) => unknown;
}

interface Extensions {
  [extension: string]: ((module: unknown, file: string) => void) | undefined;
}

/**
 * @param appFile the app's module: esbuild is looked for from there
 * @param onLoad  null = nobody wants to know
 */
export function installSourceHooks(appFile: string, onLoad: LoadListener | null): SourceHooks {
  const esbuild = esbuildOf(appFile);
  if (esbuild !== null) process.setSourceMapsEnabled(true);
  const { registerHooks } = module as unknown as ModuleWithHooks;
  if (registerHooks === undefined) return installInThread(esbuild, onLoad);
  const make = sourceMaker(esbuild);
  registerHooks({
    resolve(specifier, context, next) {
      try {
        return next(specifier, context);
      } catch (error) {
        const twin = typeScriptTwin(specifier, error);
        if (twin === null) throw error;
        return next(twin, context);
      }
    },
    load(url, context, next) {
      if (!url.startsWith("file:")) return next(url, context);
      const file = fileURLToPath(url);
      onLoad?.(file);
      return loaded(make, file) ?? next(url, context);
    },
  });
  return { drain: () => {} };
}

/**
 * Says whether TypeScript can be run here.
 *
 * @throws CodedError ERR_STATE with what to install
 */
export function checkTypeScript(appFile: string): void {
  if (!isTypeScript(appFile) || stripsTypes() || esbuildOf(appFile) !== null) return;
  throw new CodedError(
    "ERR_STATE",
    `${path.basename(appFile)} is TypeScript, which Node.js ${process.versions.node} does not run by itself: "npm install --save-dev esbuild", or use Node.js 22.18 or later`,
  );
}

/** Node.js takes away types by itself. */
export function stripsTypes(): boolean {
  const { features } = process as unknown as { features: Record<string, unknown> };
  return features.typescript === "strip" || features.typescript === "transform";
}

/** The path of the esbuild that belongs to the app's project; null if it has none. */
export function esbuildOf(appFile: string): string | null {
  try {
    return createRequire(appFile).resolve("esbuild");
  } catch {
    return null;
  }
}

function loaded(make: SourceMaker | null, file: string): Loaded | null {
  if (make === null || !isTypeScript(file)) return null;
  return { ...make(file), shortCircuit: true };
}

function installInThread(esbuild: string | null, onLoad: LoadListener | null): SourceHooks {
  const { port1, port2 } = new MessageChannel();
  port1.unref();
  if (onLoad !== null) {
    port1.on("message", onLoad);
    port1.unref();
    reportRequired(onLoad);
  }
  module.register(new URL("./loaderthread.js", import.meta.url), {
    data: { port: port2, esbuild },
    transferList: [port2],
  });
  return { drain: () => drain(port1, onLoad) };
}

function drain(port: MessagePort, onLoad: LoadListener | null): void {
  for (;;) {
    const received = receiveMessageOnPort(port) as { message: string } | undefined;
    if (received === undefined) return;
    onLoad?.(received.message);
  }
}

function reportRequired(onLoad: LoadListener): void {
  const { _extensions } = module as unknown as { _extensions: Extensions };
  for (const extension of [".js", ".json"]) {
    const original = _extensions[extension];
    if (original === undefined) continue;
    _extensions[extension] = (loading, file) => {
      onLoad(file);
      original(loading, file);
    };
  }
}

/** The URL that `import()` takes for a path. */
export function urlOf(file: string): string {
  return pathToFileURL(file).href;
}
