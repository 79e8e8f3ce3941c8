/** Multipart forms in memory: what is in them, their limits, and every way to be malformed. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { HTTPInputError } from "../../lib/base/errors.ts";
import { ParseMultipartConfig, type ParseMultipartOptions } from "../../lib/http/bodyconfig.ts";
import { parseMultipart } from "../../lib/http/multipart.ts";
import type { HTTPFile } from "../../lib/http/multipartfile.ts";
import { multipartBoundary } from "../../lib/http/multipartpart.ts";

interface Parsed {
  readonly args: Record<string, string[]>;
  readonly files: Record<string, [filename: string, contentType: string, body: string][]>;
}

function parse(body: string | Buffer, limits: ParseMultipartOptions = {}, boundary = "b"): Parsed {
  const into = { arguments: new Map<string, string[]>(), files: new Map<string, HTTPFile[]>() };
  const bytes = typeof body === "string" ? Buffer.from(body, "latin1") : body;
  parseMultipart(bytes, boundary, new ParseMultipartConfig(limits), into);
  const files: Parsed["files"] = {};
  for (const [name, list] of into.files) {
    files[name] = list.map((file) => {
      assert.is(file.size, file.body.length);
      assert.is(file.path, null);
      return [file.filename, file.contentType, file.body.toString("latin1")];
    });
  }
  return { args: Object.fromEntries(into.arguments), files };
}

function part(parameters: string, body = "v", fields = ""): string {
  return `--b\r\nContent-Disposition: form-data; ${parameters}\r\n${fields}\r\n${body}\r\n`;
}

function form(...parts: string[]): string {
  return `${parts.join("")}--b--\r\n`;
}

/** The form is refused with this status and a message in which `why` stands. */
function refused(why: string, run: () => unknown, status = 400): void {
  assert.throws(run, (error: unknown) => {
    assert.instance(error, HTTPInputError);
    const { code, message, status: got } = error as HTTPInputError;
    assert.is(got, status);
    assert.is(code, status === 400 ? "ERR_HTTP_MULTIPART" : "ERR_HTTP_PART_TOO_LARGE");
    assert.ok(message.includes(why), message);
    return true;
  });
}

const contents = suite("a multipart form");

contents("has fields as arguments, in order, as the bytes that were sent", () => {
  const got = parse(
    form(part('name="a"', "1"), part('name="b"', "\xff\0\r\n"), part('name="a"', "")),
  );
  assert.equal(got, { args: { a: ["1", ""], b: ["\xff\0\r\n"] }, files: {} });
});

contents("has files with name, type and bytes", () => {
  const got = parse(
    form(
      part('name="f"; filename="a.txt"', "one", "Content-Type: text/plain\r\n"),
      part('name="f"; filename="b"', ""),
    ),
  );
  assert.equal(got, {
    args: {},
    files: {
      f: [
        ["a.txt", "text/plain", "one"],
        ["b", "application/unknown", ""],
      ],
    },
  });
});

contents("takes a file that nobody has chosen for an argument", () => {
  assert.equal(parse(form(part('name="f"; filename=""', ""))), { args: { f: [""] }, files: {} });
});

contents("may have no part at all", () => {
  assert.equal(parse("--b--"), { args: {}, files: {} });
  assert.equal(parse("\r\n--b--\r\n"), { args: {}, files: {} });
});

contents("may begin with the CRLF of its boundary, and end with anything", () => {
  assert.equal(parse(`\r\n${form(part('name="a"'))}--b\r\ntrash`).args, { a: ["v"] });
});

contents("may hold what looks almost like its boundary", () => {
  const body = "--b\n--b--\n--b\r--b \r\n--a\r\n-\r\n--";
  assert.equal(parse(form(part('name="a"', `x${body}`))).args, { a: [`x${body}`] });
});

contents("has an empty part where the boundary follows the empty line", () => {
  const head = '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n';
  assert.equal(parse(form(head, part('name="c"'))).args, { a: [""], c: ["v"] });
  assert.equal(parse(`${head}--b--`).args, { a: [""] });
});

contents("has names in any case, with or without quotes, in UTF-8 where they are", () => {
  const head = "--b\r\ncontent-disposition:FORM-DATA;NAME=a b ;x=y\r\n\r\nv\r\n";
  assert.equal(parse(form(head)).args, { "a b": ["v"] });
  assert.equal(parse(form(part('name="\xc3\xa9"'))).args, { é: ["v"] });
  assert.equal(parse(form(part('name="\xe9"'))).args, { "\xe9": ["v"] });
  assert.equal(
    parse(form(part('name="__proto__"'))).args,
    Object.fromEntries([["__proto__", ["v"]]]),
  );
});

