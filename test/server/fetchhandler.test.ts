/** Fetch handlers: what Request they get, and how each kind of Response leaves. */
import { AsyncLocalStorage } from "node:async_hooks";
import * as assert from "uvu/assert";
import { fetchHandler } from "../../lib/server/fetchhandler.ts";
import { answersHalfClosed } from "../support/bodychecks.ts";
import { deferred, until } from "../support/deferred.ts";
import { turns } from "../support/rawclient.ts";
import { loggedErrors, serverSuite } from "../support/servers.ts";
import { pipelined, startTarget } from "../support/targets.ts";

const ask = (target: string, method = "GET", fields = "", version = "1.1"): string =>
  `${method} ${target} HTTP/${version}\r\nHost: a:1\r\n${fields}\r\n`;

/** A body of these pieces, in turn. */
function bodyOf(...pieces: unknown[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull(controller) {
      const piece = pieces.shift();
      if (piece === undefined) controller.close();
      else
        controller.enqueue(typeof piece === "string" ? Buffer.from(piece) : (piece as Uint8Array));
    },
  });
}

const requests = serverSuite("the Request of a fetch handler");

requests("has URL, method, fields and body", async () => {
  const seen: unknown[] = [];
  const handler = async (request: Request) => {
    const { url, method, headers, body } = request;
    seen.push([
      url,
      method,
      headers.get("x"),
      headers.get("cookie"),
      body !== null,
      await request.text(),
    ]);
    return new Response(null);
  };
  const { connect } = await startTarget(fetchHandler(handler));
  const client = await connect();
  await client.get("/a%20b?c=d", "X: 1\r\nX: 2\r\nCookie: a=1; b=2\r\n");
  await client.send(ask("http://other/x"));
  await client.readFinalResponse();
  await client.send(`${ask("/", "POST", "Content-Length: 4\r\n")}body`);
  await client.readFinalResponse();
  await client.send(ask("/", "POST", "Content-Length: 0\r\n"));
  await client.readFinalResponse();
  await client.send(`${ask("/", "GET", "Content-Length: 4\r\n")}body`);
  await client.readFinalResponse();
  await client.send(ask("*", "OPTIONS"));
  await client.readFinalResponse();
  assert.equal(seen, [
    ["http://a/a%20b?c=d", "GET", "1, 2", "a=1; b=2", false, ""],
    ["http://other/x", "GET", null, null, false, ""],
    ["http://a:1/", "POST", null, null, true, "body"],
    ["http://a:1/", "POST", null, null, false, ""],
    ["http://a:1/", "GET", null, null, false, ""],
    ["http://a:1/", "OPTIONS", null, null, false, ""],
  ]);
  await client.staysOpen();
});

requests("is https behind a proxy that says so, if that is trusted", async () => {
  const { connect } = await startTarget(
    fetchHandler(({ url }) => new Response(url)),
    { xheaders: true },
  );
  const client = await connect();
  const response = await client.get("/x", "X-Forwarded-Proto: https\r\n");
  assert.is(response.text, "https://a/x");
});

requests("cannot be TRACE, nor of a host that makes no URL", async () => {
  const { connect } = await startTarget(fetchHandler(() => new Response("never")));
  const client = await connect();
  await client.send(ask("/", "TRACE"));
  assert.is((await client.readFinalResponse()).status, 501);
  await client.send("GET / HTTP/1.1\r\nHost: a%b\r\n\r\n");
  assert.is((await client.readFinalResponse()).status, 400);
  assert.equal(loggedErrors(), []);
});

requests("has a signal that fires when the client goes, and not after the response", async () => {
  const reasons: unknown[] = [];
  const gate = deferred();
  const begun = deferred();
  const handler = async ({ signal, url }: Request) => {
    signal.addEventListener("abort", () => reasons.push((signal.reason as { code: string }).code));
    if (url.endsWith("/wait")) {
      begun.resolve();
      await gate.promise;
    }
    return new Response("answered");
  };
  const { connect } = await startTarget(fetchHandler(handler));
  const client = await connect();
  await client.get("/");
  client.destroy();
  await turns(4);
  assert.equal(reasons, []);
  const leaving = await connect();
  await leaving.send(ask("/wait"));
  await begun.promise;
  leaving.abort();
  await until(() => reasons.length === 1, "the signal");
  assert.equal(reasons, ["ERR_HTTP_CONNECTION_CLOSED"]);
  gate.resolve();
  await turns(4);
  assert.equal(loggedErrors(), []);
});

requests(
  "may have its body cancelled: the rest is dropped, and the connection goes on",
  async () => {
    const handler = async (request: Request) => {
      await request.body?.cancel();
      await turns(8);
      return new Response("cancelled");
    };
    const { connect } = await startTarget(fetchHandler(handler));
    const client = await connect();
    await client.send(ask("/", "POST", "Content-Length: 200000\r\n"));
    await client.send(Buffer.alloc(200_000));
    const response = await client.readFinalResponse();
    assert.is(response.text, "cancelled");
  },
);

requests("is alone in its asynchronous context", async () => {
  const storage = new AsyncLocalStorage<string>();
  const handler = async ({ url }: Request) => {
    const before = storage.getStore() ?? "none";
    storage.enterWith(url);
    await turns(1);
    return new Response(`${before} ${storage.getStore()}`);
  };
  const { connect } = await startTarget(fetchHandler(handler));
  const client = await connect();
  assert.equal(await pipelined(client, "/1", "/2"), ["none http://a/1", "none http://a/2"]);
  assert.equal(await pipelined(client, "/3", "/4"), ["none http://a/3", "none http://a/4"]);
});

