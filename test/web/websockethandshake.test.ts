/** The opening handshake of WebSocketHandler: what becomes a WebSocket, and what is answered instead. */

import * as assert from "uvu/assert";
import { text } from "../support/frames.ts";
import { loggedErrors, serverSuite, startServer } from "../support/servers.ts";
import { Echo, handshake, KEY, open, peerOf, UPGRADE } from "../support/websockets.ts";

const HOST = "Host: 127.0.0.1\r\n";

/** A handshake with other lines in the place of those that matter. */
function asking(lines: string, start = "GET / HTTP/1.1"): string {
  return `${start}\r\n${HOST}${lines}\r\n`;
}

/** The fields of a handshake of which one part is another. */
function replaced(part: string, other: string): string {
  if (!UPGRADE.includes(part)) throw new Error(`no ${part} in a handshake`);
  return UPGRADE.replace(part, other);
}

/** Such a handshake. */
const altered = (part: string, other: string): string => asking(replaced(part, other));

/** A handshake with one more line. */
const adding = (line: string): string => asking(`${UPGRADE}${line}\r\n`);

const FOREIGN = "Cross origin websockets not allowed";
const NO_UPGRADE = 'Can "Upgrade" only to "WebSocket".';
const NO_CONNECTION = '"Connection" must be "Upgrade".';
const NOT_WHOLE = "Missing/Invalid WebSocket headers";

const t = serverSuite("the handshake");

t("is answered as RFC 6455 §1.3 shows", async () => {
  const server = await startServer([["/echo", Echo]]);
  const { head } = await open(server, "/echo");
  const [start, ...lines] = head.trimEnd().split("\r\n");
  assert.is(start, "HTTP/1.1 101 Switching Protocols");
  const fields = new Map(lines.map((line) => line.toLowerCase().split(": ") as [string, string]));
  assert.is(fields.get("upgrade"), "websocket");
  assert.is(fields.get("connection"), "upgrade");
  assert.match(head, /\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n/);
  for (const name of [
    "content-length",
    "content-type",
    "transfer-encoding",
    "etag",
    "sec-websocket-protocol",
    "sec-websocket-extensions",
  ]) {
    assert.not.ok(fields.has(name), name);
  }
});

for (const [name, lines] of [
  [
    "tokens in any case, in lists",
    UPGRADE.replace("websocket", "WebSocket").replace(": Upgrade", ": keep-alive, upgrade"),
  ],
  [
    "tokens in lists with blanks, tabs and empty elements",
    replaced(": Upgrade", ":\t , keep-alive ,\tUPGRADE ,, "),
  ],
  ["Connection in two lines", `Connection: keep-alive\r\n${UPGRADE}`],
  ["Connection in two lines, the other one last", `${UPGRADE}Connection: x, y\r\n`],
  ["Upgrade in two lines", `Upgrade: h2c\r\n${UPGRADE}`],
  ["names of fields in any case", UPGRADE.replace(/^[^:]+/gm, (name) => name.toUpperCase())],
  ["names of fields in lower case", UPGRADE.replace(/^[^:]+/gm, (name) => name.toLowerCase())],
  ["values with blanks around", UPGRADE.replace(/: (.*)\r/g, ": \t $1 \t\r")],
  ["values without a blank before", UPGRADE.replaceAll(": ", ":")],
  [
    "empty lists of extensions and subprotocols",
    `${UPGRADE}Sec-WebSocket-Extensions: ,\r\nSec-WebSocket-Protocol: ,\r\n`,
  ],
  ["an extension that is not known", `${UPGRADE}Sec-WebSocket-Extensions: x-other; a=1; b="c"\r\n`],
  ["version 8", UPGRADE.replace("Version: 13", "Version: 8")],
  ["version 7", UPGRADE.replace("Version: 13", "Version: 7")],
  ["another protocol beside", UPGRADE.replace("websocket", "h2c, websocket")],
  ["the origin's own page", `${UPGRADE}Origin: http://127.0.0.1\r\n`],
  ["a path behind the origin", `${UPGRADE}Origin: http://127.0.0.1/something\r\n`],
  ["another scheme", `${UPGRADE}Origin: https://127.0.0.1\r\n`],
  ["a key whose last bits are not zero", UPGRADE.replace(KEY, "abcdefghijklmnopqrstuv==")],
  ["an empty body declared", `${UPGRADE}Content-Length: 0\r\n`],
] as const) {
  t(`takes ${name}`, async () => {
    const { connect } = await startServer([["/", Echo]]);
    const client = await connect();
    void client.send(asking(lines));
    assert.match(await client.receives("\r\n\r\n"), /^HTTP\/1\.1 101 /);
    const peer = peerOf(client);
    peer.send(text("hi"));
    await peer.gets(0x81, "hi");
  });
}

