/** Listeners of node:http: that what they find in req and res behaves as it does there, and what does not. */
import { AsyncLocalStorage } from "node:async_hooks";
import * as http from "node:http";
import { pipeline } from "node:stream";
import * as assert from "uvu/assert";
import { type NodeListener, nodeListener } from "../../lib/server/nodelistener.ts";
import { answersHalfClosed, sha1 } from "../support/bodychecks.ts";
import { deferred, until } from "../support/deferred.ts";
import { turns } from "../support/rawclient.ts";
import { loggedErrors, type StartedServer, serverSuite } from "../support/servers.ts";
import { ask, MEBIBYTE, pattern, pipelined, startTarget } from "../support/targets.ts";

const serve = (listener: NodeListener, options = {}): Promise<StartedServer> =>
  startTarget(nodeListener(listener), options);

const requests = serverSuite("the request of a (req, res) listener");

requests("is an IncomingMessage with all that a request has", async () => {
  const seen: unknown[] = [];
  const { connect } = await serve((req, res) => {
    assert.ok(req instanceof http.IncomingMessage && res instanceof http.ServerResponse);
    assert.ok(req.socket === res.socket && res.req === req);
    const { method, url, httpVersion, httpVersionMajor, httpVersionMinor, headers, socket } = req;
    seen.push([method, url, httpVersion, httpVersionMajor, httpVersionMinor]);
    seen.push({ ...headers }, req.rawHeaders, req.headersDistinct["x-a"]);
    seen.push([
      socket.remoteAddress,
      socket.remoteFamily,
      "encrypted" in socket && socket.encrypted,
    ]);
    assert.is(socket.setTimeout(1).setNoDelay().setKeepAlive().ref().unref(), socket);
    req.setTimeout(1);
    res.setTimeout(1).end();
  });
  const client = await connect();
  await client.get(
    "/a?b=%20",
    "X-A: 1\r\nCookie: a=1\r\nX-A: 2\r\nCookie: b=2\r\nContent-Type: x\r\n",
  );
  assert.equal(seen, [
    ["GET", "/a?b=%20", "1.1", 1, 1],
    { host: "a", "x-a": "1, 2", cookie: "a=1; b=2", "content-type": "x" },
    ["Host", "a", "X-A", "1", "X-A", "2", "Cookie", "a=1", "Cookie", "b=2", "Content-Type", "x"],
    ["1", "2"],
    ["127.0.0.1", "IPv4", false],
  ]);
});

requests("closes after its end, read or not, and after the response", async () => {
  const events: string[] = [];
  const { connect } = await serve((req, res) => {
    req.on("end", () => events.push("end"));
    req.on("close", () => events.push(`req ${req.complete} ${req.aborted}`));
    res.on("finish", () => events.push("finish"));
    res.on("close", () => events.push(`res ${res.writableFinished}`));
    if (req.url === "/read") req.resume();
    res.end("x");
  });
  const client = await connect();
  for (const request of [
    ask("/read"),
    ask("/unread"),
    `${ask("/read", "POST", "Content-Length: 1\r\n")}x`,
  ]) {
    events.length = 0;
    await client.send(request);
    await client.readFinalResponse();
    await until(() => events.length === 4, "four events");
    assert.equal([...events].sort(), ["end", "finish", "req true false", "res true"]);
    assert.ok(events.indexOf("finish") < events.indexOf("res true"));
  }
});

requests("flows through pipeline() to the response, 10 MiB both ways", async () => {
  const bytes = pattern(10 * MEBIBYTE);
  const errors: unknown[] = [];
  const { connect } = await serve((req, res) => {
    pipeline(req, res, (error) => {
      if (error) errors.push(error);
    });
  });
  const client = await connect();
  void client.send(ask("/", "POST", `Content-Length: ${bytes.length}\r\n`));
  void client.send(bytes);
  const response = await client.readFinalResponse();
  assert.is(sha1(response.body), sha1(bytes));
  assert.equal(errors, []);
});

requests("that expects 100-continue is told so once, whatever the listener says", async () => {
  const { connect } = await serve((req, res) => {
    res.writeContinue();
    let text = "";
    req.setEncoding("utf8").on("data", (piece: string) => {
      text += piece;
    });
    req.on("end", () => res.end(text));
  });
  const client = await connect();
  await client.send(ask("/", "POST", "Expect: 100-continue\r\nContent-Length: 3\r\n"));
  assert.is((await client.readResponse()).status, 100);
  await client.send("abc");
  const response = await client.readResponse();
  assert.equal([response.status, response.text], [200, "abc"]);
});

