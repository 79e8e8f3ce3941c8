/**
 * What of a Markdown page can be run: complete programs, and the sessions with them that follow.
 *
 * A program is a fenced block whose info string is "ts run" or "js run". A "console" block behind it is a session: each
 * line `$ curl …` is a request, the lines below it the body of its response. test/docs/snippets.test.ts runs them.
 */

/** One request of a session. */
export interface Ask {
  readonly url: string;
  /** The body to post; null = GET. */
  readonly data: string | null;
  /** The response's body, without newlines at its end. */
  readonly expected: string;
}

/** One program with its session; without one it has to end by itself. */
export interface Program {
  /** Line of its fence. */
  readonly line: number;
  readonly language: "ts" | "js";
  readonly source: string;
  readonly asks: readonly Ask[];
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
    const language = /^(ts|js) run$/.exec(info)?.[1];
    if (language !== "ts" && language !== "js") continue;
    const next = blocks[index + 1];
    const asks = next?.info === "console" ? asksOf(next.text) : [];
    found.push({ line, language, source: text, asks });
  }
  return found;
}

/** The requests of a session. @throws Error for a command that is not understood */
export function asksOf(session: string): Ask[] {
  const found: Ask[] = [];
  for (const part of session.split(/^\$ /m).slice(1)) {
    const end = part.indexOf("\n");
    const command = part.slice(0, end);
    const words = [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, a, b]) => a ?? b ?? "");
    const [curl, ...rest] = words.filter((word) => word !== "-s");
    const at = rest.indexOf("-d");
    const [, data = null] = at === -1 ? [] : rest.splice(at, 2);
    const [url] = rest;
    if (curl !== "curl" || url === undefined || rest.length !== 1 || url.startsWith("-")) {
      throw new Error(`not a command that the tests can run: ${command}`);
    }
    found.push({ url, data, expected: part.slice(end + 1).trimEnd() });
  }
  return found;
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
