// The README's first app, for package.mjs: as it stands there, and in JavaScript; run, and asked.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { transformSync } from "esbuild";

const DEADLINE_MS = 30_000;

/**
 * The app, on a port of the kernel's choice, which it prints.
 *
 * @returns { typescript, javascript }
 */
export function appOf(readme) {
  const text = readFileSync(readme, "utf8");
  const program = /\n## An app\n+```ts run\n(.*?)\n```/s.exec(text)?.[1];
  assert.ok(program, "the README has no app");
  const typescript = `${program.replace("app.listen(8888,", "const server = app.listen(0,")}
const { address } = server;
if (address === null || "path" in address) throw new Error("it does not listen");
console.log(address.port);
`;
  assert.notEqual(typescript.indexOf("listen(0,"), -1, "the README's app listens otherwise");
  const { code } = transformSync(typescript, { loader: "ts", target: "node20" });
  return { typescript, javascript: code };
}

/** The app for require(), written as a person does. */
export function commonJsOf({ javascript }) {
  const code = javascript.replace(
    /^import \{(.*?)\} from "landspout";/ms,
    'const {$1} = require("landspout");',
  );
  assert.ok(!/^import /m.test(code), "an import is left");
  return code;
}

/** Runs `file` of `folder`, which is written first if there is a source; asks it what the README does; stops it. */
export async function runApp({ node, folder, file, source }) {
  if (source !== undefined) writeFileSync(path.join(folder, file), source);
  const child = spawn(node, [file], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text) => {
    stderr += text;
  });
  const deadline = setTimeout(() => child.kill("SIGKILL"), DEADLINE_MS);
  const ended = once(child, "close");
  try {
    const line = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
    assert.match(String(line.value), /^\d+$/, `it did not serve: ${stderr}`);
    const answer = async (target) => {
      const signal = AbortSignal.timeout(DEADLINE_MS);
      const response = await fetch(`http://127.0.0.1:${line.value}${target}`, { signal });
      return [response.status, await response.text()];
    };
    assert.deepEqual(await answer("/"), [200, "Hello, world"]);
    assert.deepEqual(await answer("/user/42"), [200, '{"name":"Ada"}']);
    assert.equal((await answer("/user/43"))[0], 404);
  } finally {
    child.kill("SIGKILL");
    clearTimeout(deadline);
    await ended;
  }
}
