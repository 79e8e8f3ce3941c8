/** setParseBodyConfig and the requests that are parsed by it; request.json(), files and parseBody(). */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { CodedError, HTTPInputError } from "../../lib/base/errors.ts";
import {
  ParseBodyConfig,
  ParseMultipartConfig,
  ParseUrlEncodedConfig,
  parseBodyConfig,
  setParseBodyConfig,
} from "../../lib/http/bodyconfig.ts";
import { parseBodyArguments, parseMultipartFormData } from "../../lib/http/bodyparsing.ts";
import { HTTPHeaders } from "../../lib/http/httpheaders.ts";
import {
  type HTTPFile,
  HTTPServerRequest,
  type HTTPServerRequestInit,
} from "../../lib/http/httpserverrequest.ts";

const FORM = "application/x-www-form-urlencoded";
const MULTIPART = "multipart/form-data; boundary=b";
const onePart = '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--b--';

function request(
  contentType: string,
  body: string,
  more: Record<string, string> = {},
  form: HTTPServerRequestInit["form"] = null,
): HTTPServerRequest {
  return new HTTPServerRequest({
    method: "POST",
    uri: "/?a=0",
    version: "HTTP/1.1",
    headers: new HTTPHeaders({ "Content-Type": contentType, ...more }),
    body: Buffer.from(body, "latin1"),
    context: { remoteIp: "10.0.0.1", protocol: "http" },
    startTime: 0,
    form,
  });
}

function refused(code: string, run: () => unknown, status = 400): void {
  assert.throws(run, (error: unknown) => {
    assert.instance(error, HTTPInputError);
    const { code: got, message, status: answer } = error as HTTPInputError;
    assert.is(got, code, message);
    assert.is(answer, status);
    assert.ok(message.startsWith("Invalid body: "), message);
    return true;
  });
}

const functions = suite("parseBodyArguments and parseMultipartFormData");

functions("add to what is there, as in Tornado", () => {
  const into = new Map([["a", ["0"]]]);
  const files = new Map<string, HTTPFile[]>();
  parseBodyArguments(FORM, Buffer.from("a=1"), into, files);
  parseBodyArguments(MULTIPART, Buffer.from(onePart), into, files);
  parseBodyArguments("text/plain", Buffer.from("a=2"), into, files);
  parseMultipartFormData('"b"', Buffer.from(onePart), into, files);
  parseMultipartFormData("b", Buffer.from(onePart.replace('"a"', '"f"; filename=g')), into, files);
  assert.equal(into.get("a"), ["0", "1", "1", "1"]);
  assert.is(files.get("f")?.[0]?.filename, "g");
});

functions("have limits of their own if they are given", () => {
  const into = new Map<string, string[]>();
  const files = new Map<string, HTTPFile[]>();
  const strict = new ParseBodyConfig({ urlencoded: { maxArguments: 1 } });
  const headers = new HTTPHeaders();
  const run = () => parseBodyArguments(FORM, Buffer.from("a&b"), into, files, headers, strict);
  assert.throws(run, /more than 1 arguments/);
  headers.add("Content-Encoding", "gzip");
  assert.throws(run, /Content-Encoding "gzip"/);
  const none = new ParseMultipartConfig({ maxFieldBytes: 1, maxFileBytes: 1, maxParts: 1 });
  parseMultipartFormData("b", Buffer.from(onePart), into, files, none);
});

functions.run();

const config = suite("setParseBodyConfig");
config.after.each(() => setParseBodyConfig({}));

config("has Tornado's limits by default", () => {
  const { multipart, urlencoded } = parseBodyConfig();
  assert.is(urlencoded.maxArguments, 1000);
  assert.is(multipart.enabled, true);
  assert.is(multipart.maxParts, 100);
  assert.is(multipart.maxPartHeaderBytes, 10_240);
});

config("limits the arguments of forms and queries: at, under and over", () => {
  setParseBodyConfig({ urlencoded: { maxArguments: 2 } });
  for (const body of ["a=1", "a=1&b=2"]) request(FORM, body).parseBody();
  refused("ERR_HTTP_TOO_MANY_ARGUMENTS", () => request(FORM, "a=1&b=2&c=3").parseBody());
  setParseBodyConfig({ urlencoded: new ParseUrlEncodedConfig({ maxArguments: 2000 }) });
  assert.is(request(FORM, "a&".repeat(2000)).bodyArguments.get("a")?.length, 2000);
});

