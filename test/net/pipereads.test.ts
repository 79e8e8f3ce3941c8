/** PipeIOStream: what is read of pipes and FIFOs, whole and cut anywhere; their ends, flow control, limits. */
import { closeSync, constants, openSync, writeSync } from "node:fs";
import * as assert from "uvu/assert";
import { StreamBufferFullError, UnsatisfiableReadError } from "../../lib/index.ts";
import { until } from "../support/deferred.ts";
import { turns } from "../support/rawclient.ts";
import { Descriptor, fifo, pipe } from "./pipetools.ts";
import { netSuite, realError, throwsCode } from "./streamtools.ts";

const KiB = 1024;

const pipes = netSuite("a pipe that is read");

pipes("is read as bytes, lines and the rest, cut anywhere", async () => {
  const text = "abcde\nline\nrest";
  for (let cut = 0; cut <= text.length; cut++) {
    const { reader, writer } = pipe();
    const stream = reader.stream();
    const word = stream.readBytes(5);
    writer.write(text.slice(0, cut));
    await turns(2);
    writer.write(text.slice(cut));
    writer.close();
    assert.is((await word).toString(), "abcde");
    assert.is((await stream.readUntil("\n")).toString(), "\n");
    assert.is((await stream.readUntilRegex(/\n/)).toString(), "line\n");
    assert.is((await stream.readUntilClose()).toString(), "rest");
    assert.is(stream.closed, true);
    assert.is(stream.error, null);
  }
});

pipes("is read piece by piece until its end", async () => {
  const { reader, writer } = pipe();
  const stream = reader.stream();
  let got = "";
  const reading = (async () => {
    for await (const piece of stream) got += piece.toString();
  })();
  writer.write("one ");
  await until(() => got === "one ", "one");
  writer.write("two");
  await until(() => got === "one two", "two");
  writer.close();
  await reading;
});

pipes("that ends before a read is done rejects it", async () => {
  const { reader, writer } = pipe();
  const stream = reader.stream();
  const read = stream.readBytes(3);
  writer.write("ab");
  writer.close();
  assert.is(await realError(read), null);
  assert.is((await stream.readUntilClose()).toString(), "ab");
});

pipes(
  "whose writer had gone before the stream was made gives what it left, then ends",
  async () => {
    const name = fifo();
    const reader = new Descriptor(openSync(name, constants.O_RDONLY | constants.O_NONBLOCK));
    const writer = openSync(name, constants.O_WRONLY);
    writeSync(writer, "left behind");
    closeSync(writer);
    assert.is((await reader.stream().readUntilClose()).toString(), "left behind");
  },
);

pipes("that nobody has open for writing is at its end", async () => {
  const name = fifo();
  const reader = new Descriptor(openSync(name, constants.O_RDONLY | constants.O_NONBLOCK));
  assert.is((await reader.stream().readUntilClose()).length, 0);
});

pipes("that is open both ways reads what it writes, and has no end", async () => {
  const both = new Descriptor(openSync(fifo(), constants.O_RDWR));
  const stream = both.stream();
  await stream.write("to myself\n");
  assert.is((await stream.readUntil("\n")).toString(), "to myself\n");
  await turns(5);
  assert.is(stream.closed, false);
});

pipes("calls back when it ends, after what had arrived was read", async () => {
  const { reader, writer } = pipe();
  const stream = reader.stream();
  let calls = 0;
  stream.setCloseCallback(() => calls++);
  writer.write("ab");
  writer.close();
  await until(() => stream.bufferedBytes === 2, "both bytes");
  await turns(3);
  assert.is(calls, 0);
  assert.is((await stream.readBytes(2)).toString(), "ab");
  await until(() => calls === 1, "the callback");
  assert.is(stream.closed, true);
});

pipes("is not read further than a little ahead while nobody reads", async () => {
  const { reader, writer } = pipe();
  const stream = reader.stream({ readChunkBytes: 1024, maxBufferBytes: 64 * KiB });
  for (let i = 0; i < 32; i++) writer.write("x".repeat(KiB));
  await until(() => stream.bufferedBytes > 0, "some bytes");
  const held = stream.bufferedBytes;
  for (let i = 0; i < 32; i++) writer.write("y".repeat(KiB));
  await turns(5);
  assert.is(stream.bufferedBytes, held);
  writer.close();
  await turns(5);
  const all = Buffer.concat([await stream.readBytes(KiB), await stream.readUntilClose()]);
  assert.is(all.toString(), "x".repeat(32 * KiB) + "y".repeat(32 * KiB));
});

for (const [bytes, isTaken] of [
  [7, true],
  [8, true],
  [9, false],
] as const) {
  pipes(
    `with maxBufferBytes 8 ${isTaken ? "gives" : "refuses"} ${bytes} bytes to one read`,
    async () => {
      const { reader, writer } = pipe();
      const stream = reader.stream({ maxBufferBytes: 8 });
      const read = stream.readUntilClose();
      writer.write("x".repeat(bytes));
      writer.close();
      if (isTaken) assert.is((await read).length, bytes);
      else assert.instance(await realError(read), StreamBufferFullError);
    },
  );
}

pipes("is closed by a read whose delimiter does not come within maxBytes", async () => {
  const { reader, writer } = pipe();
  const stream = reader.stream();
  const read = stream.readUntil("\n", { maxBytes: 3 });
  writer.write("abcd\n");
  assert.instance(await realError(read), UnsatisfiableReadError);
  assert.is(stream.closed, true);
});

pipes("takes one read at a time", () => {
  const { reader } = pipe();
  const stream = reader.stream();
  void stream.readBytes(1);
  throwsCode(() => stream.readBytes(1), "ERR_STATE");
});

pipes.run();
