/** Every vector of WebSockets, run whole, byte by byte, and cut in two at every point, against a server that echoes. */
import { existsSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { bare, text } from "../support/frames.ts";
import type { RawClient } from "../support/rawclient.ts";
import { type StartedServer, startServer, stopServers } from "../support/servers.ts";
import { Echo, framesOf, open } from "../support/websockets.ts";
import { elsewhere, webSocketVectors } from "../vectors/websocket.ts";
import type { WebSocketVector } from "../vectors/websocketvector.ts";

/** Most pieces that a vector is sent in, and most points that it is cut at. */
const MOST_PIECES = 300;
const MOST_CUTS = 120;
const MOST_AT_ONCE = 32;

class VectorEcho extends Echo {
  override getCompressionOptions() {
    return { thresholdBytes: 1 << 30 };
  }
}

const PROBE = text("probe");
const ECHOED_PROBE = bare(0x81, "probe");

async function judge(
  server: StartedServer,
  vector: WebSocketVector,
  pieces: readonly Uint8Array[],
): Promise<void> {
  const { client } = await open(server, "/", vector.fields);
  try {
    const sending = client.sendPieces(pieces);
    if (vector.end === "open") {
      const wanted = Buffer.concat([vector.answer, ECHOED_PROBE]);
      await sending;
      void client.send(PROBE);
      assert.is(await receive(client, wanted.length), wanted.toString("latin1"));
      client.assertOpen();
    } else {
      const bytes = await client.readToEnd();
      assert.is(
        bytes.subarray(0, vector.answer.length).toString("latin1"),
        vector.answer.toString("latin1"),
      );
      const frames = framesOf(bytes.subarray(vector.answer.length));
      assert.is(frames.length, 1, `one close frame, not ${bytes.toString("hex")}`);
      const { first, payload } = frames[0]!;
      assert.is(first, 0x88);
      assert.is(payload.length < 2 ? null : payload.readUInt16BE(0), vector.end.code);
      await sending;
    }
  } finally {
    client.abort();
  }
}

/** So many bytes: more of them than one expression can ask for come in parts. */
async function receive(client: RawClient, bytes: number): Promise<string> {
  let received = "";
  while (received.length < bytes) {
    const part = Math.min(32_000, bytes - received.length);
    received += await client.receives(new RegExp(`^[^]{${part}}`));
  }
  return received;
}

function inPieces(bytes: Buffer): Buffer[] {
  const step = Math.max(1, Math.ceil(bytes.length / MOST_PIECES));
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += step) pieces.push(bytes.subarray(at, at + step));
  return pieces;
}

async function runCut(server: StartedServer, vector: WebSocketVector): Promise<void> {
  const { bytes } = vector;
  const step = Math.max(1, Math.ceil(bytes.length / MOST_CUTS));
  let next = 1;
  const worker = async () => {
    while (next < bytes.length) {
      const at = next;
      next += step;
      try {
        await judge(server, vector, [bytes.subarray(0, at), bytes.subarray(at)]);
      } catch (error) {
        next = bytes.length;
        throw new Error(`cut at ${at}: ${error instanceof Error ? error.message : error}`);
      }
    }
  };
  await Promise.all(Array.from({ length: MOST_AT_ONCE }, worker));
}

for (const [what, vectors] of webSocketVectors) {
  const t = suite(`vectors of WebSockets: ${what}`);
  let server: StartedServer;
  t.before(async () => {
    server = await startServer([["/", VectorEcho]]);
  });
  t.after(stopServers);
  for (const vector of vectors) {
    t(`${vector.must}: ${vector.name}`, async () => {
      await judge(server, vector, [vector.bytes]);
      await judge(server, vector, inPieces(vector.bytes));
      await runCut(server, vector);
    });
  }
  t.run();
}

/** Sections that have a MUST for an endpoint that is a server. */
const SECTIONS: Readonly<Record<string, readonly string[]>> = {
  "RFC 6455": [
    "5.1",
    "5.2",
    "5.3",
    "5.4",
    "5.5",
    "5.5.1",
    "5.5.2",
    "5.5.3",
    "5.6",
    "6.1",
    "6.2",
    "7.1.1",
    "7.1.5",
    "7.1.7",
    "7.4.1",
    "7.4.2",
    "8.1",
  ],
  "RFC 7692": [
    "5.1",
    "6",
    "6.1",
    "6.2",
    "7.1",
    "7.1.1",
    "7.1.1.1",
    "7.1.2.1",
    "7.2",
    "7.2.1",
    "7.2.3",
  ],
};

const covering = suite("vectors of WebSockets: the standards");

covering("have a vector, or a suite that is there, for each section with a MUST", () => {
  const musts = webSocketVectors.flatMap(([, vectors]) => vectors.map(({ must }) => must));
  for (const [must, file] of elsewhere) {
    assert.ok(existsSync(file), `${file} is not there`);
    musts.push(must);
  }
  for (const [rfc, sections] of Object.entries(SECTIONS)) {
    for (const section of sections) {
      const named = new RegExp(`${rfc}[^:]*§${section.replaceAll(".", "\\.")}(?![.\\d])`);
      assert.ok(
        musts.some((must) => named.test(must)),
        `${rfc} §${section} has no vector`,
      );
    }
  }
});

covering.run();
