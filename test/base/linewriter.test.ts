/** Lines written without blocking: order, bounds, drops, failures. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { LineWriter, type WriteFunction } from "../../lib/base/linewriter.ts";

type Answer = Parameters<WriteFunction>[5];

/** A descriptor whose writes are answered by the test. */
class SlowDescriptor {
  readonly taken: string[] = [];
  #answer: Answer | null = null;
  #offered = "";

  readonly write: WriteFunction = (_fd, bytes, offset, length, _position, callback) => {
    assert.is(this.#answer, null, "two writes at once");
    this.#offered = bytes.toString("utf8", offset, offset + length);
    this.#answer = callback;
  };

  get offered(): string {
    return this.#answer === null ? "" : this.#offered;
  }

  takes(count = this.#offered.length): void {
    this.taken.push(this.#offered.slice(0, count));
    this.#reply(null, count);
  }

  fails(code: string): void {
    this.#reply(Object.assign(new Error(code), { code }), 0);
  }

  #reply(error: NodeJS.ErrnoException | null, count: number): void {
    const answer = this.#answer;
    this.#answer = null;
    answer?.(error, count);
  }
}

function setUp(maxQueuedBytes: number): { descriptor: SlowDescriptor; writer: LineWriter } {
  const descriptor = new SlowDescriptor();
  const init = { fd: 2, maxQueuedBytes, retryMs: 1, write: descriptor.write };
  return { descriptor, writer: new LineWriter(init) };
}

const lines = suite("lines of the log");

lines("are written in order, those that waited in one write", () => {
  const { descriptor, writer } = setUp(100);
  writer.writeLine("a\n");
  writer.writeLine("b\n");
  writer.writeLine("c\n");
  assert.is(descriptor.offered, "a\n");
  assert.is(writer.queuedBytes, 4);
  descriptor.takes();
  assert.is(descriptor.offered, "b\nc\n");
  descriptor.takes();
  assert.is(descriptor.offered, "");
  writer.writeLine("d\n");
  descriptor.takes();
  assert.equal(descriptor.taken, ["a\n", "b\nc\n", "d\n"]);
});

lines("that a short write cut are finished first", () => {
  const { descriptor, writer } = setUp(100);
  writer.writeLine("abcdef\n");
  descriptor.takes(2);
  assert.is(descriptor.offered, "cdef\n");
  descriptor.takes();
  assert.is(descriptor.taken.join(""), "abcdef\n");
});

lines("that find the queue full are dropped, and counted in the next", () => {
  const { descriptor, writer } = setUp(60);
  writer.writeLine("a\n");
  assert.ok(writer.writeLine(`${"b".repeat(59)}\n`), "at the limit");
  assert.not(writer.writeLine("c\n"), "one over");
  assert.not(writer.writeLine("d\n"));
  assert.is(writer.droppedCount, 2);
  descriptor.takes();
  assert.ok(writer.writeLine("e\n"));
  assert.is(writer.droppedCount, 0);
  descriptor.takes();
  assert.is(descriptor.offered, "(2 log lines were dropped)\ne\n");
});

lines("that cannot be written are counted, and the next are tried", () => {
  const { descriptor, writer } = setUp(100);
  writer.writeLine("a\n");
  descriptor.fails("EIO");
  writer.writeLine("b\n");
  assert.is(descriptor.offered, "(1 log line was dropped)\nb\n");
});

lines("wait for a descriptor that is not ready", async () => {
  const { descriptor, writer } = setUp(100);
  writer.writeLine("a\n");
  descriptor.fails("EAGAIN");
  // The retry's timer is unref'ed; this one keeps the process until it has come.
  while (descriptor.offered === "") await new Promise((resolve) => setTimeout(resolve, 1));
  assert.is(descriptor.offered, "a\n");
  assert.is(writer.droppedCount, 0);
});

lines.run();
