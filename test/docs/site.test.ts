/** `npm run docs` makes a site of the manual whose links all lead somewhere, and says which do not. */
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";

// dist/test/docs/site.test.js
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../..");
const tool = path.join(root, "docs/site/build.mjs");

interface Built {
  readonly status: number | null;
  readonly stderr: string;
}

const site = suite("the site of the manual");

let folder = "";
let built: Built = { status: null, stderr: "" };

site.before(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "landspout-site-"));
  built = build(`--out=${path.join(folder, "site")}`);
});
site.after(() => rmSync(folder, { recursive: true }));

site("has no link that leads nowhere", () => {
  assert.is(built.stderr, "");
  assert.is(built.status, 0);
});

site("has a page for each page of the manual", () => {
  const names = readdirSync(path.join(root, "docs"), { recursive: true, encoding: "utf8" });
  const pages = names.filter((name) => name.endsWith(".md"));
  assert.ok(pages.length > 30);
  for (const name of pages) {
    const url = name.replace(/README\.md$/, "index.html").replace(/\.md$/, ".html");
    assert.ok(existsSync(path.join(folder, "site", url)), url);
  }
});

site("tells of each public name, with its members and its docstring", () => {
  const web = page("api/web.html");
  assert.match(web, 'id="Application.listen"');
  assert.match(web, 'id="RequestHandler.getQueryArgument"'); // of a class that is not public
  assert.match(web, "Ends a request with an error status.");
  assert.match(page("api/server.html"), 'id="HTTPServerOptions.maxBodyBytes"');
  const all = api();
  for (const [, names = ""] of readFileSync(
    path.join(root, "dist/lib/index.d.ts"),
    "utf8",
  ).matchAll(/^export (?:type )?\{([^}]*)\}/gm)) {
    for (const part of names.split(",")) {
      const name = part.trim().replace(/^type /, "");
      if (name !== "") assert.ok(all.includes(` id="${name}"`), name);
    }
  }
});

site("says nothing of what is internal", () => {
  assert.not.match(api(), "@internal");
  assert.not.match(api(), "#private");
});

site("needs nothing from elsewhere", () => {
  for (const name of ["index.html", "guide/routing.html", "api/web.html"]) {
    for (const [, address = ""] of page(name).matchAll(
      /<(?:script|link|img)[^>]*(?:src|href)="([^"]*)"/g,
    )) {
      assert.not.match(address, /^(?:https?:)?\/\//, name);
    }
  }
});

site("has an index to search, of every heading", () => {
  const text = page("search-index.js");
  const entries = JSON.parse(
    text.slice(text.indexOf("["), text.lastIndexOf("]") + 1),
  ) as string[][];
  const found = entries.find(([url]) => url === "guide/websockets.html#flow-control");
  assert.is(found?.[2], "Flow control");
  assert.match(found?.[3] ?? "", "maxQueuedBytes");
});

site("is refused with each link and anchor that leads nowhere", () => {
  const broken = path.join(folder, "broken");
  mkdirSync(path.join(broken, "docs"), { recursive: true });
  writeFileSync(
    path.join(broken, "README.md"),
    "# Readme\n\n[a](docs/a.md) [b](docs/b.md) [c](docs/a.md#c) [d](docs/a.md#a-heading) [e](#readme)\n",
  );
  writeFileSync(
    path.join(broken, "docs/a.md"),
    "# A\n\n## A `heading`\n\n[up](../README.md) [f](#f)\n",
  );
  const { status, stderr } = build(`--root=${broken}`, `--out=${path.join(folder, "bad")}`);
  assert.is(status, 1);
  assert.equal(stderr.trim().split("\n"), [
    "README.md links to docs/b.md",
    "index.html links to a.html#c, where there is no such anchor",
    "a.html links to #f, where there is no such anchor",
  ]);
});

site.run();

function build(...args: string[]): Built {
  return spawnSync(process.execPath, [tool, ...args], { encoding: "utf8" });
}

function page(name: string): string {
  return readFileSync(path.join(folder, "site", name), "utf8");
}

/** All API pages. */
function api(): string {
  const names = readdirSync(path.join(folder, "site/api"));
  return names.map((name) => page(`api/${name}`)).join("\n");
}
