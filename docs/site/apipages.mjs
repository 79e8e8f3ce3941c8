// The API pages: each public name of "landspout" and "landspout/testing" with its signature and its docstring, a page for
// each floor of lib. Called by build.mjs.

import { existsSync } from "node:fs";
import path from "node:path";
import { declarationsOf, exportsOf, importedFrom } from "./declarations.mjs";
import { highlight } from "./highlight.mjs";

const floors = [
  ["base", "Errors, log, options of a program"],
  ["loop", "The loop"],
  ["process", "Processes"],
  ["net", "TCP and streams"],
  ["http", "HTTP as values"],
  ["server", "Servers"],
  ["web", "Applications and handlers"],
  ["testing", "landspout/testing"],
];

/**
 * @param render gives { body, … } of the Markdown of a docstring, for a page
 * @returns pages with title, url, body, parts and toc; none if dist/lib is not there
 */
export function apiPages(root, render) {
  const lib = path.join(root, "dist/lib");
  if (!existsSync(path.join(lib, "index.d.ts"))) return [];
  const main = exportsOf(path.join(lib, "index.d.ts"));
  const testing = exportsOf(path.join(lib, "testing/index.d.ts"));
  /** Where each public name is told of: "web.html#Application". */
  const places = new Map();
  const names = new Map(floors.map(([floor]) => [floor, []]));
  for (const exported of [...main, ...testing]) {
    const [floor = ""] = path.relative(lib, exported.file).split(path.sep);
    const list = names.get(testing.includes(exported) ? "testing" : floor);
    if (list === undefined || places.has(exported.name)) continue;
    list.push(exported);
    places.set(
      exported.name,
      `${testing.includes(exported) ? "testing" : floor}.html#${exported.name}`,
    );
  }
  const pages = floors.map(([floor, title]) => ({
    url: `api/${floor}.html`,
    file: "docs/api.md",
    title,
    floor,
  }));
  const lost = [];
  for (const page of pages) {
    const list = names.get(page.floor).toSorted((a, b) => a.name.localeCompare(b.name));
    const toc = [];
    const parts = [{ id: "", heading: "", text: page.title }];
    let body = `<h1>API: ${page.title}</h1>\n<p>Everything here is exported by <code>${page.floor === "testing" ? "landspout/testing" : "landspout"}</code>. The pages of the guide say how it is used.</p>\n`;
    for (const { name, file } of list) {
      const all = declarationsOf(file, name);
      if (all.length === 0) {
        lost.push(`${name} of ${path.relative(root, file)}`);
        continue;
      }
      const writer = new SymbolWriter(name, places, (text) => render(text, page).body);
      body += writer.symbol(all);
      toc.push({ id: name, text: name });
      parts.push(...writer.parts);
    }
    Object.assign(page, { body, parts, toc });
  }
  if (lost.length > 0) throw new Error(`no declaration was found of ${lost.join(", ")}`);
  return pages;
}

/** Writes one public name. */
class SymbolWriter {
  parts = [];
  #name;
  #places;
  #markdown;

  constructor(name, places, markdown) {
    this.#name = name;
    this.#places = places;
    this.#markdown = markdown;
  }

  symbol(all) {
    const [first] = all;
    const name = this.#name;
    let html = `<h2 id="${name}">${name} <a class="anchor" href="#${name}" aria-label="Link to this name">#</a></h2>\n`;
    this.parts.push({ id: name, heading: name, text: first.doc });
    for (const { text, doc } of all) html += this.#signature(text) + this.#doc(doc);
    const members = [...membersOf(first, this.#places)];
    // An overload has its siblings beside it.
    for (const [member, overloads] of groupByName(members)) {
      const id = `${name}.${member}`;
      const doc = overloads.find(({ doc }) => doc !== "")?.doc ?? "";
      html += `<div class="member" id="${id}">${overloads.map(({ text }) => this.#signature(text)).join("")}${this.#doc(doc)}</div>\n`;
      this.parts.push({ id, heading: id, text: doc });
    }
    return html;
  }

  #signature(text) {
    const html = highlight(text, "ts").replace(/(?<![\w.$"&-])[A-Z][\w$]*(?![\w$])/g, (word) => {
      const place = this.#places.get(word);
      return place === undefined || word === this.#name ? word : `<a href="${place}">${word}</a>`;
    });
    return `<pre class="signature"><code>${html}</code></pre>\n`;
  }

  /** Its text, and its tags as a list. */
  #doc(doc) {
    if (doc === "") return "";
    const all = doc.split(/^(?=@\w)/m);
    const text = all[0]?.startsWith("@") ? "" : (all.shift() ?? "");
    const tags = all;
    const items = tags.map((tag) => {
      const [, kind = "", rest = ""] = /^@(\w+)\s*([\s\S]*)$/.exec(tag) ?? [];
      const said = rest.trim().replace(/\n\s+/g, "\n");
      const words = kind === "param" ? said.replace(/^([\w$.]+)(?:,? +|$)/, "`$1`: ") : said;
      return kind === "param" ? `- ${words}` : `- **${kind}** ${words}`;
    });
    return this.#markdown(`${text.trim()}\n\n${items.join("\n").replace(/\n(?!- )/g, "\n  ")}\n`);
  }
}

/** Its own members, those of base classes that are not public, and the options behind an alias of a table of options. */
function* membersOf(declaration, places, seen = new Set()) {
  for (const member of declaration.members) {
    if (seen.has(member.text)) continue;
    seen.add(member.text);
    yield member;
  }
  const [, base] = /\bextends ([A-Z][\w$]*)/.exec(declaration.text) ?? [];
  if (declaration.kind === "class" && base !== undefined && !places.has(base)) {
    const file = importedFrom(declaration.file, base) ?? declaration.file;
    for (const parent of declarationsOf(file, base)) yield* membersOf(parent, places, seen);
  }
  const [, table] = /^type \w+ = Input<typeof (\w+)>/.exec(declaration.text) ?? [];
  if (table !== undefined) {
    const file = importedFrom(declaration.file, table) ?? declaration.file;
    for (const spec of declarationsOf(file, table)) {
      for (const { name, text, doc } of spec.members) {
        const type = /Option<(.*)>;$/s.exec(text)?.[1] ?? "unknown";
        yield { name, text: `readonly ${name}?: ${type};`, doc };
      }
    }
  }
}

function groupByName(members) {
  const groups = new Map();
  for (const member of members)
    groups.set(member.name, [...(groups.get(member.name) ?? []), member]);
  return groups;
}
