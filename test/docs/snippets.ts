/**
 * The programs of README.md and docs/: compiled against the package as a user has it, run, and asked what the page says.
 *
 * They are put into a folder of dist/, from where "landspout" is this package: into one folder a page, for the programs of a
 * page may share files. Three files of tests share them, so that none takes long: snippets.test.ts has those of the pages up
 * to docs/guide/l…, latersnippets.test.ts the rest of the guide, tutorialsnippets.test.ts the tutorial.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { on, once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import path from "node:path";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { within } from "../support/rawclient.ts";
import {
  type Ask,
  filesOf,
  type Piece,
  type Program,
  piecesOf,
  programsOf,
  untriedOf,
} from "./markdown.ts";

// dist/test/docs/snippets.js
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../..");
const hook = new URL("snippethook.js", import.meta.url).href;
const starter = path.join(root, "lib/cli/landspout.cjs");
const DEADLINE_MS = 60_000;

/** Where the second file of tests begins. */
export const FIRST_LATER_PAGE = "docs/guide/m";

/** Where the third begins. */
export const FIRST_TUTORIAL_PAGE = "docs/tutorial/";

const compilerOptions = {
  target: "ES2022",
  module: "NodeNext",
  types: ["node"],
  strict: true,
  allowJs: true,
  rewriteRelativeImportExtensions: true,
  outDir: "out",
  rootDir: ".",
};

interface Placed {
  /** "README.md:20" */
  readonly where: string;
  readonly program: Program;
  /** Its name in the folder, without the extension: "page1/program0". */
  readonly name: string;
}

interface PlacedPiece {
  readonly where: string;
  readonly piece: Piece;
  /** "page1/piece0.ts" */
  readonly name: string;
}

interface PlacedFile {
  /** "page1/templates/home.html" */
  readonly name: string;
  readonly text: string;
}

/** Makes and runs the suite of the programs of those pages that `isOf` wants: "README.md", "docs/guide/tcp.md". */
export function runSnippets(isOf: (page: string) => boolean): void {
  const placed: Placed[] = [];
  const files: PlacedFile[] = [];
  const pieces: PlacedPiece[] = [];
  const untried: string[] = [];
  for (const [index, page] of pages().filter(isOf).entries()) {
    const markdown = readFileSync(path.join(root, page), "utf8");
    for (const { name, text } of filesOf(markdown))
      files.push({ name: `page${index}/${name}`, text });
    for (const piece of piecesOf(markdown)) {
      const name = `page${index}/piece${pieces.length}.${piece.language}`;
      pieces.push({ where: `${page}:${piece.line}`, piece, name });
    }
    if (!page.startsWith("docs/adr/") && page !== "docs/style.md") {
      for (const line of untriedOf(markdown)) untried.push(`${page}:${line}`);
    }
    for (const program of programsOf(markdown)) {
      const own = program.startOptions === null ? `program${placed.length}` : "app";
      const name = `page${index}/${own}`;
      placed.push({ where: `${page}:${program.line}`, program, name });
    }
  }

  let folder = "";
  const running = new Set<ChildProcess>();

  const manual = suite("a program of the manual");

  manual.before(() => {
    folder = mkdtempSync(path.join(root, "dist/snippets-"));
  });
  manual.after(() => {
    for (const child of running) child.kill("SIGKILL");
    rmSync(folder, { recursive: true });
  });

  manual("is there", () => {
    assert.ok(placed.length > 5);
  });

  manual("is marked as one to run or to compile", () => {
    assert.equal(untried, []);
  });

  manual("compiles, as strictly as it goes", () => {
    for (const { name, text } of files) {
      write(path.join(folder, name.endsWith(".ts") ? name : `out/${name}`), text);
    }
    for (const { program, name } of placed) {
      write(path.join(folder, `${name}.${program.language}`), program.source);
    }
    for (const { piece, name } of pieces) write(path.join(folder, name), piece.source);
    writeFileSync(path.join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions }));
    const compiler = path.join(root, "node_modules/typescript/bin/tsc");
    const { stdout, status } = spawnSync(process.execPath, [compiler, "-p", folder], {
      encoding: "utf8",
    });
    assert.is(
      stdout,
      "",
      [...placed, ...pieces].map(({ where, name }) => `${name} is ${where}`).join(", "),
    );
    assert.is(status, 0);
  });

  for (const { where, program, name } of placed) {
    manual(`does what the page says: ${where}`, async () => {
      const file = path.join(folder, "out", `${name}.js`);
      const { startOptions } = program;
      const command = startOptions === null ? ["--import", hook, file] : [starter, "start", file];
      if (startOptions !== null) command.push("--port=0", ...startOptions);
      const isRead = program.output !== null || startOptions !== null;
      const child = spawn(process.execPath, command, {
        cwd: path.dirname(file),
        stdio: ["ignore", isRead ? "pipe" : "inherit", "inherit", "ipc"],
      });
      const printed: Buffer[] = [];
      child.stdout?.on("data", (bytes: Buffer) => printed.push(bytes));
      running.add(child);
      const ended = once(child, "close").then(([code]) => {
        running.delete(child);
        return code as number | null;
      });
      if (program.asks.length === 0) {
        assert.is(await within(ended, "end of the program", DEADLINE_MS), 0);
        if (program.output !== null)
          assert.is(Buffer.concat(printed).toString().trimEnd(), program.output);
        return;
      }
      const told =
        startOptions === null
          ? once(child, "message").then(([port]) => Number(port))
          : servingPort(child);
      const early = ended.then((code) => {
        throw new Error(`the program ended with ${code}`);
      });
      const port = await within(Promise.race([told, early]), "listen()", DEADLINE_MS);
      for (const ask of program.asks) {
        const answer = await answerTo(ask, port);
        if (ask.expected.includes("…")) assert.match(answer, patternOf(ask.expected), ask.url);
        else assert.is(answer, ask.expected, ask.url);
      }
      child.kill("SIGTERM");
      await ended;
    });
  }

  manual.run();
}