for (const [name, status, request, body] of [
  ["another protocol", 400, altered("websocket", "h2c"), NO_UPGRADE],
  ["no Upgrade", 400, altered("Upgrade: websocket\r\n", ""), NO_UPGRADE],
  ["a plain GET", 400, asking(""), NO_UPGRADE],
  ["no Connection", 400, altered("Connection: Upgrade\r\n", ""), NO_CONNECTION],
  ["a Connection without upgrade", 400, altered(": Upgrade", ": keep-alive"), NO_CONNECTION],
  ["a version of the protocol", 400, altered("websocket", "websocket/13"), NO_UPGRADE],
  ["a longer protocol", 400, altered("websocket", "websockets"), NO_UPGRADE],
  ["an empty Upgrade", 400, altered("Upgrade: websocket", "Upgrade: "), NO_UPGRADE],
  [
    "a longer token in Connection",
    400,
    altered(": Upgrade", ": upgraded, re-upgrade"),
    NO_CONNECTION,
  ],
  ["an empty Connection", 400, altered(": Upgrade", ": "), NO_CONNECTION],
  ["an empty key", 400, altered(KEY, ""), NOT_WHOLE],
  ["a key of 17 bytes", 400, altered(KEY, "dGhlIHNhbXBsZSBub25jZTE="), NOT_WHOLE],
  ["a key with a blank in it", 400, altered(KEY, "dGhlIHNhbXBsZ SBub25jZQ=="), NOT_WHOLE],
  ["a key without its padding", 400, altered(KEY, KEY.slice(0, -2)), NOT_WHOLE],
  ["a key in the alphabet of URLs", 400, altered(KEY, "dGhlIHNhbXBsZSBub25j_-=="), NOT_WHOLE],
  ["another key beside", 400, adding("Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="), NOT_WHOLE],
  ["no version", 426, altered("Sec-WebSocket-Version: 13\r\n", ""), undefined],
  ["no key", 400, altered(`Sec-WebSocket-Key: ${KEY}\r\n`, ""), NOT_WHOLE],
  ["a short key", 400, altered(KEY, "short"), NOT_WHOLE],
  ["a key of 15 bytes", 400, altered(KEY, "dGhlIHNhbXBsZSBub25j"), NOT_WHOLE],
  ["a key that is no base64", 400, altered(KEY, "dGhlIHNhbXBsZSBub2*jZQ=="), NOT_WHOLE],
  ["two keys", 400, adding(`Sec-WebSocket-Key: ${KEY}`), NOT_WHOLE],
  ["version 12", 426, altered("Version: 13", "Version: 12"), undefined],
  ["version 0", 426, altered("Version: 13", "Version: 0"), undefined],
  ["two versions", 426, altered("Version: 13", "Version: 13, 8"), undefined],
  ["the same version twice", 426, adding("Sec-WebSocket-Version: 13"), undefined],
  ["version 14", 426, altered("Version: 13", "Version: 14"), undefined],
  ["version 130", 426, altered("Version: 13", "Version: 130"), undefined],
  ["version 013", 426, altered("Version: 13", "Version: 013"), undefined],
  ["version +13", 426, altered("Version: 13", "Version: +13"), undefined],
  ["version 13.0", 426, altered("Version: 13", "Version: 13.0"), undefined],
  ["an empty version", 426, altered("Version: 13", "Version: "), undefined],
  ["extensions that are no list", 400, adding("Sec-WebSocket-Extensions: a;;b"), undefined],
  ["Origin without a scheme", 403, adding("Origin: 127.0.0.1"), FOREIGN],
  ["another host's page", 403, adding("Origin: http://somewhereelse.com"), FOREIGN],
  ["a subdomain's page", 403, adding("Origin: http://sub.127.0.0.1"), FOREIGN],
  ["another port's page", 403, adding("Origin: http://127.0.0.1:8080"), FOREIGN],
  ["a host that begins alike", 403, adding("Origin: http://127.0.0.1.evil"), FOREIGN],
  ["a user of the host's name", 403, adding("Origin: http://127.0.0.1@evil"), FOREIGN],
  ["the host behind a #", 403, adding("Origin: http://evil#127.0.0.1"), FOREIGN],
  ["the host in a query", 403, adding("Origin: http://evil?127.0.0.1"), FOREIGN],
  ["two origins", 403, adding("Origin: http://evil\r\nOrigin: http://127.0.0.1"), FOREIGN],
  ["an empty origin", 403, adding("Origin: "), FOREIGN],
  ["the origin null", 403, adding("Origin: null"), FOREIGN],
  ["an old version's foreign origin", 403, adding("Sec-WebSocket-Origin: http://evil"), FOREIGN],
  ["POST", 405, asking(`${UPGRADE}Content-Length: 0\r\n`, "POST / HTTP/1.1"), undefined],
  ["PUT", 405, asking(`${UPGRADE}Content-Length: 0\r\n`, "PUT / HTTP/1.1"), undefined],
] as const) {
  t(`answers ${name} with ${status}, and the connection goes on`, async () => {
    const { connect } = await startServer([["/", Echo]]);
    const client = await connect();
    void client.send(request);
    const response = await client.readFinalResponse();
    assert.is(response.status, status, response.head);
    if (body !== undefined) assert.is(response.text, body);
    if (status === 426) {
      assert.is(response.header("Sec-WebSocket-Version"), "7, 8, 13");
      assert.is(response.header("Upgrade"), "websocket");
      assert.equal(response.headers("Connection"), ["Upgrade"]);
    }
    assert.is(response.header("Sec-WebSocket-Accept"), null);
    void client.send(handshake());
    assert.match(await client.receives("\r\n\r\n"), /^HTTP\/1\.1 101 /);
    assert.equal(loggedErrors(), []);
  });
}

