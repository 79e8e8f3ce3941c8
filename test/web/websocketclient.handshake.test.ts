// What websocketConnect() asks, and every way in which a server can answer it wrongly.
import * as assert from "uvu/assert";
import { bare } from "../websocket/collector.ts";
import { CodedError, WebSocketHandshakeError } from "../../lib/index.ts";
import { until } from "../support/deferred.ts";
import { openSockets, type RawPeer, rawServer, stopRawServers } from "../support/rawwebsockets.ts";
import { serverSuite } from "../support/servers.ts";
import { connect, endConnections } from "../support/websocketclients.ts";

const TEXT = 0x81;

const t = serverSuite("the handshake of websocketConnect()");
t.after.each(endConnections);
t.after.each(stopRawServers);

type Answer = (peer: RawPeer) => void;

/** What a client gets that is answered so; and that it leaves no socket behind. */
async function refused(answer: Answer, options = {}): Promise<CodedError> {
  const before = openSockets();
  const server = await rawServer(answer);
  const result = await connect(server.url, options).catch((error) => error);
  assert.instance(result, CodedError, "it connected");
  const peer = await server.peer();
  await peer.ended();
  await server.stop();
  await until(() => openSockets() === before, "the sockets to be closed");
  return result;
}

/** Of an answer that is HTTP. */
async function refusedAnswer(answer: Answer, options = {}): Promise<WebSocketHandshakeError> {
  const error = await refused(answer, options);
  assert.instance(error, WebSocketHandshakeError, String(error));
  assert.is(error.code, "ERR_WEBSOCKET_HANDSHAKE");
  return error as WebSocketHandshakeError;
}

t("asks as RFC 6455 §4.1 has it, with a new key each time", async () => {
  const keys = new Set<string>();
  for (let n = 0; n < 3; n++) {
    const server = await rawServer((peer) => peer.send(peer.switching()));
    await connect(`${server.url}a/b?c=d%20e&f`, { subprotocols: ["x", "y"] });
    const { head } = await server.peer();
    const peer = await server.peer();
    const key = peer.field("Sec-WebSocket-Key") ?? "";
    assert.is(Buffer.from(key, "base64").length, 16);
    keys.add(key);
    assert.equal(head.split("\r\n"), [
      "GET /a/b?c=d%20e&f HTTP/1.1",
      `Host: 127.0.0.1:${server.port}`,
      "Upgrade: websocket",
      "Connection: Upgrade",
      `Sec-WebSocket-Key: ${key}`,
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Protocol: x, y",
      "",
      "",
    ]);
  }
  assert.is(keys.size, 3);
});

t("takes names of fields and tokens in any case, and lists of tokens", async () => {
  const server = await rawServer((peer) => {
    const accept = /Accept: (.*)\r/.exec(peer.switching())?.[1];
    peer.send(
      `HTTP/1.1 101\r\nuPGRADE: WebSocket\r\nconnection: keep-alive, UPGRADE\r\nSEC-WEBSOCKET-ACCEPT:  ${accept} \r\nX: y\r\n\r\n`,
    );
  });
  const connection = await connect(server.url);
  assert.is(connection.headers.get("x"), "y");
  assert.is(connection.selectedSubprotocol, null);
});

t("takes an answer that comes byte by byte, and frames behind it", async () => {
  const server = await rawServer((peer) => {
    const bytes = Buffer.concat([Buffer.from(peer.switching(), "latin1"), bare(TEXT, "hello")]);
    let at = 0;
    const next = () => {
      if (at < bytes.length) peer.socket.write(bytes.subarray(at, ++at), () => setImmediate(next));
    };
    peer.socket.setNoDelay(true);
    next();
  });
  const connection = await connect(server.url);
  assert.is(await connection.readMessage(), "hello");
});

t("passes over answers that come before the answer", async () => {
  const server = await rawServer((peer) =>
    peer.send(
      `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${peer.switching()}`,
    ),
  );
  await connect(server.url);
});

