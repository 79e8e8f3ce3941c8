/** wrk and ab, for a moment: no request of theirs is lost or answered wrongly. How fast that is, bench/ says. */
import { fileURLToPath } from "node:url";
import * as assert from "uvu/assert";
import { startServer } from "../support/servers.ts";
import { neighbourApp } from "./app.ts";
import { AB, outputOf, programSuite, WRK } from "./programs.ts";

async function served(): Promise<string> {
  const { port } = await startServer(neighbourApp().routes);
  return `http://127.0.0.1:${port}`;
}

programSuite("wrk", WRK, (t) => {
  for (const target of ["/", "/given/100000?chunked=1"]) {
    t(`meets no error at ${target}`, async () => {
      const base = await served();
      const args = ["-t", "1", "-c", "32", "-d", "1s", "--timeout", "30s", `${base}${target}`];
      const report = await outputOf("wrk", args);
      // It says these only if there are any.
      assert.not.match(report, /Socket errors|Non-2xx/);
      assert.ok(Number(/(\d+) requests in/.exec(report)?.[1]) >= 1, report);
    });
  }
});

programSuite("ab, which speaks HTTP/1.0", AB, (t) => {
  const REQUESTS = 500;

  for (const [how, options] of [
    ["over a connection a request", []],
    ["over kept connections", ["-k"]],
  ] as const) {
    t(`has every answer ${how}`, async () => {
      const base = await served();
      const args = ["-q", "-n", String(REQUESTS), "-c", "16", "-s", "30", ...options];
      const report = await outputOf("ab", [...args, `${base}/`]);
      const count = (label: string) =>
        Number(new RegExp(`^${label}: +(\\d+)`, "m").exec(report)?.[1]);
      assert.is(count("Complete requests"), REQUESTS, report);
      assert.is(count("Failed requests"), 0, report);
      assert.not.match(report, /Non-2xx/);
      if (options.length > 0) assert.is(count("Keep-Alive requests"), REQUESTS, report);
      assert.is(count("HTML transferred"), REQUESTS * "Hello, world".length);
    });
  }

  t("has what it posts taken", async () => {
    const posted = fileURLToPath(import.meta.url);
    const base = await served();
    const args = ["-q", "-k", "-n", "100", "-c", "4", "-s", "30", "-p", posted];
    const report = await outputOf("ab", [...args, "-T", "text/plain", `${base}/taken`]);
    assert.match(report, /^Complete requests: +100$/m);
    assert.not.match(report, /Non-2xx/);
  });
});
