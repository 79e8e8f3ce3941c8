/** Express inside: the real package, as what answers a server. fallbackhandler.test.ts has it behind routes. */
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import express, { type NextFunction, type Request, type Response } from "express";
import * as assert from "uvu/assert";
import { postHeldBack, readsLate, refusesUnread, sha1, slowFirst } from "../support/bodychecks.ts";
import { deferred, until } from "../support/deferred.ts";
import { turns } from "../support/rawclient.ts";
import { loggedErrors, serverSuite } from "../support/servers.ts";
import { ask, MEBIBYTE, pattern, startTarget, withBody } from "../support/targets.ts";

const bodies = serverSuite("bodies to an Express app");

bodies("are parsed by its middleware: JSON, forms, text", async () => {
  const app = express()
    .set("env", "test")
    .use(express.json(), express.urlencoded(), express.text())
    .post("/", (req, res) => {
      res.json(req.body);
    });
  const { connect } = await startTarget(app);
  const client = await connect();
  const echoed = async (type: string, body: string) => {
    await client.send(withBody("/", type, body));
    return (await client.readFinalResponse()).text;
  };
  assert.is(await echoed("application/json", '{"ä":[1]}'), '{"ä":[1]}');
  assert.is(
    await echoed("application/x-www-form-urlencoded", "a=1&b=x+y&a=2"),
    '{"a":["1","2"],"b":"x y"}',
  );
  assert.is(await echoed("text/plain", "words"), '"words"');
  await client.send(withBody("/", "application/json", "{"));
  assert.is((await client.readFinalResponse()).status, 400);
  await client.send(
    ask("/", "POST", "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n") +
      '4\r\n{"a"\r\n3\r\n:1}\r\n0\r\n\r\n',
  );
  assert.is((await client.readFinalResponse()).text, '{"a":1}');
});

bodies("that are decoded by the server are not decoded again", async () => {
  const { gzipSync } = await import("node:zlib");
  const app = express()
    .use(express.json())
    .post("/", (req, res) => {
      res.json(req.body);
    });
  for (const decompressRequest of [false, true]) {
    const { connect } = await startTarget(app, { decompressRequest });
    const client = await connect();
    const body = gzipSync('{"a":"zipped"}');
    const fields = `Content-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: ${body.length}\r\n`;
    await client.send(Buffer.concat([Buffer.from(ask("/", "POST", fields)), body]));
    assert.is((await client.readFinalResponse()).text, '{"a":"zipped"}', `${decompressRequest}`);
  }
});

bodies("of 10 MiB stream, and a listener that does not read holds the client back", async () => {
  const bytes = pattern(10 * MEBIBYTE);
  const gate = deferred();
  const app = express().post("/", async (req, res) => {
    await gate.promise;
    const hash = createHash("sha1");
    let most = 0;
    for await (const piece of req) {
      hash.update(piece as Buffer);
      most = Math.max(most, (piece as Buffer).length);
    }
    res.json({ sha1: hash.digest("hex"), isPieces: most < MEBIBYTE });
  });
  const { connect } = await startTarget(app);
  const client = await connect();
  const { sent } = await postHeldBack(client, bytes);
  gate.resolve();
  await sent;
  assert.equal(JSON.parse((await client.readFinalResponse()).text), {
    sha1: sha1(bytes),
    isPieces: true,
  });
});

bodies(
  "may be cut short by the client: the request is aborted and the response closed",
  async () => {
    const begun = deferred();
    const seen: string[] = [];
    const app = express().post("/", (req, res) => {
      req.on("aborted", () => seen.push("aborted"));
      req.on("error", (error: NodeJS.ErrnoException) => seen.push(`error ${error.code}`));
      req.on("close", () => seen.push(`req close ${req.complete}`));
      res.on("close", () => seen.push(`res close ${res.writableFinished}`));
      res.on("finish", () => seen.push("finish"));
      req.once("data", () => begun.resolve());
    });
    const { connect } = await startTarget(app);
    const client = await connect();
    await client.send(`${ask("/", "POST", "Content-Length: 1000\r\n")}half`);
    await begun.promise;
    client.abort();
    await until(() => seen.length >= 4, "four events");
    await turns(4);
    assert.equal(seen.sort(), [
      "aborted",
      "error ECONNRESET",
      "req close false",
      "res close false",
    ]);
  },
);

