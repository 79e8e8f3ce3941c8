/**
 * The live picture of the loop, drawn from the events of handlers/live.ts, one a second.
 *
 * A browser has six connections to a server over HTTP/1.1, for all of its windows. So a window that nobody sees gives its
 * stream back.
 */

const SECONDS = 60;
const TURN_SECONDS = 30;
const WORK_MS = 3_000;
const SVG = "http://www.w3.org/2000/svg";

const element = (id) => document.getElementById(id);
const number = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const state = element("loop-state");

/** What was said in the last SECONDS, the newest last. */
let history = [];
let source = null;

function open() {
  source = new EventSource("/live");
  source.onmessage = ({ data }) => {
    show("good", "live");
    draw(JSON.parse(data));
  };
  // It comes back by itself, unless the answer was none.
  source.onerror = () => show("bad", "reconnecting");
}

function show(name, text) {
  state.dataset.state = name;
  if (state.textContent !== text) state.textContent = text;
}

function draw({ workers, turnLimitsMs }) {
  const sum = (key) => workers.reduce((total, worker) => total + worker[key], 0);
  history = [...history, { requests: sum("requestsPerSecond"), workers }].slice(-SECONDS);
  element("loop-connections").textContent = number.format(sum("connections"));
  element("loop-requests").textContent = number.format(sum("requestsPerSecond"));
  element("loop-turns").textContent = number.format(sum("turnsPerSecond"));
  drawLine(history.map(({ requests }) => requests));
  const recent = history.slice(-TURN_SECONDS).flatMap((second) => second.workers);
  drawBars(totals(recent), turnLimitsMs);
  drawWorkers(workers, recent);
}

/** The turns of several reports, bar by bar. */
function totals(list) {
  const length = Math.max(0, ...list.map(({ turns }) => turns.length));
  return Array.from({ length }, (_, i) => list.reduce((sum, { turns }) => sum + turns[i], 0));
}

/** An area from the right: the newest second is at its end. */
function drawLine(values) {
  const most = Math.max(10, ...values);
  const x = (i) => SECONDS - values.length + i;
  const points = values.map((value, i) => `${x(i)},${(100 - (value / most) * 96).toFixed(1)}`);
  const end = SECONDS - 1;
  const line = `M${points.join("L")}`;
  const svg = element("loop-line");
  svg.setAttribute("viewBox", `0 0 ${end} 100`);
  svg.setAttribute(
    "aria-label",
    `Requests per second: ${number.format(values.at(-1))} now, ${number.format(most)} at most`,
  );
  svg.replaceChildren(
    shape("path", { class: "area", d: `${line}V100H${x(0)}Z` }),
    shape("path", { class: "base", d: `M0,100H${end}` }),
    shape("path", { class: "curve", d: line }),
  );
}

/** Bars for the counts of turns, drawn in the pixels of the page, so that labels are as large as other text. */
function drawBars(counts, limitsMs) {
  const svg = element("loop-bars");
  const { clientWidth, clientHeight } = svg;
  const width = clientWidth / counts.length;
  const height = clientHeight - 20;
  const most = Math.max(1, ...counts);
  svg.setAttribute("viewBox", `0 0 ${clientWidth} ${clientHeight}`);
  svg.setAttribute("aria-label", `Turns of the loop: ${describe(counts, limitsMs)}`);
  const parts = counts.flatMap((count, i) => {
    const tall = count === 0 ? 1 : 4 + (Math.log1p(count) / Math.log1p(most)) * (height - 4);
    const box = { x: i * width + 2, y: height - tall, width: width - 4, height: tall, rx: 2 };
    const bar = shape("rect", box);
    bar.append(shape("title", {}, `${number.format(count)} turns ${nameOf(i, limitsMs)}`));
    // Where there is no room for all labels, every second one is shown.
    if (width < 28 && i % 2 === 1) return [bar];
    const text = shape("text", { x: (i + 0.5) * width, y: clientHeight - 4 }, labelOf(i, limitsMs));
    return [bar, text];
  });
  svg.replaceChildren(...parts);
}

/** A bar's label: how many ms its turns took at most. */
function labelOf(i, limitsMs) {
  return i === limitsMs.length ? "more" : String(limitsMs[i]);
}

function nameOf(i, limitsMs) {
  return i === limitsMs.length
    ? `of more than ${limitsMs[i - 1]} ms`
    : `of at most ${limitsMs[i]} ms`;
}

function describe(counts, limitsMs) {
  const some = counts.map((count, i) => (count === 0 ? "" : `${count} ${nameOf(i, limitsMs)}`));
  return some.filter((text) => text !== "").join(", ") || "none";
}

/** @param recent what all workers have said in the last TURN_SECONDS */
function drawWorkers(workers, recent) {
  const rows = workers.map((worker) => {
    const row = document.createElement("tr");
    const name = document.createElement("th");
    name.scope = "row";
    name.textContent = worker.worker;
    name.title = `process ${worker.pid}`;
    const spark = document.createElement("td");
    spark.className = "spark";
    spark.append(sparkOf(totals(recent.filter(({ pid }) => pid === worker.pid))));
    const cells = [worker.connections, worker.requestsPerSecond].map((value) =>
      cell(number.format(value)),
    );
    row.append(name, ...cells, spark, cell(`${(worker.busy * 100).toFixed(1)} %`));
    return row;
  });
  element("loop-workers").replaceChildren(...rows);
}

function cell(text) {
  const td = document.createElement("td");
  td.textContent = text;
  return td;
}

function sparkOf(counts) {
  const svg = shape("svg", { viewBox: `0 0 ${counts.length * 5} 16`, "aria-hidden": "true" });
  const most = Math.max(1, ...counts);
  counts.forEach((count, i) => {
    const tall = count === 0 ? 1 : 3 + (Math.log1p(count) / Math.log1p(most)) * 13;
    svg.append(shape("rect", { x: i * 5, y: 16 - tall, width: 4, height: tall, rx: 1 }));
  });
  return svg;
}

function shape(name, attributes, text = null) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== null) made.textContent = text;
  return made;
}

/** Asks as much as a browser can, four at a time, for as long as WORK_MS. */
async function work() {
  const button = element("loop-work");
  button.disabled = true;
  const endMs = performance.now() + WORK_MS;
  const ask = async () => {
    while (performance.now() < endMs) await (await fetch("/user/42")).text();
  };
  await Promise.allSettled([ask(), ask(), ask(), ask()]);
  button.disabled = false;
}

element("loop-work").onclick = work;

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) return open();
  source?.close();
  show("waiting", "paused");
});

if (!document.hidden) open();