const wrongFields: Readonly<Record<string, [Record<string, string | null>, RegExp]>> = {
  "no Upgrade": [{ Upgrade: null }, /Upgrade is missing/],
  "another Upgrade": [{ Upgrade: "h2c" }, /Upgrade is "h2c"/],
  "two Upgrades": [{ Upgrade: "websocket, h2c" }, /Upgrade is/],
  "no Connection": [{ Connection: null }, /Connection is missing/],
  "another Connection": [{ Connection: "keep-alive" }, /Connection is "keep-alive"/],
  "no Accept": [{ "Sec-WebSocket-Accept": null }, /Accept is missing/],
  "another Accept": [{ "Sec-WebSocket-Accept": "AAAAAAAAAAAAAAAAAAAAAAAAAAA=" }, /Accept is/],
  "an empty Accept": [{ "Sec-WebSocket-Accept": "" }, /Accept is ""/],
  "a subprotocol": [{ "Sec-WebSocket-Protocol": "chat" }, /"chat", which was not asked for/],
  "an empty subprotocol": [{ "Sec-WebSocket-Protocol": "" }, /"", which was not asked for/],
  "an extension": [
    { "Sec-WebSocket-Extensions": "permessage-deflate" },
    /"permessage-deflate", which was not asked for/,
  ],
  "a malformed extension": [{ "Sec-WebSocket-Extensions": "a b" }, /Extensions is malformed/],
};

for (const [what, [lines, message]] of Object.entries(wrongFields)) {
  t(`fails on a 101 with ${what} that was not asked for or is wrong`, async () => {
    const error = await refusedAnswer((peer) => peer.send(peer.switching(lines)));
    assert.is(error.status, 101);
    assert.is(error.body.length, 0);
    assert.match(error.message, message);
  });
}

t("fails on two Accepts, and on two subprotocols", async () => {
  const twice = (peer: RawPeer, line: RegExp) => {
    const head = peer.switching({ "Sec-WebSocket-Protocol": "a" });
    return head.replace(line, (found) => found + found);
  };
  await refusedAnswer((peer) => peer.send(twice(peer, /Sec-WebSocket-Accept.*\r\n/)), {
    subprotocols: ["a"],
  });
  await refusedAnswer((peer) => peer.send(twice(peer, /Sec-WebSocket-Protocol.*\r\n/)), {
    subprotocols: ["a"],
  });
});

t("fails on a subprotocol that was not among those asked for, in its very case", async () => {
  for (const name of ["c", "A", "a, b"]) {
    const error = await refusedAnswer(
      (peer) => peer.send(peer.switching({ "Sec-WebSocket-Protocol": name })),
      { subprotocols: ["a", "b"] },
    );
    assert.match(error.message, /not asked for/);
  }
});

t("fails on an answer to an offer of compression that is none", async () => {
  for (const field of [
    "permessage-deflate; unknown",
    "permessage-deflate; server_max_window_bits=12",
    "permessage-deflate; server_max_window_bits=16",
    "permessage-deflate; client_max_window_bits",
    "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
    "permessage-deflate, permessage-deflate",
    "x-webkit-deflate-frame",
  ]) {
    const error = await refusedAnswer(
      (peer) => peer.send(peer.switching({ "Sec-WebSocket-Extensions": field })),
      { compressionOptions: { serverMaxWindowBits: 11 } },
    );
    assert.match(error.message, /Extensions is/, field);
  }
});

t("fails on HTTP/1.0", async () => {
  const error = await refusedAnswer((peer) =>
    peer.send(peer.switching().replace("HTTP/1.1", "HTTP/1.0")),
  );
  assert.match(error.message, /HTTP\/1\.0/);
});

