/** The outbox: what is written arrives whole and in order, however much it is; what cannot be sent ends its connection. */
import * as assert from "uvu/assert";
import {
  OP_ABORT,
  OP_CLOSE,
  OP_LINGER,
  OP_PAUSE,
  OP_PIECE,
  OP_RESET,
  OP_RESUME,
  OP_SHUTDOWN,
} from "../../lib/native/addon.ts";
import { until } from "../support/deferred.ts";
import { turns } from "../support/rawclient.ts";
import { assertReads, assertServing, nativeSuite, pattern } from "./pollertools.ts";

const KiB = 1024;
const MiB = 1024 * KiB;

const order = nativeSuite("what is written to a connection");

order("arrives in order, whatever it was written as", async ({ loop, connect }) => {
  const { client, peer } = await connect();
  const { outbox } = loop;
  const { slot, generation } = peer;
  const piece = outbox.takePieceId();
  loop.poller.setPiece(piece, Buffer.from("<piece>"));
  const large = pattern(200 * KiB);
  outbox.writeText(slot, generation, "text é ");
  outbox.writePiece(slot, generation, piece);
  outbox.writeBytes(slot, generation, Buffer.from("bytes "));
  outbox.writeBytes(slot, generation, large);
  outbox.writeLatin1(slot, generation, "latin1 \xe9 ");
  outbox.writeBytes(slot, generation, Buffer.alloc(0));
  outbox.writeText(slot, generation, "");
  outbox.writeBytes(slot, generation, large.subarray(1));
  peer.command(OP_CLOSE);
  await assertReads(
    client,
    Buffer.concat([
      Buffer.from("text é <piece>bytes "),
      large,
      Buffer.from("latin1 \xe9 ", "latin1"),
      large.subarray(1),
    ]),
  );
});

order("is sent by flush() at once, in the middle of a turn", async ({ loop, connect }) => {
  const { client, peer } = await connect();
  loop.outbox.writeText(peer.slot, peer.generation, "now");
  loop.outbox.flush();
  loop.outbox.flush();
  await client.receives("now");
});

order("may be more commands than the ring holds", async ({ loop, connect }) => {
  const { client, peer } = await connect();
  const { outbox } = loop;
  const count = 50_000; // the ring holds 16 Ki
  let expected = "";
  for (let i = 0; i < count; i++) {
    const text = `${i},`;
    expected += text;
    // Every way to write must survive the ring's end falling on it.
    if (i % 3 === 0) outbox.writeText(peer.slot, peer.generation, text);
    else if (i % 3 === 1) outbox.writeLatin1(peer.slot, peer.generation, text);
    else outbox.writeBytes(peer.slot, peer.generation, Buffer.from(text));
  }
  peer.command(OP_CLOSE);
  await assertReads(client, Buffer.from(expected));
});

for (const shift of [0, 1, 2, 3, 4]) {
  order(`is whole where the ring ends between its pieces (${shift})`, async ({ loop, connect }) => {
    const { client, peer } = await connect();
    const { outbox } = loop;
    const piece = outbox.takePieceId();
    loop.poller.setPiece(piece, Buffer.from("L: "));
    const capacity = loop.poller.outboxRing.length / 6;
    for (let i = 0; i < capacity - shift; i++) outbox.writeText(peer.slot, peer.generation, "x");
    const large = pattern(64 * KiB);
    outbox.writeFramedBytes(peer.slot, peer.generation, piece, large);
    outbox.writeFramedText(peer.slot, peer.generation, piece, "text");
    outbox.writeBytes(peer.slot, peer.generation, large);
    peer.command(OP_CLOSE);
    await assertReads(
      client,
      Buffer.concat([
        Buffer.alloc(capacity - shift, "x"),
        Buffer.from(`L: ${large.length}\r\n\r\n`),
        large,
        Buffer.from("L: 4\r\n\r\ntext"),
        large,
      ]),
    );
  });
}

order("may be more bytes than the arena holds", async ({ loop, connect }) => {
  const { client, peer } = await connect();
  const blocks = Array.from({ length: 300 }, (_, i) => pattern(16 * KiB + i, i)); // 4.7 MiB
  for (const block of blocks) loop.outbox.writeBytes(peer.slot, peer.generation, block);
  peer.command(OP_CLOSE);
  await assertReads(client, Buffer.concat(blocks));
});

