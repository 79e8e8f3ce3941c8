// The frame of every page: navigation, search, what is on this page. Called by build.mjs.

import path from "node:path";
import { escapeHtml } from "./highlight.mjs";

/** @returns the whole page */
export function pageHtml(page, sections) {
  const up = path.posix.relative(path.posix.dirname(page.url), ".") || ".";
  const to = (url) => path.posix.relative(path.posix.dirname(page.url), url);
  const isHome = page.url === "index.html";
  const title = isHome ? "landspout" : `${page.title} · landspout`;
  const all = sections.flatMap(({ pages }) => pages);
  const at = all.indexOf(page);
  const neighbour = (other, label, rel) =>
    other === undefined
      ? ""
      : `<a rel="${rel}" href="${to(other.url)}">${label} ${escapeHtml(other.title)}</a>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${up}/site.css">
<script defer src="${up}/search.js" data-root="${up}/"></script>
</head>
<body>
<a class="skip" href="#content">Skip to the page</a>
<header>
<a class="brand" href="${to("index.html")}">landspout</a>
<search><input id="search" type="search" placeholder="Search ( / )" aria-label="Search" autocomplete="off" role="combobox" aria-expanded="false" aria-controls="found" aria-autocomplete="list">
<ol id="found" class="found" role="listbox" aria-label="What was found" hidden></ol></search>
</header>
<div class="columns">
<nav aria-label="Pages"><details class="pages" open><summary>Pages</summary>
${sections.map((section) => sectionHtml(section, page, to)).join("\n")}
</details></nav>
<main id="content">
${page.body}<footer>${neighbour(all[at - 1], "←", "prev")}<span></span>${neighbour(all[at + 1], "→", "next")}</footer>
</main>
${tocHtml(page)}
</div>
</body>
</html>
`;
}

function sectionHtml({ title, pages }, current, to) {
  const links = pages.map((page) => {
    const here = page === current ? ' aria-current="page"' : "";
    const text = page.url === "index.html" ? "Overview" : page.title;
    return `<li><a href="${to(page.url)}"${here}>${escapeHtml(text)}</a></li>`;
  });
  const open = pages.includes(current) || pages.length < 12 ? " open" : "";
  return `<details${open}><summary>${escapeHtml(title)}</summary><ul>${links.join("")}</ul></details>`;
}

function tocHtml({ toc }) {
  if (toc.length < 2) return "";
  const links = toc.map(({ id, text }) => `<li><a href="#${id}">${escapeHtml(text)}</a></li>`);
  return `<aside aria-label="On this page"><p>On this page</p><ul>${links.join("")}</ul></aside>`;
}
