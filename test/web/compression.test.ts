/** Compressed responses: which, how, and what their heads say. */
import * as zlib from "node:zlib";
import * as assert from "uvu/assert";
import { HTTPError, RequestHandler } from "../../lib/index.ts";
import type { RawResponse } from "../support/rawresponse.ts";
import { type Routes, type Settings, serverSuite, startServer } from "../support/servers.ts";

const text = "All work and no play makes Jack a dull boy. ".repeat(100);
const hasZstd = "zstdDecompressSync" in zlib;

/** Writes what its arguments say. */
class Page extends RequestHandler {
  get() {
    const argument = (name: string) => this.getArgument(name, null);
    const status = argument("status");
    if (status !== null) this.setStatus(Number(status));
    for (const field of this.getArguments("h")) {
      const colon = field.indexOf(":");
      this.addHeader(field.slice(0, colon), field.slice(colon + 1));
    }
    const type = argument("type");
    if (type !== null) this.setHeader("Content-Type", type);
    if (argument("none") !== null) return;
    const length = Number(argument("length") ?? text.length);
    if (argument("length") !== null) this.write(Buffer.alloc(length, "ab"));
    else for (const half of [text.slice(0, 1000), text.slice(1000)]) this.write(half);
  }
}

/** Two pieces, the first flushed. */
class Stream extends RequestHandler {
  async get() {
    this.setHeader("Etag", '"stream"');
    this.write("ab");
    await this.flush();
    this.write("cd");
  }
}

class Json extends RequestHandler {
  get() {
    this.write({ list: Array.from({ length: 200 }, (_, index) => index ** 2) });
  }
}

class OwnHead extends RequestHandler {
  override head() {
    this.setHeader("Content-Length", 5000);
  }
}

class Failing extends RequestHandler {
  get() {
    throw new HTTPError(404);
  }
}

const routes: Routes = [
  ["/", Page],
  ["/s", Stream],
  ["/j", Json],
  ["/head", OwnHead],
  ["/failing", Failing],
];

async function get(
  target: string,
  fields = "Accept-Encoding: gzip\r\n",
  compressResponse: Settings["compressResponse"] = true,
): Promise<RawResponse> {
  const { connect } = await startServer(routes, {}, { compressResponse });
  return (await connect()).get(target, fields);
}

function decoded(response: RawResponse): string {
  switch (response.header("content-encoding")) {
    case "gzip":
      return zlib.gunzipSync(response.body).toString();
    case "br":
      return zlib.brotliDecompressSync(response.body).toString();
    case "zstd": {
      const { zstdDecompressSync } = zlib as unknown as {
        zstdDecompressSync: (b: Buffer) => Buffer;
      };
      return zstdDecompressSync(response.body).toString();
    }
    default:
      throw new Error(`not compressed: ${response.head}`);
  }
}

const codings = serverSuite("a compressed response");
for (const coding of ["gzip", "br", ...(hasZstd ? ["zstd"] : [])]) {
  codings(`is ${coding} if the client asks for that`, async () => {
    const response = await get("/", `Accept-Encoding: ${coding}\r\n`);
    assert.is(response.header("content-encoding"), coding);
    assert.is(response.framing, "length");
    assert.ok(response.body.length < text.length / 5);
    assert.is(decoded(response), text);
  });
  codings(`is ${coding} if the client asks for that, and comes in pieces`, async () => {
    const response = await get("/s", `Accept-Encoding: ${coding}\r\n`);
    assert.is(response.header("content-encoding"), coding);
    assert.is(response.framing, "chunked");
    assert.is(response.header("content-length"), null);
    assert.ok(response.chunks.length >= 2);
    assert.is(decoded(response), "abcd");
  });
}
codings("is never zstd where Node.js does not have it", async () => {
  if (hasZstd) return;
  const response = await get("/", "Accept-Encoding: zstd\r\n");
  assert.is(response.header("content-encoding"), null);
  assert.is(response.text, text);
});
codings(
  "is of the coding that the client wants most, and of ours if it does not care",
  async () => {
    const coding = async (fields: string, encodings: readonly ("br" | "gzip")[]) =>
      (await get("/", fields, { encodings })).header("content-encoding");
    assert.is(await coding("Accept-Encoding: gzip, br\r\n", ["br", "gzip"]), "br");
    assert.is(await coding("Accept-Encoding: gzip, br\r\n", ["gzip", "br"]), "gzip");
    assert.is(await coding("Accept-Encoding: br;q=0.1, gzip;q=0.2\r\n", ["br", "gzip"]), "gzip");
    assert.is(await coding("Accept-Encoding: br\r\n", ["gzip"]), null);
    assert.is(
      await coding("Accept-Encoding: br;q=0\r\nAccept-Encoding: gzip\r\n", ["br", "gzip"]),
      "gzip",
    );
  },
);
codings("may be as hard to make as options say", async () => {
  const bytes = async (options: object) => (await get("/j", undefined, options)).body.length;
  assert.ok(
    (await bytes({ gzipLevel: 1, minBytes: 0 })) > (await bytes({ gzipLevel: 9, minBytes: 0 })),
  );
});
codings("is JSON of 2 KB, and a short stream, but no image", async () => {
  assert.is((await get("/j", undefined, { minBytes: 500 })).header("content-encoding"), "gzip");
  assert.is(decoded(await get("/s")), "abcd");
  const image = await get("/?type=image/png");
  assert.is(image.header("content-encoding"), null);
  assert.is(image.header("vary"), "Accept-Encoding");
  assert.is(image.text, text);
});
codings("is an error page, too, if that is long enough", async () => {
  const short = await get("/failing");
  assert.is(short.status, 404);
  assert.is(short.header("content-encoding"), null);
  assert.is(short.header("vary"), "Accept-Encoding");
  const long = await get("/failing", undefined, { minBytes: 10 });
  assert.is(long.status, 404);
  assert.match(decoded(long), /404: Not Found/);
});
codings.run();