/** "…" stands for anything. */
function patternOf(expected: string): RegExp {
  const literal = expected.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  return new RegExp(`^${literal.replaceAll("…", "[^]*?")}$`);
}

/** The port in what `landspout start` logs once it serves. */
async function servingPort({ stdout }: ChildProcess): Promise<number> {
  let text = "";
  for await (const [bytes] of on(stdout as Readable, "data")) {
    text += String(bytes);
    const port = /serving http:\/\/[\d.]+:(\d+)\//.exec(text)?.[1];
    if (port !== undefined) return Number(port);
  }
  throw new Error("it ended before it served");
}

function write(file: string, text: string): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}

function pages(): string[] {
  const inDocs = readdirSync(path.join(root, "docs"), { recursive: true, encoding: "utf8" });
  const names = inDocs.filter((name) => name.endsWith(".md")).sort();
  return ["README.md", ...names.map((name) => path.join("docs", name))];
}

/** What curl prints of the answer. By node:http, for fetch() decodes bodies, follows redirects and sends what it likes. */
async function answerTo(ask: Ask, port: number): Promise<string> {
  const body = bodyOf(ask.data);
  const bytes = body === null ? null : Buffer.from(await body.arrayBuffer());
  const type = body?.headers.get("Content-Type");
  const headers: Record<string, string> = {};
  // Of a text fetch would say that it is plain; the ask says what curl does.
  if (type && typeof ask.data !== "string") headers["Content-Type"] = type;
  for (const [name, value] of ask.fields) headers[name] = value;
  const target = new URL(ask.url);
  target.port = String(port);
  const outgoing = request(target, { method: ask.method, headers, agent: false });
  outgoing.end(bytes ?? undefined);
  const [response] = (await once(outgoing, "response")) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const text = ask.showsBody ? Buffer.concat(chunks).toString() : "";
  return (text + formatted(ask.format, response)).trimEnd();
}

function bodyOf(data: Ask["data"]): Response | null {
  if (data === null || typeof data === "string") return data === null ? null : new Response(data);
  const form = new FormData();
  for (const { name, text, type, filename } of data) {
    if (filename === null) form.append(name, text);
    else form.append(name, new Blob([text], { type }), filename);
  }
  return new Response(form);
}

function formatted(format: string, { statusCode, headers }: IncomingMessage): string {
  return format
    .replaceAll("\\n", "\n")
    .replaceAll("%{http_code}", String(statusCode))
    .replace(/%header\{([\w-]+)\}/g, (_, name: string) =>
      [headers[name.toLowerCase()] ?? []].flat().join(", "),
    );
}
