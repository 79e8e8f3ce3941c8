// Says which links of the site lead nowhere. Called by build.mjs.

import path from "node:path";

/**
 * @param html   pages by their address
 * @param assets addresses of the other files
 * @returns a line for each broken link or anchor
 */
export function brokenLinks(html, assets) {
  const ids = new Map(
    [...html].map(([url, text]) => [
      url,
      new Set([...text.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id)),
    ]),
  );
  const found = [];
  for (const [url, text] of html) {
    for (const [, link] of text.matchAll(/\s(?:href|src)="([^"]*)"/g)) {
      if (/^[a-z]+:/.test(link)) continue;
      const [, target = "", anchor = ""] = /^([^#]*)#?(.*)$/.exec(link) ?? [];
      const to = target === "" ? url : path.posix.join(path.posix.dirname(url), target);
      const there = ids.get(to);
      if (there === undefined && !assets.has(to)) found.push(`${url} links to ${link}`);
      else if (anchor !== "" && !there?.has(anchor))
        found.push(`${url} links to ${link}, where there is no such anchor`);
    }
  }
  return [...new Set(found)];
}
