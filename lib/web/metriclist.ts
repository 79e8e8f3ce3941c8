/**
 * The figures of a process, or of all workers, as metrics in the shape of prom-client's JSON.
 *
 * MetricsHandler has prom-client write them out. Names are Prometheus's: base units (seconds, bytes), "_total" for what
 * only grows.
 */
import { TURN_BUCKETS_MS } from "../loop/turnmonitor.ts";
import type { Stats } from "../process/stats.ts";

/** One metric, as prom-client's Registry.getMetricsAsJSON() gives it. */
export interface MetricJson {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly aggregator?: string;
  readonly values: readonly MetricValue[];
}

export interface MetricValue {
  readonly value: number;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly metricName?: string;
}

const SECOND_MS = 1_000;

interface Plain {
  readonly name: string;
  readonly type: "counter" | "gauge";
  readonly help: string;
  /** Where it stands in the figures, "loop.turns". */
  readonly path: string;
  /** What the figure is divided by. Default 1. */
  readonly per?: number;
}

/** Several figures of one metric, told apart by a label. */
interface Labelled extends Plain {
  readonly label: string;
}

const plain: readonly Plain[] = [
  counter("landspout_loop_turns_total", "Entries into JavaScript.", "loop.turns"),
  counter("landspout_loop_records_total", "Events told in these turns.", "loop.records"),
  counter("landspout_loop_blocked_turns_total", "Turns that took too long.", "loop.blockedTurns"),
  counter("landspout_loop_exceptions_total", "What owners of sockets threw.", "loop.exceptions"),
  counter("landspout_received_bytes_total", "Bytes received.", "loop.receivedBytes"),
  counter("landspout_sent_bytes_total", "Bytes sent, files included.", "loop.sentBytes"),
  counter("landspout_receive_calls_total", "Calls of recv.", "loop.receiveCalls"),
  counter("landspout_send_calls_total", "Calls of send, writev, sendfile.", "loop.sendCalls"),
  counter("landspout_accepted_total", "Connections accepted.", "loop.accepted"),
  counter("landspout_accept_errors_total", "Accepts that failed.", "loop.acceptErrors"),
  counter("landspout_shed_total", "Connections closed at once for want of room.", "loop.shed"),
  gauge("landspout_open_sockets", "Connections open, whatever they are.", "loop.open"),
  gauge("landspout_queued_bytes", "Bytes that wait for the kernel.", "loop.queuedBytes"),
  gauge("landspout_wheel_entries", "Deadlines on the timing wheel.", "loop.wheelEntries"),
  counter("landspout_http_requests_total", "Requests read.", "servers.requests"),
  gauge("landspout_processes", "Processes that these figures are of.", "process.count"),
  gauge("landspout_resident_memory_bytes", "Resident memory.", "process.residentBytes"),
  gauge("landspout_heap_used_bytes", "Memory of the JavaScript heap.", "process.heapUsedBytes"),
  gauge("landspout_external_bytes", "Memory outside of that heap.", "process.externalBytes"),
  gauge("landspout_longest_turn_seconds", "The longest turn.", "loop.longestTurnMs", SECOND_MS),
];

const cpuModes = { cpuUserMs: "user", cpuSystemMs: "system" } as const;

/** @param stats what collectStats() gives, or a sum of these */
export function metricsOf(stats: Stats): MetricJson[] {
  const metrics: MetricJson[] = [];
  for (const metric of plain) {
    const value = figureAt(stats, metric.path);
    if (typeof value !== "number") continue;
    metrics.push(made(metric, [{ value: value / (metric.per ?? 1), labels: {} }]));
  }
  metrics.push(turnHistogram(stats));
  metrics.push(
    labelled(stats, {
      ...gauge("landspout_http_connections", "Connections of HTTP servers.", "servers.connections"),
      label: "state",
    }),
    labelled(stats, {
      ...counter("landspout_http_errors_total", "What went wrong, by kind.", "servers.errors"),
      label: "kind",
    }),
  );
  const cpu = Object.entries(cpuModes).map(([name, mode]) => {
    const ms = figureAt(stats, `process.${name}`);
    return { value: (typeof ms === "number" ? ms : 0) / SECOND_MS, labels: { mode } };
  });
  metrics.push(made(counter("landspout_cpu_seconds_total", "CPU time.", ""), cpu));
  return metrics;
}

function turnHistogram(stats: Stats): MetricJson {
  const name = "landspout_loop_turn_seconds";
  const counts = figureAt(stats, "loop.turnCounts");
  const totalMs = figureAt(stats, "loop.turnsMs");
  const values: MetricValue[] = [];
  let sum = 0;
  for (const [index, count] of (Array.isArray(counts) ? counts : []).entries()) {
    const endMs = TURN_BUCKETS_MS[index];
    sum += count;
    const le = endMs === undefined ? "+Inf" : endMs / SECOND_MS;
    values.push({ value: sum, labels: { le }, metricName: `${name}_bucket` });
  }
  const seconds = (typeof totalMs === "number" ? totalMs : 0) / SECOND_MS;
  values.push({ value: seconds, labels: {}, metricName: `${name}_sum` });
  values.push({ value: sum, labels: {}, metricName: `${name}_count` });
  return { name, help: "How long turns took.", type: "histogram", aggregator: "sum", values };
}

function labelled(stats: Stats, metric: Labelled): MetricJson {
  const figures = figureAt(stats, metric.path);
  const isTree = typeof figures === "object" && !Array.isArray(figures);
  const values: MetricValue[] = [];
  for (const [name, value] of Object.entries(isTree ? figures : {})) {
    // The sum of the others.
    if (name === "open" || typeof value !== "number") continue;
    values.push({ value, labels: { [metric.label]: snakeCase(name) } });
  }
  return made(metric, values);
}

function figureAt(stats: Stats, path: string): Stats[string] | undefined {
  let at: Stats[string] | undefined = stats;
  for (const name of path.split(".")) {
    if (typeof at !== "object" || Array.isArray(at)) return undefined;
    at = (at as Stats)[name];
  }
  return at;
}

function made({ name, help, type }: Plain, values: readonly MetricValue[]): MetricJson {
  return { name, help, type, aggregator: "sum", values };
}

function counter(name: string, help: string, path: string): Plain {
  return { name, type: "counter", help, path };
}

function gauge(name: string, help: string, path: string, per = 1): Plain {
  return { name, type: "gauge", help, path, per };
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