t("takes a target with scheme and host, and one with a query", async () => {
  const { connect } = await startServer([["/a", Echo]]);
  for (const target of ["http://127.0.0.1/a", "http://127.0.0.1/a?b", "/a?b=%20#"]) {
    const client = await connect();
    void client.send(asking(UPGRADE, `GET ${target} HTTP/1.1`));
    const wanted = target.endsWith("#") ? 400 : 101;
    assert.match(await client.receives("\r\n\r\n"), new RegExp(`^HTTP/1\\.1 ${wanted} `));
  }
});

t("answers HEAD with 405 and no body", async () => {
  const { connect } = await startServer([["/", Echo]]);
  const client = await connect();
  void client.send(asking(UPGRADE, "HEAD / HTTP/1.1"));
  assert.is((await client.readFinalResponse({ method: "HEAD" })).status, 405);
});

for (const [name, request] of [
  ["HTTP/1.0", asking(UPGRADE, "GET / HTTP/1.0")],
  ["no Host", `GET / HTTP/1.1\r\n${UPGRADE}\r\n`],
  ["a connection that is to be closed", asking(UPGRADE.replace(": Upgrade", ": Upgrade, close"))],
] as const) {
  t(`answers ${name} with 400 and closes`, async () => {
    const { connect } = await startServer([["/", Echo]]);
    const client = await connect();
    void client.send(request);
    assert.is((await client.readFinalResponse()).status, 400);
    await client.closed();
    assert.equal(loggedErrors(), []);
  });
}

