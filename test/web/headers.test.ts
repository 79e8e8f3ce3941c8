/** What a handler says besides its body: status, fields, ETag, redirect. */
import * as assert from "uvu/assert";
import { RequestHandler } from "../../lib/index.ts";
import type { RawResponse } from "../support/rawresponse.ts";
import { serverSuite, startServer } from "../support/servers.ts";

/** The response of a handler whose GET does just this. */
async function respond(
  get: (handler: RequestHandler) => unknown,
  fields = "",
  target = "/",
): Promise<RawResponse> {
  class Acting extends RequestHandler {
    get() {
      get(this);
    }
  }
  const { connect } = await startServer([["/", Acting]]);
  return (await connect()).get(target, fields);
}

/** What the action throws inside a handler. */
async function thrownBy(action: (handler: RequestHandler) => unknown): Promise<unknown> {
  let error: unknown = null;
  await respond((handler) => {
    try {
      action(handler);
    } catch (thrown) {
      error = thrown;
    }
  });
  return error;
}

const header = serverSuite("setHeader, addHeader, clearHeader");
header("replace, add and remove", async () => {
  const response = await respond((handler) => {
    handler.setHeader("x-overwrite", "1");
    handler.setHeader("X-Overwrite", "2");
    handler.addHeader("x-multi", "3");
    handler.addHeader("X-Multi", "4");
    handler.setHeader("X-Gone", "5");
    handler.clearHeader("x-gone");
    handler.clearHeader("X-Never");
    handler.addHeader("X-Gone-Too", "6");
    handler.addHeader("X-Gone-Too", "7");
    handler.clearHeader("X-Gone-Too");
  });
  assert.equal(response.headers("x-overwrite"), ["2"]);
  assert.equal(response.headers("x-multi"), ["3", "4"]);
  assert.equal(response.headers("x-gone"), []);
  assert.equal(response.headers("x-gone-too"), []);
});
header("write names in their usual case", async () => {
  const response = await respond((handler) => handler.setHeader("x-some-NAME", "1"));
  assert.match(response.head, /\r\nX-Some-Name: 1(\r\n|$)/);
});
header("take numbers and dates", async () => {
  const response = await respond((handler) => {
    handler.setHeader("X-Number", 42);
    handler.setHeader("X-Date", new Date(Date.UTC(2013, 0, 27, 18, 43, 20)));
  });
  assert.is(response.header("x-number"), "42");
  assert.is(response.header("x-date"), "Sun, 27 Jan 2013 18:43:20 GMT");
});
header("send obs-text as latin1", async () => {
  const response = await respond((handler) => handler.setHeader("X-A", "\xe9"));
  assert.is(response.header("x-a"), "\xe9");
});
for (const value of ["a\r\nX-B: c", "a\nb", "a\rb", "a\x00b", "a\x1fb", "a\x7fb", "€"]) {
  header(`refuse the value ${JSON.stringify(value)}`, async () => {
    assert.instance(await thrownBy((handler) => handler.setHeader("X-A", value)), Error);
    assert.instance(await thrownBy((handler) => handler.addHeader("X-A", value)), Error);
  });
}
for (const name of ["", "a b", "a:", "a\r\nb", "\xe9", "a\x00"]) {
  header(`refuse the name ${JSON.stringify(name)}`, async () => {
    assert.instance(await thrownBy((handler) => handler.setHeader(name, "a")), Error);
    assert.instance(await thrownBy((handler) => handler.addHeader(name, "a")), Error);
  });
}
header("of one request are not seen in the next", async () => {
  class Once extends RequestHandler {
    get() {
      if (this.request.query !== "") this.setHeader("X-Once", this.request.query);
      this.write("x");
    }
  }
  const { connect } = await startServer([["/", Once]]);
  const client = await connect();
  assert.is((await client.get("/?1")).header("x-once"), "1");
  assert.is((await client.get("/")).header("x-once"), null);
});
header.run();

const status = serverSuite("setStatus");
status("takes the usual reason", async () => {
  const response = await respond((handler) => handler.setStatus(201));
  assert.match(response.head, /^HTTP\/1\.1 201 Created\r\n/);
});
status("takes a reason", async () => {
  const response = await respond((handler) => handler.setStatus(299, "So So"));
  assert.match(response.head, /^HTTP\/1\.1 299 So So\r\n/);
});
status("says Unknown of a number it does not know", async () => {
  const response = await respond((handler) => handler.setStatus(299));
  assert.match(response.head, /^HTTP\/1\.1 299 Unknown\r\n/);
});
for (const reason of ["OK\r\nX-Injection: 1", "<script>", "a\x00b", "a\nb"]) {
  status(`says Unknown instead of ${JSON.stringify(reason)}`, async () => {
    const response = await respond((handler) => handler.setStatus(400, reason));
    assert.match(response.head, /^HTTP\/1\.1 400 Unknown\r\n/);
    assert.is(response.header("x-injection"), null);
  });
}
status.run();

const TAG = '"aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d"';