const plain = serverSuite("a response is not compressed");
for (const [why, target, fields] of [
  ["without Accept-Encoding", "/", ""],
  ["for an empty Accept-Encoding", "/", "Accept-Encoding:\r\n"],
  ["for gzip;q=0", "/", "Accept-Encoding: gzip;q=0\r\n"],
  ["for *;q=0", "/", "Accept-Encoding: *;q=0\r\n"],
  ["for identity;q=0 with no other coding", "/", "Accept-Encoding: identity;q=0\r\n"],
  ["that has a Content-Encoding", "/?h=Content-Encoding:x-own", "Accept-Encoding: gzip\r\n"],
  [
    "that may not be transformed",
    "/?h=Cache-Control:public,%20No-Transform",
    "Accept-Encoding: gzip\r\n",
  ],
  ["that is a range", "/?status=206&h=Content-Range:bytes%200-1/2", "Accept-Encoding: gzip\r\n"],
  ["that says it is a range", "/?h=Content-Range:bytes%200-1/2", "Accept-Encoding: gzip\r\n"],
] as const) {
  plain(why, async () => {
    const response = await get(target, fields);
    assert.not.equal(response.header("content-encoding"), "gzip");
    assert.is(response.text, text);
    assert.is(response.framing, "length");
    // Another client might get it compressed, or all of it.
    assert.is(response.header("vary"), "Accept-Encoding");
    assert.not(response.header("etag")?.startsWith("W/") ?? false);
  });
}
plain("if it is shorter than minBytes", async () => {
  assert.is((await get("/?length=1023")).header("content-encoding"), null);
  assert.is((await get("/?length=1024")).header("content-encoding"), "gzip");
  assert.is((await get("/?length=1025")).header("content-encoding"), "gzip");
  assert.is((await get("/?length=0", undefined, { minBytes: 0 })).header("content-encoding"), null);
  assert.is(
    (await get("/?length=1", undefined, { minBytes: 0 })).header("content-encoding"),
    "gzip",
  );
});
plain("if it has no body", async () => {
  const response = await get("/?none&status=204");
  assert.is(response.status, 204);
  assert.is(response.header("content-encoding"), null);
  assert.is(response.header("vary"), "Accept-Encoding");
});
plain("if it is a stream of events, unless that is asked for", async () => {
  const events = await get("/?type=text/event-stream");
  assert.is(events.header("content-encoding"), null);
  assert.is(events.header("vary"), "Accept-Encoding");
  const asked = await get("/?type=text/event-stream", undefined, { types: ["text/event-stream"] });
  assert.is(decoded(asked), text);
});
plain("without the setting, and says nothing of it then", async () => {
  const response = await get("/", undefined, false);
  assert.is(response.text, text);
  assert.is(response.header("vary"), null);
});
plain("if a reason would be a stranger to no-transform", async () => {
  const response = await get("/?h=Cache-Control:x-no-transform-x");
  assert.is(response.header("content-encoding"), "gzip");
});
plain.run();

