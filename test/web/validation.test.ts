/** Validation: what schemas are given, what a handler gets, and how problems are listed. */
import { type } from "arktype";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import * as v from "valibot";
import * as z from "zod";
import { CodedError, HTTPInputError } from "../../lib/base/errors.ts";
import { HTTPHeaders } from "../../lib/http/httpheaders.ts";
import { HTTPServerRequest } from "../../lib/http/httpserverrequest.ts";
import { HTTPError } from "../../lib/web/httperror.ts";
import { RequestReader } from "../../lib/web/requestreader.ts";
import type { StandardIssue, StandardSchema } from "../../lib/web/standardschema.ts";
import {
  type ValidatedHandler,
  validateBody,
  validateBodyAsync,
  validatePath,
  validatePathAsync,
  validateQuery,
  validateQueryAsync,
} from "../../lib/web/validation.ts";
import { HTTPValidationError, MOST_ISSUES } from "../../lib/web/validationerror.ts";

function handler(contentType: string | null, body: string, uri = "/"): RequestReader {
  const headers = new HTTPHeaders();
  if (contentType !== null) headers.add("Content-Type", contentType);
  const request = new HTTPServerRequest({
    method: "POST",
    uri,
    version: "HTTP/1.1",
    headers,
    body: Buffer.from(body, "latin1"),
    context: { remoteIp: "10.0.0.1", protocol: "http" },
    startTime: 0,
  });
  return new Reader(request);
}

class Reader extends RequestReader {
  readonly request: HTTPServerRequest;

  constructor(request: HTTPServerRequest) {
    super();
    this.request = request;
  }
}

const json = (value: unknown, contentType = "application/json") =>
  handler(contentType, Buffer.from(JSON.stringify(value)).toString("latin1"));

/** Takes everything as it is. */
const anything: StandardSchema = schema((value) => ({ value }));

function schema(validate: StandardSchema["~standard"]["validate"]): StandardSchema {
  return { "~standard": { version: 1, vendor: "test", validate } };
}

function failing(...issues: StandardIssue[]): StandardSchema {
  return schema(() => ({ issues }));
}

/** What `run` throws, which must be of this class. */
function thrown<T extends Error>(of: new (...args: never[]) => T, run: () => unknown): T {
  try {
    run();
  } catch (error) {
    assert.instance(error, of);
    return error as T;
  }
  throw new Error("nothing was thrown");
}

const libraries = suite("a schema");

const users = {
  zod: z.object({
    name: z.string().trim(),
    age: z.number(),
    tags: z.array(z.string()).default([]),
  }),
  valibot: v.object({
    name: v.pipe(v.string(), v.trim()),
    age: v.number(),
    tags: v.optional(v.array(v.string()), []),
  }),
  arktype: type({ name: "string.trim", age: "number", tags: type("string[]").default(() => []) }),
};

for (const [vendor, user] of Object.entries(users)) {
  libraries(`of ${vendor} gives what it makes of a body`, () => {
    const got = validateBody(json({ name: " Ann ", age: 3 }), user as StandardSchema);
    assert.equal(got, { name: "Ann", age: 3, tags: [] });
  });

  libraries(`of ${vendor} lists each problem with its path`, () => {
    const body = json({ name: 1, tags: ["a", 2] });
    const error = thrown(HTTPValidationError, () => validateBody(body, user as StandardSchema));
    assert.is(error.statusCode, 400);
    assert.equal(error.issues.map((issue) => issue.path.join(".")).sort(), [
      "age",
      "name",
      "tags.1",
    ]);
    for (const issue of error.issues) {
      assert.is(issue.in, "body");
      assert.ok(issue.message.length > 0);
    }
  });
}