class Lang extends RequestHandler {
  get() {
    this.setHeader("Content-Language", "en_US");
    this.write("hello");
  }

  head() {
    this.get();
  }

  post() {
    this.write("hello");
  }
}

const etag = serverSuite("the ETag of a response");
for (const [what, value] of [
  ["the same tag", TAG],
  ["the same tag, weak", `W/${TAG}`],
  ["a list with the tag", `"nope", ${TAG}`],
  ["a list without spaces", `"nope",${TAG},"x"`],
  ["any", "*"],
] as const) {
  etag(`turns 200 into 304 when If-None-Match is ${what}`, async () => {
    const { connect } = await startServer([["/", Lang]]);
    const client = await connect();
    const response = await client.get("/", `If-None-Match: ${value}\r\n`);
    assert.is(response.status, 304);
    assert.is(response.header("etag"), TAG);
    for (const name of [
      "content-length",
      "content-type",
      "content-language",
      "transfer-encoding",
    ]) {
      assert.is(response.header(name), null, name);
    }
    assert.is((await client.get("/")).text, "hello");
  });
}
for (const [what, value] of [
  ["another tag", '"nope"'],
  ["no tag", "nope"],
  ["a tag without quotes", TAG.slice(1, -1)],
  ["a part of the tag", `${TAG.slice(0, 10)}"`],
] as const) {
  etag(`leaves 200 alone when If-None-Match is ${what}`, async () => {
    const { connect } = await startServer([["/", Lang]]);
    const response = await (await connect()).get("/", `If-None-Match: ${value}\r\n`);
    assert.is(response.status, 200);
    assert.is(response.text, "hello");
    assert.is(response.header("content-language"), "en_US");
  });
}
etag("is on HEAD too", async () => {
  const { connect } = await startServer([["/", Lang]]);
  const client = await connect();
  await client.send(`HEAD / HTTP/1.1\r\nHost: a\r\nIf-None-Match: ${TAG}\r\n\r\n`);
  assert.is((await client.readResponse({ method: "HEAD" })).status, 304);
});
etag("is not on POST", async () => {
  const { connect } = await startServer([["/", Lang]]);
  const client = await connect();
  await client.send(
    `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nIf-None-Match: ${TAG}\r\n\r\n`,
  );
  const response = await client.readResponse();
  assert.is(response.status, 200);
  assert.is(response.header("etag"), null);
});
etag("is the handler's own where it sets one", async () => {
  const response = await respond((handler) => {
    handler.setHeader("Etag", '"mine"');
    handler.write("hello");
  }, 'If-None-Match: "mine"\r\n');
  assert.is(response.status, 304);
  assert.is(response.header("etag"), '"mine"');
});
etag("is not made when computeEtag says null", async () => {
  class None extends RequestHandler {
    override computeEtag() {
      return null;
    }

    get() {
      this.write("hello");
    }
  }
  const { connect } = await startServer([["/", None]]);
  assert.is((await (await connect()).get("/")).header("etag"), null);
});
etag.run();

const connection = serverSuite("the field Connection");
for (const [given, wanted] of [
  [[], []],
  [["Upgrade"], ["Upgrade"]],
  [["keep-alive, UPGRADE"], ["Upgrade"]],
  [["x", "upgrade"], ["Upgrade"]],
  [["keep-alive"], []],
  [["upgraded"], []],
  [["close"], ["close"]],
  [["close, upgrade"], ["Upgrade", "close"]],
] as const) {
  connection(`is the server's but for the option upgrade: ${JSON.stringify(given)}`, async () => {
    const response = await respond((handler) => {
      for (const line of given) handler.addHeader("Connection", line);
      handler.setHeader("Upgrade", "x/1");
      handler.setStatus(426);
      handler.write("upgrade");
    });
    assert.is(response.status, 426);
    assert.equal(response.headers("Connection"), wanted);
    assert.is(response.header("Upgrade"), "x/1");
    assert.is(response.text, "upgrade");
  });
}
connection.run();

class Redirect extends RequestHandler {
  get() {
    const status = this.getArgument("status", null);
    this.redirect("/x", {
      permanent: this.getArgument("permanent", "0") === "1",
      ...(status === null ? {} : { status: Number(status) }),
    });
  }
}

const redirect = serverSuite("redirect()");
for (const [target, wanted] of [
  ["/", 302],
  ["/?permanent=1", 301],
  ["/?status=307", 307],
  ["/?status=303", 303],
  ["/?status=200", 500],
] as const) {
  redirect(`(${target}) answers ${wanted}`, async () => {
    const { connect } = await startServer([["/", Redirect]]);
    const response = await (await connect()).get(target);
    assert.is(response.status, wanted);
    if (wanted === 500) return assert.is(response.header("location"), null);
    assert.is(response.header("location"), "/x");
    assert.is(response.header("content-length"), "0");
  });
}
redirect("refuses a target with a line break", async () => {
  const response = await respond((handler) => handler.redirect("/x\r\nX-Injection: 1"));
  assert.is(response.status, 500);
  assert.is(response.header("x-injection"), null);
});
redirect.run();
