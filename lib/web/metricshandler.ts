/**
 * MetricsHandler: the figures of loop, servers and process as a page for Prometheus.
 *
 *     ["/metrics", MetricsHandler]
 *     ["/metrics", MetricsHandler, { registry }]     // with the program's own metrics of prom-client
 *
 * Under prefork the page is of all workers, whichever of them answers. The text is written by the package prom-client, an
 * optional peer that is loaded when the page is first asked for.
 */
import { describe } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";
import { collectStats, type Stats } from "../process/stats.ts";
import { onStatsRequest, supervisorStats } from "../process/workerstats.ts";
import { type MetricJson, metricsOf } from "./metriclist.ts";
import { RequestHandler } from "./requesthandler.ts";
import type { InitArgs } from "./routing.ts";

/** What is needed of a Registry of prom-client. */
export interface MetricsRegistry {
  getMetricsAsJSON(): unknown;
}

/** What is needed of prom-client. */
interface PromClient {
  readonly AggregatorRegistry: {
    aggregate(metrics: readonly unknown[]): {
      readonly contentType: string;
      metrics(): Promise<string>;
    };
  };
}

const exposed = new Set<MetricsRegistry>();

let client: Promise<PromClient> | null = null;

/**
 * Adds a registry of prom-client to what every MetricsHandler shows. Under prefork each worker has to call this, at the
 * beginning of the script, so that the page of any worker has the metrics of all.
 *
 * @throws CodedError ERR_ARGUMENT_TYPE if it is no registry
 */
export function exposeMetrics(registry: MetricsRegistry): void {
  if (typeof registry?.getMetricsAsJSON !== "function") {
    throw new CodedError(
      "ERR_ARGUMENT_TYPE",
      `the registry is ${describe(registry)}; allowed is a Registry of prom-client`,
    );
  }
  if (exposed.size === 0) onStatsRequest(statsWithMetrics);
  exposed.add(registry);
}

export class MetricsHandler extends RequestHandler {
  /** @throws CodedError ERR_ARGUMENT_TYPE if `registry` is given and is none */
  override initialize({ registry }: InitArgs): void {
    if (registry !== undefined && !exposed.has(registry as MetricsRegistry)) {
      exposeMetrics(registry as MetricsRegistry);
    }
  }

  /** @throws CodedError ERR_PEER_MISSING if prom-client is not installed */
  override async get(): Promise<void> {
    const { AggregatorRegistry } = await promClient();
    const { total, workers } = await supervisorStats();
    const lists: unknown[] = [metricsOf(total)];
    for (const { stats } of workers) {
      const own = (stats as { readonly metrics?: unknown } | null)?.metrics;
      if (Array.isArray(own)) lists.push(own);
    }
    const page = AggregatorRegistry.aggregate(lists);
    const text = await page.metrics();
    this.setHeader("Content-Type", page.contentType);
    this.setHeader("Cache-Control", "no-store");
    this.finish(text);
  }

  override computeEtag(): string | null {
    return null;
  }
}

/** The figures of this process, and beside them the program's own metrics as they are. */
async function statsWithMetrics(): Promise<Stats> {
  const metrics: MetricJson[] = [];
  for (const registry of exposed) {
    metrics.push(...((await registry.getMetricsAsJSON()) as MetricJson[]));
  }
  return { ...collectStats(), metrics } as unknown as Stats;
}

function promClient(): Promise<PromClient> {
  client ??= load();
  return client;
}

async function load(): Promise<PromClient> {
  try {
    const loaded = await import("prom-client");
    return loaded.default as unknown as PromClient;
  } catch (cause) {
    // It may be installed while the program runs.
    client = null;
    throw new CodedError(
      "ERR_PEER_MISSING",
      "MetricsHandler needs the package prom-client; install it: npm install prom-client",
      { cause },
    );
  }
}
