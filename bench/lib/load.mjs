// One load run against one server, by wrk where it is installed and by autocannon otherwise.
// Called by bench/run.mjs. autocannon is itself slower than the servers it measures here: its
// requests/s say little, and the CPU per request is still the server's own.

import { spawn, spawnSync } from "node:child_process";
import path from "node:path";
import { benchRoot, cpuNs, onLoadCpu } from "./proc.mjs";

const hasWrk = spawnSync("wrk", ["-v"]).error === undefined;

/** "wrk" or "autocannon" */
export const loadTool = hasWrk ? "wrk" : "autocannon";

/**
 * Loads a server for some seconds.
 *
 * @param scenario { method, path, depth, headers, body } of the requests; depth > 1 pipelines them
 * @returns { requests, perSecond, cpuMicros } with the server's CPU µs per request
 * @throws if a response was not 2xx or a connection failed: such a run measures something else
 */
export async function load(server, scenario, { seconds, connections }) {
  const run = hasWrk ? runWrk : runAutocannon;
  const before = cpuNs(server.pid);
  const { requests, runSeconds, faults } = await run(server, scenario, { seconds, connections });
  const spent = cpuNs(server.pid) - before;
  if (faults > 0) throw new Error(`${server.name} ${scenario.path}: ${faults} failed requests`);
  if (requests === 0) throw new Error(`${server.name} ${scenario.path}: no request was answered`);
  return { requests, perSecond: requests / runSeconds, cpuMicros: spent / 1000 / requests };
}

async function runWrk(server, scenario, { seconds, connections }) {
  const { method, path: target, depth, headers, body } = scenario;
  const args = ["-t1", `-c${connections}`, `-d${seconds}s`, "--timeout=10s"];
  for (const [name, value] of Object.entries(headers)) args.push("-H", `${name}: ${value}`);
  const isScripted = depth > 1 || body !== null;
  if (isScripted) args.push("-s", path.join(benchRoot, "pipeline.lua"));
  args.push(`http://127.0.0.1:${server.port}${target}`);
  if (isScripted) args.push("--", String(depth), method, body ?? "");
  const output = await capture(...onLoadCpu("wrk", args));
  const [, requests, time, unit] = /(\d+) requests in ([\d.]+)(us|ms|s|m),/.exec(output);
  const errors = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(
    output,
  );
  const refused = /Non-2xx or 3xx responses: (\d+)/.exec(output);
  const faults = [...(errors?.slice(1) ?? []), refused?.[1] ?? 0].map(Number);
  return {
    requests: Number(requests),
    runSeconds: Number(time) * { us: 1e-6, ms: 1e-3, s: 1, m: 60 }[unit],
    faults: faults.reduce((sum, count) => sum + count, 0),
  };
}

async function runAutocannon(server, scenario, { seconds, connections }) {
  const { method, path: target, depth, headers, body } = scenario;
  const script = path.join(benchRoot, "node_modules/autocannon/autocannon.js");
  const args = [script, "-c", connections, "-d", seconds, "-p", depth, "--json", "--no-progress"];
  args.push("-m", method);
  if (body !== null) args.push("-b", body);
  for (const [name, value] of Object.entries(headers)) args.push("-H", `${name}=${value}`);
  args.push(`http://127.0.0.1:${server.port}${target}`);
  const output = await capture(...onLoadCpu(process.execPath, args.map(String)));
  const report = JSON.parse(output.slice(output.indexOf("{")));
  return {
    requests: report["2xx"],
    runSeconds: report.duration,
    faults: report.errors + report.timeouts + report.non2xx,
  };
}

function capture(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    let complaints = "";
    child.stdout.setEncoding("utf8").on("data", (text) => {
      output += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text) => {
      complaints += text;
    });
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve(output);
      else reject(new Error(`${command} exited with ${code}: ${complaints}${output}`));
    });
  });
}
