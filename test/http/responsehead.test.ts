// The head of a response out of bytes that are cut anywhere, and the body of a refusal.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { RefusedBody } from "../../lib/http/refusedbody.ts";
import { type ResponseHead, ResponseHeadReader } from "../../lib/http/responsehead.ts";

const codeOf = (call: () => unknown): string | null => {
  try {
    call();
  } catch (error) {
    return (error as { code: string }).code;
  }
  return null;
};

const reader = suite("ResponseHeadReader");
const text = "HTTP/1.1 200 All right\r\nA: 1\r\na:  2 \r\nX-Long: \xe9\r\n\r\n";

function whole(head: ResponseHead | null): ResponseHead {
  assert.ok(head !== null, "the head is not whole");
  return head;
}

reader("reads a head cut at every point, and byte by byte", () => {
  const bytes = Buffer.from(`${text}body`, "latin1");
  const ways = [[bytes], [...bytes].map((byte) => Buffer.of(byte))];
  for (let cut = 1; cut < bytes.length; cut++) {
    ways.push([bytes.subarray(0, cut), bytes.subarray(cut)]);
  }
  for (const pieces of ways) {
    const heads = new ResponseHeadReader({ maxBytes: 1000 });
    let head: ResponseHead | null = null;
    let rest: Buffer = Buffer.alloc(0);
    for (const piece of pieces) {
      if (head !== null) rest = Buffer.concat([rest, piece]);
      else {
        head = heads.push(piece);
        if (head !== null) rest = heads.takeRest();
      }
    }
    const { startLine, headers } = whole(head);
    assert.equal(
      [startLine.version, startLine.code, startLine.reason],
      ["HTTP/1.1", 200, "All right"],
    );
    assert.equal(headers.getList("A"), ["1", "2"]);
    assert.is(headers.get("x-long"), "\xe9");
    assert.is(rest.toString(), "body");
  }
});

reader("reads one head after another", () => {
  const heads = new ResponseHeadReader({ maxBytes: 1000 });
  const first = whole(heads.push(Buffer.from("HTTP/1.1 100\r\n\r\nHTTP/1.1 200 OK\r\n\r\nx")));
  assert.is(first.startLine.code, 100);
  const second = whole(heads.push(heads.takeRest()));
  assert.is(second.startLine.code, 200);
  assert.is(heads.takeRest().toString(), "x");
  assert.is(heads.takeRest().length, 0);
});

reader("leaves what it was given as it was", () => {
  const heads = new ResponseHeadReader({ maxBytes: 1000 });
  const piece = Buffer.from("HTTP/1.1 200 OK\r\nA: ");
  heads.push(piece);
  piece.fill(0);
  assert.is(whole(heads.push(Buffer.from("1\r\n\r\n"))).headers.get("A"), "1");
});

reader("takes a head of maxBytes and none that is longer", () => {
  const bytes = Buffer.from(text, "latin1");
  for (const [maxBytes, code] of [
    [bytes.length - 1, "ERR_HTTP_HEAD_TOO_LARGE"],
    [bytes.length, null],
    [bytes.length + 1, null],
  ] as const) {
    const heads = new ResponseHeadReader({ maxBytes });
    assert.is(
      codeOf(() => heads.push(bytes)),
      code,
    );
  }
  const twice = new ResponseHeadReader({ maxBytes: 2 * bytes.length - 1 });
  whole(twice.push(Buffer.concat([bytes, bytes])));
  assert.is(
    codeOf(() => twice.push(twice.takeRest())),
    "ERR_HTTP_HEAD_TOO_LARGE",
  );
});

reader("takes maxFieldCount fields and no more", () => {
  for (const [count, code] of [
    [2, null],
    [3, null],
    [4, "ERR_HTTP_TOO_MANY_FIELDS"],
  ] as const) {
    const heads = new ResponseHeadReader({ maxBytes: 1000, maxFieldCount: 3 });
    const bytes = Buffer.from(`HTTP/1.1 200 OK\r\n${"A: b\r\n".repeat(count)}\r\n`);
    assert.is(
      codeOf(() => heads.push(bytes)),
      code,
    );
  }
});

reader("refuses what is no HTTP as soon as it shows", () => {
  for (const bytes of ["x", "HTTP/2", "HTTP/1,", "\r", "http/1.1", " HTTP/1.1"]) {
    const heads = new ResponseHeadReader({ maxBytes: 1000 });
    assert.is(
      codeOf(() => heads.push(Buffer.from(bytes))),
      "ERR_HTTP_SYNTAX",
      bytes,
    );
  }
});

