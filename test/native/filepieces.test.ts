/** Files in the outbox: they arrive whole and in their place, or end their connection. */
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import os from "node:os";
import path from "node:path";
import * as assert from "uvu/assert";
import { OP_ABORT, OP_CLOSE, OP_FILE, OP_RESET } from "../../lib/native/addon.ts";
import { until } from "../support/deferred.ts";
import { turns } from "../support/rawclient.ts";
import { inFolder, openCount, withFile } from "./filetools.ts";
import {
  assertReads,
  assertServing,
  nativeSuite,
  pattern,
  type RawConnection,
} from "./pollertools.ts";

const KiB = 1024;
const MiB = 1024 * KiB;
const GiB = 1024 * MiB;

const { ENODATA = 61 } = os.constants.errno;
const { EINVAL, EBADF, ESPIPE, EISDIR } = os.constants.errno;

/** Most bytes of one socket that leave in a turn: kSendBudget. */
const QUANTUM = 2 * MiB;
const whole = nativeSuite("a span of a file");

// Each size is one that something begins or ends at: read beside the head, copied into the queue, a turn's share.
for (const around of [0, 16 * KiB, 64 * KiB, 80 * KiB, QUANTUM, QUANTUM + 64 * KiB, 3 * MiB]) {
  whole(`arrives whole between other bytes, around ${around} bytes`, ({ loop, connect }) =>
    withFile(pattern(4 * MiB), async (fd) => {
      const content = fs.readFileSync(fd);
      for (const size of [around - 1, around, around + 1]) {
        if (size < 0) continue;
        const { client, peer } = await connect();
        const { slot, generation } = peer;
        loop.outbox.writeLatin1(slot, generation, "head;");
        loop.outbox.writeFile(slot, generation, fd, 12_345, size);
        loop.outbox.writeText(slot, generation, ";between;");
        loop.outbox.writeFile(slot, generation, fd, 0, size);
        loop.outbox.writeFile(slot, generation, fd, 1, 7);
        loop.outbox.writeBytes(slot, generation, content.subarray(0, 40 * KiB));
        peer.command(OP_CLOSE);
        await assertReads(
          client,
          Buffer.concat([
            Buffer.from("head;"),
            content.subarray(12_345, 12_345 + size),
            Buffer.from(";between;"),
            content.subarray(0, size),
            content.subarray(1, 8),
            content.subarray(0, 40 * KiB),
          ]),
        );
      }
    }),
  );
}

whole("waits in its place while the client does not read", ({ loop, connect }) =>
  withFile(pattern(8 * MiB), async (fd) => {
    const content = fs.readFileSync(fd);
    const { client, peer } = await connect({ paused: true });
    const { slot, generation } = peer;
    const expected: Buffer[] = [];
    for (let i = 0; i < 12; i++) {
      const size = [8 * MiB - i, 20 * KiB, 100 * KiB, 10][i % 4] ?? 0;
      loop.outbox.writeText(slot, generation, `<${i}>`);
      loop.outbox.writeFile(slot, generation, fd, i, size);
      if (i % 3 === 0) loop.outbox.writeBytes(slot, generation, content.subarray(i, 50 * KiB));
      expected.push(Buffer.from(`<${i}>`), content.subarray(i, i + size));
      if (i % 3 === 0) expected.push(content.subarray(i, 50 * KiB));
      if (i === 5) await turns(2);
    }
    await turns(1);
    assert.ok(peer.pendingBytes > 16 * MiB, `${peer.pendingBytes} bytes pend`);
    assert.is(peer.drains, 0);
    client.resume();
    await until(() => peer.drains === 1, "drain");
    assert.is(peer.pendingBytes, 0);
    peer.command(OP_CLOSE);
    await assertReads(client, Buffer.concat(expected));
    await until(() => peer.closes.length === 1, "close");
    assert.equal(peer.closes, [0]);
    assert.is(openCount(fd), 1, "no duplicate is left open");
  }),
);

whole("may be closed by its owner as soon as the outbox is flushed", ({ loop, connect }) =>
  withFile(pattern(8 * MiB), async (fd) => {
    const content = fs.readFileSync(fd);
    const { client, peer } = await connect({ paused: true });
    const own = fs.openSync(`/proc/self/fd/${fd}`, "r");
    loop.outbox.writeFile(peer.slot, peer.generation, own, 0, content.length);
    loop.outbox.flush();
    fs.closeSync(own);
    assert.ok(peer.pendingBytes > 0);
    // Whoever gets the number next is not sent in its place.
    const next = fs.openSync("/dev/zero", "r");
    peer.command(OP_CLOSE);
    client.resume();
    await assertReads(client, content);
    fs.closeSync(next);
  }),
);

