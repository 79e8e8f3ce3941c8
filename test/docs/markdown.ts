/**
 * What of a Markdown page can be run: complete programs, and the sessions with them that follow.
 *
 * A program is a fenced block whose info string is "ts run" or "js run". "ts app" is one that exports an app; the test has
 * `landspout start` serve it, with the options that follow in the info string, and the other programs of the page may
 * import it as "./app.ts". A block "html file templates/home.html" is a file beside them, with that name; "ts file …" is
 * compiled. A "console" block behind a program is a session: each
 * line `$ curl …` is a request, the lines below it what curl prints; a line `$ node …` instead says that the program ends
 * by itself, and the lines below it what it prints; "…" in what is printed stands for anything. A block "ts check" or
 * "js check" is a piece of a program: it is compiled, behind what an invisible comment before it says, `<!-- check … -->`.
 * test/docs/snippets.ts runs and compiles them. Of curl's
 * options these are understood: `-s`, `-o /dev/null`, `-d TEXT`, `-F PART`, `-H FIELD`, `-b COOKIES`, `-X METHOD`, and
 * `-w FORMAT` with `%{http_code}`, `%header{name}` and `\n`.
 */

/** One part of a multipart form: `-F 'name=text;type=…;filename=…'`. */
export interface FormPart {
  readonly name: string;
  readonly text: string;
  readonly type: string;
  /** null = it is no file. */
  readonly filename: string | null;
}

/** One request of a session. */
export interface Ask {
  readonly url: string;
  readonly method: string;
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** The text to send, or the parts of a form; null = no body. */
  readonly data: string | readonly FormPart[] | null;
  /** The body is printed. */
  readonly showsBody: boolean;
  /** What is printed behind it; "" = nothing. */
  readonly format: string;
  /** What is printed, without newlines at its end. */
  readonly expected: string;
}

/** One program with its session; without requests it has to end by itself. */
export interface Program {
  /** Line of its fence. */
  readonly line: number;
  readonly language: "ts" | "js";
  readonly source: string;
  /** It exports an app: the options to `landspout start` it with; null = it is run as it is. */
  readonly startOptions: readonly string[] | null;
  readonly asks: readonly Ask[];
  /** What it prints until it ends, without newlines at its end; null = the page does not say. */
  readonly output: string | null;
}

/** A file that the programs of a page find beside them. */
export interface PageFile {
  /** "templates/home.html" */
  readonly name: string;
  readonly text: string;
}

/** A piece of a program, which is compiled and not run. */
export interface Piece {
  /** Line of its fence. */
  readonly line: number;
  readonly language: "ts" | "js";
  readonly source: string;
}

interface Block {
  readonly line: number;
  readonly info: string;
  readonly text: string;
}

/** The programs of a page, in order. */
export function programsOf(markdown: string): Program[] {
  const found: Program[] = [];
  const blocks = blocksOf(markdown);
  for (const [index, { info, line, text }] of blocks.entries()) {
    const [, language, kind, options = ""] = /^(ts|js) (run|app)\b(.*)$/.exec(info) ?? [];
    if (language !== "ts" && language !== "js") continue;
    const startOptions = kind === "app" ? options.split(" ").filter(Boolean) : null;
    // A command that starts the app may stand between it and the session.
    const isApp = startOptions !== null;
    const next = blocks.slice(index + 1).find((block) => !isApp || block.info !== "sh");
    const session = next?.info === "console" ? next.text : "";
    const output = /^\$ node [^\n]*\n([\s\S]*)$/.exec(session)?.[1]?.trimEnd() ?? null;
    const asks = output === null ? asksOf(session) : [];
    found.push({ line, language, source: text, startOptions, asks, output });
  }
  return found;
}

/** The files of a page, apart from its programs. */
export function filesOf(markdown: string): PageFile[] {
  const found: PageFile[] = [];
  for (const { info, text } of blocksOf(markdown)) {
    const name = /^\w+ file ([\w./-]+)$/.exec(info)?.[1];
    if (name !== undefined) found.push({ name, text });
  }
  return found;
}