contents("keeps what a client calls a file, directories and all", () => {
  const name = (parameters: string) =>
    parse(form(part(`name="f"; ${parameters}`))).files.f?.[0]?.[0];
  assert.is(name('filename="../../etc/passwd"'), "../../etc/passwd");
  assert.is(name('filename="C:\\dir\\a.txt"'), "C:\\dir\\a.txt");
  assert.is(name('filename="a%22b.txt"'), "a%22b.txt");
  assert.is(name("filename=a b.txt"), "a b.txt");
});

contents("may be cut at any byte: it is refused then, and nothing else happens", () => {
  const whole = form(part('name="a"', "1"), part('name="f"; filename="g"', "2")).slice(0, -2);
  for (let end = 0; end < whole.length; end++) {
    assert.throws(
      () => parse(whole.slice(0, end)),
      (error: unknown) => error instanceof HTTPInputError && error.status === 400,
      `cut at ${end}`,
    );
  }
});

contents.run();

const malformed = suite("a multipart form is refused");

malformed("without its last boundary", () => {
  refused("not ended", () => parse(part('name="a"')));
  refused("not ended", () => parse(`${part('name="a"')}--b`));
  refused("not ended", () => parse(`${part('name="a"')}--b-`));
});

malformed("without its first boundary, or with something before it", () => {
  refused("does not begin", () => parse(""));
  refused("does not begin", () => parse("a=1&b=2"));
  refused("does not begin", () => parse(`preamble\r\n${form(part('name="a"'))}`));
  refused("does not begin", () => parse("--c\r\n\r\n\r\n--c--"));
});

malformed("with a boundary that something follows", () => {
  refused("neither CRLF nor --", () =>
    parse(form(part('name="a"').replace("--b\r\n", "--bc\r\n"))),
  );
  refused("neither CRLF nor --", () =>
    parse(form(part('name="a"').replace("--b\r\n", "--b \r\n"))),
  );
  refused("neither CRLF nor --", () => parse(form(part('name="a"').replace("--b\r\n", "--b\n"))));
});

malformed("if the header of a part has no end", () => {
  refused("no end", () => parse('--b\r\nContent-Disposition: form-data; name="a"\r\n--b--'));
  refused("no end", () => parse("--b\r\nv\r\n--b--"));
});

malformed("if the body of a part does not end with CRLF", () => {
  refused("not ended", () =>
    parse('--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nv--b--'),
  );
});

malformed("if a part has no Content-Disposition, two, or another one than form-data", () => {
  refused("0 Content-Disposition", () => parse("--b\r\nX: y\r\n\r\nv\r\n--b--"));
  refused("2 Content-Disposition", () =>
    parse(form(part('name="a"', "v", "Content-Disposition: form-data; name=b\r\n"))),
  );
  refused("allowed is form-data", () =>
    parse('--b\r\nContent-Disposition: attachment; name="a"\r\n\r\nv\r\n--b--'),
  );
});

malformed("if a part has no name", () => {
  refused("no name", () => parse(form(part('filename="a"'))));
  refused("no name", () => parse(form(part('name=""'))));
  refused("no name", () => parse(form(part("name"))));
});

malformed("if a line of a part's header is malformed, folded, or has a control", () => {
  const fields = [
    "no colon\r\n",
    " : v\r\n",
    "X Y: v\r\n",
    "X: a\r\n b\r\n",
    "X: a\rb\r\n",
    "X: a\nY: b\r\n",
    "X: a\n\r\n",
    "X: a\0b\r\n",
  ];
  for (const field of fields) {
    refused("header of a part is malformed", () => parse(form(part('name="a"', "v", field))));
  }
});

malformed("if parameters are malformed", () => {
  const parameters = [
    'name="a',
    'name="a"b',
    'name=a"b',
    'name="a"; name="b"',
    'name="a"; filename*=UTF-8\'%41',
    "name=\"a\"; filename*=UTF-8''%FF",
    "name=\"a\"; filename*=nonsense''a",
    "name=\"a\"; filename*=UTF-8''a%00b",
    "name=\"a\"; filename*=UTF-8''a%0D%0Ab",
  ];
  for (const text of parameters) {
    refused("are malformed", () => parse(form(part(text))));
  }
});

malformed.run();

const limits = suite("the limits of a multipart form");

limits("are 100 parts: 99 and 100 are taken, 101 are not", () => {
  for (const count of [99, 100]) {
    const { args } = parse(form(part('name="x"').repeat(count)));
    assert.is(args.x?.length, count);
  }
  refused("more than 100 parts", () => parse(form(part('name="x"').repeat(101))));
  assert.is(parse(form(part('name="x"').repeat(101)), { maxParts: 101 }).args.x?.length, 101);
});

