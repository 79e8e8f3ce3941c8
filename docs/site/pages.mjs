// Which pages the site has, in which order, and at which addresses. Called by build.mjs.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";

/**
 * @returns { sections, pages }: sections are those of the navigation, { title, pages }; a page is { file, url }, `file` being
 *   its path in the repository
 */
export function pagePlan(root) {
  const docs = path.join(root, "docs");
  const names = existsSync(docs)
    ? readdirSync(docs, { recursive: true, encoding: "utf8" }).filter((name) =>
        name.endsWith(".md"),
      )
    : [];
  const files = names.sort().map((name) => `docs/${name}`);
  for (const name of ["README.md", "CHANGELOG.md"]) {
    if (existsSync(path.join(root, name))) files.push(name);
  }
  const left = new Set(files);
  const take = (title, wanted) => {
    const pages = wanted
      .filter((file) => left.delete(file))
      .map((file) => ({ file, url: urlOf(file) }));
    return { title, pages };
  };
  const below = (folder) => [
    `docs/${folder}/README.md`,
    ...linkedFrom(root, `docs/${folder}/README.md`),
    ...files.filter((file) => file.startsWith(`docs/${folder}/`)),
  ];
  const sections = [
    take("landspout", ["README.md"]),
    take("Tutorial", below("tutorial")),
    take(
      "Guide",
      below("guide").filter((file) => /^docs\/guide\//.test(file)),
    ),
    take("Reference", below("reference")),
    take("Decisions", below("adr")),
    take("Project", [...left]),
  ].filter(({ pages }) => pages.length > 0);
  return { sections, pages: sections.flatMap(({ pages }) => pages) };
}

/** The pages of a list of pages, in its order. */
function linkedFrom(root, file) {
  if (!existsSync(path.join(root, file))) return [];
  const text = readFileSync(path.join(root, file), "utf8");
  return [...text.matchAll(/\]\(([^)#:/]+\.md)\)/g)].map(([, target]) =>
    path.posix.join(path.posix.dirname(file), target),
  );
}

/** "docs/guide/README.md" → "guide/index.html". */
function urlOf(file) {
  return file
    .replace(/^docs\//, "")
    .replace(/README\.md$/, "index.html")
    .replace(/\.md$/, ".html")
    .toLowerCase();
}
