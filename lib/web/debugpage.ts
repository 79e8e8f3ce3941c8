/**
 * The error page of debug mode: what was thrown, where in the source, and for which request.
 *
 * ResponseHandler.writeError sends it with the setting debug, and never without. It reads the source files of the stack
 * while the client waits, which is fine for a developer's machine and one more reason not to be in public.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { inspect } from "node:util";
import { xhtmlEscape } from "../http/escape.ts";
import type { HTTPServerRequest } from "../http/httpserverrequest.ts";

/** Lines shown on each side of the one that threw. */
const CONTEXT_LINES = 5;

/** Most frames and causes that are shown; deep recursions have thousands. */
const MOST_FRAMES = 30;
const MOST_CAUSES = 5;

/** Fields that a screenshot of the page should not give away. */
const SECRET_FIELDS = new Set(["Cookie", "Authorization", "Proxy-Authorization"]);

/** Where the framework itself is, as compiled and as written. */
const OURS = fileURLToPath(new URL("../", import.meta.url));
const OUR_SOURCES = OURS.replace(/\/dist\/lib\/$/, "/lib/");

/** One line of a stack. */
interface Frame {
  readonly text: string;
  readonly file: string | null;
  readonly line: number;
  /** In the application's own source, not in a package or Node.js. */
  readonly isOwn: boolean;
}

/** Says whether a client would rather read HTML than plain text: it asks for it, for anything, or says nothing. */
export function wantsHtml(accept: string | null): boolean {
  return accept === null || /text\/(?:html|\*)|\*\/\*/i.test(accept);
}

/**
 * Makes the page.
 *
 * @param error what was thrown, whatever it is
 * @returns HTML; every text in it is escaped
 */
export function debugPage(
  status: number,
  reason: string,
  error: unknown,
  request: HTTPServerRequest,
): string {
  const title = xhtmlEscape(`${status}: ${reason}`);
  const causes = causesOf(error).map(errorSection).join("\n");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${title}</h1>
${causes}
${requestSection(request)}
<footer>This page is shown because the setting <code>debug</code> is on. Never switch it on in public.</footer>
</body>
</html>
`;
}

const STYLE = `
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.1rem; color: #c0392b; } h2 { font-size: 1.5rem; margin: 1rem 0 .5rem; overflow-wrap: anywhere; }
h3 { font-size: .95rem; font-weight: normal; margin: 1.2rem 0 .3rem; overflow-wrap: anywhere; }
pre { background: #8881; padding: .6rem 0; overflow-x: auto; border-radius: 6px; margin: 0; font-size: .85rem; }
pre span { display: block; padding: 0 .8rem; } pre .thrown { background: #c0392b33; font-weight: bold; }
pre i { color: #888; font-style: normal; user-select: none; display: inline-block; width: 3.5em; }
table { border-collapse: collapse; font-size: .85rem; } th, td { text-align: left; padding: .1rem .8rem .1rem 0; vertical-align: top; overflow-wrap: anywhere; }
details { margin: 1rem 0; } footer { color: #888; margin: 2rem 0; font-size: .85rem; }
`;

/** The error, then its cause, then the cause of that. */
function causesOf(error: unknown): unknown[] {
  const causes = [error];
  let cause = error;
  while (cause instanceof Error && cause.cause !== undefined && causes.length < MOST_CAUSES) {
    cause = cause.cause;
    if (causes.includes(cause)) break;
    causes.push(cause);
  }
  return causes;
}

function errorSection(error: unknown, at: number): string {
  const lead = at === 0 ? "" : "caused by ";
  if (!(error instanceof Error)) {
    return `<h2>${lead}a value that is no Error was thrown</h2>\n<pre><span>${xhtmlEscape(inspect(error))}</span></pre>`;
  }
  const frames = framesOf(error);
  const shown = frames.filter((frame) => frame.isOwn).map(frameSection);
  const all = frames.map((frame) => `<span>${xhtmlEscape(frame.text)}</span>`).join("");
  return `<h2>${lead}${xhtmlEscape(`${error.name}: ${error.message}`)}</h2>
${shown.join("\n")}
<details><summary>the whole stack</summary><pre>${all}</pre></details>`;
}

function frameSection(frame: Frame): string {
  const heading = `<h3>${xhtmlEscape(frame.text)}</h3>`;
  const excerpt = frame.file === null ? "" : excerptOf(frame.file, frame.line);
  return excerpt === "" ? heading : `${heading}\n<pre>${excerpt}</pre>`;
}

function framesOf(error: Error): Frame[] {
  const lines = (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
  return lines.slice(0, MOST_FRAMES).map((line) => {
    const text = line.trim();
    const place = /\(?((?:file:\/\/|\/)[^()]*):(\d+):\d+\)?$/.exec(text);
    const file = place?.[1] === undefined ? null : fileOf(place[1]);
    const isForeign =
      file === null ||
      file.startsWith(OURS) ||
      file.startsWith(OUR_SOURCES) ||
      file.includes(`${path.sep}node_modules${path.sep}`);
    return { text, file, line: Number(place?.[2] ?? 0), isOwn: !isForeign };
  });
}

function fileOf(place: string): string | null {
  if (!place.startsWith("file:")) return place;
  try {
    return fileURLToPath(place);
  } catch {
    return null;
  }
}

/** The lines around one of a file, numbered; "" if the file cannot be read. */
function excerptOf(file: string, line: number): string {
  let lines: string[];
  try {
    lines = readFileSync(file, "utf8").split("\n");
  } catch {
    return "";
  }
  const from = Math.max(1, line - CONTEXT_LINES);
  return lines
    .slice(from - 1, line + CONTEXT_LINES)
    .map((text, at) => {
      const mark = from + at === line ? ' class="thrown"' : "";
      return `<span${mark}><i>${from + at}</i>${xhtmlEscape(text)}</span>`;
    })
    .join("");
}

function requestSection(request: HTTPServerRequest): string {
  const rows = [...request.headers].map(([name, value]) => {
    const shown = SECRET_FIELDS.has(name) ? "(hidden)" : value;
    return `<tr><th>${xhtmlEscape(name)}</th><td>${xhtmlEscape(shown)}</td></tr>`;
  });
  const line = `${request.method} ${request.uri} ${request.version}`;
  return `<h2>Request</h2>\n<p><code>${xhtmlEscape(line)}</code> from ${xhtmlEscape(request.remoteIp)}</p>
<table>${rows.join("\n")}</table>`;
}
