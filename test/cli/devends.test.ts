/** How `landspout dev` ends: by a signal, with its parent, against an app that does not stop. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { cleanUp, devFiles, devServed, gone, Project, textOf } from "./clitools.ts";

async function pidAt(url: string): Promise<number> {
  return Number((await textOf(url)).split(" ")[1]);
}

const dev = suite("landspout dev");

dev.after.each(cleanUp);

dev("leaves nobody behind, however it ends", async () => {
  const project = new Project(devFiles, ["esbuild"]);
  for (const signal of ["SIGINT", "SIGKILL"] as const) {
    const run = project.start(["dev", "app.ts", "--port=0"]);
    const { url } = await devServed(run);
    const pid = await pidAt(url);
    run.kill(signal);
    const { code } = await run.ended();
    assert.is(code, signal === "SIGKILL" ? null : 0);
    await gone(pid);
  }
});

dev("ends an app that does not stop", async () => {
  const project = new Project(
    {
      ...devFiles,
      "word.ts": `export const word: string = "busy";
process.on("SIGUSR2", () => {
  console.error("hangs");
  for (;;);
});
`,
    },
    ["esbuild"],
  );
  const run = project.start(["dev", "app.ts", "--port=0"]);
  const busy = await devServed(run);
  process.kill(await pidAt(busy.url), "SIGUSR2");
  await run.waitFor(/hangs\n/);
  project.write("word.ts", 'export const word = "free";\n');
  const { url } = await devServed(run);
  assert.match(await textOf(url), /^free /);
  run.kill("SIGINT");
  await run.ended();
});

dev.run();
