/** Broadcast: frames for many sockets arrive whole and in order, whatever else is written between them. */
import * as assert from "uvu/assert";
import { CONTROL_COMMANDS, OP_CLOSE, OP_PAUSE, OP_RESUME } from "../../lib/native/addon.ts";
import { SharedFrame } from "../../lib/native/broadcast.ts";
import { assertReads, nativeSuite, pattern } from "./pollertools.ts";

const BINARY = 0x82;
const t = nativeSuite("a frame for many sockets");

/** Numbers from 0 to below a bound, the same ones each time. */
function randomly(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

t("is in the arena once, and one command a socket names it", async ({ loop, connect }) => {
  const pairs = [await connect(), await connect(), await connect()];
  const { broadcast } = loop.outbox;
  const frames = [1, 2, 3].map((n) => new SharedFrame(BINARY, pattern(100, n), false));
  const commands = loop.poller.control[CONTROL_COMMANDS] ?? 0;
  for (const frame of frames) {
    for (const { peer } of pairs) broadcast.write(peer.slot, peer.generation, frame);
  }
  const words = (loop.poller.control[CONTROL_COMMANDS] ?? 0) - commands;
  assert.is(words, 3 * 6, "the second and the third have made the commands of the first longer");
  for (const { peer } of pairs) peer.command(OP_CLOSE);
  const expected = Buffer.concat(frames.map(({ bytes }) => bytes));
  for (const { client } of pairs) await assertReads(client, expected);
});

t("has the head of its length", () => {
  for (const [length, head] of [
    [0, "8200"],
    [125, "827d"],
    [126, "827e007e"],
    [65_535, "827effff"],
    [65_536, "827f0000000000010000"],
  ] as const) {
    const { bytes } = new SharedFrame(BINARY, Buffer.alloc(length), length === 126);
    assert.is(bytes.toString("hex", 0, bytes.length - length), head);
  }
});

for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
  t(`keeps its place among other writes (${seed})`, async ({ loop, connect }) => {
    const random = randomly(seed);
    const pairs: Awaited<ReturnType<typeof connect>>[] = [];
    for (let i = 0; i < 6; i++) pairs.push(await connect());
    const expected = pairs.map((): Buffer[] => []);
    const { outbox } = loop;
    const old: SharedFrame[] = [];
    for (let step = 0; step < 3_000; step++) {
      const what = random(20);
      const which = random(pairs.length);
      const { slot, generation } = pairs[which]!.peer;
      if (what < 12) {
        // One for all, or for some of them; one of before, now and then.
        const size = random(40) === 0 ? 40_000 : random(400);
        const known = random(4) === 0 ? old[random(old.length)] : undefined;
        const frame = known ?? new SharedFrame(BINARY, pattern(size, step), random(2) === 0);
        if (old.length < 20) old.push(frame);
        const skipped = random(3) === 0 ? random(pairs.length) : -1;
        pairs.forEach(({ peer }, index) => {
          if (index === skipped) return;
          if (known === undefined) outbox.broadcast.write(peer.slot, peer.generation, frame);
          else outbox.broadcast.again(peer.slot, peer.generation, frame);
          expected[index]!.push(frame.bytes);
          if (random(200) !== 0) return;
          outbox.writeText(peer.slot, peer.generation, "in between");
          expected[index]!.push(Buffer.from("in between"));
        });
      } else if (what < 14) {
        outbox.writeText(slot, generation, `text ${step} é`);
        expected[which]!.push(Buffer.from(`text ${step} é`));
      } else if (what < 15) {
        const bytes = pattern(random(300), step);
        outbox.writeBytesFrame(slot, generation, BINARY, bytes);
        expected[which]!.push(new SharedFrame(BINARY, bytes, false).bytes);
      } else if (what < 16) {
        const bytes = pattern(33_000, step);
        outbox.writeBytes(slot, generation, bytes);
        expected[which]!.push(bytes);
      } else if (what < 18) {
        outbox.command(random(2) === 0 ? OP_PAUSE : OP_RESUME, slot, generation);
      } else if (what < 19) {
        if (random(4) === 0) outbox.flush();
      } else {
        const rare = random(10);
        // The ring is filled by commands that send nothing.
        if (rare === 0) {
          for (let i = 0; i < 16_380; i++) outbox.command(OP_RESUME, slot, generation);
        } else if (rare === 1) {
          await new Promise<void>((resolve) => setImmediate(resolve));
        }
      }
    }
    for (const { peer } of pairs) peer.command(OP_CLOSE);
    await Promise.all(
      pairs.map(({ client }, index) => assertReads(client, Buffer.concat(expected[index]!))),
    );
  });
}

t(
  "may be sent again and again, more often than the ring has room for",
  async ({ loop, connect }) => {
    const { client, peer } = await connect();
    const frame = new SharedFrame(BINARY, pattern(20), false);
    const other = new SharedFrame(BINARY, pattern(30), false);
    for (let i = 0; i < 20_000; i++) loop.outbox.broadcast.again(peer.slot, peer.generation, frame);
    for (let i = 0; i < 20_000; i++) loop.outbox.broadcast.again(peer.slot, peer.generation, other);
    peer.command(OP_CLOSE);
    const all = [...Array(20_000).fill(frame.bytes), ...Array(20_000).fill(other.bytes)];
    await assertReads(client, Buffer.concat(all));
  },
);

t.run();
