/** Loading the addon: where it cannot be, the error says why and what to do. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { runChild } from "../loop/looptools.ts";

const loading = suite("loading the addon");

const cases: readonly [what: string, name: string, message: RegExp, hasCause: boolean][] = [
  ["on another system", "platform", /Linux only.*this is darwin/, false],
  ["in a Node.js whose llhttp is too old", "llhttp", /llhttp 9\.2\.1; landspout needs 9\.3/, false],
  [
    "in a Node.js that is too old",
    "node",
    /this is Node\.js 18\.20\.8; landspout needs 20\.20 or later: install/,
    false,
  ],
  ["when it cannot be opened", "missing", /npm rebuild landspout/, true],
  ["when it is older than the code", "older", /RECORD_LENGTH.*older.*npm rebuild/, false],
];
for (const [what, name, message, hasCause] of cases) {
  loading(`${what} throws ERR_NATIVE_LOAD`, async () => {
    const { stdout, stderr } = await runChild(import.meta.url, "load.child.js", { args: [name] });
    assert.match(stdout, /^\{/, stderr);
    const error = JSON.parse(stdout) as { code: string; message: string; cause: boolean };
    assert.is(error.code, "ERR_NATIVE_LOAD");
    assert.match(error.message, message);
    assert.is(error.cause, hasCause);
  });
}

loading("otherwise opens nothing: the process ends by itself", async () => {
  const { stdout, code } = await runChild(import.meta.url, "load.child.js");
  assert.equal([stdout, code], ["loaded\n", 0]);
});

loading.run();