bodies(
  "over the server's limit are refused by the server, and the listener hears of it",
  async () => {
    const seen: string[] = [];
    const app = express().post("/", (req, res) => {
      req.on("aborted", () => seen.push("aborted"));
      res.on("close", () => seen.push(`res ${res.writableFinished}`));
      req.on("error", () => {}).resume();
    });
    const { connect } = await startTarget(app, { maxBodyBytes: 1000 });
    for (const [fields, status] of [
      ["Content-Length: 1001\r\n", 413],
      ["Transfer-Encoding: chunked\r\n", 400],
    ] as const) {
      seen.length = 0;
      const client = await connect();
      const chunk = fields.startsWith("T") ? "3e9\r\n" : "";
      await client.send(`${ask("/", "POST", fields)}${chunk}${"x".repeat(1001)}`);
      assert.is((await client.readFinalResponse()).status, status);
      await client.closed();
      await until(() => seen.length === 2, "both events");
      assert.equal(seen.sort(), ["aborted", "res false"]);
    }
  },
);

bodies("that nobody reads end the connection after the response, which arrives", async () => {
  const app = express().post("/", (_req, res) => {
    res.status(403).send("no");
  });
  await refusesUnread(await startTarget(app));
});

bodies.run();

const responses = serverSuite("responses of an Express app");

