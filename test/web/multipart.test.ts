/** Multipart forms over a socket: what a handler sees of them, and what a client is answered. */
import * as assert from "uvu/assert";
import { RequestHandler } from "../../lib/index.ts";
import type { RawResponse } from "../support/rawresponse.ts";
import { logged, serverSuite, startServer } from "../support/servers.ts";

class Files extends RequestHandler {
  post() {
    const files: Record<string, object[]> = {};
    for (const [name, list] of this.request.files) {
      files[name] = list.map(({ filename, contentType, body }) => ({
        fn: filename,
        ct: contentType,
        body: body.toString("latin1"),
      }));
    }
    this.write({ files, args: Object.fromEntries(this.request.bodyArguments) });
  }
}

class Careful extends RequestHandler {
  override prepare() {
    this.setHeader("X-Prepared", "yes");
  }
  post() {
    this.write(this.getBodyArgument("a"));
  }
  override writeError(status: number) {
    this.write(`sorry ${status} ${this.getArguments("a").length}`);
  }
}

async function post(
  body: string,
  { type = "multipart/form-data; boundary=1234", target = "/files" } = {},
): Promise<RawResponse> {
  const { connect } = await startServer([
    ["/files", Files],
    ["/careful", Careful],
  ]);
  const client = await connect();
  await client.send(
    `POST ${target} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: ${type}\r\n` +
      `Content-Length: ${body.length}\r\n\r\n${body}`,
  );
  return client.readFinalResponse();
}

const named = (filename: string) =>
  `--1234\r\nContent-Disposition: form-data; name="files"; ${filename}\r\n\r\nFoo\r\n--1234--`;
const parts = (count: number) =>
  `${'\r\n--1234\r\nContent-Disposition: form-data; name="x"\r\n\r\nv'.repeat(count)}\r\n--1234--\r\n`;

const names = serverSuite("the name of an uploaded file");

const vectors: readonly [written: string, read: string][] = [
  ['filename="a;b.txt"', "a;b.txt"],
  ['filename="a\\"b.txt"', 'a"b.txt'],
  ['filename="a\\";b.txt"', 'a";b.txt'],
  ['filename="a;\\"b.txt"', 'a;"b.txt'],
  ['filename="a\\";\\";.txt"', 'a";";.txt'],
  ['filename="a\\\\\\"b.txt"', 'a\\"b.txt'],
  ['filename="a\\\\b.txt"', "a\\b.txt"],
  ['filename="a b.txt"', "a b.txt"],
  ['filename="a\tb.txt"', "a\tb.txt"],
  ['filename="\xe6\xb5\x8b\xe8\xaf\x95.txt"', "测试.txt"],
  ["filename=\"ab.txt\"; filename*=UTF-8''%C3%A1b.txt", "áb.txt"],
  ["filename*=utf-8'en'%C3%A1b.txt", "áb.txt"],
  ["filename*=ISO-8859-1''%E1b.txt; filename=\"x\"", "áb.txt"],
];
for (const [written, read] of vectors) {
  names(`is ${JSON.stringify(read)} for ${JSON.stringify(written)}`, async () => {
    const response = await post(named(written));
    assert.is(response.status, 200, response.text);
    assert.equal(JSON.parse(response.text), {
      files: { files: [{ fn: read, ct: "application/unknown", body: "Foo" }] },
      args: {},
    });
  });
}

names.run();

const forms = serverSuite("a multipart form in a request");

forms("may have 99 parts and 100, not 101", async () => {
  for (const count of [99, 100]) {
    const response = await post(parts(count));
    assert.is(response.status, 200, response.text);
    assert.is(JSON.parse(response.text).args.x.length, count);
  }
  assert.is((await post(parts(101))).status, 400);
});

forms("is refused with a part header over 10 KiB", async () => {
  const fill = `X-Fill: ${"a".repeat(10_300)}`;
  const body = `--1234\r\nContent-Disposition: form-data; name="x"\r\n${fill}\r\n\r\nFoo\r\n--1234--`;
  assert.is((await post(body)).status, 400);
});

forms("is refused before prepare(), once, through writeError(), and logged once", async () => {
  const response = await post(parts(1).slice(0, -6), { target: "/careful" });
  assert.is(response.status, 400);
  assert.is(response.text, "sorry 400 0");
  assert.is(response.header("x-prepared"), null);
  assert.is(logged("error").length, 0);
  const told = logged("info")
    .concat(logged("warn"))
    .filter((line) => /boundary/.test(line.message));
  assert.is(told.length, 1, JSON.stringify(logged("info")));
});

forms("is refused without a boundary, and with one that is quoted wrongly", async () => {
  for (const type of [
    "multipart/form-data",
    "multipart/form-data; boundary=",
    'multipart/form-data; boundary="1234',
    "multipart/form-data; boundary=12345",
  ]) {
    assert.is((await post(parts(1), { type })).status, 400, type);
  }
  const quoted = await post(parts(1), { type: 'multipart/form-data; boundary="1234"' });
  assert.equal(JSON.parse(quoted.text).args, { x: ["v"] });
});

forms("of many parts is refused without being read to its end", async () => {
  const response = await post(`--1234\r\n\r\n\r\n`.repeat(500_000));
  assert.is(response.status, 400);
});

forms.run();
