/** MetricsHandler: a page for Prometheus. (Of several workers: test/process.) */
import { spawnSync } from "node:child_process";
import { Counter, Histogram, Registry } from "prom-client";
import * as assert from "uvu/assert";
import { metricsOf } from "../../lib/web/metriclist.ts";
import { exposeMetrics, MetricsHandler, RequestHandler, sumStats } from "../../lib/index.ts";
import { collectStats } from "../../lib/process/stats.ts";
import { serverSuite, startServer } from "../support/servers.ts";

class Hello extends RequestHandler {
  get() {
    this.write("hello");
  }
}

/** The value of a line of the page; NaN if it is not there. */
function figureOf(page: string, line: string): number {
  const found = page.split("\n").find((each) => each.startsWith(`${line} `));
  return Number(found?.slice(line.length + 1) ?? Number.NaN);
}

const t = serverSuite("MetricsHandler");

t("shows figures of loop, servers and process", async () => {
  const { connect } = await startServer([
    ["/", Hello],
    ["/metrics", MetricsHandler],
  ]);
  const client = await connect();
  for (let i = 0; i < 3; i++) await client.get("/");
  const { status, text, header } = await client.get("/metrics");
  assert.is(status, 200);
  assert.match(header("content-type") ?? "", /^text\/plain; version=0\.0\.4/);
  assert.is(header("cache-control"), "no-store");
  assert.is(figureOf(text, "landspout_http_requests_total"), 4);
  assert.is(figureOf(text, 'landspout_http_connections{state="busy"}'), 1);
  assert.is(figureOf(text, 'landspout_http_errors_total{kind="bad_requests"}'), 0);
  assert.is(figureOf(text, "landspout_processes"), 1);
  for (const line of [
    "landspout_loop_turns_total",
    "landspout_received_bytes_total",
    "landspout_resident_memory_bytes",
    'landspout_cpu_seconds_total{mode="user"}',
    "landspout_loop_turn_seconds_count",
    "landspout_loop_turn_seconds_sum",
    'landspout_loop_turn_seconds_bucket{le="+Inf"}',
  ]) {
    assert.ok(figureOf(text, line) > 0, line);
  }
  assert.match(text, /^# TYPE landspout_loop_turn_seconds histogram$/m);
  assert.match(text, /^# HELP landspout_http_requests_total Requests read\.$/m);
});

t("has buckets that add up", async () => {
  const { connect } = await startServer([["/metrics", MetricsHandler]]);
  const { text } = await (await connect()).get("/metrics");
  const buckets = [...text.matchAll(/^landspout_loop_turn_seconds_bucket\S+ (\d+)$/gm)].map(
    ([, count]) => Number(count),
  );
  assert.ok(buckets.length > 5);
  assert.equal(
    buckets,
    [...buckets].sort((a, b) => a - b),
  );
  assert.is(buckets.at(-1), figureOf(text, "landspout_loop_turn_seconds_count"));
});

t("shows the metrics of the program's own registries", async () => {
  const registry = new Registry();
  const sales = new Counter({
    name: "shop_sales_total",
    help: "Sales.",
    labelNames: ["kind"],
    registers: [registry],
  });
  const other = new Registry();
  new Histogram({ name: "shop_time", help: "Time.", buckets: [1], registers: [other] }).observe(2);
  sales.inc({ kind: 'a "b"' }, 7);
  exposeMetrics(other);
  const { connect } = await startServer([["/metrics", MetricsHandler, { registry }]]);
  const client = await connect();
  for (let i = 0; i < 2; i++) {
    const { text } = await client.get("/metrics");
    assert.is(figureOf(text, 'shop_sales_total{kind="a \\"b\\""}'), 7);
    assert.is(figureOf(text, 'shop_time_bucket{le="1"}'), 0);
    assert.is(figureOf(text, 'shop_time_bucket{le="+Inf"}'), 1);
  }
});

t("answers HEAD without a body, and no other method", async () => {
  const { connect } = await startServer([["/metrics", MetricsHandler]]);
  const client = await connect();
  void client.send("HEAD /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
  assert.is((await client.readResponse({ method: "HEAD" })).status, 200);
  void client.send("POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
  assert.is((await client.readResponse()).status, 405);
});

t("refuses what is no registry", () => {
  assert.throws(() => exposeMetrics({} as never), /registry is .*allowed is a Registry/);
  assert.throws(() => exposeMetrics(null as never), /allowed is a Registry/);
});

t("names the package that is missing", () => {
  // The package cannot be found where every import of it is refused.
  const hook = `
    export async function resolve(name, context, next) {
      if (name === "prom-client") throw Object.assign(new Error("not found"), { code: "ERR_MODULE_NOT_FOUND" });
      return next(name, context);
    }`;
  const module = new URL("../../lib/index.js", import.meta.url).href;
  const program = `
    import { register } from "node:module";
    register("data:text/javascript," + encodeURIComponent(${JSON.stringify(hook)}));
    const { Application, MetricsHandler, setLogger, setLogLevel } = await import(${JSON.stringify(module)});
    const quiet = () => {};
    setLogger({ debug: quiet, info: quiet, warn: quiet, error: (m, e) => console.log(e?.code, e?.message) });
    const server = new Application([["/metrics", MetricsHandler]]).listen(0, "127.0.0.1");
    const response = await fetch("http://127.0.0.1:" + server.address.port + "/metrics");
    console.log(response.status);
    await response.arrayBuffer();
    process.exit();`;
  const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
    encoding: "utf8",
    timeout: 60_000,
  });
  assert.match(stdout, /ERR_PEER_MISSING .*npm install prom-client/);
  assert.match(stdout, /^500$/m);
});

t("adds up what several processes have", () => {
  const one = collectStats();
  const metrics = metricsOf(sumStats([one, one, one]));
  assert.is(metrics.find(({ name }) => name === "landspout_processes")?.values[0]?.value, 3);
  assert.is(new Set(metrics.map(({ name }) => name)).size, metrics.length);
});

t.run();
