/**
 * What is asked of everything that answers requests, whatever framework is inside: that it holds a client back, waits for
 * a slow one, ends a connection whose body it does not read, and answers a client that has ended its side.
 */
import { createHash } from "node:crypto";
import * as assert from "uvu/assert";
import { type Deferred, until } from "./deferred.ts";
import { type RawClient, turns } from "./rawclient.ts";
import type { StartedServer } from "./servers.ts";
import { ask, MEBIBYTE } from "./targets.ts";

export function sha1(bytes: Uint8Array): string {
  return createHash("sha1").update(bytes).digest("hex");
}

/** Waits until a number is above 0 and is the same when it is looked at again. */
async function untilStill(count: () => number, what: string): Promise<void> {
  let before = -1;
  await until(() => {
    const now = count();
    const isStill = now === before && now > 0;
    before = now;
    return isStill;
  }, what);
  await turns(20);
}

/** Posts 10 MiB to `/`, which nobody reads yet: the client must be held back. @returns `sent`: all of it was taken */
export async function postHeldBack(
  client: RawClient,
  bytes: Buffer,
): Promise<{ readonly sent: Promise<void> }> {
  await client.send(ask("/", "POST", `Content-Length: ${bytes.length}\r\n`));
  const sent = client.send(bytes);
  await untilStill(() => client.sentBytes, "a client that is held back");
  assert.ok(client.sentBytes < 9 * MEBIBYTE, `${client.sentBytes} bytes were taken`);
  return { sent };
}

/** A paused client reads a response of 10 MiB once what makes it, which has given so many bytes, has come to a halt. */
export async function readsLate(
  client: RawClient,
  givenBytes: () => number,
  wanted: Buffer,
): Promise<void> {
  await untilStill(givenBytes, "a source that waits");
  assert.ok(givenBytes() < 9 * MEBIBYTE, `${givenBytes()} bytes were given without a reader`);
  client.resume();
  const response = await client.readFinalResponse();
  assert.is(response.framing, "chunked");
  assert.is(sha1(response.body), sha1(wanted));
}

/** A POST to `/`, whose body is not read, is answered with 403 "no", which arrives; then the connection ends. */
export async function refusesUnread({ connect }: StartedServer): Promise<void> {
  const client = await connect();
  await client.send(`${ask("/", "POST", "Content-Length: 1000\r\n")}half`);
  const response = await client.readFinalResponse();
  assert.equal(
    [response.status, response.text, response.header("Connection")],
    [403, "no", "close"],
  );
  await client.closed();
}

/** A client that asks for `/`, then ends its side, is answered with this text. */
export async function answersHalfClosed({ connect }: StartedServer, text: string): Promise<void> {
  const client = await connect();
  void client.send(ask("/"));
  client.endSending();
  assert.is((await client.readFinalResponse()).text, text);
  await client.closed();
}

/** A slow response, a fast one and a 404 were asked for at once: none comes before the slow one, whose gate opens here. */
export async function slowFirst(client: RawClient, gate: Deferred<void>): Promise<void> {
  await turns(4);
  assert.is(client.unread, "");
  gate.resolve();
  assert.is((await client.readFinalResponse()).text, "slow");
  assert.is((await client.readFinalResponse()).text, "fast");
  assert.is((await client.readFinalResponse()).status, 404);
}
