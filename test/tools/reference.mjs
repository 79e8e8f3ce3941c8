// Writes docs/reference/*.md from the code: `npm run docs`.
//
//   node test/tools/reference.mjs            writes the pages
//   node test/tools/reference.mjs --check    writes nothing; exit code 1 and a line for each page that differs
//
// Type, default and range of an option come from the spec that checks it at run time, its meaning from the docstring
// above it; the codes come from errorTable, the statuses from the refusals. Expects dist/ to be built. The test
// test/docs/reference.test.ts runs the check.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");

const specs = [
  {
    title: "HTTPServer",
    use: "`new HTTPServer(app, options)` and `app.listen(port, address, options)`",
    file: "lib/server/httpserveroptions",
    name: "httpServerOptions",
  },
  {
    title: "Application",
    use: "`new Application(routes, settings)`; names of your own may stand beside them",
    file: "lib/web/applicationsettings",
    name: "applicationSettings",
  },
  {
    title: "compressResponse",
    use: "the setting `compressResponse`, in the place of `true`",
    file: "lib/web/compressionoptions",
    name: "compressionOptions",
  },
  {
    title: "StaticFileHandler",
    use: "a route's third item, and the setting `staticHandlerArgs`",
    file: "lib/web/staticoptions",
    name: "staticFileOptions",
  },
  {
    title: "Uploads to disk",
    use: "a handler's `static uploads`",
    file: "lib/web/uploadoptions",
    name: "uploadOptions",
  },
  {
    title: "Multipart forms",
    use: "`setParseBodyConfig({ multipart })`",
    file: "lib/http/bodyconfig",
    name: "parseMultipartOptions",
  },
  {
    title: "Forms and queries",
    use: "`setParseBodyConfig({ urlencoded })`",
    file: "lib/http/bodyconfig",
    name: "parseUrlEncodedOptions",
  },
  {
    title: "JSON bodies",
    use: "`setParseBodyConfig({ json })`",
    file: "lib/http/bodyconfig",
    name: "parseJsonOptions",
  },
  {
    title: "EventStream",
    use: "`this.eventStream(options)`",
    file: "lib/web/eventstream",
    name: "eventStreamOptions",
  },
  {
    title: "NDJSONStream",
    use: "`this.ndjson(options)`",
    file: "lib/web/pushstream",
    name: "pushStreamOptions",
  },
  {
    title: "WebSocket",
    use: "a handler's `static websocket`; the settings `websocketMaxMessageBytes`, `websocketPingIntervalMs` and `websocketPingTimeoutMs` say the same for all handlers",
    file: "lib/server/websocketoptions",
    name: "webSocketOptions",
  },
  {
    title: "WebSocketHandler",
    use: "a handler's `static websocket`, beside those of WebSocket",
    file: "lib/server/websocketoptions",
    name: "webSocketServerOptions",
  },
  {
    title: "Compressed WebSockets",
    use: "what `getCompressionOptions()` returns, and the setting `websocketCompression`",
    file: "lib/web/websocketcompression",
    name: "webSocketCompressionOptions",
  },
  {
    title: "websocketConnect",
    use: "`websocketConnect(url, options)`, beside those of WebSocket",
    file: "lib/web/websocketclientoptions",
    name: "webSocketConnectOptions",
  },
  {
    title: "IOStream",
    use: "`new IOStream(options)` and `new PipeIOStream(fd, options)`",
    file: "lib/net/iostreamoptions",
    name: "ioStreamOptions",
  },
  {
    title: "TCPServer",
    use: "`new TCPServer(options)`",
    file: "lib/net/tcpserveroptions",
    name: "tcpServerOptions",
  },
  {
    title: "TCPClient",
    use: "`client.connect(host, port, options)`, beside those of IOStream",
    file: "lib/net/tcpclient",
    name: "tcpConnectOptions",
  },
  {
    title: "bindSockets",
    use: "`bindSockets(port, address, options)`",
    file: "lib/net/netutil",
    name: "bindOptions",
  },
  {
    title: "bindUnixSocket",
    use: "`bindUnixSocket(path, options)`",
    file: "lib/net/netutil",
    name: "bindUnixOptions",
  },
  {
    title: "TimingWheel",
    use: "`new TimingWheel(nowMs, options)`",
    file: "lib/loop/timingwheel",
    name: "timingWheelOptions",
  },
  {
    title: "The log",
    use: "`configureLogging(options)`",
    file: "lib/base/logsetup",
    name: "loggingOptions",
  },
];

const pages = { "options.md": await optionsPage(), "errors.md": await errorsPage() };
const folder = path.join(root, "docs/reference");
let differing = 0;
for (const [name, text] of Object.entries(pages)) {
  const file = path.join(folder, name);
  if (!process.argv.includes("--check")) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, text);
  } else if (readIfThere(file) !== text) {
    console.error(`docs/reference/${name} differs from the code: run "npm run docs"`);
    differing++;
  }
}
if (differing > 0) process.exitCode = 1;