requests.run();

const responses = serverSuite("the Response of a fetch handler");

responses("leaves whole with its length if its body is there, else chunked", async () => {
  const bodies: Record<string, () => ConstructorParameters<typeof Response>[0]> = {
    "/text": () => "text",
    "/bytes": () => new Uint8Array([65, 66]),
    "/empty": () => "",
    "/none": () => null,
    "/pieces": () => bodyOf("one ", "two ", "three"),
    "/nothing": () => bodyOf(),
  };
  const handler = ({ url }: Request) => new Response(bodies[new URL(url).pathname]?.());
  const { connect } = await startTarget(fetchHandler(handler));
  const client = await connect();
  const seen: unknown[] = [];
  for (const target of Object.keys(bodies)) {
    const { framing, text } = await client.get(target);
    seen.push([target, framing, text]);
  }
  assert.equal(seen, [
    ["/text", "length", "text"],
    ["/bytes", "length", "AB"],
    ["/empty", "length", ""],
    ["/none", "length", ""],
    ["/pieces", "chunked", "one two three"],
    ["/nothing", "length", ""],
  ]);
});

responses("has its status, phrase and fields; what delimits it is the server's", async () => {
  const handler = () =>
    new Response("text", {
      status: 299,
      statusText: "Odd",
      headers: [
        ["set-cookie", "a=1"],
        ["set-cookie", "b=2"],
        ["x-a", "1"],
        ["x-a", "2"],
        ["transfer-encoding", "chunked"],
        ["keep-alive", "timeout=1"],
        ["server", "mine"],
        ["date", "Thu, 01 Jan 1970 00:00:00 GMT"],
      ],
    });
  const { connect } = await startTarget(fetchHandler(handler));
  const response = await (await connect()).get("/");
  assert.equal([response.status, response.reason, response.framing], [299, "Odd", "length"]);
  assert.equal(response.headers("Set-Cookie"), ["a=1", "b=2"]);
  assert.equal([response.header("X-A"), response.header("Server")], ["1, 2", "mine"]);
  assert.equal(response.headers("Date"), ["Thu, 01 Jan 1970 00:00:00 GMT"]);
  assert.is(response.header("Keep-Alive"), null);
});

responses("keeps to the Content-Length it names, or its connection ends", async () => {
  const pieces: Record<string, string[]> = {
    "/right": ["ab", "cd"],
    "/long": ["ab", "cde"],
    "/short": ["ab", "c"],
  };
  const handler = ({ url }: Request) =>
    new Response(bodyOf(...(pieces[new URL(url).pathname] ?? [])), {
      headers: { "content-length": "4" },
    });
  const { connect } = await startTarget(fetchHandler(handler));
  const right = await (await connect()).get("/right");
  assert.equal([right.framing, right.text], ["length", "abcd"]);
  for (const target of ["/long", "/short"]) {
    const client = await connect();
    await client.send(ask(target));
    await client.gone();
  }
  assert.is(loggedErrors().length, 2);
});

responses(
  "of a status without a body, and to HEAD, has none; the stream is cancelled",
  async () => {
    const cancelled: string[] = [];
    const handler = ({ url, method }: Request) => {
      const stream = new ReadableStream<Uint8Array>({ cancel: () => void cancelled.push(method) });
      const status = Number(new URL(url).pathname.slice(1));
      const isEmpty = status !== 200;
      return new Response(isEmpty ? null : stream, {
        status,
        headers: isEmpty ? {} : { "content-length": "9" },
      });
    };
    const { connect } = await startTarget(fetchHandler(handler));
    const client = await connect();
    for (const status of [204, 304]) {
      const response = await client.get(`/${status}`);
      assert.equal([response.status, response.header("Content-Length")], [status, null]);
    }
    await client.send(ask("/200", "HEAD"));
    const head = await client.readFinalResponse({ method: "HEAD" });
    assert.equal([head.status, head.header("Content-Length")], [200, "9"]);
    assert.equal(cancelled, ["HEAD"]);
    await client.staysOpen();
  },
);

responses("that is none, or cannot be sent, is logged and answered with 500", async () => {
  const results: Record<string, () => unknown> = {
    "/undefined": () => undefined,
    "/text": () => "text",
    "/error": () => Response.error(),
    "/used": () => {
      const response = new Response("used");
      void response.text();
      return response;
    },
    "/control": () => new Response("x", { headers: { "x-a": "\x01" } }),
    "/broken": () =>
      new Response(new ReadableStream({ pull: () => Promise.reject(new Error("deliberate")) })),
    "/strings": () =>
      new Response(new ReadableStream({ pull: (controller) => controller.enqueue("x" as never) })),
    "/sync": () => {
      throw new Error("deliberate");
    },
    "/async": () => Promise.reject(new Error("deliberate")),
  };
  const handler = ({ url }: Request) => results[new URL(url).pathname]?.() as Response;
  const { connect } = await startTarget(fetchHandler(handler));
  const client = await connect();
  for (const target of Object.keys(results)) {
    if (target === "/strings") continue;
    assert.is((await client.get(target)).status, 500, target);
  }
  assert.is(loggedErrors().length, Object.keys(results).length - 1);
  await client.staysOpen();
  await client.send(ask("/strings"));
  await client.gone();
});

responses("reaches a client that asks and then ends its side", async () => {
  const handler = fetchHandler(() => new Response("answered"));
  await answersHalfClosed(await startTarget(handler), "answered");
});

responses.run();
