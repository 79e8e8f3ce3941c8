// What a request costs that arrives byte by byte: `node bench/trickle.mjs --server=landspout`.
//
// Sends the same request whole and one byte a write (TCP_NODELAY), and compares the server's CPU
// time per request. Twice: once with nearly all bytes in the head, once in the body.
// A parser that starts over with each byte shows here as a ratio that grows with --bytes.

import { setImmediate } from "node:timers/promises";
import { Client } from "./lib/client.mjs";
import { flags } from "./lib/flags.mjs";
import { cpuNs, moveToLoadCpu, startServer } from "./lib/proc.mjs";

const given = flags({
  server: "landspout",
  bytes: 16 * 1024,
  whole: 500,
  trickled: 10,
  json: false,
});

moveToLoadCpu();
const results = [];
for (const [part, request] of [
  ["head", headRequest(given.bytes)],
  ["body", bodyRequest(given.bytes)],
]) {
  const server = await startServer(given.server);
  const client = await Client.open(server.port);
  try {
    await repeat(given.whole, () => sendWhole(client, request)); // warm up, in both ways
    await repeat(2, () => sendTrickled(client, request));
    const whole = await cpuOf(server, given.whole, () => sendWhole(client, request));
    const trickled = await cpuOf(server, given.trickled, () => sendTrickled(client, request));
    results.push({ part, whole, trickled, ratio: trickled / whole });
  } catch (error) {
    results.push({ part, error: error.message }); // uWebSockets takes no head of this size
  } finally {
    client.close();
    await server.stop();
  }
}
if (given.json) console.log(JSON.stringify({ server: given.server, bytes: given.bytes, results }));
else print();

function print() {
  console.log(
    `${given.server}, one request of ${given.bytes} bytes, CPU µs of the server per request`,
  );
  for (const { part, whole, trickled, ratio, error } of results) {
    if (error !== undefined) {
      console.log(`in the ${part}: refused (${error})`);
      continue;
    }
    console.log(
      `in the ${part}: whole ${whole.toFixed(1)}, byte by byte ${trickled.toFixed(1)}, ${ratio.toFixed(1)} x`,
    );
  }
}

/** Fields of some 500 bytes, since servers limit their number. */
function headRequest(size) {
  const start = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n";
  const fieldLength = 512;
  let text = start;
  for (let i = 0; text.length + fieldLength + 2 <= size; i++) text += field(i, fieldLength);
  const rest = size - text.length - 2;
  return Buffer.from(`${text}${rest > 16 ? field(99, rest) : ""}\r\n`, "latin1");
}

function field(number, length) {
  const name = `X-Field-${number}: `;
  return `${name}${"v".repeat(length - name.length - 2)}\r\n`;
}

function bodyRequest(size) {
  const head = (length) => `GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: ${length}\r\n\r\n`;
  const length = size - head(size).length;
  return Buffer.from(head(length) + "b".repeat(length), "latin1");
}

async function cpuOf(server, times, send) {
  const before = cpuNs(server.pid);
  await repeat(times, send);
  return (cpuNs(server.pid) - before) / 1000 / times;
}

async function repeat(times, send) {
  for (let i = 0; i < times; i++) {
    const { status } = await send();
    if (status !== 200) throw new Error(`${given.server} answered ${status}`);
  }
}

function sendWhole(client, request) {
  client.socket.write(request);
  return client.response();
}

/** One write(2) a byte: libuv tries each write at once, and we wait when the kernel refuses one. */
async function sendTrickled(client, request) {
  const answer = client.response();
  answer.catch(() => {}); // a refusal in the middle is thrown below, by the await
  for (let at = 0; at < request.length && !client.closed; at++) {
    client.socket.write(request.subarray(at, at + 1));
    while (client.socket.writableLength > 0 && !client.closed) await setImmediate();
  }
  return answer;
}
