/** Known requests and the answers they must get, byte for byte: multipart forms and many fields, cases 111 to 115. */
import * as assert from "uvu/assert";
import { RequestHandler } from "../../lib/index.ts";
import { cpuMs } from "../support/cputime.ts";
import { serverSuite } from "../support/servers.ts";
import { get, HOST, MULTIPART, serving } from "../support/wire.ts";

class Files extends RequestHandler {
  post() {
    const files: Record<string, unknown> = {};
    for (const [name, list] of this.request.files) {
      files[name] = list.map((file) => ({
        fn: file.filename,
        ct: file.contentType,
        body: file.body.toString("latin1"),
      }));
    }
    const args: Record<string, string[]> = {};
    for (const name of this.request.bodyArguments.keys()) args[name] = this.getBodyArguments(name);
    this.write({ files, args });
  }
}

const t = serverSuite("known forms");

const form = (body: string) =>
  `POST /files HTTP/1.1\r\n${HOST}${MULTIPART}Content-Length: ${body.length}\r\n\r\n${body}`;

/** What stands after `name="files"; `, as latin1; and the name it means. */
const names: readonly (readonly [parameters: string, length: number, filename: string])[] = [
  ['filename="a;b.txt"', 89, "a;b.txt"],
  ['filename="a\\"b.txt"', 90, 'a"b.txt'],
  ['filename="a\\";b.txt"', 91, 'a";b.txt'],
  ['filename="a;\\"b.txt"', 91, 'a;"b.txt'],
  ['filename="a\\";\\";.txt"', 93, 'a";";.txt'],
  ['filename="a\\\\\\"b.txt"', 92, 'a\\"b.txt'],
  ['filename="a\\\\b.txt"', 90, "a\\b.txt"],
  ['filename="a b.txt"', 89, "a b.txt"],
  ['filename="a\tb.txt"', 89, "a\tb.txt"],
  ['filename="\xe6\xb5\x8b\xe8\xaf\x95.txt"', 92, "测试.txt"],
  ["filename=\"ab.txt\"; filename*=UTF-8''%C3%A1b.txt", 118, "áb.txt"],
];
for (const [parameters, length, filename] of names) {
  t(`111: ${JSON.stringify(parameters)} names the file ${JSON.stringify(filename)}`, async () => {
    const { json } = await serving([["/files", Files]]);
    const disposition = `Content-Disposition: form-data; name="files"; ${parameters}`;
    const body = `--1234\r\n${disposition}\r\n\r\nFoo\r\n--1234--`;
    assert.is(body.length, length);
    assert.equal(await json(form(body)), {
      files: { files: [{ fn: filename, ct: "application/unknown", body: "Foo" }] },
      args: {},
    });
  });
}

const part = '\r\n--1234\r\nContent-Disposition: form-data; name="x"\r\n\r\nv';

t("113: 100 parts are taken, 101 are refused", async () => {
  const { ask } = await serving([["/files", Files]]);
  for (const [count, status] of [
    [99, 200],
    [100, 200],
    [101, 400],
  ] as const) {
    const response = await ask(form(`${part.repeat(count)}\r\n--1234--\r\n`));
    assert.is(response.status, status, `${count} parts`);
    if (status === 200) assert.is(JSON.parse(response.text).args.x.length, count);
  }
});

t("113: more than 10 KiB of fields in a part are refused", async () => {
  const { ask } = await serving([["/files", Files]]);
  const fields = `Content-Disposition: form-data; name="x"\r\nX-Fill: ${"a".repeat(10_300)}`;
  const body = `--1234\r\n${fields}\r\n\r\nFoo\r\n--1234--`;
  assert.is(body.length, 10_375);
  assert.is((await ask(form(body))).status, 400);
});

t("115: a field that comes 9,000 times is read in time in proportion", async () => {
  class Header extends RequestHandler {
    get() {
      this.write({ v: this.request.headers.get(this.getArgument("n")) });
    }
  }
  const { json } = await serving([["/hdr", Header]]);
  const startedMs = cpuMs();
  const bytes = `GET /hdr?n=X HTTP/1.1\r\nHost: 127.0.0.1${"\r\nX: a".repeat(9000)}\r\n\r\n`;
  const { v } = (await json(bytes)) as { v: string };
  assert.is(v.split(",").length, 9000);
  assert.ok(cpuMs() - startedMs < 1000);
  assert.is(((await json(get("/hdr?n=X", "X: b\r\n"))) as { v: string }).v, "b");
});

t.run();
