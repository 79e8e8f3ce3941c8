/**
 * The hooks of `import` for Node.js 20, which runs them in a thread of their own; sourcehooks.ts registers this file there.
 * Newer Node.js does without.
 */
import { fileURLToPath } from "node:url";
import type { MessagePort } from "node:worker_threads";
import { isTypeScript, type SourceMaker, sourceMaker, typeScriptTwin } from "./sourcemaker.ts";

interface Loaded {
  readonly format: string | null | undefined;
  readonly source?: unknown;
  readonly shortCircuit?: boolean;
}

let make: SourceMaker | null = null;
let port: MessagePort | null = null;

/** Called once, with what register() was given. */
export function initialize(data: {
  readonly port: MessagePort;
  readonly esbuild: string | null;
}): void {
  make = sourceMaker(data.esbuild);
  port = data.port;
}

export async function resolve(
  specifier: string,
  context: object,
  next: (specifier: string, context: object) => Promise<object>,
): Promise<object> {
  try {
    return await next(specifier, context);
  } catch (error) {
    const twin = typeScriptTwin(specifier, error);
    if (twin === null) throw error;
    return await next(twin, context);
  }
}

export async function load(
  url: string,
  context: object,
  next: (url: string, context: object) => Promise<Loaded>,
): Promise<Loaded> {
  if (!url.startsWith("file:")) return await next(url, context);
  const file = fileURLToPath(url);
  port?.postMessage(file);
  if (make === null || !isTypeScript(file)) return await next(url, context);
  return { ...make(file), shortCircuit: true };
}