config("limits multipart forms, or refuses them all", () => {
  const two = `${onePart.slice(0, -5)}${onePart}`;
  assert.equal(request(MULTIPART, two).bodyArguments.get("a"), ["1", "1"]);
  setParseBodyConfig(new ParseBodyConfig({ multipart: new ParseMultipartConfig({ maxParts: 1 }) }));
  assert.equal(request(MULTIPART, onePart).bodyArguments.get("a"), ["1"]);
  refused("ERR_HTTP_MULTIPART", () => request(MULTIPART, two).parseBody());
  setParseBodyConfig({ multipart: { maxFieldBytes: 1, maxFileBytes: 1 } });
  request(MULTIPART, onePart).parseBody();
  refused(
    "ERR_HTTP_PART_TOO_LARGE",
    () => request(MULTIPART, onePart.replace("1", "22")).parseBody(),
    413,
  );
  setParseBodyConfig({ multipart: { enabled: false } });
  refused("ERR_HTTP_MULTIPART", () => request(MULTIPART, onePart).parseBody());
  assert.equal(request(FORM, "a=1").bodyArguments.get("a"), ["1"]);
});

config("limits the depth of JSON", () => {
  setParseBodyConfig({ json: { maxDepth: 1 } });
  assert.equal(request("application/json", "[]").json(), []);
  assert.throws(() => request("application/json", "[[]]").json(), /deeper than 1 /);
});

config("refuses what is no option, and changes nothing then", () => {
  const wrong = [
    { multipart: { maxPart: 1 } },
    { multiparts: {} },
    { multipart: { maxParts: 0 } },
    { urlencoded: { maxArguments: "1" } },
  ];
  for (const given of wrong) {
    assert.throws(
      () => setParseBodyConfig(given as never),
      (error: unknown) => error instanceof CodedError && /OPTION/.test(error.code),
    );
  }
  assert.is(parseBodyConfig().multipart.maxParts, 100);
});

config.run();

const body = suite("the body of a request");

body("is a multipart form, be it in upper case", () => {
  const got = request("Multipart/Form-Data; boundary=b", onePart);
  got.parseBody();
  assert.equal(got.bodyArguments.get("a"), ["1"]);
  assert.equal(got.arguments.get("a"), ["0", "1"]);
  assert.is(got.files.size, 0);
  assert.is(got.mediaType, "multipart/form-data");
});

body("is refused once: from then on it has no arguments", () => {
  const got = request("multipart/form-data", onePart);
  refused("ERR_HTTP_MULTIPART", () => got.parseBody());
  assert.is(got.bodyArguments.size, 0);
  assert.is(got.files.size, 0);
  assert.equal(got.arguments.get("a"), ["0"]);
});

body("is refused if the form is still encoded", () => {
  const gzip = { "Content-Encoding": "gzip" };
  refused("ERR_HTTP_FORM_ENCODING", () => request(MULTIPART, onePart, gzip).parseBody());
  refused("ERR_HTTP_FORM_ENCODING", () => request(FORM, "a=1", gzip).parseBody());
  request("application/json", "{}", gzip).parseBody();
});

body("is no form if it is empty or of another type", () => {
  request(MULTIPART, "").parseBody();
  const got = request("application/json", '{"a":1}');
  got.parseBody();
  assert.is(got.bodyArguments.size, 0);
  assert.is(request("text/plain; x=multipart/form-data", onePart).bodyArguments.size, 0);
});

body("is JSON when it is asked for, whatever its type, and parsed once", () => {
  const got = request("text/plain", '{"a":1}');
  assert.equal(got.json(), { a: 1 });
  assert.is(got.json(), got.json());
  const broken = request("application/json", "{");
  for (let i = 0; i < 2; i++) assert.throws(() => broken.json(), /no JSON/);
});

body("has the form that was parsed while it arrived", () => {
  const form = { arguments: new Map([["x", ["1"]]]), files: new Map() };
  const got = request(MULTIPART, "", {}, form);
  assert.is(got.bodyArguments, form.arguments);
  assert.is(got.files, form.files);
});

body("has a media type without parameters", () => {
  assert.is(request("Application/JSON ; charset=utf-8", "1").mediaType, "application/json");
  assert.is(request("application/json", "1").mediaType, "application/json");
  assert.is(request("", "1").mediaType, "");
});

body.run();