order("may be one text longer than the arena", async ({ loop, connect }) => {
  const { outbox } = loop;
  const piece = outbox.takePieceId();
  loop.poller.setPiece(piece, Buffer.from("L: "));
  const text = "aé€😀".repeat(100_000);
  const latin1 = "aé".repeat(700_000);
  const writes: [write: (slot: number, generation: number) => unknown, expected: Buffer][] = [
    [(s, g) => assert.is(outbox.writeText(s, g, text), Buffer.byteLength(text)), Buffer.from(text)],
    [(s, g) => outbox.writeLatin1(s, g, latin1), Buffer.from(latin1, "latin1")],
    [
      (s, g) => assert.is(outbox.writeFramedText(s, g, piece, text), Buffer.byteLength(text)),
      Buffer.from(`L: ${Buffer.byteLength(text)}\r\n\r\n${text}`),
    ],
  ];
  for (const [write, expected] of writes) {
    const { client, peer } = await connect();
    write(peer.slot, peer.generation);
    peer.command(OP_CLOSE);
    await assertReads(client, expected);
  }
});

order("goes to its own connection when many are written to in turn", async ({ loop, connect }) => {
  const ends = await Promise.all(Array.from({ length: 20 }, () => 0)).then(async (places) => {
    const all = [];
    for (const _ of places) all.push(await connect());
    return all;
  });
  const expected = ends.map(() => [] as Buffer[]);
  for (let round = 0; round < 40; round++) {
    for (const [i, { peer }] of ends.entries()) {
      const bytes = pattern(round % 10 === 9 ? 40 * KiB : 500 + round * 13, i * 50 + round);
      expected[i]?.push(bytes);
      loop.outbox.writeBytes(peer.slot, peer.generation, bytes);
    }
    if (round % 7 === 0) await turns(1);
  }
  for (const { peer } of ends) peer.command(OP_CLOSE);
  for (const [i, { client }] of ends.entries()) {
    await assertReads(client, Buffer.concat(expected[i] ?? []));
  }
});

order(
  "waits while the client does not read, and tells when it has left",
  async ({ loop, connect }) => {
    const { client, peer } = await connect({ paused: true });
    const sent: Buffer[] = [];
    for (let i = 0; i < 40; i++) {
      const block = pattern(i % 2 === 0 ? 512 * KiB : 20 * KiB, i);
      sent.push(block);
      loop.outbox.writeBytes(peer.slot, peer.generation, block);
    }
    await until(() => peer.pendingBytes > 0, "refusal by the kernel");
    assert.is(peer.drains, 0);
    client.resume();
    await until(() => peer.drains === 1, "drain");
    assert.is(peer.pendingBytes, 0);
    peer.command(OP_CLOSE);
    await assertReads(client, Buffer.concat(sent));
    await until(() => peer.closes.length === 1, "close");
    assert.equal(peer.closes, [0]);
  },
);

order(
  "goes on leaving after a flush() that came from a timer and was not enough",
  async ({ loop, connect }) => {
    const { client, peer } = await connect({ paused: true });
    const bytes = pattern(8 * MiB);
    await new Promise<void>((resolve) => {
      setTimeout(() => {
        loop.outbox.writeBytes(peer.slot, peer.generation, bytes);
        loop.outbox.flush();
        resolve();
      }, 1);
    });
    assert.ok(peer.pendingBytes > 0);
    client.resume();
    await until(() => peer.drains === 1, "drain");
    peer.command(OP_CLOSE);
    await assertReads(client, bytes);
  },
);

order("may lie in shared memory, or be a part of a buffer", async ({ loop, connect }) => {
  const { client, peer } = await connect();
  const shared = new Uint8Array(new SharedArrayBuffer(100 * KiB)).fill(7);
  const whole = pattern(300 * KiB);
  loop.outbox.writeBytes(peer.slot, peer.generation, shared);
  loop.outbox.writeBytes(peer.slot, peer.generation, whole.subarray(1000, 201_000));
  peer.command(OP_CLOSE);
  await assertReads(
    client,
    Buffer.concat([Buffer.alloc(100 * KiB, 7), whole.subarray(1000, 201_000)]),
  );
});

order.run();

const ends = nativeSuite("the end of a connection");

ends(
  "by OP_CLOSE comes after what was written before it; what comes after is dropped",
  async ({ loop, connect }) => {
    const { client, peer } = await connect({ paused: true });
    const bytes = pattern(8 * MiB);
    loop.outbox.writeBytes(peer.slot, peer.generation, bytes);
    peer.command(OP_CLOSE);
    peer.command(OP_CLOSE);
    loop.outbox.writeText(peer.slot, peer.generation, "too late");
    await turns(3);
    loop.outbox.writeBytes(peer.slot, peer.generation, Buffer.alloc(64 * KiB));
    client.resume();
    await assertReads(client, bytes);
    await until(() => peer.closes.length > 0, "close");
    await turns(3);
    assert.equal(peer.closes, [0]);
  },
);

