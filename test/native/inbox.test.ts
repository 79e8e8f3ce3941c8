/** The inbox: more than it holds is delivered in parts, whole and in order; what happens to the loop meanwhile is survived. */
import { once } from "node:events";
import { connect as netConnect, type Socket } from "node:net";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  KIND_ACCEPTED,
  Poller,
  RECORD_KIND,
  RECORD_LENGTH,
  RECORD_SLOT,
} from "../../lib/native/addon.ts";
import { until } from "../support/deferred.ts";
import { RawClient, turns, within } from "../support/rawclient.ts";
import { LIMITS, nativeSuite, type RawConnection } from "./pollertools.ts";

const CLIENTS = 60;
const BYTES = 64 * 1024;

/** Letters that tell whose they are and where they belong. */
function letters(seed: number): string {
  let text = "";
  for (let i = 0; i < BYTES / 8; i++) text += String(seed * 100_000 + i).padStart(8, "0");
  return text;
}

const arena = nativeSuite("more bytes at once than the arena holds");

arena("arrive whole, each at its connection", async ({ connect }) => {
  const ends: { client: RawClient; peer: RawConnection }[] = [];
  for (let i = 0; i < CLIENTS; i++) ends.push(await connect());
  const texts = ends.map((_, i) => letters(i));
  for (const [i, { client }] of ends.entries()) void client.send(texts[i] ?? "");
  await until(() => ends.every(({ peer }) => peer.received.length === BYTES), "all bytes");
  for (const [i, { peer }] of ends.entries()) assert.ok(peer.received === texts[i], `text ${i}`);
});

arena("are dropped when a handler closes the loop in the middle", async ({ loop, connect }) => {
  const ends: { client: RawClient; peer: RawConnection }[] = [];
  for (let i = 0; i < CLIENTS; i++) ends.push(await connect());
  let calls = 0;
  for (const { peer } of ends) {
    peer.onData = () => {
      calls++;
      loop.close();
    };
  }
  for (const { client } of ends) void client.send(letters(1));
  for (const { client } of ends) await client.gone();
  await turns(2);
  assert.is(calls, 1);
});

arena(
  "cost a connection that is closed in the middle its rest, and no other",
  async ({ loop, connect }) => {
    const ends: { client: RawClient; peer: RawConnection }[] = [];
    for (let i = 0; i < CLIENTS; i++) ends.push(await connect());
    // The first bytes of any close every other connection, some of whose bytes are in the ring by then.
    const [closing, staying] = [0, 1].map((rest) => ends.filter((_, i) => i % 2 === rest));
    const take = (): void => {
      for (const { peer } of closing ?? []) {
        loop.poller.closeSlot(peer.slot, peer.generation);
        peer.onData = () => {};
      }
    };
    for (const { peer } of closing ?? []) peer.onData = take;
    for (const { client } of ends) void client.send(letters(2));
    await until(() => (closing ?? []).every(({ peer }) => peer.closes.length === 1), "closes");
    await until(() => (staying ?? []).every(({ peer }) => peer.received.length === BYTES), "bytes");
  },
);

arena.run();

/** A Poller without a loop around it: who reads its ring is the test. */
function pollerOf(capacity: number, turn: (poller: Poller, words: number) => void) {
  const poller: Poller = new Poller(capacity, (words) => turn(poller, words), []);
  const slot = poller.listen(4, "127.0.0.1", 0, 128, false, false, false, ...LIMITS) as number;
  const port = poller.name(slot, poller.generation(slot), false)?.[1] ?? 0;
  return { poller, port };
}

const full = suite("a loop without a free slot");

full("ends the connections that are too many, and keeps the others", async () => {
  const accepted = new Set<number>();
  const { poller, port } = pollerOf(16, ({ inboxRing }, words) => {
    for (let at = 0; at < words; at += inboxRing[at + RECORD_LENGTH] ?? words) {
      if (inboxRing[at + RECORD_KIND] === KIND_ACCEPTED) {
        accepted.add(inboxRing[at + RECORD_SLOT] ?? -1);
      }
    }
  });
  const sockets: Socket[] = [];
  let ended = 0;
  for (let i = 0; i < 20; i++) {
    const socket = netConnect(port, "127.0.0.1").resume();
    socket.on("error", () => {});
    socket.on("close", () => ended++);
    sockets.push(socket);
    await once(socket, "connect");
  }
  await until(() => ended === 5, "five ended connections");
  await turns(3);
  assert.equal([ended, accepted.size], [5, 15]);
  for (const socket of sockets) socket.destroy();
  poller.close();
});

full.run();

const throwing = suite("a turn that throws");

throwing("is an uncaught exception of the process, and the next turn comes", async () => {
  let calls = 0;
  const { poller, port } = pollerOf(64, () => {
    calls++;
    if (calls === 1) throw new Error("deliberate, in a turn");
  });
  const uncaught = once(process, "uncaughtException");
  const first = await RawClient.connect({ port });
  const [error] = await within(uncaught, "uncaught exception");
  assert.match(String(error), /deliberate, in a turn/);
  const second = await RawClient.connect({ port });
  await until(() => calls === 2, "second turn");
  first.destroy();
  second.destroy();
  poller.close();
});

throwing.run();
