/**
 * Runs a vector against a server in three ways: whole, byte by byte, and cut in two at every point.
 * test/server/vectorsuites.ts calls it; what it judges is stated in test/vectors/vector.ts.
 */
import type { Vector, Wanted } from "../vectors/vector.ts";
import { quote, type RawClient, turns } from "./rawclient.ts";
import { parseResponses, type RawResponse } from "./rawresponse.ts";
import { takeHiddenHits } from "./vectorapp.ts";

/** Connects a client to the server under test. */
export type Connect = () => Promise<RawClient>;

/** Most connections open at once while a vector is cut everywhere. */
const MOST_AT_ONCE = 48;
/** Longer vectors are cut at this many points, spread evenly. */
const MOST_CUTS = 400;

const PROBE = "GET /target/probe HTTP/1.1\r\nHost: probe\r\n\r\n";
const PROBE_PATH = '"/target/probe"';

/** Sends all bytes at once. */
export async function runWhole(vector: Vector, connect: Connect): Promise<void> {
  takeHiddenHits(); // of a vector that failed before
  await judge(vector, connect, [vector.bytes], "whole");
}

/** Sends one byte after the other, each read by the server before the next leaves. */
export async function runByteByByte(vector: Vector, connect: Connect): Promise<void> {
  takeHiddenHits();
  await judge(vector, connect, [...vector.bytes], "byte by byte");
}

/** Sends two pieces, for every point between them, on a connection each. */
export async function runCut(vector: Vector, connect: Connect): Promise<void> {
  const { length } = vector.bytes;
  const step = Math.max(1, Math.ceil(length / MOST_CUTS));
  let next = 1;
  takeHiddenHits();
  const worker = async (): Promise<void> => {
    while (next < length) {
      const at = next;
      next += step;
      const pieces = [vector.bytes.slice(0, at), vector.bytes.slice(at)];
      try {
        await judge(vector, connect, pieces, `cut at ${at}`);
      } catch (error) {
        next = length; // one failure is enough to read
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: MOST_AT_ONCE }, worker));
}

async function judge(
  vector: Vector,
  connect: Connect,
  pieces: readonly string[],
  how: string,
): Promise<void> {
  const client = await connect();
  try {
    // Not awaited: a refusal may come, and must be readable, while the rest is still being sent.
    const sending = client.sendPieces(pieces);
    if (vector.end === "closed") await judgeClosed(vector, client);
    else await judgeOpen(vector, client);
    await sending;
    const hits = takeHiddenHits();
    if (hits > 0) throw new Error(`a hidden request was seen ${hits} times`);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new Error(`${vector.name}, ${how}: ${message}\n    sent ${quote(vector.bytes)}`);
  } finally {
    client.abort();
  }
}

async function judgeClosed(vector: Vector, client: RawClient): Promise<void> {
  const bytes = await client.readToEnd();
  const methods = vector.wanted.map((wanted) => wanted.method ?? "");
  const finals = parseResponses(bytes, methods).filter((response) => response.status >= 200);
  if (finals.length !== vector.wanted.length) {
    throw new Error(`wanted ${vector.wanted.length} responses, then the end; got ${quote(bytes)}`);
  }
  finals.forEach((response, index) => {
    compare(response, vector.wanted[index]);
    if (response.status >= 400 && response.status !== 404 && response.status !== 405) {
      assertRefusal(response);
    }
  });
}

async function judgeOpen(vector: Vector, client: RawClient): Promise<void> {
  for (const wanted of vector.wanted) {
    compare(await client.readFinalResponse({ method: wanted.method ?? "" }), wanted);
  }
  if (vector.end === "waiting") {
    await turns(6);
    client.assertOpen();
    if (client.unread !== "") throw new Error(`wanted no answer yet; got ${quote(client.unread)}`);
    return;
  }
  // The answer to one more request proves that the connection is open, that the server stands at the
  // start of a request, and that nothing came in between: no waiting is needed to see that.
  void client.send(PROBE);
  const probe = await client.readFinalResponse();
  if (probe.status !== 200 || !probe.text.includes(PROBE_PATH)) {
    throw new Error(`wanted the next request answered; got ${quote(probe.head)} ${probe.text}`);
  }
}

function compare(response: RawResponse, wanted: Wanted | undefined): void {
  if (wanted === undefined) throw new Error(`wanted no such response: ${quote(response.head)}`);
  const statuses = typeof wanted.status === "number" ? [wanted.status] : wanted.status;
  const body = response.body.toString("latin1");
  if (!statuses.includes(response.status)) {
    throw new Error(`wanted ${statuses.join(" or ")}; got ${quote(`${response.head} ${body}`)}`);
  }
  if (wanted.body !== undefined && wanted.body !== body) {
    throw new Error(`wanted the body ${quote(wanted.body)}; got ${quote(body)}`);
  }
  for (const [name, value] of Object.entries(wanted.fields ?? {})) {
    const elements = (response.header(name) ?? "").toLowerCase().split(/\s*,\s*/);
    if (
      !value
        .toLowerCase()
        .split(", ")
        .every((element) => elements.includes(element))
    ) {
      throw new Error(`wanted ${name}: ${value}; got ${quote(response.head)}`);
    }
  }
}

/** A refusal says that it closes, and how long it is, so that a client need not guess. */
export function assertRefusal(response: RawResponse): void {
  if (response.header("connection")?.toLowerCase() !== "close") {
    throw new Error(`wanted Connection: close in the refusal; got ${quote(response.head)}`);
  }
  // That of a HEAD says how long it would be, and has no body.
  if (response.framing !== "length" && response.header("content-length") === undefined) {
    throw new Error(`wanted Content-Length in the refusal; got ${quote(response.head)}`);
  }
}
