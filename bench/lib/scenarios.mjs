// What is asked of the servers, who takes part, and what a right answer is: a server that answers
// something else than the others must not be measured beside them. Used by run.mjs and load.mjs.

import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { badOrderText, orderText, receiptText } from "./order.mjs";

const KiB = 1024;
const MiB = 1024 * KiB;

const browserHeaders = {
  "User-Agent":
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
  Accept: "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
  "Accept-Language": "en-GB,en;q=0.9,de;q=0.8",
  "Accept-Encoding": "gzip, deflate, br",
  Cookie: "session=c2Vzc2lvbi0wMTIzNDU2Nzg5; theme=dark",
};

const routed = ["landspout", "uwebsockets", "fastify", "node-http"];
const servingFiles = ["landspout", "nginx", "nginx-cached", "fastify-static"];
const validating = ["landspout", "fastify"];

/** Every server that some scenario has. */
export const allServers = [...new Set([...routed, ...servingFiles, ...validating])];

/**
 * { title, servers, method, path, headers, body, depth, connections?, check } by name. `depth` > 1:
 * pipelined; `connections`: most that the scenario is run with.
 */
export const scenarios = {
  plain: get("GET /, one at a time", "/", 1, {}, checkPlain),
  "plain-16": get("GET /, pipelined x16", "/", 16, {}, checkPlain),
  user: get("GET /user/42, one at a time", "/user/42", 1, browserHeaders, checkUser),
  "user-16": get("GET /user/42, pipelined x16", "/user/42", 16, browserHeaders, checkUser),
  "static-1k": file("1 KiB", "1k.bin", KiB, 64),
  "static-64k": file("64 KiB", "64k.bin", 64 * KiB, 64),
  "static-16m": file("16 MiB", "16m.bin", 16 * MiB, 8),
  json: post("POST of 1 KiB of JSON, validated, one at a time", 1),
  "json-16": post("POST of 1 KiB of JSON, validated, pipelined x16", 16),
};

/** The files of the static scenarios, in a folder that is removed when the process ends. */
export function makeFiles() {
  const folder = mkdtempSync(path.join(os.tmpdir(), "landspout-bench-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  for (const { file: wanted } of Object.values(scenarios)) {
    if (wanted !== undefined) {
      writeFileSync(path.join(folder, wanted.name), randomBytes(wanted.bytes));
    }
  }
  return folder;
}

function get(title, target, depth, headers, check) {
  return { title, servers: routed, method: "GET", path: target, headers, body: null, depth, check };
}

function file(size, name, bytes, connections) {
  const target = `/static/${name}`;
  const title = `GET of a file of ${size}, at most ${connections} connections`;
  const check = async (ask, expect) => {
    const { status, headers, body } = await ask("GET", target, "Host: a\r\n");
    expect("status of the file", status, 200);
    expect("length of the file", body.length, bytes);
    expect("Content-Length of the file", headers.get("content-length"), String(bytes));
    const again = `Host: a\r\nIf-None-Match: ${headers.get("etag")}\r\n`;
    expect("status of a GET with its ETag", (await ask("GET", target, again)).status, 304);
  };
  const shape = { method: "GET", path: target, headers: {}, body: null, depth: 1 };
  return { ...shape, title, servers: servingFiles, connections, check, file: { name, bytes } };
}

function post(title, depth) {
  const headers = { "Content-Type": "application/json" };
  const shape = { method: "POST", path: "/orders", headers, body: orderText };
  return { ...shape, title, servers: validating, depth, check: checkOrder };
}

async function checkPlain(ask, expect) {
  const { status, headers, body } = await ask("GET", "/", "Host: a\r\n");
  expect("status of /", status, 200);
  expect("body of /", body, "Hello, World!");
  expect("Content-Type of /", headers.get("content-type"), "text/plain");
}

async function checkUser(ask, expect) {
  const fields = "Host: a\r\nUser-Agent: b\r\nCookie: c=d\r\n";
  const { headers, body } = await ask("GET", "/user/42", fields);
  expect(
    "body of /user/42",
    body,
    '{"id":"42","host":"a","user-agent":"b","accept":null,"cookie":"c=d","accept-language":null}',
  );
  expect(
    "Content-Type of /user/42",
    headers.get("content-type"),
    "application/json; charset=UTF-8",
  );
}

async function checkOrder(ask, expect) {
  const fields = (text) =>
    `Host: a\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n`;
  const good = await ask("POST", "/orders", fields(orderText), orderText);
  expect("status of a good order", good.status, 200);
  expect("body of a good order", good.body, receiptText);
  const bad = await ask("POST", "/orders", fields(badOrderText), badOrderText);
  expect("status of a bad order", bad.status, 400);
}
