/**
 * GET /: the demo's front page. It lists the routes, each with a link, and posts a form to /echo.
 *
 * The page is one string, made once: no template, no script, nothing fetched from elsewhere. Its own policy holds it to
 * that. Light or dark as the reader's system is.
 */
import { RequestHandler, xhtmlEscape } from "landspout";

/** What the page shows of a route. */
interface Shown {
  readonly method: string;
  readonly pattern: string;
  /** A link to try it by; null = it takes no GET. */
  readonly link: string | null;
  readonly text: string;
}

const shown: readonly Shown[] = [
  { method: "GET", pattern: "/", link: "/", text: "This page." },
  {
    method: "GET",
    pattern: "/user/:id",
    link: "/user/42",
    text: "JSON of a path parameter, answered in the loop turn that read it.",
  },
  {
    method: "GET",
    pattern: "/slow?ms=…",
    link: "/slow?ms=1500",
    text: "An async handler: waits up to 10 s while everybody else is served.",
  },
  {
    method: "POST",
    pattern: "/echo",
    link: null,
    text: "Sends the posted body back, byte for byte. Try it below.",
  },
];

const ICON =
  "%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16' fill='none' stroke='%230e7490' stroke-width='2'" +
  " stroke-linecap='round'%3E%3Cpath d='M2 3h12M4 6.5h9M5.5 10h5M7 13.5h2'/%3E%3C/svg%3E";

const STYLE = `
:root { color-scheme: light dark; --ink: #16242b; --soft: #56676f; --paper: #f6f8f8; --card: #fff; --line: #dde5e7; --accent: #0e7490; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e3ecee; --soft: #93a5ac; --paper: #0f1619; --card: #172125; --line: #29363b; --accent: #5cc8de; }
}
* { box-sizing: border-box; }
body { margin: 0; padding: 8vh 1.25rem; background: var(--paper); color: var(--ink); font: 16px/1.6 system-ui, sans-serif; }
main { max-width: 42rem; margin: 0 auto; }
h1 { margin: 0; font-size: 2.25rem; letter-spacing: -0.03em; }
h1 span, a { color: var(--accent); }
p { margin: 0.25rem 0 2rem; color: var(--soft); }
ul, form { margin: 0 0 1.5rem; padding: 0; list-style: none; background: var(--card); border: 1px solid var(--line); border-radius: 12px; }
li { display: grid; grid-template-columns: 3.5rem 1fr; padding: 0.9rem 1.25rem; }
li + li { border-top: 1px solid var(--line); }
code { font: 0.95em ui-monospace, monospace; }
li small { grid-column: 2; color: var(--soft); font-size: 0.9rem; }
b { color: var(--soft); font: 600 0.75rem/1.9 ui-monospace, monospace; }
form { display: flex; flex-wrap: wrap; gap: 0.75rem; padding: 1.25rem; }
label { flex-basis: 100%; color: var(--soft); font-size: 0.9rem; }
input, button { padding: 0.6rem 0.9rem; border: 1px solid var(--line); border-radius: 8px; font: inherit; }
input { flex: 1 1 12rem; min-width: 0; background: var(--paper); color: inherit; }
button { border-color: var(--accent); background: var(--accent); color: var(--card); font-weight: 600; cursor: pointer; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
`;

function row({ method, pattern, link, text }: Shown): string {
  const code = `<code>${xhtmlEscape(pattern)}</code>`;
  const name = link === null ? code : `<a href="${xhtmlEscape(link)}">${code}</a>`;
  return `<li><b>${method}</b><span>${name}</span><small>${xhtmlEscape(text)}</small></li>`;
}

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'">
<title>landspout</title>
<link rel="icon" href="data:image/svg+xml,${ICON}">
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>land<span>spout</span></h1>
<p>A web framework that grows from <code>epoll_wait(2)</code> up. This is its demo app, one handler a file.</p>
<ul>
${shown.map(row).join("\n")}
</ul>
<form method="post" action="/echo" enctype="text/plain">
<label for="message">Post something to <code>/echo</code></label>
<input id="message" name="message" value="Hello from a browser" autocomplete="off" required>
<button>Send</button>
</form>
</main>
</body>
</html>
`;

export class Home extends RequestHandler {
  get(): void {
    this.write(page);
  }
}