whole("is read by position: the descriptor's own is not moved", ({ loop, connect }) =>
  withFile(Buffer.from("0123456789".repeat(10_000)), async (fd) => {
    const { client, peer } = await connect();
    fs.readSync(fd, Buffer.alloc(5));
    loop.outbox.writeFile(peer.slot, peer.generation, fd, 0, 100_000);
    loop.outbox.writeFile(peer.slot, peer.generation, fd, 3, 3);
    peer.command(OP_CLOSE);
    assert.is((await client.readToEnd()).length, 100_003);
    const after = Buffer.alloc(5);
    fs.readSync(fd, after);
    assert.is(String(after), "56789");
  }),
);

whole("may lie beyond 4 GiB", ({ loop, connect }) =>
  withFile(Buffer.alloc(0), async (fd) => {
    const content = pattern(100 * KiB);
    fs.writeSync(fd, content, 0, content.length, 5 * GiB + 3);
    for (const size of [1000, content.length]) {
      const { client, peer } = await connect();
      loop.outbox.writeFile(peer.slot, peer.generation, fd, 5 * GiB + 3, size);
      peer.command(OP_CLOSE);
      await assertReads(client, content.subarray(0, size));
    }
    const { client, peer } = await connect({ paused: true });
    loop.outbox.writeFile(peer.slot, peer.generation, fd, 0, 5 * GiB);
    await until(() => peer.pendingBytes > 0, "refusal by the kernel");
    assert.is(peer.pendingBytes, 0x7fffffff, "clamped");
    client.destroy();
  }),
);

for (const shift of [0, 1, 2, 3, 4]) {
  whole(`is sent where the ring ends between its pieces (${shift})`, ({ loop, connect }) =>
    withFile(pattern(64 * KiB), async (fd) => {
      const content = fs.readFileSync(fd);
      const { client, peer } = await connect();
      const { slot, generation } = peer;
      const capacity = loop.poller.outboxRing.length / 6;
      for (let i = 0; i < capacity - shift; i++) loop.outbox.writeText(slot, generation, "x");
      loop.outbox.writeFile(slot, generation, fd, 0, content.length);
      loop.outbox.writeText(slot, generation, "y");
      loop.outbox.writeFile(slot, generation, fd, 10, 100);
      loop.outbox.writeFile(slot, generation, fd, 20, 100);
      peer.command(OP_CLOSE);
      await assertReads(
        client,
        Buffer.concat([
          Buffer.alloc(capacity - shift, "x"),
          content,
          Buffer.from("y"),
          content.subarray(10, 110),
          content.subarray(20, 120),
        ]),
      );
    }),
  );
}

for (const size of [5 * KiB, 60 * KiB]) {
  whole(`shares a segment with the head before it (${size})`, ({ loop, connect }) =>
    withFile(Buffer.alloc(size, "b"), async (fd) => {
      const { client, peer } = await connect();
      loop.outbox.writeLatin1(peer.slot, peer.generation, "head;");
      loop.outbox.writeFile(peer.slot, peer.generation, fd, 0, size);
      await until(() => client.unread.length > 0, "bytes");
      assert.ok(client.unread.length > "head;".length, "the head came alone");
    }),
  );
}

for (const [name, op] of [
  ["OP_ABORT", OP_ABORT],
  ["OP_RESET", OP_RESET],
] as const) {
  whole(`that waits is let go of by ${name}`, ({ loop, connect }) =>
    withFile(pattern(8 * MiB), async (fd) => {
      const { client, peer } = await connect({ paused: true });
      for (let i = 0; i < 3; i++) loop.outbox.writeFile(peer.slot, peer.generation, fd, i, 7 * MiB);
      await until(() => peer.pendingBytes > 0, "refusal by the kernel");
      await turns(1);
      assert.is(openCount(fd), 4);
      peer.command(op);
      await until(() => peer.closes.length === 1, "close");
      assert.is(openCount(fd), 1);
      client.resume();
      await client.gone();
    }),
  );
}

whole("that waits is let go of by a loop that closes", ({ loop, connect }) =>
  withFile(pattern(8 * MiB), async (fd) => {
    const { peer } = await connect({ paused: true });
    loop.outbox.writeFile(peer.slot, peer.generation, fd, 0, 8 * MiB);
    await until(() => peer.pendingBytes > 0, "refusal by the kernel");
    loop.close();
    assert.is(openCount(fd), 1);
  }),
);

whole.run();

const failing = nativeSuite("a file that cannot be sent as promised");

/** The connection is reset, its owner learns why, and the client got a beginning of it at most. */
async function assertEnded(peer: RawConnection, errno: number): Promise<void> {
  await until(() => peer.closes.length > 0, "close");
  await turns(2);
  assert.equal(peer.closes, [errno]);
  assert.is(peer.pendingBytes, 0);
}