reader("refuses malformed lines", () => {
  for (const [lines, code] of [
    ["HTTP/1.1 20 OK", "ERR_HTTP_SYNTAX"],
    ["HTTP/1.1  200 OK", "ERR_HTTP_SYNTAX"],
    ["HTTP/1.1 200 OK\nA: b", "ERR_HTTP_SYNTAX"],
    ["HTTP/1.1 200 OK\r\nA", "ERR_HTTP_FIELD_LINE"],
    ["HTTP/1.1 200 OK\r\nA: b\r\n c", "ERR_HTTP_FIELD_LINE"],
    ["HTTP/1.1 200 OK\r\nA : b", "ERR_HTTP_FIELD_NAME"],
    ["HTTP/1.1 200 OK\r\n: b", "ERR_HTTP_FIELD_NAME"],
    ["HTTP/1.1 200 OK\r\nA: b\nC: d", "ERR_HTTP_FIELD_VALUE"],
    ["HTTP/1.1 200 OK\r\nA: b\r", "ERR_HTTP_FIELD_VALUE"],
    ["HTTP/1.1 200 OK\r\nA: \0", "ERR_HTTP_FIELD_VALUE"],
  ] as const) {
    const heads = new ResponseHeadReader({ maxBytes: 1000 });
    assert.is(
      codeOf(() => heads.push(Buffer.from(`${lines}\r\n\r\n`))),
      code,
      JSON.stringify(lines),
    );
  }
});

reader.run();

const body = suite("RefusedBody");

/** What is kept of `bytes`, however they are cut. */
function kept(fields: string, bytes: string, maxBytes: number, status = 500): [string, boolean] {
  const results = new Set<string>();
  for (let cut = 0; cut <= bytes.length + 1; cut++) {
    const heads = new ResponseHeadReader({ maxBytes: 1000 });
    const head = whole(heads.push(Buffer.from(`HTTP/1.1 ${status} x\r\n${fields}\r\n`)));
    const refused = new RefusedBody(head, maxBytes);
    const all = Buffer.from(bytes);
    const pieces =
      cut > bytes.length
        ? [...all].map((byte) => Buffer.of(byte))
        : [all.subarray(0, cut), all.subarray(cut)];
    for (const piece of pieces) refused.push(piece);
    results.add(JSON.stringify([refused.bytes.toString(), refused.isEnded]));
  }
  assert.is(results.size, 1, [...results].join(" or "));
  return JSON.parse([...results][0] ?? "");
}

body("ends where its Content-Length says", () => {
  assert.equal(kept("Content-Length: 5\r\n", "hell", 100), ["hell", false]);
  assert.equal(kept("Content-Length: 5\r\n", "hello", 100), ["hello", true]);
  assert.equal(kept("Content-Length: 5\r\n", "hello there", 100), ["hello", true]);
  assert.equal(kept("Content-Length: 0\r\n", "x", 100), ["", true]);
});

body("ends with the last chunk", () => {
  const chunked = "Transfer-Encoding: chunked\r\n";
  assert.equal(kept(chunked, "1\r\na\r\n2;x=y\r\nbc\r\n0\r\n\r\n", 100), ["abc", true]);
  assert.equal(kept(chunked, "1\r\na\r\n2\r\nb", 100), ["ab", false]);
  assert.equal(kept(chunked, "A\r\n0123456789\r\n", 100), ["0123456789", false]);
  assert.equal(kept(chunked, "1\r\na\r\nnonsense\r\n", 100), ["a", true]);
  assert.equal(kept(`Content-Length: 1\r\n${chunked}`, "1\r\na\r\n1\r\nb\r\n", 100), ["ab", false]);
});

body("has no end of its own without either", () => {
  assert.equal(kept("", "hello", 100), ["hello", false]);
  assert.equal(kept("Content-Length: x\r\n", "hello", 100), ["hello", false]);
});

body("ends at maxBytes", () => {
  assert.equal(kept("", "hello", 6), ["hello", false]);
  assert.equal(kept("", "hello", 5), ["hello", true]);
  assert.equal(kept("", "hello", 4), ["hell", true]);
  assert.equal(kept("", "hello", 0), ["", true]);
  assert.equal(kept("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n", 4), ["hell", true]);
});

body("is none where the status has none", () => {
  for (const status of [204, 304, 101]) assert.equal(kept("", "x", 100, status), ["", true]);
});

body.run();
