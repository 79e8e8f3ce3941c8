/** MultipartScanner: forms in pieces. What a form may be, multipart.test.ts says; that both agree, multipartreaders.test.ts. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { HTTPInputError } from "../../lib/base/errors.ts";
import { MultipartScanner, type MultipartSink } from "../../lib/http/multipartscanner.ts";

const LIMITS = { maxParts: 100, maxPartHeaderBytes: 10_240 };

/** Writes down what it is told; data as text, and as the views that it was given. */
class Told implements MultipartSink {
  readonly calls: string[] = [];
  readonly views: Buffer[] = [];

  onPart(head: { readonly name: string }): void {
    this.calls.push(`part ${head.name}`);
  }
  onData(bytes: Buffer): void {
    this.calls.push(`=${bytes}`);
    this.views.push(bytes);
  }
  onPartEnd(): void {
    this.calls.push("end");
  }
}

const part = (name: string, text: string) =>
  `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${text}\r\n`;

function scanner(): { readonly told: Told; readonly scan: MultipartScanner } {
  const told = new Told();
  return { told, scan: new MultipartScanner("b", LIMITS, told) };
}

/** What was told, the data of a part put together. */
function merged({ calls }: Told): string[] {
  const texts: string[] = [];
  for (const call of calls) {
    const isMore = call.startsWith("=") && texts.at(-1)?.startsWith("=");
    texts.push(isMore ? texts.pop() + call.slice(1) : call);
  }
  return texts;
}

const pieces = suite("a form in pieces");

pieces("is told part by part, wherever it is cut", () => {
  const body = Buffer.from(
    `${part("a", "one\r\n--c")}${part("e", "")}${part("d", "\r\n-")}--b--\r\nx`,
  );
  const expected = ["part a", "=one\r\n--c", "end", "part e", "end", "part d", "=\r\n-", "end"];
  for (let size = 1; size <= body.length; size++) {
    const { told, scan } = scanner();
    for (let at = 0; at < body.length; at += size) scan.push(body.subarray(at, at + size));
    scan.end();
    assert.equal(merged(told), expected, `in pieces of ${size}`);
  }
});

pieces("that is whole is not copied", () => {
  const { told, scan } = scanner();
  const body = Buffer.from(`${part("a", "value")}--b--`);
  scan.push(body);
  assert.is(told.views[0]?.buffer, body.buffer);
  assert.is(String(told.views[0]), "value");
});

pieces("has data that stays as it is until the next piece is pushed", () => {
  const { told, scan } = scanner();
  const text = "0123456789".repeat(100);
  const body = part("a", text);
  scan.push(Buffer.from(body.slice(0, 70)));
  scan.push(Buffer.from(body.slice(70, 600)));
  // What is held back of this piece lies elsewhere.
  const view = told.views.at(-1);
  assert.is(`=${view}`, told.calls.at(-1));
  assert.ok((view?.length ?? 0) > 500);
});

pieces("may have anything behind its last boundary, and nothing missing in front of it", () => {
  const { scan } = scanner();
  scan.push(Buffer.from("--b--"));
  scan.push(Buffer.from("\r\n--b\r\nanything"));
  scan.end();
  for (const begun of ["", "-", "\r\n--", "--b", "--b\r", "--b\r\nContent-", part("a", "v")]) {
    const { scan: unfinished } = scanner();
    for (const byte of Buffer.from(begun)) unfinished.push(Buffer.from([byte]));
    assert.throws(
      () => unfinished.end(),
      (error: unknown) => error instanceof HTTPInputError && error.status === 400,
      begun,
    );
  }
});

pieces("is refused by what its sink throws", () => {
  const told = new Told();
  told.onPart = () => {
    throw new Error("not this part");
  };
  const scan = new MultipartScanner("b", LIMITS, told);
  assert.throws(() => scan.push(Buffer.from(part("a", "v"))), /not this part/);
});

pieces("cost little more byte by byte than whole, headers too", () => {
  const head = `Content-Disposition: form-data; name="a"\r\nX: ${"y".repeat(10_000)}`;
  const body = Buffer.from(`--b\r\n${head}\r\n\r\n${"\r\n--".repeat(20_000)}\r\n`.concat("--b--"));
  const { told, scan } = scanner();
  const start = process.cpuUsage();
  for (let at = 0; at < body.length; at++) scan.push(body.subarray(at, at + 1));
  scan.end();
  const { user } = process.cpuUsage(start);
  assert.is(told.calls.filter((call) => call === "end").length, 1);
  // Some 90,000 pieces.
  assert.ok(user < 3_000_000, `${user} µs`);
});

pieces.run();
