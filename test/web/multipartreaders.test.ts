/**
 * A multipart form means the same however it is read: whole in memory, or on its way to disk, in pieces cut anywhere.
 *
 * Several hundred generated forms, valid and broken: the same verdict in the same words, and the same parts. What is valid
 * is also read by @fastify/busboy, whose authors are others.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { Busboy } from "@fastify/busboy";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { HTTPInputError } from "../../lib/base/errors.ts";
import { ParseMultipartConfig } from "../../lib/http/bodyconfig.ts";
import { parseMultipart } from "../../lib/http/multipart.ts";
import type { HTTPFile } from "../../lib/http/multipartfile.ts";
import { resolveUploads } from "../../lib/web/uploadoptions.ts";
import { UploadReader } from "../../lib/web/uploadreader.ts";

const TYPE = "multipart/form-data; boundary=b";
const LIMITS = { maxParts: 6, maxPartHeaderBytes: 120, maxFieldBytes: 200, maxFileBytes: 300 };

/** Parts in the order of their names, as texts. */
interface Outcome {
  readonly verdict: string;
  readonly fields: [name: string, values: string[]][];
  readonly files: [name: string, files: string[][]][];
}

const refusedAs = (error: unknown): Outcome => {
  if (!(error instanceof HTTPInputError)) throw error;
  const { status, code, message } = error;
  return { verdict: `${status} ${code} ${message}`, fields: [], files: [] };
};

function outcome(
  fields: Iterable<[string, readonly string[]]>,
  files: Iterable<[string, readonly HTTPFile[]]>,
  bytesOf: (file: HTTPFile) => Buffer,
): Outcome {
  const told = (file: HTTPFile) => [
    file.filename,
    file.contentType,
    bytesOf(file).toString("latin1"),
  ];
  return {
    verdict: "taken",
    fields: sorted([...fields].map(([name, values]) => [name, [...values]])),
    files: sorted([...files].map(([name, list]) => [name, list.map(told)])),
  };
}

function sorted<T>(entries: [string, T][]): [string, T][] {
  return entries.sort(([a], [b]) => (a < b ? -1 : 1));
}

function inMemory(body: Buffer): Outcome {
  const into = { arguments: new Map<string, string[]>(), files: new Map<string, HTTPFile[]>() };
  try {
    parseMultipart(body, "b", new ParseMultipartConfig(LIMITS), into);
  } catch (error) {
    return refusedAs(error);
  }
  return outcome(into.arguments, into.files, (file) => file.body);
}

/** @param sizes of the pieces, over and over */
async function onDisk(body: Buffer, sizes: readonly number[]): Promise<Outcome> {
  const reader = new UploadReader(TYPE, null, resolveUploads({ ...LIMITS, directory }));
  try {
    for (let at = 0, i = 0; at < body.length; i++) {
      const end = at + (sizes[i % sizes.length] ?? 1);
      await reader.onBody(Buffer.from(body.subarray(at, end)));
      at = end;
    }
    await reader.onBodyEnd();
    const { arguments: fields, files } = reader.form;
    return outcome(fields, files, (file) => readFileSync(file.path ?? ""));
  } catch (error) {
    return refusedAs(error);
  } finally {
    await reader.release();
  }
}

function byBusboy(body: Buffer): Promise<Outcome> {
  const fields = new Map<string, string[]>();
  const files = new Map<string, string[][]>();
  const add = <T>(to: Map<string, T[]>, name: string, item: T) =>
    to.set(name, [...(to.get(name) ?? []), item]);
  return new Promise((resolve, reject) => {
    const options = { headers: { "content-type": TYPE }, defCharset: "latin1", preservePath: true };
    const busboy = new Busboy(options);
    busboy.on("field", (name, value) => add(fields, name, value));
    busboy.on("file", (name, stream, filename, _encoding, type) => {
      const entry = [filename, type, ""];
      add(files, name, entry);
      stream.on("data", (piece: Buffer) => {
        entry[2] += piece.toString("latin1");
      });
    });
    busboy.once("error", reject);
    busboy.once("finish", () =>
      resolve({ verdict: "taken", fields: sorted([...fields]), files: sorted([...files]) }),
    );
    busboy.end(body);
  });
}

/** The same numbers in every run. */
class Dice {
  #seed: number;

  constructor(seed: number) {
    this.#seed = seed;
  }

  below(count: number): number {
    this.#seed = (this.#seed * 48_271) % 2_147_483_647;
    return this.#seed % count;
  }

  of<T>(list: readonly T[]): T {
    const found = list[this.below(list.length)];
    if (found === undefined) throw new Error("an empty list");
    return found;
  }
}

/** What is like a boundary, and is none in front of what `contentOf` puts behind it. */
const CONTENT = ["x", "\r\n", "\r\n--", "\r\n-", "--b", "\n--b--", "\r", "\0", "\xff", "--", "yy"];
const NAMES = ["a", "f", "a b", "\xc3\xa9"];

