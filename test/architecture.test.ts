// Holds the ladder of docs/architecture.md over lib and handlers, and the sizes and opening
// comments of docs/style.md. Part of `npm run check` as well as of `npm test`.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { importsOf } from "./tools/imports.ts";
import { violations } from "./tools/ladder.ts";

// dist/test/architecture.test.js
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");

function projectSources(): Map<string, string> {
  const sources = new Map<string, string>();
  for (const folder of ["lib", "handlers", "test"]) {
    if (!existsSync(path.join(root, folder))) continue;
    const names = readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" });
    for (const name of names) {
      const file = path.posix.join(folder, name);
      if (!/\.(ts|cc|h)$/.test(file) || /^(test\/vectors|lib\/cli\/scaffold)\//.test(file))
        continue;
      sources.set(file, readFileSync(path.join(root, file), "utf8"));
    }
  }
  return sources;
}

/** One file and, with empty texts, whatever it may import; returns the complaints. */
function complaints(file: string, text: string, ...others: string[]): string[] {
  const sources = new Map([[file, `// A file.\n${text}\n`]]);
  for (const other of others) sources.set(other, "// Another file.\n");
  return violations(sources);
}

function refuses(found: string[], pattern: RegExp): void {
  assert.is(found.length, 1, `expected one complaint, got: ${found.join("; ") || "none"}`);
  assert.match(found[0] ?? "", pattern);
}

const project = suite("the project's own files");

project("keep to the ladder", () => {
  const sources = projectSources();
  assert.ok([...sources.keys()].filter((file) => file.startsWith("lib/")).length > 10);
  assert.equal(violations(sources), []);
});

project("reach node:http in one file, by no way around the ladder", () => {
  const around = [...projectSources()]
    .filter(([file]) => file.startsWith("lib/"))
    .filter(([, text]) =>
      /getBuiltinModule|createRequire\([^)]*\)\(["'`](node:)?_?https?/.test(text),
    )
    .map(([file]) => file);
  assert.equal(around, ["lib/server/nodemessages.ts"]);
});

project("name benches that exist where they say @hot", () => {
  for (const [file, text] of projectSources()) {
    if (!file.startsWith("lib/")) continue;
    for (const [bench] of text.matchAll(/\bbench\/[\w./-]+\.\w+/g)) {
      assert.ok(existsSync(path.join(root, bench)), `${file} names ${bench}, which does not exist`);
    }
  }
});

project.run();

const ladder = suite("the ladder");

ladder("lets a file import from below, from its folder, from packages and from Node", () => {
  const text = `import { a } from "../loop/a.ts";
    import type { B } from "./b.ts";
    import fs from "node:fs";
    import cookie from "cookie";`;
  assert.equal(complaints("lib/web/x.ts", text, "lib/loop/a.ts", "lib/web/b.ts"), []);
});

ladder("refuses an import from above", () => {
  const found = complaints("lib/loop/x.ts", 'import { a } from "../web/a.ts";', "lib/web/a.ts");
  refuses(found, /^lib\/loop\/x\.ts:2 imports lib\/web\/a\.ts: web is not below loop$/);
});

ladder("refuses an import from above that is type-only, dynamic, in a type or re-exported", () => {
  for (const statement of [
    'import type { A } from "../server/a.ts";',
    'import { type A } from "../server/a.ts";',
    'const a = await import("../server/a.ts");',
    'type A = import("../server/a.ts").A;',
    'export * from "../server/a.ts";',
    'export type { A } from "../server/a.ts";',
    'import "../server/a.ts";',
  ]) {
    const found = complaints("lib/http/x.ts", statement, "lib/server/a.ts");
    refuses(found, /server is not below http/);
  }
});

ladder("keeps floors of one height apart", () => {
  const text = 'import { a } from "../http/a.ts";';
  refuses(complaints("lib/websocket/x.ts", text, "lib/http/a.ts"), /http is not below websocket/);
});

ladder("keeps the web floor off the addon, and base off everything", () => {
  const native = 'import { a } from "../native/a.ts";';
  refuses(complaints("lib/web/x.ts", native, "lib/native/a.ts"), /web keeps off native/);
  refuses(complaints("lib/base/x.ts", native, "lib/native/a.ts"), /native is not below base/);
});

ladder("lets lib/index.ts import anything, and nobody import it", () => {
  const up = 'export { A } from "./web/a.ts";';
  assert.equal(complaints("lib/index.ts", up, "lib/web/a.ts"), []);
  const down = 'import { A } from "../index.ts";';
  refuses(complaints("lib/web/x.ts", down, "lib/index.ts"), /above every floor/);
});

ladder("lets the command import lib/index.ts, and names that a user gives in one file", () => {
  const index = 'import { A } from "../index.ts";';
  assert.equal(complaints("lib/cli/x.ts", index, "lib/index.ts"), []);
  assert.equal(complaints("lib/cli/appmodule.ts", "await import(name);"), []);
  refuses(complaints("lib/cli/x.ts", "await import(name);"), /imports a computed name/);
  const down = 'import { a } from "../cli/a.ts";';
  refuses(complaints("lib/web/x.ts", down, "lib/cli/a.ts"), /cli is not below web/);
});

ladder("lets handlers import landspout, Node and siblings only", () => {
  const good = `import { Application } from "landspout";
    import fs from "node:fs";
    import { Hello } from "./hello.ts";`;
  assert.equal(complaints("handlers/x.ts", good), []);
  refuses(complaints("handlers/x.ts", 'import "../lib/index.ts";'), /handlers import "landspout"/);
  refuses(complaints("handlers/x.ts", 'import "eta";'), /handlers import "landspout"/);
});

ladder("refuses node:http anywhere, and I/O on the floors that are pure", () => {
  refuses(complaints("lib/server/x.ts", 'import type http from "node:http";'), /node:http$/);
  refuses(complaints("lib/http/x.ts", 'import net from "node:net";'), /node:net$/);
  assert.equal(complaints("lib/http/x.ts", 'import { isIPv6 } from "node:net";'), []);
  refuses(complaints("lib/http/x.ts", 'import { isIP, connect } from "node:net";'), /node:net$/);
});

ladder(
  "lets one file import node:http, for the classes of its messages, and nothing else of it",
  () => {
    const text = 'import type * as http from "node:http";';
    assert.equal(complaints("lib/server/nodemessages.ts", text), []);
    refuses(complaints("lib/server/nodelistener.ts", text), /node:http$/);
    refuses(complaints("lib/server/nodemessages.ts", 'import "node:https";'), /node:https$/);
    refuses(
      complaints("lib/server/nodemessages.ts", 'import "node:_http_server";'),
      /_http_server$/,
    );
  },
);

ladder("refuses a folder it does not know, a missing file and a computed import", () => {
  const sibling = 'import "./b.ts";';
  refuses(complaints("lib/util/a.ts", sibling, "lib/util/b.ts"), /no floor of the ladder/);
  refuses(complaints("lib/web/a.ts", sibling), /there is no such file/);
  refuses(complaints("lib/web/a.ts", "await import(name);"), /computed name/);
});

ladder("finds a circle between files of one floor, type-only imports included", () => {
  const sources = new Map([
    ["lib/http/a.ts", '// A.\nimport { b } from "./b.ts";\n'],
    ["lib/http/b.ts", '// B.\nimport { c } from "./c.ts";\n'],
    ["lib/http/c.ts", '// C.\nimport type { A } from "./a.ts";\n'],
  ]);
  refuses(violations(sources), /^circle of imports: \S+a\.ts → \S+b\.ts → \S+c\.ts → \S+a\.ts$/);
});

ladder("takes 400 lines and no more, 250 in C++", () => {
  const lines = (count: number): Map<string, string> =>
    new Map([["lib/http/x.ts", "// x\n".repeat(count)]]);
  assert.equal(violations(lines(400)), []);
  refuses(violations(lines(401)), /401 lines; at most 400/);
  assert.equal(violations(new Map([["lib/native/x.cc", "// x\n".repeat(250)]])), []);
  refuses(violations(new Map([["lib/native/x.h", "// x\n".repeat(251)]])), /at most 250/);
});

ladder("wants a comment at the top", () => {
  refuses(violations(new Map([["lib/http/x.ts", "export const a = 1;\n"]])), /open with a comment/);
});

ladder.run();

const scanner = suite("the scanner of imports");

scanner("reads every form of import, over several lines too", () => {
  const source = [
    'import a from "a";',
    "import b, { c as from } from 'b';",
    "import {\n  d,\n  type E,\n} from 'd';",
    'import * as f from "f";\nimport "g";',
    'export { h } from "h"; export * as i from "i";',
    "const j = await import(`j`);",
    'type K = import("k", { with: { "resolution-mode": "import" } }).K;',
  ].join("\n");
  const found = importsOf(source).map((site) => site.specifier);
  assert.equal(found, ["a", "b", "d", "f", "g", "h", "i", "j", "k"]);
});

scanner("is not fooled by comments, strings, templates, regular expressions and properties", () => {
  const source = [
    '// import "a";',
    '/* import "b";\n import "c"; */',
    "const text = 'import \"d\"';",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is source text, not a template here.
    'const template = `import "e" ${call({ x: `import "f"` })} import "g"`;',
    'const pattern = /import "h"[/"]/.test(`x`);',
    'const half = total / 2; const other = "/";',
    "const meta = import.meta.url; const o = { import: 1, export: 2 }; o.import;",
    'export const from = "i"; export { half };',
    'export type T = { from: "j" };',
  ].join("\n");
  assert.equal(importsOf(source), []);
  assert.equal(importsOf(`${source}\nimport "last";`), [
    { specifier: "last", names: [], line: 11 },
  ]);
});

scanner.run();
