/** Types of files by their extension. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { contentTypeOf, withCharset } from "../../lib/http/contenttype.ts";

const types = suite("contentTypeOf");
for (const [file, expected] of [
  ["robots.txt", "text/plain"],
  ["/a.b/index.html", "text/html"],
  ["SITE.CSS", "text/css"],
  ["app.js", "text/javascript"],
  ["app.mjs", "text/javascript"],
  ["data.json", "application/json"],
  ["logo.svg", "image/svg+xml"],
  ["sample.xml", "application/xml"],
  ["a.wasm", "application/wasm"],
  // Compressed files are what they are, not what is in them.
  ["sample.xml.gz", "application/gzip"],
  ["sample.tgz", "application/gzip"],
  ["logo.svgz", "application/gzip"],
  ["sample.xml.bz2", "application/octet-stream"],
  ["sample.xml.xz", "application/octet-stream"],
  ["sample.xml.Z", "application/octet-stream"],
  ["app.js.br", "application/octet-stream"],
  ["app.js.zst", "application/octet-stream"],
  // Unknown.
  ["file.unknown-extension", "application/octet-stream"],
  ["README", "application/octet-stream"],
  ["/html", "application/octet-stream"],
  [".html", "application/octet-stream"],
  ["dot.", "application/octet-stream"],
  ["", "application/octet-stream"],
] as const) {
  types(`${JSON.stringify(file)} is ${expected}`, () => {
    assert.is(contentTypeOf(file), expected);
  });
}
types.run();

const charset = suite("withCharset");
charset("adds it to texts alone", () => {
  assert.is(withCharset("text/plain", "utf-8"), "text/plain; charset=utf-8");
  assert.is(withCharset("application/json", "utf-8"), "application/json; charset=utf-8");
  assert.is(withCharset("text/javascript", "utf-8"), "text/javascript; charset=utf-8");
  assert.is(withCharset("image/png", "utf-8"), "image/png");
  assert.is(withCharset("application/octet-stream", "utf-8"), "application/octet-stream");
});
charset.run();