const vary = serverSuite("Vary");
for (const [given, sent] of [
  ["", "Accept-Encoding"],
  ["h=Vary:Cookie", "Cookie, Accept-Encoding"],
  ["h=Vary:Cookie,%20Origin", "Cookie, Origin, Accept-Encoding"],
  ["h=Vary:Cookie&h=Vary:Origin", "Cookie, Origin, Accept-Encoding"],
  ["h=Vary:accept-encoding", "accept-encoding"],
  ["h=Vary:Cookie,%20ACCEPT-Encoding", "Cookie, ACCEPT-Encoding"],
  ["h=Vary:*", "*"],
  ["h=Vary:Cookie,%20*", "Cookie, *"],
  ["h=Vary:Accept-Encoding-X", "Accept-Encoding-X, Accept-Encoding"],
] as const) {
  vary(`is ${sent} after ${JSON.stringify(given)}`, async () => {
    assert.is((await get(`/?${given}`)).header("vary"), sent);
    assert.is((await get(`/?${given}`, "")).header("vary"), sent);
  });
}
vary.run();

const tags = serverSuite("the entity tag of a compressed response");
tags("is that of the plain one, but weak", async () => {
  const strong = (await get("/", "")).header("etag") ?? "";
  assert.match(strong, /^"[0-9a-f]{40}"$/);
  assert.is((await get("/")).header("etag"), `W/${strong}`);
});
tags("is weak if it is the handler's own, or a stream's, and stays weak", async () => {
  assert.is((await get("/?h=Etag:%22x%22")).header("etag"), 'W/"x"');
  assert.is((await get("/?h=Etag:W/%22x%22")).header("etag"), 'W/"x"');
  assert.is((await get("/s")).header("etag"), 'W/"stream"');
});
tags("still spares the client what it has", async () => {
  const strong = (await get("/", "")).header("etag");
  for (const has of [strong, `W/${strong}`, `"other", W/${strong}`, "*"]) {
    const response = await get("/", `Accept-Encoding: gzip\r\nIf-None-Match: ${has}\r\n`);
    assert.is(response.status, 304);
    assert.is(response.body.length, 0);
    assert.is(response.header("etag"), `W/${strong}`);
    assert.is(response.header("vary"), "Accept-Encoding");
    for (const name of ["content-encoding", "content-type", "content-length"])
      assert.is(response.header(name), null);
  }
  const plainClient = await get("/", `If-None-Match: W/${strong}\r\n`);
  assert.is(plainClient.status, 304);
  assert.is(plainClient.header("etag"), strong);
});
tags("is strong in a 304 for what would not have been compressed", async () => {
  const strong = (await get("/?length=100", "")).header("etag");
  const fields = `Accept-Encoding: gzip\r\nIf-None-Match: ${strong}\r\n`;
  const response = await get("/?length=100", fields);
  assert.is(response.status, 304);
  assert.is(response.header("etag"), strong);
});
tags("does not spare it what it does not have", async () => {
  const fields = 'Accept-Encoding: gzip\r\nIf-None-Match: "other"\r\n';
  assert.is(decoded(await get("/", fields)), text);
});
tags.run();

const head = serverSuite("HEAD");
async function headOf(target: string): Promise<RawResponse> {
  const { connect } = await startServer(routes, {}, { compressResponse: true });
  const client = await connect();
  void client.send(`HEAD ${target} HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n`);
  const response = await client.readResponse({ method: "HEAD" });
  await client.staysOpen();
  assert.is(client.unread, "");
  return response;
}
head("gets the fields of GET, but for a length that nobody has computed", async () => {
  const response = await headOf("/");
  const of = await get("/");
  for (const name of ["content-type", "content-encoding", "vary", "etag"])
    assert.is(response.header(name), of.header(name));
  assert.is(response.header("content-length"), null);
});
head("gets the length of what is not compressed", async () => {
  const response = await headOf("/?length=100");
  assert.is(response.header("content-length"), "100");
  assert.is(response.header("content-encoding"), null);
});
head("gets the fields of a stream", async () => {
  const response = await headOf("/s");
  assert.is(response.header("content-encoding"), "gzip");
  assert.is(response.header("transfer-encoding"), null);
});
head("goes by the length that a handler's own head() declares", async () => {
  const response = await headOf("/head");
  assert.is(response.header("content-encoding"), "gzip");
  assert.is(response.header("content-length"), null);
});
head.run();
