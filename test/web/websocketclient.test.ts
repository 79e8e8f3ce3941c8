// What a program sees of websocketConnect() against our own server.
import * as assert from "uvu/assert";
import { deferred, until } from "../support/deferred.ts";
import { logged, serverSuite } from "../support/servers.ts";
import { endConnections, connect as websocketConnect } from "../support/websocketclients.ts";
import { ended, finish, start } from "./websocketclienttools.ts";

const t = serverSuite("websocketConnect()");
t.after.each(endConnections);

t("exchanges text, bytes and JSON", async () => {
  const { url } = await start();
  const connection = await websocketConnect(url("/echo"));
  for (const message of ["", "hello", "wörld ☃ 💩", "\ufffd", "é".repeat(100)]) {
    void connection.writeMessage(message);
    assert.is(await connection.readMessage(), message);
  }
  void connection.writeMessage(Buffer.of(0, 1, 255));
  assert.equal(await connection.readMessage(), Buffer.of(0, 1, 255));
  void connection.writeMessage({ a: [1, "</script>"] });
  assert.equal(JSON.parse(String(await connection.readMessage())), { a: [1, "</script>"] });
  void connection.writeMessage("as bytes", { binary: true });
  assert.equal(await connection.readMessage(), Buffer.from("as bytes"));
  assert.throws(
    () => connection.writeMessage(7 as never),
    ({ code }: { code: string }) => code === "ERR_HTTP_WRITE_TYPE",
  );
  await finish(connection);
});

t("keeps the order and the bytes of messages of every length", async () => {
  const { url } = await start();
  const connection = await websocketConnect(url("/echo"));
  const lengths = [1, 63, 64, 65, 124, 125, 126, 127, 128, 255, 65_535, 65_536, 65_537, 350_000];
  lengths.push(1_048_561, 1_048_562, 1_048_563, 1_048_576, 3_000_001);
  for (const length of lengths) {
    const bytes = Buffer.alloc(length);
    for (let at = 0; at < length; at++) bytes[at] = (at * 7 + length) & 0xff;
    const copy = Buffer.from(bytes);
    await connection.writeMessage(bytes);
    assert.ok(bytes.equals(copy), "the message that was sent has been changed");
    void connection.writeMessage("x".repeat(length));
    const back = await connection.readMessage();
    assert.ok(Buffer.isBuffer(back) && back.equals(copy), `${length} bytes`);
    assert.is((await connection.readMessage())?.length, length);
  }
  await finish(connection);
});

t("sends target, query, credentials, fields, subprotocols and origin", async () => {
  const { port } = await start();
  const connection = await websocketConnect(
    {
      url: `ws://us%C3%A9r:p%40ss@127.0.0.1:${port}/told?a=1&b=%20`,
      headers: { "X-One": "1", "X-Two": "request" },
    },
    {
      headers: { "X-Two": "options" },
      subprotocols: ["first", "second"],
      origin: `http://127.0.0.1:${port}`,
    },
  );
  assert.is(connection.selectedSubprotocol, "second");
  assert.is(connection.headers.get("Sec-WebSocket-Protocol"), "second");
  void connection.writeMessage("who");
  const seen = JSON.parse(String(await connection.readMessage()));
  assert.is(seen.uri, "/told?a=1&b=%20");
  assert.is(seen.Host, `127.0.0.1:${port}`);
  assert.is(seen["X-One"], "1");
  assert.is(seen["X-Two"], "options");
  assert.is(seen.Origin, `http://127.0.0.1:${port}`);
  const basic = Buffer.from("usér:p@ss").toString("base64");
  assert.is(seen.Authorization, `Basic ${basic}`);
  assert.is(seen["Sec-Websocket-Version"], "13");
  await finish(connection);
});

t("lets Host be another, and keeps an Authorization that is given", async () => {
  const { port } = await start();
  const connection = await websocketConnect(`ws://a:b@127.0.0.1:${port}/told`, {
    headers: { Host: "example.com", Authorization: "Bearer x" },
  });
  void connection.writeMessage("who");
  const seen = JSON.parse(String(await connection.readMessage()));
  assert.is(seen.Host, "example.com");
  assert.is(seen.Authorization, "Bearer x");
  await finish(connection);
});

t("asks the resolver that is given, and leaves it open", async () => {
  const { port } = await start();
  const asked: string[] = [];
  let isClosed = false;
  const resolver = {
    async resolve(host: string, ofPort: number) {
      asked.push(host);
      return [{ family: 4 as const, address: "127.0.0.1", port: ofPort }];
    },
    close() {
      isClosed = true;
    },
  };
  const connection = await websocketConnect(`ws://nowhere.test:${port}/echo`, { resolver });
  assert.equal(asked, ["nowhere.test"]);
  await finish(connection);
  assert.not(isClosed);
});

