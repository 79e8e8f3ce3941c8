// What finding a route costs: static paths by one look-up however many there are, patterns by scanner or by regular
// expression. `node bench/micro/routing.bench.mjs`; needs a build. Fails if a static path, by bytes, costs more than
// twice as much among 10,000 routes as among 10. What the look-ups by string cost contains what it costs to slice the
// path out of the head, shown first.

import { RouteTable } from "../../dist/lib/web/routetable.js";
import { fnv1a } from "../../dist/lib/web/statictable.js";
import { keep, run } from "./harness.mjs";

class Handler {}

/** Each bench goes round this many requests, so that no branch is learnt by heart. */
const requestCount = 1024;
const operations = requestCount;

/** The heads of all requests in one arena, and what the addon's records say of their paths. */
function arenaOf(paths) {
  const bytes = Buffer.from(paths.map((path) => `GET ${path} HTTP/1.1\r\n`).join(""), "latin1");
  const records = new Int32Array(paths.length * 3);
  let start = "GET ".length;
  for (const [i, path] of paths.entries()) {
    records.set([fnv1a(path), path.length, start], i * 3);
    start += path.length + "GET  HTTP/1.1\r\n".length;
  }
  return { bytes, records };
}

/** As HTTPServerRequest: the path is sliced out of the head's text when it is asked for. */
class Request {
  hostName = "www.example.com";
  headers = { has: () => false };
  #head;
  #end;

  constructor(path) {
    this.#head = Buffer.from(`GET ${path} HTTP/1.1\r\n`, "latin1").latin1Slice();
    this.#end = "GET ".length + path.length;
  }

  get path() {
    return this.#head.slice("GET ".length, this.#end);
  }
}

const requestsOf = (pathOf) =>
  Array.from({ length: requestCount }, (_, i) => new Request(pathOf(i)));
// All of one length, so that tables differ in nothing but how many routes there are.
const staticPath = (i) => `/section-${String(i % 100).padStart(2, "0")}/${10_000 + i}`;
const staticRoutes = (count) => Array.from({ length: count }, (_, i) => [staticPath(i), Handler]);

/**
 * Timed in turns, so that what else the machine does weighs on both alike; the best of each counts. Warmed up in turns
 * too: code that has met one table only is compiled for that one table, as it never is beside another.
 */
function ratio(road, ofFew, ofMany) {
  for (let i = 0; i < 2000; i++) keep([ofFew(), ofMany()]);
  let [few, many] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let i = 0; i < 3; i++) {
    few = Math.min(few, run(`static path among 10, ${road}`, ofFew, { operations }));
    many = Math.min(many, run(`static path among 10,000, ${road}`, ofMany, { operations }));
  }
  return many / few;
}

function staticLookups(count) {
  const table = new RouteTable(staticRoutes(count));
  const stride = Math.max(1, Math.floor(count / requestCount));
  const pathOf = (i) => staticPath((i * stride) % count);
  const { bytes, records } = arenaOf(Array.from({ length: requestCount }, (_, i) => pathOf(i)));
  const byBytes = () => {
    let found = null;
    for (let at = 0; at < records.length; at += 3) {
      found = table.lookupStatic(records[at], records[at + 1], bytes, records[at + 2]);
      if (found === null) throw new Error("not found");
    }
    return found;
  };
  const requests = requestsOf(pathOf);
  const byString = () => {
    let found = null;
    for (let i = 0; i < requests.length; i++) found = table.lookup(requests[i]);
    return found;
  };
  return { byBytes, byString };
}

function benchDynamic(name, routes, pathOf) {
  const table = new RouteTable(routes);
  const requests = requestsOf(pathOf);
  if (table.lookup(requests[0]) === null) throw new Error(`no match: ${name}`);
  const work = () => {
    let found = null;
    for (let i = 0; i < requests.length; i++) found = table.lookupRest(requests[i]);
    return found;
  };
  run(name, work, { operations });
}

const few = staticLookups(10);
const many = staticLookups(10_000);
const bytesRatio = ratio("by bytes", few.byBytes, many.byBytes);
const stringRatio = ratio("by string", few.byString, many.byString);

const users = requestsOf((i) => `/user/${i}`);
const slices = () => {
  let path = "";
  for (let i = 0; i < users.length; i++) path = users[i].path;
  return path;
};
run("slicing /user/N out of the head, and nothing else", slices, { operations });
benchDynamic("/user/([0-9]+)", [["/user/([0-9]+)", Handler]], (i) => `/user/${i}`);
benchDynamic("/user/:id/:tab", [["/user/:id/:tab", Handler]], (i) => `/user/${i}/posts`);
benchDynamic("/static/(.*)", [["/static/(.*)", Handler]], (i) => `/static/js/app-${i}.js`);
benchDynamic("/user/([0-9]+)?, no scanner", [["/user/([0-9]+)?", Handler]], (i) => `/user/${i}`);
benchDynamic(
  "/user/([0-9]+) behind 10,000 static routes",
  [...staticRoutes(10_000), ["/user/([0-9]+)", Handler]],
  (i) => `/user/${i}`,
);
benchDynamic(
  "all of 1,000 patterns /kind-N/([0-9]+) in turn",
  Array.from({ length: 1000 }, (_, i) => [`/kind-${i}/([0-9]+)`, Handler]),
  (i) => `/kind-${i % 1000}/${i}`,
);

const startedAt = performance.now();
keep(new RouteTable(staticRoutes(10_000)).lookup(new Request(staticPath(0))));
console.log(
  `${(performance.now() - startedAt).toFixed(1).padStart(10)} ms  10,000 routes made and compiled`,
);

console.log(
  `10,000 static routes against 10: × ${bytesRatio.toFixed(2)} by bytes, × ${stringRatio.toFixed(2)} by string`,
);
if (bytesRatio > 2) process.exitCode = 1;
