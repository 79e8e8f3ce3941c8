// Markdown to HTML, with anchors as GitHub makes them and the parts that the search looks through. Called by build.mjs and, for
// docstrings, by apipages.mjs.

import { Marked } from "marked";
import { escapeHtml, highlight } from "./highlight.mjs";

/**
 * @param linkTo gives the address for a link's target; null = it is shown as text
 * @returns { title, body, parts, toc }: parts are { id, heading, text } for the search, toc is { id, text } for the headings of
 *   the second level; title is null if there is no first heading
 */
export function render(markdown, linkTo) {
  const ids = new Set();
  const parts = [];
  const toc = [];
  let title = null;
  const marked = new Marked({
    gfm: true,
    renderer: {
      heading({ tokens, depth }) {
        const inner = this.parser.parseInline(tokens);
        const text = plain(inner);
        const id = freshId(text, ids);
        if (depth === 1) title ??= text;
        if (depth === 2) toc.push({ id, text });
        parts.push({ id: depth === 1 ? "" : id, heading: depth === 1 ? "" : text, text: "" });
        return `<h${depth} id="${id}">${inner} <a class="anchor" href="#${id}" aria-label="Link to this heading">#</a></h${depth}>\n`;
      },
      code({ text, lang }) {
        const [language = ""] = (lang ?? "").split(" ");
        note(text);
        return `<pre tabindex="0"><code>${highlight(text, language)}</code></pre>\n`;
      },
      link({ href, tokens }) {
        const inner = this.parser.parseInline(tokens);
        const to = linkTo(href);
        return to === null ? inner : `<a href="${escapeHtml(to)}">${inner}</a>`;
      },
      image({ href, text }) {
        return `<img src="${escapeHtml(linkTo(href) ?? href)}" alt="${escapeHtml(text)}">`;
      },
      table(token) {
        const row = (cells, tag) =>
          `<tr>${cells.map((cell) => `<${tag}${cell.align ? ` class="${cell.align}"` : ""}>${this.parser.parseInline(cell.tokens)}</${tag}>`).join("")}</tr>`;
        const rows = token.rows.map((cells) => row(cells, "td")).join("\n");
        note(plain(rows));
        return `<div class="table" tabindex="0"><table><thead>${row(token.header, "th")}</thead><tbody>${rows}</tbody></table></div>\n`;
      },
      paragraph({ tokens }) {
        const inner = this.parser.parseInline(tokens);
        note(plain(inner));
        return `<p>${inner}</p>\n`;
      },
      listitem(item) {
        const inner = this.parser.parse(item.tokens, !!item.loose);
        note(plain(inner));
        return `<li>${inner}</li>\n`;
      },
    },
  });
  const note = (text) => {
    const part = parts.at(-1);
    if (part !== undefined) part.text += ` ${text.replace(/\s+/g, " ")}`;
  };
  const body = marked.parse(markdown);
  return { title, body, parts, toc };
}

function plain(html) {
  return html
    .replace(/<[^>]*>/g, "")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&amp;", "&");
}

function freshId(text, ids) {
  const wanted = text
    .toLowerCase()
    .replace(/[^\w -]/g, "")
    .replaceAll(" ", "-");
  let id = wanted;
  for (let n = 1; ids.has(id); n++) id = `${wanted}-${n}`;
  ids.add(id);
  return id;
}
