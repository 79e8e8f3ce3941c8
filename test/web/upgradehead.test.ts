/** The request of a WebSocket after its handshake: each connection has its own, though heads that are alike are kept once. */
import * as assert from "uvu/assert";
import { text } from "../support/frames.ts";
import { serverSuite, startServer } from "../support/servers.ts";
import { Echo, KEY, type Peer, peerOf, UPGRADE } from "../support/websockets.ts";

/** Tells its request: at once, and again when it is asked. */
class Told extends Echo {
  override onMessage(name: string | Buffer) {
    const { method, uri, path, version, headers, body } = this.request;
    const value = headers.get(String(name));
    return this.writeMessage({ method, uri, path, version, value, bodyBytes: body.length });
  }
}

/** A key of a client's own. */
function keyOf(number: number): string {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt32BE(number, 12);
  return bytes.toString("base64");
}

/** What a handler sees of its request. */
interface Seen {
  readonly method: string;
  readonly uri: string;
  readonly path: string;
  readonly version: string;
  readonly value: string | null;
  readonly bodyBytes: number;
}

interface Server {
  connect(): Promise<Peer["client"]>;
}

async function shake(server: Server, key: string, target = "/", fields = ""): Promise<Peer> {
  const client = await server.connect();
  const lines = UPGRADE.replace(KEY, key);
  void client.send(`GET ${target} HTTP/1.1\r\nHost: a\r\n${fields}${lines}\r\n`);
  const head = await client.receives("\r\n\r\n");
  assert.match(head, /^HTTP\/1\.1 101 /);
  return peerOf(client, head);
}

async function told(peer: Peer, name: string): Promise<Seen> {
  peer.send(text(name));
  const { payload } = await peer.frame();
  return JSON.parse(payload.toString());
}

const t = serverSuite("the request of a WebSocket");

t("has all that its handshake had", async () => {
  const server = await startServer([["/a%20b", Told]]);
  const fields =
    "X-List: 1\r\nx-list: 2, 3\r\nX-Blanks: \t a  b \t\r\nX-Empty:\r\nX-Latin: \xe4\r\n";
  const peer = await shake(server, KEY, "/a%20b?c=%20&d", fields);
  const request = await told(peer, "X-List");
  assert.equal(request, {
    method: "GET",
    uri: "/a%20b?c=%20&d",
    path: "/a%20b",
    version: "HTTP/1.1",
    value: "1,2, 3",
    bodyBytes: 0,
  });
  for (const [name, value] of [
    ["x-blanks", "a  b"],
    ["X-EMPTY", ""],
    ["x-none", null],
    ["host", "a"],
    ["Sec-WebSocket-Key", KEY],
    ["sec-websocket-version", "13"],
    ["connection", "Upgrade"],
    ["x-latin", "\xe4"],
  ] as const) {
    assert.is((await told(peer, name)).value, value, name);
  }
});

t("has its own key, though all else is like that of others", async () => {
  const server = await startServer([["/", Told]]);
  const peers: Peer[] = [];
  for (let i = 0; i < 20; i++) peers.push(await shake(server, keyOf(i)));
  for (const [i, peer] of peers.entries()) {
    const request = await told(peer, "Sec-WebSocket-Key");
    assert.is(request.value, keyOf(i));
    assert.is(request.uri, "/");
  }
});

t("may have its key elsewhere, too", async () => {
  const server = await startServer([["/.*", Told]]);
  const [one, two] = [keyOf(1), keyOf(2)];
  for (const [key, target, cookie] of [
    [one, `/${one}`, one],
    [two, `/${one}`, one],
    [one, `/${two}`, one],
    [one, `/${one}`, two],
    [two, `/${two}`, two],
    [two, "/", `${one}${two}`],
  ] as const) {
    const peer = await shake(server, key, target, `Cookie: ${cookie}\r\n`);
    assert.is((await told(peer, "Sec-WebSocket-Key")).value, key);
    const request = await told(peer, "Cookie");
    assert.is(request.uri, target);
    assert.is(request.value, cookie);
  }
});

t("is its own among more kinds of heads than are kept, short and long", async () => {
  const server = await startServer([["/.*", Told]]);
  const peers: [peer: Peer, target: string, agent: string][] = [];
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 70; i++) {
      const agent = `agent ${i} $& $1 ${"x".repeat(i % 7 === 0 ? 2000 + i : i)}`;
      const target = `/${i}`;
      const key = keyOf(1000 * round + i);
      const peer = await shake(server, key, target, `User-Agent: ${agent}\r\n`);
      peers.push([peer, target, agent]);
    }
  }
  for (const [i, [peer, target, agent]] of peers.entries()) {
    const request = await told(peer, "User-Agent");
    assert.is(request.uri, target);
    assert.is(request.value, agent);
    const key = keyOf(1000 * Math.floor(i / 70) + (i % 70));
    assert.is((await told(peer, "Sec-WebSocket-Key")).value, key);
  }
});

t.run();
