/** Hono inside: the real package, as what answers a server. fallbackhandler.test.ts has it behind routes. */
import { createHash } from "node:crypto";
import { Hono } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { streamText } from "hono/streaming";
import * as assert from "uvu/assert";
import { postHeldBack, readsLate, refusesUnread, sha1, slowFirst } from "../support/bodychecks.ts";
import { deferred, until } from "../support/deferred.ts";
import { turns } from "../support/rawclient.ts";
import { loggedErrors, serverSuite } from "../support/servers.ts";
import { ask, MEBIBYTE, pattern, startTarget, withBody } from "../support/targets.ts";

const bodies = serverSuite("bodies to a Hono app");

bodies("are parsed: JSON, forms, multipart, text; and the connection goes on", async () => {
  const app = new Hono()
    .post("/json", async (c) => c.json(await c.req.json()))
    .post("/form", async (c) => c.json(await c.req.parseBody({ all: true })))
    .post("/text", async (c) => c.text((await c.req.text()).toUpperCase()));
  const { connect } = await startTarget(app);
  const client = await connect();
  const echoed = async (target: string, type: string, body: string) => {
    await client.send(withBody(target, type, body));
    return (await client.readFinalResponse()).text;
  };
  assert.is(await echoed("/json", "application/json", '{"ä":[1]}'), '{"ä":[1]}');
  const urlencoded = "application/x-www-form-urlencoded";
  assert.is(await echoed("/form", urlencoded, "a=1&b=x+y&a=2"), '{"a":["1","2"],"b":"x y"}');
  const multipart = '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--b--\r\n';
  assert.is(await echoed("/form", "multipart/form-data; boundary=b", multipart), '{"a":"1"}');
  assert.is(await echoed("/text", "text/plain", "words"), "WORDS");
  await client.send(
    `${ask("/text", "POST", "Transfer-Encoding: chunked\r\n")}2\r\nab\r\n0\r\n\r\n`,
  );
  assert.is((await client.readFinalResponse()).text, "AB");
  await client.staysOpen();
});

bodies("of 10 MiB stream, and a handler that does not read holds the client back", async () => {
  const bytes = pattern(10 * MEBIBYTE);
  const gate = deferred();
  const app = new Hono().post("/", async (c) => {
    await gate.promise;
    const hash = createHash("sha1");
    for await (const piece of c.req.raw.body as unknown as AsyncIterable<Uint8Array>) {
      hash.update(piece);
    }
    return c.text(hash.digest("hex"));
  });
  const { connect } = await startTarget(app);
  const client = await connect();
  const { sent } = await postHeldBack(client, bytes);
  gate.resolve();
  await sent;
  assert.is((await client.readFinalResponse()).text, sha1(bytes));
});

bodies("may be cut short by the client: the body fails and the signal fires", async () => {
  const seen: string[] = [];
  const app = new Hono().post("/", async (c) => {
    c.req.raw.signal.addEventListener("abort", () => seen.push("abort"));
    await c.req.raw.arrayBuffer().catch(() => seen.push("body failed"));
    return c.text("late");
  });
  const { connect } = await startTarget(app);
  const client = await connect();
  await client.send(`${ask("/", "POST", "Content-Length: 1000\r\n")}half`);
  await turns(4);
  client.abort();
  await until(() => seen.length === 2, "both");
  assert.equal(seen.sort(), ["abort", "body failed"]);
  assert.equal(loggedErrors(), []);
});

bodies("that nobody reads end the connection after the response, which arrives", async () => {
  await refusesUnread(await startTarget(new Hono().post("/", (c) => c.text("no", 403))));
});

bodies.run();

const responses = serverSuite("responses of a Hono app");

responses("know HEAD, cookies, redirects and empty bodies", async () => {
  const app = new Hono()
    .get("/text", (c) => {
      setCookie(c, "a", "1", { httpOnly: true });
      setCookie(c, "b", "2");
      deleteCookie(c, "c");
      return c.text(`text ${getCookie(c, "seen") ?? ""}`);
    })
    .get("/away", (c) => c.redirect("/text", 302))
    .get("/empty", (c) => c.body(null, 204));
  const { connect } = await startTarget(app);
  const client = await connect();
  const full = await client.get("/text", "Cookie: seen=yes\r\n");
  assert.is(full.text, "text yes");
  assert.equal(full.headers("Set-Cookie"), [
    "a=1; Path=/; HttpOnly",
    "b=2; Path=/",
    "c=; Max-Age=0; Path=/",
  ]);
  assert.ok(full.header("Date") !== null);
  await client.send(ask("/text", "HEAD"));
  const head = await client.readFinalResponse({ method: "HEAD" });
  assert.equal([head.status, head.text], [200, ""]);
  const away = await client.get("/away");
  assert.equal([away.status, away.header("Location"), away.framing], [302, "/text", "length"]);
  const empty = await client.get("/empty");
  assert.equal([empty.status, empty.header("Content-Length")], [204, null]);
  await client.staysOpen();
});

