/** The setting compressResponse: its options, its media types, and how transforms are declared. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { resolveCompression } from "../../lib/web/compressionoptions.ts";
import { CompressionTypes, defaultTypes } from "../../lib/web/compressiontypes.ts";
import { Application } from "../../lib/index.ts";
import { serverSuite } from "../support/servers.ts";

/** The code and message of what `call` throws. */
function refusal(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    return `${(error as { code: string }).code}: ${(error as Error).message}`;
  }
  return "nothing";
}

const options = suite("compressResponse");
options("is off, or on with defaults, or an object", () => {
  assert.is(resolveCompression(false), null);
  assert.equal(resolveCompression(true)?.encodings, ["br", "zstd", "gzip"]);
  assert.is(resolveCompression(true)?.minBytes, 1024);
  assert.is(resolveCompression({ gzipLevel: 9 })?.gzipLevel, 9);
  assert.is(resolveCompression({})?.brotliQuality, 4);
});
for (const [name, least, most] of [
  ["gzipLevel", 1, 9],
  ["brotliQuality", 0, 11],
  ["zstdLevel", 1, 19],
  ["minBytes", 0, 1073741824],
  ["largeBytes", 0, 1073741824],
] as const) {
  options(`takes ${name} from ${least} to ${most}`, () => {
    for (const value of [least, most]) assert.ok(resolveCompression({ [name]: value }));
    for (const value of [least - 1, most + 1, 1.5, Number.NaN])
      assert.match(
        refusal(() => resolveCompression({ [name]: value })),
        /^ERR_OPTION_RANGE: /,
      );
    const wrong = { [name]: "1" } as unknown as { gzipLevel: number };
    assert.match(
      refusal(() => resolveCompression(wrong)),
      /^ERR_OPTION_TYPE: /,
    );
  });
}
options("refuses encodings and types that are none", () => {
  for (const given of [{ encodings: ["deflate"] }, { encodings: "gzip" }, { types: ["text"] }]) {
    const wrong = given as unknown as { encodings: ["br"] };
    assert.match(
      refusal(() => resolveCompression(wrong)),
      /^ERR_OPTION_(TYPE|RANGE): /,
    );
  }
  for (const type of ["*/*", "text/", "/html", "text/html; charset=x", "", "*/html", "a b/c"]) {
    assert.match(
      refusal(() => resolveCompression({ types: [type] })),
      /^ERR_OPTION_TYPE: .*a media type/,
    );
  }
});
options("names the nearest option", () => {
  const wrong = { minByte: 1 } as unknown as { minBytes: number };
  assert.match(
    refusal(() => resolveCompression(wrong)),
    /ERR_UNKNOWN_OPTION: .*"minBytes"/,
  );
});
options("is checked when the application is made", () => {
  const make = (settings: Record<string, unknown>) => refusal(() => new Application([], settings));
  assert.match(make({ compressResponse: 1 }), /^ERR_OPTION_TYPE: .*compressResponse/);
  assert.match(make({ compressResponse: ["gzip"] }), /^ERR_OPTION_TYPE: .*compressResponse/);
  assert.match(make({ compressResponse: { level: 6 } }), /^ERR_UNKNOWN_OPTION: /);
});
options("is what Tornado's older names are answered with", () => {
  const make = (settings: Record<string, unknown>) => refusal(() => new Application([], settings));
  assert.match(make({ gzip: true }), /^ERR_UNKNOWN_OPTION: .*"compressResponse"/);
  assert.match(make({ compress_response: true }), /^ERR_UNKNOWN_OPTION: .*"compressResponse"/);
});
options.run();

const transforms = serverSuite("transforms");
transforms("are classes with both methods", () => {
  class Half {
    transformChunk(chunk: Buffer): Buffer {
      return chunk;
    }
  }
  for (const given of [Half, () => {}, class {}]) {
    const settings = { transforms: [given] } as unknown as { transforms: [] };
    assert.match(
      refusal(() => new Application([], settings)),
      /^ERR_ARGUMENT_TYPE: .*a class/,
    );
    const app = new Application([]);
    assert.match(
      refusal(() => app.addTransform(given as never)),
      /^ERR_ARGUMENT_TYPE: /,
    );
  }
  for (const given of ["x", [1], null]) {
    const settings = { transforms: given } as unknown as { transforms: [] };
    assert.match(
      refusal(() => new Application([], settings)),
      /^ERR_OPTION_TYPE: /,
    );
  }
});
transforms.run();

const types = suite("the types that are compressed");
const included = (patterns: readonly string[], type: string | undefined) =>
  new CompressionTypes(patterns).includes(type);
types("are by default texts, and what else is text in disguise", () => {
  for (const type of [
    "text/html; charset=UTF-8",
    "TEXT/PLAIN",
    "text/css",
    "application/json; charset=UTF-8",
    "application/javascript",
    "application/x-javascript",
    "application/xml",
    "application/atom+xml",
    "application/xhtml+xml",
    "application/problem+json",
    "image/svg+xml",
    "application/wasm",
    "application/x-ndjson",
    " text/html ;x",
  ]) {
    assert.ok(included(defaultTypes, type), type);
  }
});
types("are by default nothing that is compressed already, or unknown", () => {
  for (const type of [
    undefined,
    "",
    "image/png",
    "video/mp4",
    "application/octet-stream",
    "application/zip",
    "font/woff2",
    "texts/html",
    "text",
    "application/json-no",
    "multipart/byteranges; boundary=x",
  ]) {
    assert.not(included(defaultTypes, type), type);
  }
});
types("are events only if these are named in full", () => {
  assert.not(included(defaultTypes, "text/event-stream"));
  assert.not(included(["text/*"], "text/event-stream; charset=UTF-8"));
  assert.ok(included(["Text/Event-Stream"], "text/event-stream; charset=UTF-8"));
});
types("may be named one by one, by family, and by suffix", () => {
  assert.ok(included(["application/x-thing"], "application/X-Thing"));
  assert.ok(included(["model/*"], "model/obj"));
  assert.ok(included(["*/*+cbor"], "application/x+cbor"));
  assert.not(included(["model/*"], "text/html"));
  assert.not(included([], "text/html"));
});
types.run();