t("tells status, fields and body of a refusal, however the body is framed", async () => {
  const bodies: Readonly<Record<string, string>> = {
    "Content-Length: 5\r\n\r\nhello": "hello",
    "Content-Length: 5\r\n\r\nhello and more": "hello",
    "Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;a=b\r\nllo\r\n0\r\n\r\n": "hello",
    "\r\nhello": "hello",
    "Content-Length: 9\r\n\r\nhello": "hello",
    "Content-Length: 0\r\n\r\n": "",
  };
  for (const [rest, body] of Object.entries(bodies)) {
    const error = await refusedAnswer((peer) => {
      peer.send(`HTTP/1.1 401 Who are you\r\nWWW-Authenticate: Basic\r\n${rest}`);
      if (!/chunked|Length: [05]/.test(rest)) peer.socket.end();
    });
    assert.is(error.status, 401);
    assert.is(error.reason, "Who are you");
    assert.is(error.headers.get("www-authenticate"), "Basic");
    assert.is(error.body.toString(), body, JSON.stringify(rest));
    assert.match(error.message, /401 Who are you/);
  }
});

t("takes 64 KiB of the body of a refusal and no more", async () => {
  for (const [length, kept] of [
    [65_535, 65_535],
    [65_536, 65_536],
    [65_537, 65_536],
    [10_000_000, 65_536],
  ]) {
    const error = await refusedAnswer((peer) => {
      peer.send(`HTTP/1.1 500 No\r\nContent-Length: ${length}\r\n\r\n`);
      peer.send(Buffer.alloc(length ?? 0, "x"));
    });
    assert.is(error.body.length, kept);
  }
});

t("follows no redirect", async () => {
  const error = await refusedAnswer((peer) =>
    peer.send("HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"),
  );
  assert.is(error.status, 302);
  assert.is(error.headers.get("Location"), "ws://127.0.0.1:1/");
});

t("fails on what is no HTTP, with its first bytes", async () => {
  for (const bytes of ["SSH-2.0-x\r\n", "h", "HTTP/2.0 101 x\r\n\r\n", "\r\nHTTP/1.1 101 x\r\n"]) {
    const error = await refused((peer) => peer.send(bytes));
    assert.is(error.code, "ERR_WEBSOCKET_HANDSHAKE");
    assert.match(error.message, /malformed/);
  }
});

t("fails on a head that is malformed", async () => {
  for (const [from, to] of [
    ["Connection: Upgrade", "Connection : Upgrade"],
    ["Connection: Upgrade", "Connection: Upgrade\nX: y"],
    ["Connection: Upgrade", "Connection: Upgrade\r\n X: y"],
    ["Connection: Upgrade", "Connection: Upgrade\r\nno colon"],
    ["Connection: Upgrade", "Connection: Upgrade\r\nX: \0"],
    ["101 Switching", "1O1 Switching"],
    ["101 Switching", "101\0Switching"],
    ["101 Switching", " 101 Switching"],
  ] as const) {
    const error = await refused((peer) => peer.send(peer.switching().replace(from, to)));
    assert.is(error.code, "ERR_WEBSOCKET_HANDSHAKE", JSON.stringify(to));
  }
});

t("takes a head of 64 KiB, and none that is longer or has no end", async () => {
  const padded = (peer: RawPeer, bytes: number) => {
    const head = peer.switching();
    let left = bytes - head.length;
    let lines = "";
    for (; left > 0; left -= 1000) {
      const length = left < 1100 ? left : 1000;
      lines += `X: ${"y".repeat(length - 5)}\r\n`;
      if (length === left) break;
    }
    return head.replace(/\r\n$/, `${lines}\r\n`);
  };
  for (const bytes of [65_535, 65_536]) {
    const server = await rawServer((peer) => {
      const head = padded(peer, bytes);
      assert.is(head.length, bytes);
      peer.send(head);
    });
    await connect(server.url);
  }
  const over = await refused((peer) => peer.send(padded(peer, 65_537)));
  assert.is((over.cause as CodedError).code, "ERR_HTTP_HEAD_TOO_LARGE");
  const endless = await refused((peer) => peer.send(`HTTP/1.1 101 ${"x".repeat(70_000)}`));
  assert.is((endless.cause as CodedError).code, "ERR_HTTP_HEAD_TOO_LARGE");
  const hints = "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(3_000);
  const many = await refused((peer) => peer.send(hints));
  assert.is((many.cause as CodedError).code, "ERR_HTTP_HEAD_TOO_LARGE");
});

