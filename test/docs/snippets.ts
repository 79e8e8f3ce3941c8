/**
 * The programs of README.md and docs/: compiled against the package as a user has it, run, and asked what the page says.
 *
 * They are put into a folder of dist/, from where "landspout" is this package. Two files share them, so that neither takes
 * long: snippets.test.ts has those of the pages up to docs/guide/l…, latersnippets.test.ts the rest.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { within } from "../support/rawclient.ts";
import { type Ask, type Program, programsOf } from "./markdown.ts";

// dist/test/docs/snippets.js
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../..");
const hook = new URL("snippethook.js", import.meta.url).href;
const DEADLINE_MS = 60_000;

/** Where the second file of tests begins. */
export const FIRST_LATER_PAGE = "docs/guide/m";

const compilerOptions = {
  target: "ES2022",
  module: "NodeNext",
  types: ["node"],
  strict: true,
  allowJs: true,
  outDir: "out",
  rootDir: ".",
};

interface Placed {
  /** "README.md:20" */
  readonly where: string;
  readonly program: Program;
  /** Its name in the folder, without the extension. */
  readonly name: string;
}

/** Makes and runs the suite of the programs of those pages that `isOf` wants: "README.md", "docs/guide/tcp.md". */
export function runSnippets(isOf: (page: string) => boolean): void {
  const placed: Placed[] = [];
  for (const page of pages().filter(isOf)) {
    for (const program of programsOf(readFileSync(path.join(root, page), "utf8"))) {
      placed.push({ where: `${page}:${program.line}`, program, name: `program${placed.length}` });
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

  manual("compiles, as strictly as it goes", () => {
    for (const { program, name } of placed) {
      writeFileSync(path.join(folder, `${name}.${program.language}`), program.source);
    }
    writeFileSync(path.join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions }));
    mkdirSync(path.join(folder, "out"));
    const compiler = path.join(root, "node_modules/typescript/bin/tsc");
    const { stdout, status } = spawnSync(process.execPath, [compiler, "-p", folder], {
      encoding: "utf8",
    });
    assert.is(stdout, "", placed.map(({ where, name }) => `${name} is ${where}`).join(", "));
    assert.is(status, 0);
  });

  for (const { where, program, name } of placed) {
    manual(`does what the page says: ${where}`, async () => {
      const file = path.join(folder, "out", `${name}.js`);
      const isPrinting = program.output !== null;
      const child = spawn(process.execPath, ["--import", hook, pathToFileURL(file).pathname], {
        stdio: ["ignore", isPrinting ? "pipe" : "inherit", "inherit", "ipc"],
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
        if (isPrinting) assert.is(Buffer.concat(printed).toString().trimEnd(), program.output);
        return;
      }
      const told = once(child, "message").then(([port]) => Number(port));
      const early = ended.then((code) => {
        throw new Error(`the program ended with ${code}`);
      });
      const port = await within(Promise.race([told, early]), "listen()", DEADLINE_MS);
      for (const ask of program.asks) assert.is(await answerTo(ask, port), ask.expected, ask.url);
      child.kill("SIGTERM");
      await ended;
    });
  }

  manual.run();
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
