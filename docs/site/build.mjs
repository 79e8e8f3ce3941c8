// Builds the manual as a site of static files: `npm run docs`, into dist/site.
//
//   node docs/site/build.mjs [--out=FOLDER] [--root=FOLDER]
//
// Pages are README.md, CHANGELOG.md and all of docs/**/*.md; the API pages come from the declarations that the compiler has
// written to dist/lib. Every link and anchor is checked: exit code 1 and a line for each that leads nowhere. The result
// works from a file:// address, too. Expects dist/ to be built; without it there are no API pages. --root is for the tests.

import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { apiPages } from "./apipages.mjs";
import { brokenLinks } from "./links.mjs";
import { render } from "./markdown.mjs";
import { pagePlan } from "./pages.mjs";
import { pageHtml } from "./template.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const { values } = parseArgs({
  options: { out: { type: "string" }, root: { type: "string" } },
});
const root = path.resolve(values.root ?? path.join(here, "../.."));
const out = path.resolve(values.out ?? path.join(root, "dist/site"));

const { sections, pages } = pagePlan(root);
const urls = new Map(pages.map(({ file, url }) => [file, url]));
/** Files that pages show or link to, by their address in the site. */
const assets = new Map(["site.css", "search.js"].map((name) => [name, path.join(here, name)]));
const problems = [];

for (const page of pages) {
  const text = readFileSync(path.join(root, page.file), "utf8");
  const rendered = render(text, (target) => linkFrom(page, target));
  Object.assign(page, rendered, { title: rendered.title ?? page.file });
}
const api = apiPages(root, (text, page) => render(text, (target) => linkFrom(page, target)));
if (api.length > 0) sections.push({ title: "API", pages: api });
pages.push(...api);

const html = new Map(pages.map((page) => [page.url, pageHtml(page, sections)]));
problems.push(...brokenLinks(html, new Set(assets.keys())));

rmSync(out, { recursive: true, force: true });
for (const [url, text] of html) write(url, text);
write("search-index.js", `searchIndex = ${JSON.stringify(pages.flatMap(searchEntries))};\n`);
for (const [url, file] of assets) {
  mkdirSync(path.dirname(path.join(out, url)), { recursive: true });
  copyFileSync(file, path.join(out, url));
}
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;
const count = `${html.size} pages`;
console.log(`${count}, ${problems.length} broken links: ${path.join(out, "index.html")}`);

/**
 * Where a link of a page leads in the site.
 *
 * @returns null for what is in the repository alone, and for what is nowhere: the latter is noted
 */
function linkFrom(page, target) {
  if (/^(?:[a-z]+:|#)/.test(target)) return target;
  const [, given = "", anchor = ""] = /^([^#]*)(#.*)?$/.exec(target) ?? [];
  const file = path.posix.join(path.posix.dirname(page.file), given);
  const found = urls.get(file) ?? urls.get(path.posix.join(file, "README.md"));
  const from = path.posix.dirname(page.url);
  if (found !== undefined) return path.posix.relative(from, found) + anchor;
  if (/\.(?:png|svg|jpg)$/.test(file) && existsSync(path.join(root, file))) {
    const url = `assets/${path.posix.basename(file)}`;
    assets.set(url, path.join(root, file));
    return path.posix.relative(from, url);
  }
  if (!existsSync(path.join(root, file))) problems.push(`${page.file} links to ${target}`);
  return null;
}

function searchEntries({ url, title, parts }) {
  return parts.map(({ id, heading, text }) => [
    id === "" ? url : `${url}#${id}`,
    title,
    heading,
    text,
  ]);
}

function write(url, text) {
  const file = path.join(out, url);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}