requests("may be destroyed, as may the response: the connection ends", async () => {
  for (const which of ["req", "res"] as const) {
    const closed = deferred();
    const { connect } = await serve((req, res) => {
      res.on("close", () => closed.resolve());
      (which === "req" ? req : res).destroy();
    });
    const client = await connect();
    await client.send(ask("/"));
    await client.gone();
    await closed.promise;
  }
});

requests("is alone in its asynchronous context, up to its last event", async () => {
  const storage = new AsyncLocalStorage<string>();
  const { connect } = await serve((req, res) => {
    const before = storage.getStore() ?? "none";
    storage.enterWith(req.url ?? "");
    setImmediate(() => res.end(`${before} ${storage.getStore()}`));
  });
  const client = await connect();
  assert.equal(await pipelined(client, "/1", "/2"), ["none /1", "none /2"]);
});

requests.run();

const responses = serverSuite("the response of a (req, res) listener");

responses("has the head it was given, however it was given", async () => {
  const ways: Record<string, NodeListener> = {
    "/set": (_req, res) => {
      res.statusCode = 299;
      res.statusMessage = "Odd";
      res.setHeader("X-A", ["1", "2"]).appendHeader("X-A", "3").removeHeader("Date");
      res.end("ä");
    },
    "/head": (_req, res) => res.writeHead(299, "Odd", { "X-A": ["1", "2", "3"] }).end("ä"),
    "/array": (_req, res) =>
      res.writeHead(299, "Odd", ["X-A", "1", "X-A", "2", "X-A", "3"]).end("ä"),
    "/latin1": (_req, res) => res.writeHead(299, "Odd", { "X-A": "\xe4" }).end("\u20ac ä"),
    "/buffer": (_req, res) => res.writeHead(299, "Odd").end(Buffer.from("ä")),
    "/encoding": (_req, res) => res.writeHead(299, "Odd").end("w6Q=", "base64"),
  };
  const { connect } = await serve((req, res) => ways[req.url ?? ""]?.(req, res));
  const client = await connect();
  for (const way of Object.keys(ways)) {
    const response = await client.get(way);
    assert.equal([response.status, response.reason], [299, "Odd"], way);
    // As in node:http: a head that is written before the body is known has no length.
    assert.is(response.framing, way === "/set" ? "length" : "chunked", way);
    assert.is(response.headers("Date").length, 1, way);
    assert.equal([response.header("Connection"), response.header("Keep-Alive")], [null, null], way);
    assert.is(response.text, way === "/latin1" ? "\u20ac ä" : "ä", way);
    if (way === "/latin1") assert.is(response.header("X-A"), "\xe4");
    else if (way !== "/buffer" && way !== "/encoding") {
      assert.equal(response.headers("X-A"), ["1", "2", "3"], way);
    }
  }
});

responses("is delimited by the server", async () => {
  const { connect } = await serve((req, res) => {
    if (req.url === "/te") res.setHeader("Transfer-Encoding", "chunked");
    if (req.url === "/flushed") res.flushHeaders();
    if (req.url === "/204") res.statusCode = 204;
    res.write("one ");
    res.write(Buffer.from("two"));
    res.end();
  });
  const client = await connect();
  for (const target of ["/", "/te", "/flushed"]) {
    const response = await client.get(target);
    assert.equal([response.framing, response.text], ["chunked", "one two"], target);
  }
  assert.equal((await client.get("/204")).framing, "none");
  await client.send(ask("/", "HEAD"));
  assert.is((await client.readFinalResponse({ method: "HEAD" })).text, "");
  await client.send(ask("/", "GET", "Connection: keep-alive\r\n", "1.0"));
  assert.match((await client.readToEnd()).toString(), /Connection: close\r\n\r\none two$/);
});

responses("may ask for the connection to be closed", async () => {
  const { connect } = await serve((_req, res) => {
    res.writeHead(200, { Connection: "close" }).end("bye");
  });
  const client = await connect();
  const response = await client.get("/");
  assert.equal([response.text, response.header("Connection")], ["bye", "close"]);
  await client.closed();
});