async function optionsPage() {
  const parts = [
    "# Options",
    "<!-- Made by `npm run docs` from the option specs in lib/. Do not edit. -->",
    "Durations are in milliseconds, sizes in bytes. An option that does not exist is an error that names the nearest one " +
      "that does; a value of the wrong type or outside its range is an error that says what is allowed. `undefined` means " +
      "not given.",
  ];
  for (const { title, use, file, name } of specs) {
    const spec = (await load(file))[name];
    const docstrings = docstringsOf(source(file), name);
    const rows = Object.entries(spec).map(([option, { type, default: value, allowed }]) => {
      const meaning = docstrings.get(option);
      if (meaning === undefined) throw new Error(`${file}.ts: ${option} has no docstring`);
      return [`\`${option}\``, type, defaultText(value, option), allowed, meaning];
    });
    parts.push(`## ${title}`, `Taken by ${use}.`);
    parts.push(table(["option", "type", "default", "allowed", "meaning"], rows));
  }
  return `${parts.join("\n\n")}\n`;
}

async function errorsPage() {
  const { errorTable } = await load("lib/base/errors");
  const statuses = await refusalStatuses();
  const parts = [
    "# Error codes",
    "<!-- Made by `npm run docs` from lib/base/errors.ts and lib/server/refusals.ts. Do not edit. -->",
    "`error.code` of whatever landspout throws. A code keeps its meaning; messages may change. A `SystemError` has the name " +
      "of its errno as its code instead, such as `EADDRINUSE`. *Status* is what the server itself answers when it refuses a " +
      "message for this reason, before any handler hears of it. Some codes belong to parts that are still to come.",
  ];
  for (const [group, codes] of errorGroups(source("lib/base/errors"))) {
    const rows = codes.map((code) => {
      if (!(code in errorTable)) throw new Error(`${code} is not in errorTable`);
      return [`\`${code}\``, [...(statuses.get(code) ?? [])].join(", "), errorTable[code]];
    });
    parts.push(`## ${group}`, table(["code", "status", "meaning"], rows));
  }
  const listed = parts.join("\n").match(/`ERR_\w+`/g) ?? [];
  const count = Object.keys(errorTable).length;
  if (listed.length !== count) throw new Error(`${listed.length} codes are listed of ${count}`);
  return `${parts.join("\n\n")}\n`;
}

/** Statuses by code, of the addon's refusals and of the server's own. */
async function refusalStatuses() {
  const refusals = await load("lib/server/refusals");
  const addon = await load("lib/native/addon");
  const reasons = Object.keys(addon).filter((name) => name.startsWith("BAD_"));
  const all = reasons.map((name) => refusals.refusalFor(addon[name]));
  all.push(...Object.values(refusals).filter((value) => typeof value === "object"));
  const statuses = new Map();
  for (const { code, status } of all) {
    statuses.set(code, (statuses.get(code) ?? new Set()).add(status));
  }
  return statuses;
}

/** The docstring above each entry of `export const NAME = options({ … })`. */
function docstringsOf(text, name) {
  const start = text.indexOf(`export const ${name} = options({`);
  if (start === -1) throw new Error(`no export const ${name} = options({ … })`);
  const block = text.slice(start, text.indexOf("\n});", start));
  const found = new Map();
  for (const [, comment, option] of block.matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s+(\w+):/g)) {
    found.set(option, comment.replace(/\s*\n\s*\*\s?/g, " ").trim());
  }
  return found;
}

/** Codes under the comment that heads them in errorTable. */
function errorGroups(text) {
  const start = text.indexOf("export const errorTable = {");
  const block = text.slice(start, text.indexOf("} as const;", start));
  const groups = new Map();
  let codes = [];
  for (const [, heading, code] of block.matchAll(/^ {2}(?:\/\/ (.*)|(ERR_\w+):)/gm)) {
    if (heading !== undefined) {
      codes = [];
      groups.set(heading.replace(/\.$/, ""), codes);
    } else codes.push(code);
  }
  return groups;
}

function defaultText(value, name) {
  if (typeof value === "object" && value !== null) return `\`${JSON.stringify(value)}\``;
  if (typeof value !== "number") return `\`${value}\``;
  const readable = name.endsWith("Bytes")
    ? size(value)
    : name.endsWith("Ms")
      ? duration(value)
      : "";
  return `\`${value}\`${readable}`;
}

function size(bytes) {
  const mebibytes = bytes / 1024 ** 2;
  if (bytes > 0 && Number.isInteger(mebibytes)) return ` (${mebibytes} MiB)`;
  return bytes > 0 && bytes % 1024 === 0 ? ` (${bytes / 1024} KiB)` : "";
}

function duration(ms) {
  return ms > 0 && ms % 1000 === 0 ? ` (${ms / 1000} s)` : "";
}

function table(headings, rows) {
  const line = (cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(headings), line(headings.map(() => "---")), ...rows.map(line)].join("\n");
}

function source(file) {
  return readFileSync(path.join(root, `${file}.ts`), "utf8");
}

function load(file) {
  return import(path.join(root, "dist", `${file}.js`));
}

function readIfThere(file) {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error.code === "ENOENT") return null;
    throw error;
  }
}