limits("end the scanning: a million parts cost what 101 do", () => {
  const body = Buffer.from(part('name="x"').repeat(1_000_000), "latin1");
  const start = process.cpuUsage();
  refused("more than 100 parts", () => parse(body));
  refused("0 Content-Disposition", () =>
    parse(Buffer.from("--b\r\n\r\n\r\n\r\n".repeat(1_000_000))),
  );
  const { user } = process.cpuUsage(start);
  assert.ok(user < 500_000, `${user} µs`);
});

limits("are 10 240 bytes of a part's header", () => {
  const sized = (bytes: number) => {
    const line = 'Content-Disposition: form-data; name="x"\r\nX: ';
    return `--b\r\n${line}${"a".repeat(bytes - line.length)}\r\n\r\nv\r\n--b--`;
  };
  for (const bytes of [10_239, 10_240]) assert.equal(parse(sized(bytes)).args, { x: ["v"] });
  refused("longer than 10240", () => parse(sized(10_241)));
  refused("longer than 10240", () => parse(sized(1_000_000)));
  refused("longer than 100 ", () => parse(sized(101), { maxPartHeaderBytes: 100 }));
});

limits("are 1 MiB of a field, and of a file what is set", () => {
  const field = (bytes: number) => form(part('name="x"', "a".repeat(bytes)));
  assert.is(parse(field(1_048_575)).args.x?.[0]?.length, 1_048_575);
  assert.is(parse(field(1_048_576)).args.x?.[0]?.length, 1_048_576);
  refused("maxFieldBytes", () => parse(field(1_048_577)), 413);

  const file = (bytes: number) => form(part('name="x"; filename="y"', "a".repeat(bytes)));
  assert.is(parse(file(2_000_000)).files.x?.[0]?.[2].length, 2_000_000);
  for (const bytes of [9, 10]) parse(file(bytes), { maxFileBytes: 10 });
  refused("maxFileBytes", () => parse(file(11), { maxFileBytes: 10 }), 413);
});

limits("bound the time that an awkward body takes", () => {
  const boundary = "a".repeat(70);
  const near = [`\r\n--${"a".repeat(69)}b`, "\r\n-", "\r", "a", "aaaaaaaaab", "\r\n\r\n"];
  for (const text of near) {
    const inside = text.repeat(Math.ceil(8_000_000 / text.length));
    const body = Buffer.from(
      `--${boundary}\r\nContent-Disposition: form-data; name=f; filename=g\r\n\r\n${inside}\r\n--${boundary}--`,
    );
    const start = process.cpuUsage();
    assert.is(parse(body, {}, boundary).files.f?.[0]?.[2], inside);
    const { user } = process.cpuUsage(start);
    assert.ok(user < 1_000_000, `${JSON.stringify(text)}: ${user} µs`);
  }
});

limits.run();

const boundaries = suite("the boundary of a Content-Type");

boundaries("may be plain or quoted, anywhere among the parameters", () => {
  assert.is(multipartBoundary("multipart/form-data; boundary=1234"), "1234");
  assert.is(multipartBoundary('multipart/form-data; boundary="1234"'), "1234");
  assert.is(multipartBoundary('multipart/form-data; charset=utf-8; BOUNDARY="a b;c"; x'), "a b;c");
  assert.is(
    multipartBoundary("multipart/form-data;boundary=----=_Part'()+_,-./:=?"),
    "----=_Part'()+_,-./:=?",
  );
  assert.is(multipartBoundary('multipart/form-data; boundary="a\\"b"'), 'a"b');
});

boundaries("has at most 70 characters", () => {
  for (const count of [1, 69, 70]) {
    const boundary = "x".repeat(count);
    assert.is(multipartBoundary(`multipart/form-data; boundary=${boundary}`), boundary);
  }
  refused("allowed are up to 70", () => multipartBoundary(`m; boundary=${"x".repeat(71)}`));
});

boundaries("must be there, end with no space, and be ASCII", () => {
  refused("has no boundary", () => multipartBoundary("multipart/form-data"));
  refused("has no boundary", () => multipartBoundary("multipart/form-data; boundary"));
  refused("has no boundary", () => multipartBoundary("multipart/form-data; boundary="));
  refused("has no boundary", () => multipartBoundary('multipart/form-data; boundary=""'));
  refused("is malformed", () => multipartBoundary('multipart/form-data; boundary="a "'));
  refused("is malformed", () => multipartBoundary("multipart/form-data; boundary=\xe9"));
  refused("are malformed", () => multipartBoundary('multipart/form-data; boundary="a'));
  refused("are malformed", () => multipartBoundary("m; boundary=a; boundary=b"));
});

boundaries.run();