responses("may be preceded by early hints, which HTTP/1.0 does not get", async () => {
  const { connect } = await serve((_req, res) => {
    res.writeEarlyHints({ link: "</a.css>; rel=preload" });
    res.writeProcessing();
    res.end("x");
  });
  const client = await connect();
  await client.send(ask("/"));
  const hints = await client.readResponse();
  assert.equal([hints.status, hints.header("Link")], [103, "</a.css>; rel=preload"]);
  assert.is((await client.readResponse()).status, 102);
  assert.is((await client.readResponse()).text, "x");
  const old = await connect();
  await old.send(ask("/", "GET", "", "1.0"));
  assert.is((await old.readResponse()).status, 200);
});

responses("tells by write() and drain how fast the client reads", async () => {
  const piece = Buffer.alloc(100_000, "x");
  let drains = 0;
  let written = 0;
  const { connect } = await serve((_req, res) => {
    const writeOn = (): void => {
      while (written < 100) {
        written++;
        if (!res.write(piece)) {
          assert.ok(res.writableNeedDrain);
          return;
        }
      }
      res.end();
    };
    res.on("drain", () => {
      assert.not.ok(res.writableNeedDrain);
      drains++;
      writeOn();
    });
    writeOn();
  });
  const client = await connect({ paused: true });
  await client.send(ask("/"));
  let before = -1;
  await until(() => {
    const isStill = written === before && written > 0;
    before = written;
    return isStill;
  }, "a writer that waits");
  await turns(20);
  assert.ok(written < 90, `${written} pieces were written without a reader`);
  client.resume();
  assert.is((await client.readFinalResponse()).body.length, 100 * piece.length);
  assert.ok(drains > 10);
});

responses("that breaks its Content-Length ends the connection", async () => {
  for (const text of ["abc", "abcde"]) {
    const { connect } = await serve((_req, res) => {
      res.writeHead(200, { "Content-Length": "4" });
      res.write(text);
      setImmediate(() => res.end());
    });
    const client = await connect();
    await client.send(ask("/"));
    await client.gone();
  }
  assert.is(loggedErrors().length, 2);
});

responses("cannot be written by hand, nor switch protocols: the connection ends", async () => {
  const ways: NodeListener[] = [
    (_req, res) => res.writeHead(101, { Upgrade: "x" }).end(),
    (req) => req.socket.write("HTTP/1.1 200 OK, by hand"),
    (req) => req.socket.write(Buffer.from("bytes")),
    (_req, res) => res.writeEarlyHints({ link: "</a>; rel=x", x: "1\r\n\r\nHTTP/1.1 200 by hand" }),
    (_req, res) => res.writeEarlyHints({ link: "</a>; rel=x", x: "1\nby hand: 2" }),
  ];
  for (const way of ways) {
    const { connect } = await serve(way);
    const client = await connect();
    // A newer Node.js refuses such hints itself: then the answer is 500, which ends the connection as well.
    await client.send(ask("/", "GET", "Connection: Upgrade, close\r\nUpgrade: x\r\n"));
    await client.gone();
    assert.not.match(client.unread, /by hand|bytes| 101 /);
  }
  assert.is(loggedErrors().length, ways.length);
});

responses("of a listener that throws or rejects is 500, or its connection ends", async () => {
  const { connect } = await serve((req, res) => {
    if (req.url === "/late") res.write("half");
    if (req.url === "/async") return Promise.reject(new Error("deliberate"));
    throw new Error("deliberate");
  });
  const client = await connect();
  assert.is((await client.get("/")).status, 500);
  assert.is((await client.get("/async")).status, 500);
  await client.staysOpen();
  const other = await connect();
  await other.send(ask("/late"));
  assert.is((await other.readFinalResponse()).status, 500);
  assert.is(loggedErrors().length, 3);
});

responses("that never comes is let go with the client, who may end in order", async () => {
  for (const leave of ["abort", "endSending"] as const) {
    const events: string[] = [];
    const { connect, server } = await serve((req, res) => {
      req.on("close", () => events.push("req"));
      res.on("close", () => events.push(`res ${res.writableFinished}`));
    });
    const client = await connect();
    await client.send(ask("/"));
    await turns(4);
    client[leave]();
    await until(() => events.length === 2 && server.connectionCount === 0, "both events");
    assert.equal(events.sort(), ["req", "res false"]);
  }
});

responses("at once reaches a client that asks and then ends its side", async () => {
  await answersHalfClosed(await serve((_req, res) => res.end("answered")), "answered");
});

responses.run();