t("connects to an IPv6 address in brackets", async () => {
  const { server } = await start();
  server.listen(0, "::1");
  const address = server.addresses.at(-1);
  assert.ok(address !== undefined && "port" in address);
  const connection = await websocketConnect(`ws://[::1]:${address.port}/told`);
  void connection.writeMessage("who");
  const seen = JSON.parse(String(await connection.readMessage()));
  assert.is(seen.Host, `[::1]:${address.port}`);
  await finish(connection);
});

t("rejects with status, fields and body of what is no WebSocket", async () => {
  const { url } = await start();
  const error = await websocketConnect(url("/plain")).catch((e) => e);
  assert.is(error.code, "ERR_WEBSOCKET_HANDSHAKE");
  assert.is(error.name, "WebSocketHandshakeError");
  assert.is(error.status, 200);
  assert.is(error.reason, "OK");
  assert.is(error.headers.get("Content-Length"), "5");
  assert.is(error.body.toString(), "hello");
  const foreign = await websocketConnect(url("/echo"), { origin: "http://evil.test" }).catch(
    (e) => e,
  );
  assert.is(foreign.status, 403);
  assert.is(foreign.body.toString(), "Cross origin websockets not allowed");
});

t("tells the server code and reason, and hears the code again", async () => {
  const { url } = await start();
  const connection = await websocketConnect(url("/told"));
  assert.not(connection.isClosing);
  connection.close(3000, "bye ☃");
  assert.ok(connection.isClosing);
  connection.close(1001);
  await connection.closed;
  assert.ok(connection.isClosed);
  assert.is(connection.closeCode, 3000);
  assert.is(connection.closeReason, null);
  await until(() => ended.length === 1, "onClose of the server");
  assert.equal(ended, [{ code: 3000, reason: "bye ☃" }]);
});

t("hears the server's code and reason, and ends every reader", async () => {
  const { url } = await start();
  let closes = 0;
  const connection = await websocketConnect(url("/told"), { onClose: () => closes++ });
  const readers = [connection.readMessage(), connection.readMessage()];
  void connection.writeMessage("close");
  assert.equal(await Promise.all(readers), [null, null]);
  await connection.closed;
  assert.is(connection.closeCode, 4001);
  assert.is(connection.closeReason, "as you wish");
  assert.is(await connection.readMessage(), null);
  assert.is(closes, 1);
});

t("sends what was written before close(), and refuses what comes after", async () => {
  const { url } = await start();
  const connection = await websocketConnect(url("/told"));
  void connection.writeMessage("who");
  connection.close();
  const code = await connection.writeMessage("late").catch((error) => error.code);
  assert.is(code, "ERR_WEBSOCKET_CLOSED");
  assert.throws(
    () => connection.ping(),
    ({ code }: { code: string }) => code === "ERR_WEBSOCKET_CLOSED",
  );
  await connection.closed;
  connection.close(1000);
  assert.is(connection.closeCode, null);
});

t("judges close codes, reasons and pings before it sends them", async () => {
  const { url } = await start();
  const connection = await websocketConnect(url("/echo"));
  const codeOf = (call: () => void) => {
    try {
      call();
    } catch (error) {
      return (error as { code: string }).code;
    }
    return null;
  };
  for (const code of [999, 1004, 1005, 1006, 1015, 2999, 5000, 1000.5]) {
    assert.is(
      codeOf(() => connection.close(code)),
      "ERR_WEBSOCKET_CLOSE_CODE",
    );
  }
  assert.is(
    codeOf(() => connection.close(1000, "x".repeat(124))),
    "ERR_WEBSOCKET_CLOSE_CODE",
  );
  assert.is(
    codeOf(() => connection.ping(Buffer.alloc(126))),
    "ERR_ARGUMENT_RANGE",
  );
  connection.ping(Buffer.alloc(125));
  void connection.writeMessage("still open");
  assert.is(await connection.readMessage(), "still open");
  connection.close(1000, "x".repeat(123));
  await connection.closed;
});

t("calls onPing and onPong, from the options or set later", async () => {
  const { url } = await start();
  const pinged = deferred<string>();
  const ponged = deferred<string>();
  const connection = await websocketConnect(url("/told"), {
    onPing: (payload) => pinged.resolve(String(payload)),
  });
  connection.onPong = (payload) => ponged.resolve(String(payload));
  connection.ping("are you there");
  assert.is(await ponged.promise, "are you there");
  void connection.writeMessage("ping");
  assert.is(await pinged.promise, "from the server");
  await finish(connection);
});

t("is closed with 1001 by a server that stops", async () => {
  const { url, server } = await start();
  const connection = await websocketConnect(url("/told"));
  const stopped = server.stop();
  await connection.closed;
  await stopped;
  assert.is(connection.closeCode, 1001);
});

t("warns of a ping timeout that is longer than the interval", async () => {
  const { url } = await start();
  const options = { pingIntervalMs: 1000, pingTimeoutMs: 2000 };
  const connection = await websocketConnect(url("/echo"), options);
  assert.ok(logged("warn").some(({ message }) => message.includes("1000 ms is taken")));
  await finish(connection);
});

t.run();
