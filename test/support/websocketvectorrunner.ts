/**
 * Runs vectors of WebSockets against a server that echoes: whole, byte by byte, and cut in two at every point.
 *
 * A file of test/server runs those of one or more files of test/vectors, so that each ends in time on a busy machine.
 */
import { isUtf8 } from "node:buffer";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { webSocketVectors } from "../vectors/websocket.ts";
import type { WebSocketVector } from "../vectors/websocketvector.ts";
import { bare, text } from "./frames.ts";
import { type StartedServer, startServer, stopServers } from "./servers.ts";
import { Echo, framesOf, open } from "./websockets.ts";

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
      assert.is((await client.bytes(wanted.length)).toString("latin1"), wanted.toString("latin1"));
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
      const reason = payload.subarray(2);
      if (vector.end.isEcho) assert.is(reason.length, 0, "a reason of its own");
      else assert.ok(reason.length > 0 && reason.length <= 123 && isUtf8(reason), `${reason}`);
      await sending;
    }
  } finally {
    client.abort();
  }
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

/** Runs the vectors of these names, a suite each. */
export function runWebSocketVectors(...names: readonly string[]): void {
  for (const name of names) {
    const vectors = webSocketVectors.find(([what]) => what === name)?.[1];
    if (vectors === undefined) throw new Error(`there are no vectors of ${name}`);
    const t = suite(`vectors of WebSockets: ${name}`);
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
}
