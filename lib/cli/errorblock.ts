/** An error of an app that could not be loaded, as one block of text: what, where, and the line itself. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { portOwner } from "./portowner.ts";

/** Most files that are looked through for a syntax error. */
const MOST_CHECKED = 20;
const CHECK_TIMEOUT_MS = 10_000;

/** Imports of files by a relative path. */
const IMPORTS = /\b(?:from|import|require)\s*\(?\s*(["'])(\.{1,2}\/[^"'\n]+)\1/g;

/**
 * @param loaded files in the order they were loaded: the one with a syntax error is among the last; none if nobody has
 *   looked
 * @returns lines without a final newline
 */
export function errorBlock(file: string, error: unknown, loaded: readonly string[]): string {
  const name = path.basename(file);
  if (!(error instanceof Error)) return `${name} threw ${String(error)}`;
  // Of landspout itself, whatever the app is.
  if (/^ERR_(?:NATIVE|LLHTTP|ZLIB)/.test(codeOf(error))) return error.message;
  if (isSyntaxError(error))
    return `${name} cannot be loaded: a syntax error\n${indented(syntaxText(error, loaded.length > 0 ? loaded : importedBy(file)))}`;
  const code = codeOf(error);
  if (code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND") {
    return `${name} cannot be loaded: a module is missing\n${indented(missingText(error))}`;
  }
  if (/^(CodedError|SystemError)$/.test(error.name)) {
    const owner = code === "EADDRINUSE" ? portOwner(error.message) : "";
    return `${name} cannot be started: ${error.message}${owner}\n${indented(ownFrames(error))}`.trimEnd();
  }
  return `${name} threw while it was loaded\n${indented(`${headOf(error)}\n${ownFrames(error)}`)}`;
}

function codeOf(error: Error): string {
  return "code" in error ? String(error.code) : "";
}

function isSyntaxError(error: Error): boolean {
  const code = "code" in error ? error.code : null;
  return (
    error instanceof SyntaxError ||
    error.name === "SyntaxError" ||
    code === "ERR_INVALID_TYPESCRIPT_SYNTAX" ||
    code === "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX"
  );
}

/** Node.js does not say where: it is asked again, file by file. */
function syntaxText(error: Error, loaded: readonly string[]): string {
  const code = "code" in error ? error.code : null;
  if (code === "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX") {
    return `${error.message}\nNode.js only takes types away; for this, "npm install --save-dev esbuild"`;
  }
  // With the place in the message, or at the head of the stack, it is as good as it gets.
  const message = error.message.replace(/^file:\/\//, "");
  if (message.includes("\n")) return message;
  const head = headOf(error);
  if (/^(file:\/\/)?\/.*:\d+/.test(head)) return head.replace(/^file:\/\//, "");
  const scripts = [...loaded].reverse().filter((file) => /\.[cm]?js$/.test(file));
  for (const file of scripts.slice(0, MOST_CHECKED)) {
    const { status, stderr } = spawnSync(process.execPath, ["--check", file], {
      encoding: "utf8",
      timeout: CHECK_TIMEOUT_MS,
    });
    const found = /^(?:file:\/\/)?(\/[\s\S]*?SyntaxError:[^\n]*)/m.exec(stderr);
    if (status !== 0 && found?.[1] !== undefined) return found[1];
  }
  return head;
}

/** The app's own files, found by what their import statements look like. */
function importedBy(file: string): string[] {
  const found = new Set([file]);
  for (const each of found) {
    if (found.size >= MOST_CHECKED || !existsSync(each)) continue;
    for (const [, , relative = ""] of readFileSync(each, "utf8").matchAll(IMPORTS)) {
      found.add(path.resolve(path.dirname(each), relative));
    }
  }
  return [...found].filter((each) => existsSync(each));
}

function missingText(error: Error): string {
  const [, missing, importer] =
    /Cannot find (?:module|package) '([^']*)'[\s\S]*?imported from (\S+)/.exec(error.message) ?? [];
  if (missing === undefined || importer === undefined) return error.message;
  const isPackage = !missing.startsWith("/");
  const remedy = isPackage ? `: "npm install ${missing}", or correct its name` : "";
  return `${pathOf(importer)} imports ${missing}, which is not there${remedy}`;
}

/** The error's name and message, and what stands above them. */
function headOf(error: Error): string {
  const stack = error.stack ?? `${error.name}: ${error.message}`;
  const end = stack.search(/\n {4}at /);
  return end === -1 ? stack : stack.slice(0, end);
}

/** The lines of the stack that are neither ours nor those of Node.js. */
function ownFrames(error: Error): string {
  const ours = fileURLToPath(new URL("../", import.meta.url));
  return (error.stack ?? "")
    .split("\n")
    .filter((line) => /^ {4}at /.test(line) && !line.includes("node:") && !line.includes(ours))
    .map((line) => line.replace("file://", ""))
    .slice(0, 8)
    .join("\n");
}

function pathOf(text: string): string {
  return text.startsWith("file:") ? fileURLToPath(text) : text;
}

function indented(text: string): string {
  return text === "" ? "" : `\n${text.replace(/^/gm, "  ")}\n`;
}