responses("know HEAD, 304, cookies and ranges of files", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "landspout-"));
  try {
    writeFileSync(path.join(folder, "file.txt"), pattern(200_000));
    const app = express()
      .set("env", "test")
      .get("/text", (_req, res) => {
        res.cookie("a", "1", { httpOnly: true }).cookie("b", "2").send("text");
      })
      .get("/file", (_req, res) => {
        res.sendFile(path.join(folder, "file.txt"));
      });
    const { connect } = await startTarget(app);
    const client = await connect();
    const full = await client.get("/text");
    assert.equal(full.headers("Set-Cookie"), ["a=1; Path=/; HttpOnly", "b=2; Path=/"]);
    await client.send(ask("/text", "HEAD"));
    const head = await client.readFinalResponse({ method: "HEAD" });
    assert.equal([head.status, head.header("Content-Length"), head.text], [200, "4", ""]);
    const cached = await client.get("/text", `If-None-Match: ${full.header("Etag")}\r\n`);
    assert.equal([cached.status, cached.text, cached.header("Content-Length")], [304, "", null]);
    const file = await client.get("/file");
    assert.is(sha1(file.body), sha1(pattern(200_000)));
    const part = await client.get("/file", "Range: bytes=100000-100009\r\n");
    assert.is(part.status, 206);
    assert.equal(part.body, pattern(200_000).subarray(100_000, 100_010));
    assert.is((await client.get("/file", "Range: bytes=9999999-\r\n")).status, 416);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

responses("of 10 MiB wait for a slow reader", async () => {
  const bytes = pattern(10 * MEBIBYTE);
  let given = 0;
  const app = express().get("/", (_req, res) => {
    const pieces = function* () {
      for (let at = 0; at < bytes.length; at += 50_000) {
        given = at;
        yield bytes.subarray(at, at + 50_000);
      }
    };
    Readable.from(pieces(), { objectMode: false }).pipe(res);
  });
  const { connect } = await startTarget(app);
  const client = await connect({ paused: true });
  await client.send(ask("/"));
  await readsLate(client, () => given, bytes);
  assert.is((await client.get("/")).status, 200);
});

responses("are in the order of pipelined requests, the slow one first", async () => {
  const gate = deferred();
  const app = express()
    .get("/slow", async (_req, res) => {
      await gate.promise;
      res.send("slow");
    })
    .get("/fast", (_req, res) => {
      res.write("fa");
      res.end("st");
    });
  const { connect } = await startTarget(app);
  const client = await connect();
  await client.send(ask("/slow") + ask("/fast") + ask("/none") + ask("/fast"));
  await slowFirst(client, gate);
  assert.is((await client.readFinalResponse()).text, "fast");
  await client.staysOpen();
});

responses("to HTTP/1.0 end with the connection if their length is not known", async () => {
  const app = express()
    .get("/stream", (_req, res) => {
      res.write("a");
      res.end("b");
    })
    .get("/sent", (_req, res) => {
      res.send("sent");
    });
  const { connect } = await startTarget(app);
  const streaming = await connect();
  await streaming.send(ask("/stream", "GET", "", "1.0"));
  assert.match((await streaming.readToEnd()).toString(), /Connection: close\r\n\r\nab$/);
  const sending = await connect();
  await sending.send(ask("/sent", "GET", "Connection: keep-alive\r\n", "1.0"));
  const response = await sending.readFinalResponse();
  assert.equal([response.text, response.header("Connection")], ["sent", "Keep-Alive"]);
  await sending.staysOpen();
});

responses("stop when the client goes away half-way", async () => {
  const closed = deferred<boolean>();
  const app = express().get("/", (_req, res) => {
    res.on("close", () => closed.resolve(res.writableFinished));
    const timer = setInterval(() => res.write("x".repeat(1000)), 1);
    res.on("close", () => clearInterval(timer));
  });
  const { connect } = await startTarget(app);
  const client = await connect();
  await client.send(ask("/"));
  await client.receives("xxxx");
  client.abort();
  assert.is(await closed.promise, false);
});

responses.run();

const failing = serverSuite("an Express app that fails");

failing(
  "answers with its error page, thrown at once or later, and the connection goes on",
  async () => {
    const app = express()
      .set("env", "test")
      .get("/sync", () => {
        throw new Error("deliberate sync");
      })
      .get("/async", async () => {
        await turns(1);
        throw new Error("deliberate async");
      })
      .use((error: Error, _req: Request, res: Response, _next: NextFunction) => {
        res.status(500).send(`page: ${error.message}`);
      });
    const { connect } = await startTarget(app);
    const client = await connect();
    assert.is((await client.get("/sync")).text, "page: deliberate sync");
    assert.is((await client.get("/async")).text, "page: deliberate async");
    const plain = express()
      .set("env", "test")
      .get("/", () => {
        throw new Error("deliberate");
      });
    const other = await (await startTarget(plain)).connect();
    const response = await other.get("/");
    assert.is(response.status, 500);
    assert.match(response.text, /Error: deliberate/);
    await other.staysOpen();
  },
);

failing("after it has sent its head closes the connection: nothing looks complete", async () => {
  const app = express()
    .set("env", "test")
    .get("/", (_req, res, next) => {
      res.write("half");
      setImmediate(() => next(new Error("deliberate")));
    });
  const { connect } = await startTarget(app);
  const client = await connect();
  await client.send(ask("/"));
  await client.receives("half");
  await client.gone();
  assert.not.match(client.unread, /0\r\n\r\n$/);
});

failing("runs its middleware in order, around the handler", async () => {
  const order: string[] = [];
  const app = express()
    .use((_req, res, next) => {
      order.push("first");
      res.on("finish", () => order.push("finish"));
      next();
    })
    .use("/sub", (req, _res, next) => {
      order.push(`sub ${req.url} of ${req.originalUrl}`);
      next();
    })
    .get("/sub/x", (_req, res) => {
      order.push("handler");
      res.end();
    });
  const { connect } = await startTarget(app);
  const client = await connect();
  assert.is((await client.get("/sub/x?y")).header("Content-Length"), "0");
  await until(() => order.length === 4, "the finish event");
  assert.equal(order, ["first", "sub /x?y of /sub/x?y", "handler", "finish"]);
  assert.equal(loggedErrors(), []);
});

failing.run();