responses("of 10 MiB wait for a slow reader", async () => {
  const bytes = pattern(10 * MEBIBYTE);
  let given = 0;
  const app = new Hono().get("/", (c) =>
    c.body(
      new ReadableStream<Uint8Array>({
        pull(controller) {
          const piece = bytes.slice(given, given + 50_000);
          given += piece.length;
          if (piece.length === 0) controller.close();
          else controller.enqueue(piece);
        },
      }),
    ),
  );
  const { connect } = await startTarget(app);
  const client = await connect({ paused: true });
  await client.send(ask("/"));
  await readsLate(client, () => given, bytes);
});

responses("are in the order of pipelined requests, the slow one first", async () => {
  const gate = deferred();
  const app = new Hono()
    .get("/slow", async (c) => {
      await gate.promise;
      return c.text("slow");
    })
    .get("/fast", (c) => c.text("fast"));
  const { connect } = await startTarget(app);
  const client = await connect();
  await client.send(ask("/slow") + ask("/fast") + ask("/none"));
  await slowFirst(client, gate);
  await client.staysOpen();
});

responses("stream as they are made, and to HTTP/1.0 end with the connection", async () => {
  const gate = deferred();
  const app = new Hono().get("/", (c) =>
    streamText(c, async (stream) => {
      await stream.write("first");
      await gate.promise;
      await stream.write("second");
    }),
  );
  const { connect } = await startTarget(app);
  const client = await connect();
  await client.send(ask("/"));
  await client.receives("first");
  const old = await connect();
  await old.send(ask("/", "GET", "", "1.0"));
  await old.receives("Connection: close\r\n\r\nfirst");
  gate.resolve();
  await client.receives("second\r\n0\r\n\r\n");
  assert.is((await old.readToEnd()).toString(), "second");
});

responses("are cancelled when the client goes away half-way, by a reset or in order", async () => {
  for (const leave of ["abort", "endSending"] as const) {
    const cancelled = deferred();
    const app = new Hono().get("/", (c) =>
      streamText(c, async (stream) => {
        stream.onAbort(() => cancelled.resolve());
        await stream.write("first");
        await cancelled.promise;
      }),
    );
    const { connect } = await startTarget(app);
    const client = await connect();
    await client.send(ask("/"));
    await client.receives("first");
    client[leave]();
    await cancelled.promise;
    client.destroy();
  }
});

responses.run();

const failing = serverSuite("a Hono app that fails");

failing("answers with 500, thrown at once or later, or by its own page", async () => {
  const app = new Hono()
    .get("/sync", () => {
      throw new Error("deliberate sync");
    })
    .get("/async", async () => {
      await turns(1);
      throw new Error("deliberate async");
    })
    .onError((error, c) => c.text(`page: ${error.message}`, 500));
  const { connect } = await startTarget(app);
  const client = await connect();
  assert.is((await client.get("/sync")).text, "page: deliberate sync");
  assert.is((await client.get("/async")).text, "page: deliberate async");
  await client.staysOpen();
});

failing("runs its middleware in order, around the handler", async () => {
  const order: string[] = [];
  const app = new Hono()
    .use(async (_c, next) => {
      order.push("before");
      await next();
      order.push("after");
    })
    .basePath("/sub")
    .get("/x", (c) => {
      order.push(`handler ${c.req.url} ${c.req.query("y")}`);
      return c.body(null);
    });
  const { connect } = await startTarget(app);
  const client = await connect();
  assert.is((await client.get("/sub/x?y=1")).header("Content-Length"), "0");
  assert.equal(order, ["before", "handler http://a/sub/x?y=1 1", "after"]);
});

failing("in the middle of its body closes the connection: nothing looks complete", async () => {
  const gate = deferred();
  const app = new Hono().get("/", (c) =>
    c.body(
      new ReadableStream<Uint8Array>({
        async pull(controller) {
          controller.enqueue(Buffer.from("half"));
          await gate.promise;
          controller.error(new Error("deliberate"));
        },
      }),
    ),
  );
  const { connect } = await startTarget(app);
  const client = await connect();
  await client.send(ask("/"));
  await client.receives("half");
  gate.resolve();
  await client.gone();
  assert.not.match(client.unread, /0\r\n\r\n$/);
  assert.is(loggedErrors().length, 1);
});

failing.run();
