// The client's handshake as values: the request, the URL, and what an answer is.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  type ClientHandshake,
  judgeAnswer,
  writeHandshake,
} from "../../lib/websocket/clienthandshake.ts";
import { parseWebSocketURL } from "../../lib/websocket/websocketurl.ts";

const handshake: ClientHandshake = {
  target: "/chat",
  host: "server.example.com",
  key: "dGhlIHNhbXBsZSBub25jZQ==",
  subprotocols: [],
  deflate: null,
};

/** The fields of an answer, by their names in lower case. */
function answer(fields: Readonly<Record<string, string | string[]>>) {
  const all = {
    upgrade: "websocket",
    connection: "Upgrade",
    "sec-websocket-accept": "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
    ...fields,
  } as Record<string, string | string[]>;
  const getList = (name: string) => [all[name.toLowerCase()] ?? []].flat();
  return { getList, get: (name: string) => getList(name).join(",") || null };
}

const request = suite("writeHandshake()");

request("writes the least that is needed", () => {
  assert.is(
    writeHandshake(handshake, ""),
    "GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
  );
});

request("adds subprotocols, the offer of compression, and further lines", () => {
  const deflate = {
    serverNoContextTakeover: false,
    clientNoContextTakeover: true,
    serverMaxWindowBits: 10,
    clientMaxWindowBits: 15,
  };
  const head = writeHandshake({ ...handshake, subprotocols: ["a", "b"], deflate }, "X: y\r\n");
  assert.ok(
    head.endsWith(
      "Sec-WebSocket-Protocol: a, b\r\nSec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover; server_max_window_bits=10; client_max_window_bits\r\nX: y\r\n\r\n",
    ),
    head,
  );
});

request.run();

const judge = suite("judgeAnswer()");

judge("takes the answer of RFC 6455 §1.3", () => {
  assert.equal(judgeAnswer("HTTP/1.1", answer({}), handshake), {
    subprotocol: null,
    deflate: null,
  });
});

judge("takes one of the subprotocols", () => {
  const asked = { ...handshake, subprotocols: ["chat", "superchat"] };
  const agreed = judgeAnswer("HTTP/1.1", answer({ "sec-websocket-protocol": "superchat" }), asked);
  assert.equal(agreed, { subprotocol: "superchat", deflate: null });
});

judge("refuses two lines of what may be there once", () => {
  const asked = { ...handshake, subprotocols: ["a"] };
  const twice = judgeAnswer("HTTP/1.1", answer({ "sec-websocket-protocol": ["a", "a"] }), asked);
  assert.match(String(twice), /more than one/);
});

judge("judges every parameter of the answer to an offer of compression", () => {
  const deflate = {
    serverNoContextTakeover: false,
    clientNoContextTakeover: false,
    serverMaxWindowBits: 12,
    clientMaxWindowBits: 13,
  };
  const agreed = (field: string) =>
    judgeAnswer("HTTP/1.1", answer({ "sec-websocket-extensions": field }), {
      ...handshake,
      deflate,
    });
  const bits = (field: string) => {
    const agreement = agreed(field);
    if (typeof agreement === "string") return agreement;
    return [agreement.deflate?.serverMaxWindowBits, agreement.deflate?.clientMaxWindowBits];
  };
  assert.equal(bits("permessage-deflate; server_max_window_bits=12"), [12, 13]);
  assert.equal(bits("permessage-deflate; server_max_window_bits=9"), [9, 13]);
  assert.match(String(bits("permessage-deflate; server_max_window_bits=13")), /no answer/);
  // What was wished for must be said. RFC 7692 §7.1.2.1.
  assert.match(String(bits("permessage-deflate; client_max_window_bits=10")), /no answer/);
  const said = "permessage-deflate; server_max_window_bits=12";
  assert.equal(bits(`${said}; client_max_window_bits=10`), [12, 10]);
  assert.equal(bits(`${said}; client_max_window_bits="8"`), [12, 8]);
  assert.match(String(bits(`${said}; client_max_window_bits=7`)), /no answer/);
  assert.equal((agreed(`${said}; client_no_context_takeover`) as { deflate: object }).deflate, {
    field: "",
    serverNoContextTakeover: false,
    clientNoContextTakeover: true,
    serverMaxWindowBits: 12,
    clientMaxWindowBits: 13,
  });
});

judge.run();

const url = suite("parseWebSocketURL()");

url("reads host, port, Host field and target", () => {
  for (const [text, host, port, authority, target] of [
    ["ws://example.com", "example.com", 80, "example.com", "/"],
    ["ws://example.com:80/", "example.com", 80, "example.com", "/"],
    ["WS://EXAMPLE.com:8080?q", "example.com", 8080, "example.com:8080", "/?q"],
    ["ws://[::1]:81/a/../b", "::1", 81, "[::1]:81", "/b"],
    ["ws://127.0.0.1/a b?c=ü", "127.0.0.1", 80, "127.0.0.1", "/a%20b?c=%C3%BC"],
    ["ws://bücher.example/%00", "xn--bcher-kva.example", 80, "xn--bcher-kva.example", "/%00"],
    ["ws://h:65535/\r\n\tx", "h", 65_535, "h:65535", "/x"],
  ] as const) {
    assert.equal(
      parseWebSocketURL(text),
      { host, port, authority, target, userinfo: null },
      JSON.stringify(text),
    );
  }
});

url("decodes the user and the password", () => {
  assert.equal(parseWebSocketURL("ws://a:b%40c@h/").userinfo, { username: "a", password: "b@c" });
  assert.equal(parseWebSocketURL(new URL("ws://a@h/")).userinfo, { username: "a", password: "" });
  assert.equal(parseWebSocketURL("ws://:p@h/").userinfo, { username: "", password: "p" });
});

url("says what to write instead of http", () => {
  assert.throws(() => parseWebSocketURL("http://h/"), /write ws:\/\//);
  assert.throws(() => parseWebSocketURL("https://h/"), /write wss:\/\//);
});

url.run();