for (const size of [1, 16 * KiB, 60 * KiB, 100 * KiB, 2 * MiB]) {
  failing(`because it is shorter (by one of ${size} bytes)`, ({ loop, connect }) =>
    withFile(pattern(size - 1), async (fd) => {
      const { client, peer } = await connect();
      loop.outbox.writeText(peer.slot, peer.generation, "head;");
      loop.outbox.writeFile(peer.slot, peer.generation, fd, 0, size);
      loop.outbox.writeText(peer.slot, peer.generation, "the next response");
      await client.gone();
      await assertEnded(peer, ENODATA);
      assert.not.ok(client.unread.includes("next"));
    }),
  );
}

for (const left of [0, 1 * MiB, 7 * MiB]) {
  failing(`because it is cut to ${left} bytes while it is sent`, async (bench) => {
    const { loop, connect } = bench;
    await withFile(pattern(32 * MiB), async (fd) => {
      const { client, peer } = await connect({ paused: true });
      loop.outbox.writeText(peer.slot, peer.generation, "head;");
      loop.outbox.writeFile(peer.slot, peer.generation, fd, 0, 32 * MiB);
      loop.outbox.writeText(peer.slot, peer.generation, "the next response");
      await until(() => peer.pendingBytes > 0, "refusal by the kernel");
      fs.ftruncateSync(fd, left);
      client.resume();
      await client.gone();
      await assertEnded(peer, ENODATA);
      assert.ok(client.unread.length < 32 * MiB);
      assert.not.ok(client.unread.includes("next"));
      assert.is(openCount(fd), 1);
      await assertServing(bench);
    });
  });
}

failing("because it is none: a directory, a pipe, a socket, nothing open", (bench) =>
  inFolder(async (folder) => {
    const { loop, connect } = bench;
    const fifo = path.join(folder, "fifo");
    assert.is(spawnSync("mkfifo", [fifo]).status, 0);
    const directory = fs.openSync(folder, "r");
    const pipe = fs.openSync(fifo, fs.constants.O_RDWR | fs.constants.O_NONBLOCK);
    const closed = fs.openSync(folder, "r");
    fs.closeSync(closed);
    const socket = loop.poller.descriptor(bench.listener.slot, bench.listener.generation);
    const cases: [fd: number, errnos: number[]][] = [
      [directory, [EISDIR, EINVAL]],
      [pipe, [ESPIPE]],
      [socket, [ESPIPE]],
      [closed, [EBADF]],
      [0x7fffffff, [EBADF]],
      [-1, [EINVAL]],
    ];
    for (const [fd, errnos] of cases) {
      for (const size of [100, 20 * KiB, 2 * MiB]) {
        const { client, peer } = await connect();
        loop.outbox.writeFile(peer.slot, peer.generation, fd, 0, size);
        await client.gone();
        await until(() => peer.closes.length > 0, "close");
        const [errno = -1] = peer.closes;
        assert.ok(errnos.includes(errno), `descriptor ${fd}, ${size} bytes: ${errno}`);
      }
    }
    fs.closeSync(directory);
    fs.closeSync(pipe);
    await assertServing(bench);
  }),
);

failing("because its span is none", (bench) =>
  withFile(pattern(100), async (fd) => {
    const spans: [offset: number, length: number][] = [
      [-1, 10],
      [0, -1],
      [0.5, 10],
      [0, 10.5],
      [Number.NaN, 10],
      [0, Number.NaN],
      [0, Number.POSITIVE_INFINITY],
      [2 ** 53, 1],
      [0, 2 ** 53],
      [2 ** 53 - 1, 1],
    ];
    for (const [offset, length] of spans) {
      const { peer } = await bench.connect();
      bench.loop.outbox.writeFile(peer.slot, peer.generation, fd, offset, length);
      await assertEnded(peer, EINVAL);
    }
    const { peer } = await bench.connect();
    bench.loop.outbox.writeFile(peer.slot, peer.generation, fd, 2 ** 53 - 2, 1);
    await assertEnded(peer, ENODATA);
    await assertServing(bench);
  }),
);

failing("because its operand is not in the arena", async (bench) => {
  const { loop, connect } = bench;
  const { length } = loop.poller.outboxArena;
  const operands: [start: number, end: number][] = [
    [-16, 0],
    [length, length + 16],
    [length - 8, length + 8],
    [0, 15],
    [16, 0],
    [0x7ffffff0, -0x80000000],
  ];
  for (const [start, end] of operands) {
    const { peer } = await connect();
    const at = loop.poller.control[0] ?? 0;
    loop.poller.outboxRing.set([OP_FILE, peer.slot, peer.generation, start, end, 0], at);
    loop.poller.control[0] = at + 6;
    await assertEnded(peer, EINVAL);
  }
  await assertServing(bench);
});

failing.run();