for (const [name, fields, body] of [
  ["with a length", "Content-Length: 5\r\n", "hello"],
  ["in chunks", "Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n"],
] as const) {
  t(`refuses a body ${name}`, async () => {
    const { connect } = await startServer([["/", Echo]]);
    const client = await connect();
    void client.send(`${asking(UPGRADE + fields)}${body}`);
    assert.is((await client.readFinalResponse()).status, 400);
    assert.equal(loggedErrors(), []);
  });
}

t("takes frames that come with it, whole and cut", async () => {
  const server = await startServer([["/", Echo]]);
  for (const cut of [0, 1, 5, 9]) {
    const client = await server.connect();
    const frame = text("early");
    void client.send(Buffer.concat([Buffer.from(handshake()), frame.subarray(0, cut)]));
    assert.match(await client.receives("\r\n\r\n"), /^HTTP\/1\.1 101 /);
    void client.send(frame.subarray(cut));
    await peerOf(client).gets(0x81, "early");
  }
});

t("is refused with what the pipelined bytes behind it are: HTTP", async () => {
  const { connect } = await startServer([["/", Echo]]);
  const client = await connect();
  const bad = asking(UPGRADE.replace(KEY, "short"));
  void client.send(bad + bad);
  assert.is((await client.readFinalResponse()).status, 400);
  assert.is((await client.readFinalResponse()).status, 400);
});

t("chooses a subprotocol once, of those that were offered", async () => {
  const asked: (readonly string[])[] = [];
  class Choosing extends Echo {
    override selectSubprotocol(offered: readonly string[]) {
      asked.push(offered);
      return offered[1] ?? null;
    }
    override open() {
      return this.writeMessage(`${this.selectedSubprotocol}`);
    }
  }
  const server = await startServer([["/", Choosing]]);
  const two = await open(
    server,
    "/",
    "Sec-WebSocket-Protocol: a, b ,, c d\r\nSec-WebSocket-Protocol: e\r\n",
  );
  assert.match(two.head, /\r\nSec-WebSocket-Protocol: b\r\n/);
  await two.gets(0x81, "b");
  const none = await open(server);
  assert.not.match(none.head, /Sec-WebSocket-Protocol/);
  await none.gets(0x81, "null");
  assert.equal(asked, [["a", "b", "e"], []]);
});

t("answers 500 if selectSubprotocol() returns what was not offered", async () => {
  class Wrong extends Echo {
    override selectSubprotocol() {
      return "x";
    }
  }
  const { connect } = await startServer([["/", Wrong]]);
  const client = await connect();
  void client.send(handshake());
  assert.is((await client.readFinalResponse()).status, 500);
  assert.is(loggedErrors().length, 1);
});

t("asks checkOrigin() of browsers alone, and takes no promise for yes", async () => {
  const asked: string[] = [];
  class Picky extends Echo {
    override checkOrigin(origin: string) {
      asked.push(origin);
      return origin === "http://friend";
    }
  }
  class Async extends Echo {
    override checkOrigin(): boolean {
      return Promise.resolve(false) as unknown as boolean;
    }
  }
  const server = await startServer([
    ["/", Picky],
    ["/async", Async],
  ]);
  await open(server);
  await open(server, "/", "Origin: http://friend\r\n");
  assert.equal(asked, ["http://friend"]);
  for (const [path, origin, status] of [
    ["/", "http://foe", 403],
    ["/async", "http://foe", 500],
  ] as const) {
    const client = await server.connect();
    void client.send(handshake(path, `Origin: ${origin}\r\n`));
    assert.is((await client.readFinalResponse()).status, status);
  }
});

t.run();