libraries("that is waited for is refused by the method that does not wait", async () => {
  const later = z.object({ name: z.string().refine(async (name) => name !== "taken") });
  const error = thrown(CodedError, () => validateBody(json({ name: "Ann" }), later));
  assert.is(error.code, "ERR_ARGUMENT_TYPE");
  assert.match(error.message, /Async/);
  assert.equal(await validateBodyAsync(json({ name: "Ann" }), later), { name: "Ann" });
  const refused = await validateBodyAsync(json({ name: "taken" }), later).catch((e: unknown) => e);
  assert.instance(refused, HTTPValidationError);
  thrown(CodedError, () =>
    validateBody(
      json(1),
      schema(() => Promise.reject(new Error("deliberate"))),
    ),
  );
});

libraries("may be one that need not be waited for where it could be", async () => {
  assert.equal(await validateBodyAsync(json([1]), anything), [1]);
  assert.equal(await validateQueryAsync(handler(null, "", "/?a=1"), anything), { a: "1" });
  assert.equal(await validatePathAsync(handler(null, ""), anything), []);
});

libraries("that throws is not answered for", async () => {
  const broken = schema(() => {
    throw new TypeError("deliberate");
  });
  thrown(TypeError, () => validateBody(json(1), broken));
  assert.instance(await validateBodyAsync(json(1), broken).catch((e: unknown) => e), TypeError);
});

libraries("that runs out of stack is a 400", () => {
  const endless = schema(function validate(value): { value: unknown } {
    return { value: validate([value]) };
  });
  assert.is(thrown(HTTPError, () => validateBody(json([]), endless)).statusCode, 400);
});

libraries("of any kind goes as deep as JSON may", () => {
  const depth = 1000;
  const body = () => handler("application/json", "[".repeat(depth) + "]".repeat(depth));
  const zod: z.ZodType = z.lazy(() => z.array(zod));
  const valibot: v.GenericSchema = v.lazy(() => v.array(valibot));
  for (const nested of [zod, valibot]) assert.ok(Array.isArray(validateBody(body(), nested)));
});

libraries.run();

const bodies = suite("a body to be validated");

bodies("is JSON by its Content-Type", () => {
  for (const contentType of [
    "application/json",
    "Application/JSON; charset=utf-8",
    "application/ld+json",
  ]) {
    assert.equal(validateBody(json({ é: [1] }, contentType), anything), { é: [1] });
  }
  assert.is(validateBody(json(null), anything), null);
});

bodies("is refused with 400 if the JSON is malformed or missing", () => {
  for (const text of ["", "{", "\xff", '{"__proto__":1}']) {
    const error = thrown(HTTPInputError, () =>
      validateBody(handler("application/json", text), anything),
    );
    assert.is(error.status, 400);
    assert.is(error.code, "ERR_HTTP_JSON");
  }
});

bodies("is refused with 415 if it is of another type, or of none", () => {
  for (const contentType of ["text/plain", "application/jsonp", "text/json", null]) {
    const error = thrown(HTTPError, () => validateBody(handler(contentType, "{}"), anything));
    assert.is(error.statusCode, 415);
    assert.not.instance(error, HTTPValidationError);
  }
});

bodies("of a form is an object of strings, and of arrays where a field comes again", () => {
  const got = handler("application/x-www-form-urlencoded", "a=+1+&b=%C3%A9&b=&c&constructor=x");
  assert.equal(validateBody(got, anything), { a: " 1 ", b: ["é", ""], c: "", constructor: "x" });
  assert.equal(validateBody(handler("application/x-www-form-urlencoded", ""), anything), {});
});

bodies("of a multipart form has its files, too", () => {
  const part = (parameters: string) =>
    `--b\r\nContent-Disposition: form-data; ${parameters}\r\n\r\nv\r\n`;
  const text = `${part("name=a")}${part("name=f; filename=x")}${part("name=a; filename=y")}--b--`;
  const got = validateBody(handler("multipart/form-data; boundary=b", text), anything) as {
    a: [string, { filename: string }];
    f: { filename: string; size: number };
  };
  assert.is(got.a[0], "v");
  assert.is(got.a[1].filename, "y");
  assert.is(got.f.size, 1);
});

