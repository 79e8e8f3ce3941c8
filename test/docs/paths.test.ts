/** What the manual points at is there: files of the project, links from page to page, and the lists of pages and decisions. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";

// dist/test/docs/paths.test.js
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../..");

const pages = [
  "README.md",
  "CHANGELOG.md",
  ...readdirSync(path.join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => path.join("docs", name)),
];

const text = (page: string): string => readFileSync(path.join(root, page), "utf8");

const manual = suite("the manual");

manual("names only files that exist", () => {
  for (const page of pages) {
    for (const [, file = ""] of text(page).matchAll(
      /`((?:lib|test|bench|docs|handlers)\/[\w./-]+)`/g,
    )) {
      assert.ok(existsSync(path.join(root, file)), `${page} names ${file}`);
    }
  }
});

manual("links only to pages that exist", () => {
  for (const page of pages) {
    for (const [, target = ""] of text(page).matchAll(/\]\(([^)#\s]+)/g)) {
      if (/^https?:/.test(target)) continue;
      assert.ok(
        existsSync(path.join(root, path.dirname(page), target)),
        `${page} links to ${target}`,
      );
    }
  }
});

manual("links only to headings that exist", () => {
  for (const page of pages) {
    for (const [, target = "", heading = ""] of text(page).matchAll(
      /\]\(([^)#\s]*)#([^)\s]+)\)/g,
    )) {
      if (/^https?:/.test(target)) continue;
      const linked = target === "" ? page : path.join(path.dirname(page), target);
      assert.ok(anchorsOf(text(linked)).has(heading), `${page} links to ${target}#${heading}`);
    }
  }
});

manual("lists every page of the guide", () => {
  const list = text("docs/guide/README.md");
  for (const name of readdirSync(path.join(root, "docs/guide"))) {
    assert.ok(name === "README.md" || list.includes(`](${name})`), name);
  }
});

manual("lists every decision, numbered without a gap", () => {
  const names = readdirSync(path.join(root, "docs/adr")).filter((name) => /^\d{4}-/.test(name));
  const list = text("docs/adr/README.md");
  for (const [index, name] of names.sort().entries()) {
    const number = index + 1;
    assert.is(Number(name.slice(0, 4)), number, name);
    const title = /^# (.*)$/m.exec(text(`docs/adr/${name}`))?.[1] ?? "";
    assert.ok(title.startsWith(`${number}. `), `the title of ${name}`);
    assert.ok(list.includes(`${number}. [${title.slice(`${number}. `.length)}](${name})`), name);
  }
});

manual.run();

/** The anchors of a page's headings, as GitHub makes them. */
function anchorsOf(markdown: string): Set<string> {
  const headings = [...markdown.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\w -]/g, "")
        .replaceAll(" ", "-"),
    ),
  );
}
