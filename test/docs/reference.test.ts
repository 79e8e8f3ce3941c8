/** The pages of docs/reference are what the code says: `npm run docs` would change nothing. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { errorTable } from "../../lib/base/errors.ts";
import { httpServerOptions } from "../../lib/server/httpserveroptions.ts";

// dist/test/docs/reference.test.js
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../..");

const page = (name: string): string =>
  readFileSync(path.join(root, "docs/reference", name), "utf8");

const reference = suite("the reference");

reference("is what `npm run docs` would write", () => {
  const tool = path.join(root, "test/tools/reference.mjs");
  const { status, stderr } = spawnSync(process.execPath, [tool, "--check"], { encoding: "utf8" });
  assert.is(stderr, "");
  assert.is(status, 0);
});

reference("has a line for each option of a server", () => {
  for (const [name, { allowed }] of Object.entries(httpServerOptions)) {
    const line = page("options.md")
      .split("\n")
      .find((text) => text.startsWith(`| \`${name}\` |`));
    assert.ok(line?.includes(allowed), name);
  }
});

reference("has a line for each error code", () => {
  for (const [code, meaning] of Object.entries(errorTable)) {
    const line = page("errors.md")
      .split("\n")
      .find((text) => text.startsWith(`| \`${code}\` |`));
    assert.ok(line?.endsWith(`| ${meaning} |`), code);
  }
});

reference.run();
