// Reads the declarations that the compiler has written (dist/lib/**/*.d.ts). Called by apipages.mjs.
//
// typedoc would do it, but 0.28 needs the compiler's JavaScript API, which TypeScript 7 does not have: it stops with "Cannot
// read properties of undefined (reading 'PropertyDeclaration')". What the compiler emits is regular enough to be read by
// lines: a declaration begins at the left margin, a member four spaces in, and a docstring stands above each.

import { readFileSync } from "node:fs";
import path from "node:path";

const files = new Map();

/**
 * The names that an index exports, in its order.
 *
 * @param index "dist/lib/index.d.ts", absolute
 * @returns { name, file }: the file that declares it
 */
export function exportsOf(index) {
  const found = [];
  for (const [, names, from] of read(index).matchAll(
    /^export (?:type )?\{([^}]*)\} from "([^"]+)";/gm,
  )) {
    for (const part of names.split(",")) {
      const name = part.trim().replace(/^type /, "");
      if (name !== "") found.push({ name, file: declarationFile(index, from) });
    }
  }
  return found;
}

/**
 * What a file declares by a name; several for an overloaded function.
 *
 * @returns { name, file, kind, text, doc, members }: `text` is the declaration without its members, which are
 *   { name, text, doc }
 */
export function declarationsOf(file, name) {
  const own = parse(file).filter((declaration) => declaration.name === name);
  if (own.length > 0) return own;
  // It passes on what another file declares.
  const other = exportsOf(file).find((exported) => exported.name === name);
  return other === undefined ? [] : declarationsOf(other.file, name);
}

/** The file from which a file imports a name; null = it does not. */
export function importedFrom(file, name) {
  for (const [, names, from] of read(file).matchAll(
    /^import (?:type )?\{([^}]*)\} from "([^"]+)";/gm,
  )) {
    if (!from.startsWith(".")) continue;
    const all = names.split(",").map((part) => part.trim().replace(/^type /, ""));
    if (all.includes(name)) return declarationFile(file, from);
  }
  return null;
}

function parse(file) {
  let found = files.get(file);
  if (found === undefined) {
    found = blocksOf(read(file).split("\n"), "").flatMap((block) => declarationOf(block, file));
    files.set(file, found);
  }
  return found;
}

function declarationOf({ doc, lines }, file) {
  const [first = ""] = lines;
  const [, kind, name] =
    /^(?:export )?(?:declare )?(?:abstract )?(class|interface|type|function|const|let) ([\w$]+)/.exec(
      first,
    ) ?? [];
  if (kind === undefined) return [];
  const hasBody = lines.length > 1 && first.endsWith("{");
  const members = hasBody ? blocksOf(lines.slice(1, -1), "    ").flatMap(memberOf) : [];
  const text = tidy(
    hasBody
      ? `${first.slice(0, -1).trimEnd()}${kind === "type" ? " { … }" : ""}`
      : lines.join("\n"),
  );
  return [{ name, file, kind, text, doc, members }];
}

function memberOf({ doc, lines }) {
  const text = tidy(lines.map((line) => line.slice(4)).join("\n"));
  const isOurs = /^(?:static )?(?:#|private )|^\[(?!Symbol)/.test(text) || /@internal\b/.test(doc);
  if (
    isOurs ||
    /^(?:static )?readonly \[(?!Symbol)|^(?:get |set |protected |static |abstract )*\[(?!Symbol)/.test(
      text,
    )
  )
    return [];
  const [, name] =
    /^(?:(?:static|readonly|abstract|protected|get|set|override|accessor) )*(\[[\w.]+\]|[\w$]+)/.exec(
      text,
    ) ?? [];
  return name === undefined ? [] : [{ name, text, doc }];
}

/** Lines that begin at a margin, each with those further in that follow it, and with the docstring above. */
function blocksOf(lines, margin) {
  const found = [];
  let doc = [];
  let isInDoc = false;
  let block = null;
  for (const line of lines) {
    if (!line.startsWith(margin)) continue;
    const text = line.slice(margin.length);
    if (text.startsWith("/**")) {
      doc = [];
      isInDoc = true;
      block = null;
    }
    if (isInDoc) {
      doc.push(text);
      isInDoc = !text.endsWith("*/");
    } else if (block !== null && /^[\s})]/.test(text)) {
      block.lines.push(line);
    } else if (text !== "") {
      block = { doc: docText(doc), lines: [line] };
      found.push(block);
      doc = [];
    }
  }
  return found;
}

function docText(lines) {
  return lines
    .map((line) =>
      line
        .replace(/^\s*\/\*\*\s?/, "")
        .replace(/\*\/$/, "")
        .replace(/^\s*\* ?/, ""),
    )
    .join("\n")
    .trim();
}

function tidy(text) {
  return text
    .replace(/import\("[^"]*"\)\./g, "")
    .replace(/^export /, "")
    .replace(/^declare /, "")
    .trim();
}

function declarationFile(from, target) {
  return path.resolve(path.dirname(from), target.replace(/\.(?:ts|js)$/, ".d.ts"));
}

function read(file) {
  return readFileSync(file, "utf8");
}