ends(
  "by OP_SHUTDOWN is a half-close: the client's bytes still arrive",
  async ({ loop, connect }) => {
    const { client, peer } = await connect();
    loop.outbox.writeText(peer.slot, peer.generation, "last");
    peer.command(OP_SHUTDOWN);
    assert.is(String(await client.readToEnd()), "last");
    await client.send("still here");
    await until(() => peer.received === "still here", "bytes");
    client.endSending();
    await until(() => peer.eofs === 1, "the client's end");
  },
);

ends("by OP_LINGER comes with the client's, whose bytes are dropped", async ({ loop, connect }) => {
  const { client, peer } = await connect();
  loop.outbox.writeText(peer.slot, peer.generation, "last");
  peer.command(OP_LINGER);
  assert.is(String(await client.readToEnd()), "last");
  await client.send("ignored");
  await turns(3);
  assert.equal([peer.received, peer.closes], ["", []]);
  client.endSending();
  await until(() => peer.closes.length === 1, "close");
});

for (const [what, op] of [
  ["OP_ABORT", OP_ABORT],
  ["OP_RESET", OP_RESET],
] as const) {
  ends(`by ${what} comes at once, and drops what is queued`, async ({ loop, connect }) => {
    const { client, peer } = await connect({ paused: true });
    loop.outbox.writeBytes(peer.slot, peer.generation, Buffer.alloc(16 * MiB));
    await until(() => peer.pendingBytes > 0, "refusal by the kernel");
    peer.command(op);
    await until(() => peer.closes.length === 1, "close");
    assert.is(peer.pendingBytes, 0);
    client.resume();
    await client.gone();
  });
}

ends(
  "makes commands of its generation void, also for who has the slot next",
  async ({ loop, connect }) => {
    const first = await connect();
    first.peer.command(OP_ABORT);
    await until(() => first.peer.closes.length === 1, "close");
    await turns(2);
    const second = await connect();
    assert.is(second.peer.slot, first.peer.slot, "a free slot is used again");
    assert.is.not(second.peer.generation, first.peer.generation);
    loop.outbox.writeText(first.peer.slot, first.peer.generation, "a stranger's");
    first.peer.command(OP_CLOSE);
    loop.outbox.writeText(second.peer.slot, second.peer.generation, "mine");
    await second.client.receives("mine");
    second.client.assertOpen();
  },
);

ends("does not come by OP_PAUSE, which stops the reading until OP_RESUME", async ({ connect }) => {
  const { client, peer } = await connect();
  peer.command(OP_PAUSE);
  await turns(2);
  await client.send("waits");
  await turns(3);
  assert.is(peer.received, "");
  peer.command(OP_RESUME);
  await until(() => peer.received === "waits", "bytes");
});

ends("does not come by a command without sense: that is dropped", async ({ loop, connect }) => {
  const { client, peer } = await connect();
  const { slot, generation } = peer;
  const ring = loop.poller.outboxRing;
  const nonsense = [
    [99, 0, 0, 0], // no such command
    [0, 0, 0, 0],
    [-1, -1, -1, -1],
    [1, 5, 4, 0], // OP_WRITE: start behind end
    [1, 0, 0x7fffffff, 0], // past the arena
    [1, -1, 10, 0],
    [2, 0, 10, 4_000_000], // OP_FRAMED: no such piece
    [2, 9, 5, 0],
    [2, 4_000_000, -1, 0],
    [14, 0, 0x7fffffff, 0], // OP_TAGGED
    [OP_PIECE, 0, 0, -1],
  ] as const;
  for (const [op, a, b, c] of nonsense) {
    const at = loop.poller.control[0] ?? 0;
    ring.set([op, slot, generation, a, b, c], at);
    loop.poller.control[0] = at + 6;
  }
  ring.set([1, 0x7fffffff, 1, 0, 5, 0], loop.poller.control[0] ?? 0); // no such slot
  loop.poller.control[0] = (loop.poller.control[0] ?? 0) + 6;
  loop.outbox.flush();
  loop.outbox.writeText(slot, generation, "hello");
  assert.is(await client.receives("hello"), "hello");
});

for (const words of [-6, -1, 1, 5, 0x7fffffff, -0x80000000]) {
  ends(`does not come by a count of commands that is wrong (${words})`, async (bench) => {
    bench.loop.poller.outboxRing.fill(0);
    bench.loop.poller.control[0] = words;
    bench.loop.poller.flush();
    bench.loop.poller.control[0] = 0;
    await assertServing(bench);
  });
}

ends("comes by an external that is no Uint8Array", async ({ loop, connect }) => {
  const { client, peer } = await connect();
  const at = loop.poller.control[0] ?? 0;
  loop.poller.outboxRing.set([4, peer.slot, peer.generation, 12_345, 0, 0], at);
  loop.poller.control[0] = at + 6;
  await until(() => peer.closes.length === 1, "close");
  await client.gone();
});

ends.run();
