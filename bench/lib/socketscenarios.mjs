// What is sent over WebSockets, and who takes part. Used by websocket.mjs.

import { orderText } from "./order.mjs";

const KiB = 1024;
const servers = ["landspout", "uwebsockets", "ws"];

/**
 * { title, servers, path, message, depth, connections, isBroadcast, per } by name. `depth`: messages on their way, of each
 * connection, or of the one that publishes; `per`: what the CPU time is divided by.
 */
export const socketScenarios = {
  "echo-16": echo("echo of 20 B, 16 in flight", text(20), 16, 64),
  echo: echo("echo of 20 B, one in flight", text(20), 1, 64),
  "echo-1k": echo("echo of 1 KiB, 4 in flight", text(KiB), 4, 64),
  "echo-64k": echo("echo of 64 KiB of text, one in flight", text(64 * KiB), 1, 32),
  "bytes-64k": echo("echo of 64 KiB of bytes, one in flight", bytes(64 * KiB), 1, 32),
  "lent-64k": {
    ...echo("echo of 64 KiB of bytes that are lent, one in flight", bytes(64 * KiB), 1, 32),
    servers: ["landspout", "uwebsockets"],
    path: "/lent",
  },
  "deflate-1k": echo("echo of 1 KiB of JSON, compressed, one in flight", json(), 1, 32),
  broadcast: broadcast("broadcast of 100 B, one a turn", text(100), 1),
  "broadcast-10": broadcast("broadcast of 100 B, 10 at once", text(100), 10),
  "broadcast-deflate": broadcast("broadcast of 1 KiB of JSON, compressed", json(), 1),
};

function echo(title, message, depth, connections) {
  const path = message.isCompressed ? "/deflate" : "/echo";
  const share = { isBroadcast: false, per: "message" };
  return { title, servers, path, message, depth, connections, ...share };
}

function broadcast(title, message, depth) {
  const path = message.isCompressed ? "/topic-deflate" : "/topic";
  const connections = 10_000;
  const share = { isBroadcast: true, per: "delivery" };
  return { title, servers, path, message, depth, connections, ...share };
}

/** Text that is not the same again and again, nor longer in UTF-8. */
function text(length) {
  const words = "the quick brown fox jumps over the lazy dog 0123456789 ";
  const payload = Buffer.from(words.repeat(Math.ceil(length / words.length)).slice(0, length));
  return { payload, isText: true, isCompressed: false };
}

function bytes(length) {
  const payload = Buffer.from(Array.from({ length }, (_, i) => (i * 167 + (i >> 8)) & 0xff));
  return { payload, isText: false, isCompressed: false };
}

function json() {
  return { payload: Buffer.from(orderText), isText: true, isCompressed: true };
}