bodies("is refused if a field is called __proto__ or is not UTF-8", () => {
  for (const text of ["__proto__=1", "%5F_proto__=1", "a=%FF"]) {
    const got = handler("application/x-www-form-urlencoded", text);
    assert.is(thrown(HTTPError, () => validateBody(got, anything)).statusCode, 400);
  }
});

bodies.run();

const rest = suite("query and path to be validated");

rest("are an object, and the groups of the route", () => {
  const Page = z.object({ page: z.coerce.number().int(), tag: z.array(z.string()) });
  const got = handler(null, "", "/?page=2&tag=a&tag=b");
  assert.equal(validateQuery(got, Page), { page: 2, tag: ["a", "b"] });
  got.pathArgs = ["7", undefined];
  assert.equal(validatePath(got, z.tuple([z.coerce.number(), z.string().optional()])), [
    7,
    undefined,
  ]);
  got.pathKwargs = { id: "7" };
  assert.equal(validatePath(got, z.object({ id: z.coerce.number() })), { id: 7 });
});

rest("say where a problem is", () => {
  const got = handler(null, "", "/?page=x");
  const error = thrown(HTTPValidationError, () =>
    validateQuery(got, z.object({ page: z.coerce.number() })),
  );
  assert.equal([error.issues[0]?.in, error.issues[0]?.path], ["query", ["page"]]);
  const path = thrown(HTTPValidationError, () => validatePath(got, z.object({ id: z.string() })));
  assert.is(path.issues[0]?.in, "path");
});

rest("are decoded by the handler's own decoder, if it has one", () => {
  const own: ValidatedHandler = Object.assign(handler(null, "", "/?a=%E9"), {
    decodeArgument: (bytes: Buffer) => bytes.toString("latin1").toUpperCase(),
  });
  assert.equal(validateQuery(own, anything), { a: "É" });
});

rest.run();

const answers = suite("the answer to what is not valid");

const answer = (...issues: StandardIssue[]) => {
  const error = thrown(HTTPValidationError, () => validateBody(json(1), failing(...issues)));
  return { error, text: error.problemText(), problem: JSON.parse(error.problemText()) };
};

answers("is a problem document with the issues", () => {
  const { problem, error } = answer(
    { message: "too old", path: ["user", { key: "age" }] },
    { message: "wrong", path: ["list", 3, Symbol("s")] },
    { message: "bad" },
  );
  assert.equal(problem, {
    type: "about:blank",
    title: "Bad Request",
    status: 400,
    detail: "the body has 3 problems",
    issues: [
      { in: "body", path: ["user", "age"], message: "too old" },
      { in: "body", path: ["list", 3, "Symbol(s)"], message: "wrong" },
      { in: "body", path: [], message: "bad" },
    ],
  });
  assert.match(error.logMessage ?? "", /3 problems; "user.age": "too old"/);
});

answers("cannot be taken for HTML, nor break the log", () => {
  const { text, problem, error } = answer({ message: "<script>\n", path: ["</a>\r\n"] });
  assert.not.match(text, /</);
  assert.is(problem.issues[0].message, "<script>\n");
  assert.not.match(error.message, /[\r\n]/);
});

answers(`lists ${MOST_ISSUES} issues, each shortened`, () => {
  const issue = {
    message: "m".repeat(10_000),
    path: new Array<string>(1000).fill("p".repeat(1000)),
  };
  const at = answer(...new Array<StandardIssue>(MOST_ISSUES).fill({ message: "m" }));
  assert.is(at.problem.detail, "the body has 100 problems");
  const { problem, text } = answer(...new Array<StandardIssue>(MOST_ISSUES + 1).fill(issue));
  assert.is(problem.issues.length, MOST_ISSUES);
  assert.is(problem.detail, "the body has 101 problems, of which the first 100 are listed");
  assert.is(problem.issues[0].message.length, 500);
  assert.is(problem.issues[0].path.length, 32);
  assert.ok(text.length < 500_000, `${text.length} characters`);
});

answers.run();
