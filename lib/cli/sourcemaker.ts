/** TypeScript made JavaScript by esbuild, and how its modules are found. Used in both threads: sourcehooks.ts, loaderthread.ts. */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

/** Makes JavaScript of a file of TypeScript. @throws SyntaxError whose message shows where */
export type SourceMaker = (file: string) => { format: "module" | "commonjs"; source: string };

/** The part of esbuild that is used. */
interface Esbuild {
  transformSync(source: string, options: object): { code: string };
}

interface EsbuildMessage {
  readonly text: string;
  readonly location: {
    readonly line: number;
    readonly column: number;
    readonly length: number;
    readonly lineText: string;
  } | null;
}

const TYPESCRIPT = /\.[cm]?tsx?$/;
const HAS_MODULE_SYNTAX = /^\s*(?:import\b(?!\s*\()|export\b)/m;

export function isTypeScript(file: string): boolean {
  return TYPESCRIPT.test(file) && !file.endsWith(".d.ts");
}

/** @param esbuild path of the package; null = there is none, and Node.js is left to it */
export function sourceMaker(esbuild: string | null): SourceMaker | null {
  if (esbuild === null) return null;
  const { transformSync } = createRequire(esbuild)(esbuild) as Esbuild;
  return (file) => {
    const text = readFileSync(file, "utf8");
    const format = formatOf(file, text);
    try {
      const { code } = transformSync(text, {
        sourcefile: file,
        loader: file.endsWith("x") ? "tsx" : "ts",
        format: format === "module" ? "esm" : "cjs",
        target: `node${process.versions.node}`,
        sourcemap: "inline",
        keepNames: true,
        logLevel: "silent",
        tsconfigRaw: tsconfigFor(file),
      });
      return { format, source: code };
    } catch (error) {
      throw syntaxError(file, error);
    }
  };
}

/**
 * What to look for instead: TypeScript is written with imports of the `.js` that the compiler will make.
 *
 * @returns null if that is not why the module was not found
 */
export function typeScriptTwin(specifier: string, error: unknown): string | null {
  const code = error instanceof Error && "code" in error ? error.code : null;
  if (code !== "ERR_MODULE_NOT_FOUND" && code !== "MODULE_NOT_FOUND") return null;
  if (!/^(?:\.{1,2}\/|\/|file:)/.test(specifier)) return null;
  const twin = specifier.replace(/\.([cm]?)js(x?)$/, ".$1ts$2");
  return twin === specifier ? null : twin;
}

/** As Node.js tells ES modules from CommonJS: by extension, package.json, and at last what is in the file. */
function formatOf(file: string, text: string): "module" | "commonjs" {
  if (/\.mtsx?$/.test(file)) return "module";
  if (/\.ctsx?$/.test(file)) return "commonjs";
  if (HAS_MODULE_SYNTAX.test(text)) return "module";
  const found = nearest(file, "package.json");
  const type = found === null ? null : (/"type"\s*:\s*"(\w+)"/.exec(found)?.[1] ?? null);
  return type === "module" ? "module" : "commonjs";
}

/** Decorators and class fields are the project's choice. */
function tsconfigFor(file: string): string {
  return nearest(file, "tsconfig.json") ?? "{}";
}

function nearest(file: string, name: string): string | null {
  for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
    const candidate = path.join(folder, name);
    if (existsSync(candidate)) return readFileSync(candidate, "utf8");
    if (folder === path.dirname(folder)) return null;
  }
}

function syntaxError(file: string, error: unknown): Error {
  const [first] = (error as { errors?: EsbuildMessage[] }).errors ?? [];
  const { location, text } = first ?? { location: null, text: String(error) };
  if (location === null) return new SyntaxError(`${file}\n${text}`);
  const { line, column, length, lineText } = location;
  const gutter = `${line} | `;
  const caret = `${" ".repeat(gutter.length + column)}${"^".repeat(Math.max(1, Math.min(length, lineText.length - column)))}`;
  return new SyntaxError(`${file}:${line}:${column + 1}\n${gutter}${lineText}\n${caret}\n${text}`);
}