/** The pieces of a page. */
export function piecesOf(markdown: string): Piece[] {
  const found: Piece[] = [];
  const fence = /(?:^<!-- check\n([\s\S]*?)^-->\n+)?^```(ts|js) check\n([\s\S]*?)^```$/gm;
  for (const match of markdown.matchAll(fence)) {
    const [, before = "", language, text = ""] = match;
    const line = markdown.slice(0, match.index).split("\n").length;
    // Without an import it would be no module.
    const source = `${before}${text}export {};\n`;
    found.push({ line, language: language === "ts" ? "ts" : "js", source });
  }
  return found;
}

/** The lines of blocks of code that nothing is done with: neither compiled nor run. */
export function untriedOf(markdown: string): number[] {
  return blocksOf(markdown)
    .filter(({ info }) => /^(ts|js|typescript|javascript)\b/.test(info))
    .filter(({ info }) => !/^(ts|js) (run|app|check|file)\b/.test(info))
    .map(({ line }) => line);
}

/** The requests of a session. @throws Error for a command that is not understood */
export function asksOf(session: string): Ask[] {
  const found: Ask[] = [];
  for (const part of session.split(/^\$ /m).slice(1)) {
    const end = part.indexOf("\n");
    found.push(askOf(part.slice(0, end), part.slice(end + 1).trimEnd()));
  }
  return found;
}

function askOf(command: string, expected: string): Ask {
  const [program, ...words] = [...command.matchAll(/'([^']*)'|(\S+)/g)].map(
    ([, a, b]) => a ?? b ?? "",
  );
  let url: string | null = null;
  let method: string | null = null;
  let data: string | null = null;
  let format = "";
  let showsBody = true;
  const parts: FormPart[] = [];
  const fields: [string, string][] = [];
  const refuse = (): never => {
    throw new Error(`not a command that the tests can run: ${command}`);
  };
  if (program !== "curl") refuse();
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word === "-s") continue;
    if (!word.startsWith("-")) {
      if (url !== null) refuse();
      url = word;
      continue;
    }
    const value = words.shift() ?? refuse();
    if (word === "-d") data = value;
    else if (word === "-F") parts.push(formPart(value));
    else if (word === "-H") fields.push(fieldOf(value));
    else if (word === "-b") fields.push(["Cookie", value]);
    else if (word === "-X") method = value;
    else if (word === "-w") format = value;
    else if (word === "-o" && value === "/dev/null") showsBody = false;
    else refuse();
  }
  // First, so that one that is given replaces it.
  if (data !== null) fields.unshift(["Content-Type", "application/x-www-form-urlencoded"]);
  const body = parts.length > 0 ? parts : data;
  method ??= body === null ? "GET" : "POST";
  return { url: url ?? refuse(), method, fields, data: body, showsBody, format, expected };
}

function fieldOf(line: string): [string, string] {
  const colon = line.indexOf(":");
  return [line.slice(0, colon), line.slice(colon + 1).trim()];
}

function formPart(given: string): FormPart {
  const [, name = "", text = "", parameters = ""] = /^(\w+)=([^;]*)(.*)$/.exec(given) ?? [];
  const parameter = (key: string): string | null =>
    new RegExp(`;${key}=([^;]*)`).exec(parameters)?.[1] ?? null;
  return { name, text, type: parameter("type") ?? "", filename: parameter("filename") };
}

/** Fenced blocks; a fence ends at a line of as many backticks. */
function blocksOf(markdown: string): Block[] {
  const found: Block[] = [];
  for (const match of markdown.matchAll(/^(`{3,})(.*)\n([\s\S]*?)^\1$/gm)) {
    const [, , info = "", text = ""] = match;
    const line = markdown.slice(0, match.index).split("\n").length;
    found.push({ line, info: info.trim(), text });
  }
  return found;
}
