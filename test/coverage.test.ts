/**
 * The coverage report counts the files of lib that a test has loaded; types-only files compile to nothing and are never
 * loaded. So that no other file is left out, this holds: whatever has code is loaded by a test.
 */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";

// From dist/test.
const root = fileURLToPath(new URL("../..", import.meta.url));

/** Code without comments; good enough to find imports at the beginnings of lines. */
const codeOf = (file: string): string =>
  readFileSync(file, "utf8").replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");

function loadFrom(file: string, loaded: Set<string>): void {
  if (loaded.has(file) || !existsSync(file) || !statSync(file).isFile()) return;
  loaded.add(file);
  // A module that another process or thread is given is named by its URL.
  const named =
    /(?:^(?:import|export)\b[^;"]*|\bimport\()"(\.[^"]*)"|\bnew URL\("([\w./-]+\.js)"/gm;
  for (const [, name = "", url = name] of codeOf(file).matchAll(named)) {
    loadFrom(path.resolve(path.dirname(file), url), loaded);
  }
}

/** Compiled files of a folder; not those that an older build has left. */
function compiledFiles(folder: string): string[] {
  return readdirSync(path.join(root, "dist", folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".js"))
    .map((name) => path.join(folder, name))
    .filter((name) => existsSync(path.join(root, name.replace(/\.js$/, ".ts"))))
    .map((name) => path.join(root, "dist", name));
}

const counted = suite("the coverage report");

counted("leaves out no file of lib that has code", () => {
  const loaded = new Set<string>();
  for (const file of compiledFiles("test")) loadFrom(file, loaded);
  // test/cli runs the command, which begins here.
  loadFrom(path.join(root, "dist/lib/cli/main.js"), loaded);
  const forgotten = compiledFiles("lib").filter(
    (file) => !loaded.has(file) && codeOf(file).trim() !== "export {};",
  );
  assert.equal(forgotten, []);
});

counted.run();