function contentOf(dice: Dice): string {
  let text = "";
  for (let i = dice.below(7); i > 0; i--) text += dice.of(CONTENT);
  // The empty line in front of it may be a boundary's, too.
  return `\r\n${text}`.replaceAll("\r\n--b", "\r\n--c").slice(2);
}

function partOf(dice: Dice): string {
  const fields = dice.below(3) === 0 ? "X-Y: z\r\n" : "";
  const name = dice.of(NAMES);
  if (dice.below(2) === 0)
    return `--b\r\n${fields}Content-Disposition: form-data; name="${name}"\r\n\r\n${contentOf(dice)}\r\n`;
  return (
    `--b\r\nContent-Disposition: form-data; name="${name}"; filename="${dice.of(["x", "y.txt"])}"\r\n` +
    `Content-Type: text/plain\r\n${fields}\r\n${contentOf(dice)}\r\n`
  );
}

function formOf(dice: Dice): string {
  let text = dice.below(4) === 0 ? "\r\n" : "";
  for (let i = dice.below(5); i > 0; i--) text += partOf(dice);
  return `${text}--b--${dice.of(["", "\r\n", "\r\nanything\r\n--b\r\n"])}`;
}

const DAMAGE = [
  ["\r", "\n", "-", "b", ":", " ", "\0", '"', ";", "\\", "\xff"],
  ["\r\n", "\r\n\r\n", "\r\n--b", "--b--", "--b\r\n", "\r\n folded: x", "\r\nno colon", "\r\n: x"],
  ["\r\nContent-Disposition: form-data; name=q", '; name="r"', "; filename*=UTF-8''%41", "z"],
  ["z".repeat(90), "z".repeat(250), "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n"],
] as const;

function broken(text: string, dice: Dice): string {
  let damaged = text;
  for (let i = 0; i <= dice.below(3); i++) {
    const at = dice.below(damaged.length + 1);
    const drop = dice.below(2) * dice.below(5);
    const put = dice.below(4) === 0 ? "" : dice.of(dice.of<readonly string[]>(DAMAGE));
    damaged = damaged.slice(0, at) + put + damaged.slice(at + drop);
  }
  return dice.below(5) === 0 ? damaged.slice(0, dice.below(damaged.length + 1)) : damaged;
}

const CUTS: readonly (readonly number[])[] = [[1], [2], [3, 1], [7], [16, 5, 64], [1_000_000]];

let directory = "";
const readers = suite("a multipart form");

readers.before(() => {
  directory = mkdtempSync(path.join(tmpdir(), "landspout-readers-"));
});
readers.after(() => {
  rmSync(directory, { recursive: true, force: true });
});

readers("that is valid has the same parts in memory, on disk, and for busboy", async () => {
  const dice = new Dice(7);
  for (let round = 0; round < 150; round++) {
    const text = formOf(dice);
    const body = Buffer.from(text, "latin1");
    const whole = inMemory(body);
    assert.is(whole.verdict, "taken", JSON.stringify(text));
    assert.equal(await onDisk(body, dice.of(CUTS)), whole, JSON.stringify(text));
    // busboy takes what stands behind the last boundary for the first part of an empty form.
    if (whole.fields.length + whole.files.length === 0) continue;
    assert.equal(await byBusboy(body), whole, JSON.stringify(text));
  }
});

readers("that is broken has the same verdict, wherever it is cut", async () => {
  const dice = new Dice(11);
  const verdicts = new Map<string, number>();
  for (let round = 0; round < 400; round++) {
    const text = broken(formOf(dice), dice);
    const body = Buffer.from(text, "latin1");
    const whole = inMemory(body);
    const shown = whole.verdict.slice(0, 40);
    verdicts.set(shown, (verdicts.get(shown) ?? 0) + 1);
    assert.equal(await onDisk(body, dice.of(CUTS)), whole, JSON.stringify(text));
  }
  // It has been said in many ways that a form is wrong, and not all were.
  assert.ok(verdicts.size > 7, [...verdicts.keys()].join("\n"));
  assert.ok((verdicts.get("taken") ?? 0) > 50);
  assert.equal(readdirSync(directory), []);
});

readers("is refused for what busboy would let pass", async () => {
  const disposition = 'Content-Disposition: form-data; name="a"';
  const wrong = [
    `--b\r\n${disposition};\r\n x=y\r\n\r\nv\r\n--b--`,
    `--b\r\nno colon\r\n${disposition}\r\n\r\nv\r\n--b--`,
    `--b\r\n${disposition}\rX: y\r\n\r\nv\r\n--b--`,
    `--b\r\n${disposition}\nX: y\r\n\r\nv\r\n--b--`,
    `--bX\r\n${disposition}\r\n\r\nv\r\n--b--`,
    `--b \r\n${disposition}\r\n\r\nv\r\n--b--`,
  ];
  for (const text of wrong) {
    const body = Buffer.from(text, "latin1");
    const whole = inMemory(body);
    assert.match(whole.verdict, /^400 ERR_HTTP_MULTIPART/, JSON.stringify(text));
    for (const cut of CUTS) assert.equal(await onDisk(body, cut), whole, JSON.stringify(text));
  }
});

readers.run();
