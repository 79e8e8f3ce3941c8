/** HealthHandler: lives, is ready, and which of its checks say otherwise. */
import * as assert from "uvu/assert";
import { HealthHandler, RequestHandler } from "../../lib/index.ts";
import { deferred, until } from "../support/deferred.ts";
import { logged, loggedErrors, serverSuite, startServer } from "../support/servers.ts";

const t = serverSuite("HealthHandler");

t("says that the process lives: 200", async () => {
  const { connect } = await startServer([["/healthz", HealthHandler]]);
  const response = await (await connect()).get("/healthz");
  assert.is(response.status, 200);
  assert.is(response.text, '{"status":"ok"}');
  assert.match(response.header("content-type") ?? "", /^application\/json/);
  assert.is(response.header("cache-control"), "no-store");
});

t("runs its checks side by side, and tells of each", async () => {
  const gate = deferred();
  const { connect } = await startServer([
    [
      "/readyz",
      HealthHandler,
      {
        ready: true,
        checks: {
          first: () => gate.promise,
          second: () => gate.resolve(),
          third: async () => true,
        },
      },
    ],
  ]);
  const response = await (await connect()).get("/readyz");
  assert.is(response.status, 200);
  assert.equal(JSON.parse(response.text), {
    status: "ok",
    checks: { first: "ok", second: "ok", third: "ok" },
  });
});

t("says 503 if one throws, rejects, is false or too late, and logs why", async () => {
  const { connect } = await startServer([
    [
      "/readyz",
      HealthHandler,
      {
        timeoutMs: 20,
        checks: {
          good: () => {},
          throws: () => {
            throw new Error("secret of the database");
          },
          rejects: async () => {
            throw new Error("secret of the queue");
          },
          false: () => false,
          late: () => new Promise(() => {}),
        },
      },
    ],
  ]);
  const response = await (await connect()).get("/readyz");
  assert.is(response.status, 503);
  assert.equal(JSON.parse(response.text), {
    status: "failing",
    checks: {
      good: "ok",
      throws: "failing",
      rejects: "failing",
      false: "failing",
      late: "timeout",
    },
  });
  assert.not.match(response.text, /secret/);
  const warnings = logged("warn").map(({ error }) => (error instanceof Error ? error.message : ""));
  assert.ok(warnings.includes("secret of the database"));
  assert.ok(warnings.includes("secret of the queue"));
  assert.equal(loggedErrors(), []);
});

t("says 503 while the server stops, if it is asked for readiness", async () => {
  const gate = deferred();
  class Slow extends RequestHandler {
    async get() {
      await gate.promise;
    }
  }
  let isChecked = false;
  const checks = {
    check: () => {
      isChecked = true;
    },
  };
  const { server, connect } = await startServer([
    ["/slow", Slow],
    ["/healthz", HealthHandler],
    ["/readyz", HealthHandler, { ready: true, checks }],
  ]);
  const [slow, live, ready] = [await connect(), await connect(), await connect()];
  await slow.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
  await until(() => server.stats().connections.busy === 1, "the slow request");
  void server.stop();
  const answer = await ready.get("/readyz");
  assert.is(answer.status, 503);
  assert.is(answer.text, '{"status":"draining"}');
  assert.is(isChecked, false);
  assert.is((await live.get("/healthz")).status, 200);
  gate.resolve();
});

t("answers HEAD", async () => {
  const { connect } = await startServer([["/healthz", HealthHandler]]);
  const client = await connect();
  void client.send("HEAD /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
  assert.is((await client.readResponse({ method: "HEAD" })).status, 200);
});

t("refuses init args that mean nothing: 500, and the error says which", async () => {
  for (const [initArgs, pattern] of [
    [{ redy: true }, /redy.*ready/],
    [{ timeoutMs: 0 }, /timeoutMs/],
    [{ checks: { db: "up" } }, /the check db of HealthHandler is "up"/],
  ] as const) {
    const { connect } = await startServer([["/healthz", HealthHandler, initArgs]]);
    assert.is((await (await connect()).get("/healthz")).status, 500);
    assert.match(String(loggedErrors().at(-1)?.error), pattern);
  }
});

t.run();