t("takes 256 fields and no more", async () => {
  const lines = (count: number) => "X: y\r\n".repeat(count - 3);
  const server = await rawServer((peer) =>
    peer.send(peer.switching().replace(/\r\n$/, `${lines(256)}\r\n`)),
  );
  await connect(server.url);
  const over = await refused((peer) =>
    peer.send(peer.switching().replace(/\r\n$/, `${lines(257)}\r\n`)),
  );
  assert.is((over.cause as CodedError).code, "ERR_HTTP_TOO_MANY_FIELDS");
});

t("fails when the server ends the connection before the answer, or in it", async () => {
  for (const bytes of ["", "HTTP/1.1 101 Switching Protocols\r\nUpgra"]) {
    const ended = await refused((peer) => {
      peer.send(bytes);
      peer.socket.end();
    });
    assert.is(ended.code, "ERR_WEBSOCKET_HANDSHAKE");
    assert.match(ended.message, /closed the connection/);
    const reset = await refused((peer) => peer.socket.resetAndDestroy());
    assert.is(reset.code, "ECONNRESET");
  }
});

t("refuses what it is asked wrongly, before anything is connected", async () => {
  const codeOf = (...given: Parameters<typeof connect>) =>
    connect(...given).then(
      () => "none",
      (error) => error.code,
    );
  for (const [url, code] of Object.entries({
    "wss://127.0.0.1/": "ERR_TLS_UNAVAILABLE",
    "http://127.0.0.1/": "ERR_WEBSOCKET_URL",
    "https://127.0.0.1/": "ERR_WEBSOCKET_URL",
    "ftp://127.0.0.1/": "ERR_WEBSOCKET_URL",
    "ws://127.0.0.1/#part": "ERR_WEBSOCKET_URL",
    "ws://127.0.0.1/#": "ERR_WEBSOCKET_URL",
    "ws://127.0.0.1:0/": "ERR_WEBSOCKET_URL",
    "ws://127.0.0.1:65536/": "ERR_WEBSOCKET_URL",
    "ws://": "ERR_WEBSOCKET_URL",
    "/path": "ERR_WEBSOCKET_URL",
    "": "ERR_WEBSOCKET_URL",
    "ws://%zz@127.0.0.1/": "ERR_WEBSOCKET_URL",
    "ws://a%3Ab@127.0.0.1/": "ERR_ARGUMENT_RANGE",
  })) {
    assert.is(await codeOf(url), code, url);
  }
  const url = "ws://127.0.0.1:1/";
  assert.is(await codeOf(7 as never), "ERR_ARGUMENT_TYPE");
  assert.is(await codeOf(url, { connectTimeout: 1 } as never), "ERR_UNKNOWN_OPTION");
  assert.is(await codeOf(url, { connectTimeoutMs: 0 }), "ERR_OPTION_RANGE");
  assert.is(await codeOf(url, { subprotocols: ["a b"] }), "ERR_ARGUMENT_RANGE");
  assert.is(await codeOf(url, { subprotocols: [""] }), "ERR_ARGUMENT_RANGE");
  assert.is(await codeOf(url, { subprotocols: ["a", "a"] }), "ERR_ARGUMENT_RANGE");
  assert.is(await codeOf(url, { headers: { "Sec-WebSocket-Key": "x" } }), "ERR_ARGUMENT_RANGE");
  assert.is(await codeOf(url, { headers: { upgrade: "x" } }), "ERR_ARGUMENT_RANGE");
  assert.is(await codeOf(url, { headers: { "X Y": "z" } }), "ERR_HTTP_FIELD_NAME");
  assert.is(await codeOf(url, { headers: { X: "y\r\nZ: z" } }), "ERR_HTTP_FIELD_VALUE");
  assert.is(await codeOf(url, { origin: "x\r\nZ: z" }), "ERR_HTTP_FIELD_VALUE");
  assert.is(await codeOf(url, { compressionOptions: { x: 1 } as never }), "ERR_UNKNOWN_OPTION");
  assert.is(await codeOf(url, { signal: {} as never }), "ERR_OPTION_TYPE");
});

t.run();
