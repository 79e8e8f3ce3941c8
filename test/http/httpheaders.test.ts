/** HTTPHeaders, general and lazy. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { HTTPInputError } from "../../lib/base/errors.ts";
import { HTTPHeaders } from "../../lib/http/httpheaders.ts";
import { spansOf } from "../../lib/http/spans.ts";

function refuses(run: () => void, code: string): void {
  assert.throws(
    run,
    (error: unknown) =>
      error instanceof HTTPInputError && error.status === 400 && error.code === code,
  );
}

const general = suite("headers");

general("are found in any spelling", () => {
  const headers = new HTTPHeaders({ "content-TYPE": "text/html" });
  assert.is(headers.get("Content-Type"), "text/html");
  assert.is(headers.get("content-type"), "text/html");
  assert.ok(headers.has("CONTENT-TYPE"));
  assert.equal([...headers.names()], ["Content-Type"]);
});

general("of one name are joined with a comma, and kept apart as lines", () => {
  const headers = new HTTPHeaders([
    ["Set-Cookie", "A=B"],
    ["X", "1"],
  ]);
  headers.add("set-cookie", "C=D");
  assert.is(headers.get("set-cookie"), "A=B,C=D");
  assert.equal(headers.getList("Set-Cookie"), ["A=B", "C=D"]);
  assert.equal(
    [...headers.getAll()],
    [
      ["Set-Cookie", "A=B"],
      ["Set-Cookie", "C=D"],
      ["X", "1"],
    ],
  );
  assert.equal(
    [...headers],
    [
      ["Set-Cookie", "A=B,C=D"],
      ["X", "1"],
    ],
  );
  assert.is(headers.toString(), "Set-Cookie: A=B\r\nSet-Cookie: C=D\r\nX: 1\r\n");
  assert.is(headers.size, 2);
});

general("that are not there are null, [] and false", () => {
  const headers = new HTTPHeaders();
  assert.is(headers.get("a"), null);
  assert.equal(headers.getList("a"), []);
  assert.not(headers.has("a"));
  assert.not(headers.has("not a token"));
  assert.is(headers.get("not a token"), null);
  assert.is(headers.size, 0);
});

general("are replaced by set and removed by delete", () => {
  const headers = new HTTPHeaders([
    ["a", "1"],
    ["a", "2"],
  ]);
  headers.set("A", "3");
  assert.equal(headers.getList("a"), ["3"]);
  assert.ok(headers.delete("a"));
  assert.not(headers.delete("a"));
  assert.not(headers.delete("not a token"));
  assert.not(headers.has("a"));
});

general("do not change with the list they gave out, nor with a copy", () => {
  const headers = new HTTPHeaders({ a: "1" });
  headers.getList("a").push("2");
  const copy = headers.copy();
  copy.add("a", "3");
  copy.set("b", "4");
  assert.is(headers.get("a"), "1");
  assert.is(copy.get("a"), "1,3");
  assert.not(headers.has("b"));
});

general("have a token as name", () => {
  for (const name of ["", "a b", "a\x00", "é", "a:", " a"]) {
    refuses(() => new HTTPHeaders().add(name, "v"), "ERR_HTTP_FIELD_NAME");
    refuses(() => new HTTPHeaders().set(name, "v"), "ERR_HTTP_FIELD_NAME");
  }
});

general("have no control bytes and no blank edges in values", () => {
  for (const value of ["a\rb", "a\nb", "a\0", "\x7f", "a\x1f", "€", " a", "a ", "\ta", " "]) {
    const headers = new HTTPHeaders({ x: "1" });
    refuses(() => headers.add("x", value), "ERR_HTTP_FIELD_VALUE");
    refuses(() => headers.set("x", value), "ERR_HTTP_FIELD_VALUE");
    assert.equal(headers.getList("x"), ["1"], "nothing changed");
  }
  assert.is(new HTTPHeaders({ x: "a \t b\xa0" }).get("x"), "a \t b\xa0");
  assert.is(new HTTPHeaders({ x: "" }).get("x"), "");
});

general.run();

const parsed = suite("parsed headers");

parsed("are lines that end in CRLF or LF", () => {
  const headers = HTTPHeaders.parse("Foo: bar\r\nfoo:baz\nEmpty:\r\n\r\n");
  assert.equal(headers.getList("Foo"), ["bar", "baz"]);
  assert.is(headers.get("empty"), "");
  assert.is(HTTPHeaders.parse("a: b").get("a"), "b");
  assert.is(HTTPHeaders.parse("").size, 0);
});

parsed("lose spaces and tabs around a value, and no other bytes", () => {
  const headers = HTTPHeaders.parse("a: \t b \t\r\nc: \xa0d\x85\r\n");
  assert.is(headers.get("a"), "b");
  assert.is(headers.get("c"), "\xa0d\x85");
});

parsed("are refused if malformed", () => {
  refuses(() => HTTPHeaders.parse("no colon\r\n"), "ERR_HTTP_FIELD_LINE");
  refuses(() => HTTPHeaders.parse("a: b\r\n c\r\n"), "ERR_HTTP_FIELD_LINE");
  refuses(() => HTTPHeaders.parse("\ta: b\r\n"), "ERR_HTTP_FIELD_LINE");
  refuses(() => HTTPHeaders.parse("a : b\r\n"), "ERR_HTTP_FIELD_NAME");
  refuses(() => HTTPHeaders.parse(": b\r\n"), "ERR_HTTP_FIELD_NAME");
  refuses(() => HTTPHeaders.parse("a: b\rc: d\r\n"), "ERR_HTTP_FIELD_VALUE");
  refuses(() => HTTPHeaders.parse("a: b\0\r\n"), "ERR_HTTP_FIELD_VALUE");
});

parsed("are what toString wrote", () => {
  const headers = new HTTPHeaders([
    ["a", "1"],
    ["b", "2"],
    ["a", "3"],
  ]);
  assert.equal([...HTTPHeaders.parse(headers.toString()).getAll()], [...headers.getAll()]);
});

parsed("may have one name 9000 times", () => {
  const headers = HTTPHeaders.parse("X: a\r\n".repeat(9000));
  assert.is(headers.get("x")?.split(",").length, 9000);
});

parsed.run();

const HEAD =
  "GET /a HTTP/1.1\r\nHost: a.b\r\nX-List: 1\r\nCOOKIE: c=d\r\nx-list:2\r\nX-List-More: 9\r\nX-Empty: \r\n\r\n";

for (const [title, make] of [
  ["headers of a head with spans", () => HTTPHeaders.fromHead(HEAD, spansOf(HEAD))],
  ["headers of a head as text", () => HTTPHeaders.fromHeadText(HEAD)],
] as const) {
  const lazy = suite(title);

  lazy("are found in any spelling", () => {
    const headers = make();
    assert.is(headers.get("host"), "a.b");
    assert.is(headers.get("Host"), "a.b");
    assert.is(headers.get("Cookie"), "c=d");
    assert.is(headers.get("x-empty"), "");
    assert.is(headers.get("hos"), null);
    assert.is(headers.get(""), null);
    assert.ok(headers.has("HOST"));
    assert.not(headers.has("x-none"));
  });

  lazy("of one name are joined with a comma", () => {
    assert.is(make().get("X-List"), "1,2");
    assert.equal(make().getList("x-list"), ["1", "2"]);
    assert.equal(make().getList("x-none"), []);
  });

  lazy("are the same after they became general", () => {
    const headers = make();
    assert.is(headers.size, 5);
    assert.is(headers.get("x-list"), "1,2");
    assert.equal(headers.getList("x-list"), ["1", "2"]);
    assert.is(headers.get("x-none"), null);
    assert.equal(
      [...headers.getAll()],
      [
        ["Host", "a.b"],
        ["X-List", "1"],
        ["X-List", "2"],
        ["Cookie", "c=d"],
        ["X-List-More", "9"],
        ["X-Empty", ""],
      ],
    );
  });

  lazy("change, and a copy does not", () => {
    const headers = make();
    const copy = headers.copy();
    headers.set("host", "c");
    headers.delete("cookie");
    assert.is(headers.get("Host"), "c");
    assert.not(headers.has("cookie"));
    assert.is(copy.get("host"), "a.b");
    assert.is(copy.get("cookie"), "c=d");
  });

  lazy("may have one name 9000 times", () => {
    const head = `GET / HTTP/1.1\r\n${"X: a\r\n".repeat(9000)}\r\n`;
    assert.is(HTTPHeaders.fromHeadText(head).get("x")?.length, 17_999);
  });

  lazy.run();
}

const withIds = suite("headers of a head whose parser knows names");

withIds("are found by their ids, in a process of which the list is", async () => {
  // In a thread: the list of names is the process's, and here it may already be the addon's.
  const worker = new Worker(new URL("fieldids.worker.js", import.meta.url));
  const [message] = await once(worker, "message");
  assert.is(message, "ok");
});

withIds.run();
