/** PipeIOStream: what is written to pipes, flow control, their ends; and who owns the descriptor. */
import { spawnSync } from "node:child_process";
import { closeSync, constants, fstatSync, openSync } from "node:fs";
import * as assert from "uvu/assert";
import { IOLoop, PipeIOStream, StreamBufferFullError } from "../../lib/index.ts";
import { until } from "../support/deferred.ts";
import { turns } from "../support/rawclient.ts";
import { PIPE_BYTES, pipe } from "./pipetools.ts";
import {
  afterwards,
  codeOf,
  descriptorCount,
  logged,
  netSuite,
  realError,
  rejection,
  throwsCode,
} from "./streamtools.ts";

const pipes = netSuite("a pipe that is written");

pipes("takes what has room at once, and the rest in order as it is read", async () => {
  const { reader, writer } = pipe();
  const stream = writer.stream();
  await stream.write("first ");
  const big = stream.write(Buffer.alloc(3 * PIPE_BYTES, "b"));
  const last = stream.write(" last");
  assert.is(stream.writing, true);
  let got = "";
  await until(() => {
    got += reader.read();
    return !stream.writing;
  }, "everything to leave");
  await big;
  await last;
  got += reader.read();
  assert.is(got, `first ${"b".repeat(3 * PIPE_BYTES)} last`);
  await stream.write("");
});

pipes("keeps thousands of small writes in order", async () => {
  const { reader, writer } = pipe();
  const stream = writer.stream();
  let wanted = "x".repeat(PIPE_BYTES);
  void stream.write(wanted);
  for (let i = 0; i < 5000; i++) {
    void stream.write(`${i},`);
    wanted += `${i},`;
  }
  let got = "";
  await until(() => {
    got += reader.read();
    return got.length === wanted.length;
  }, "all of it");
  assert.is(got, wanted);
});

for (const over of [0, 1]) {
  pipes(
    `${over === 0 ? "takes" : "refuses"} a write ${over} over maxWriteBufferBytes`,
    async () => {
      const { reader, writer } = pipe();
      const stream = writer.stream({ maxWriteBufferBytes: PIPE_BYTES });
      await stream.write("x".repeat(PIPE_BYTES));
      void stream.write("y".repeat(1000));
      const last = stream.write("z".repeat(PIPE_BYTES - 1000 + over));
      if (over === 1) assert.instance(await rejection(last), StreamBufferFullError);
      let got = "";
      await until(() => {
        got += reader.read();
        return !stream.writing;
      }, "everything to leave");
      if (over === 0) await last;
      got += reader.read();
      assert.is(got.length, 2 * PIPE_BYTES - (over === 1 ? PIPE_BYTES - 1000 : 0));
    },
  );
}

pipes("whose reader has gone refuses a write with EPIPE", async () => {
  const { reader, writer } = pipe();
  const stream = writer.stream();
  reader.close();
  assert.is(codeOf(await realError(stream.write("x"))), "EPIPE");
  assert.is(stream.closed, true);
  assert.is(codeOf(await realError(stream.write("y"))), "EPIPE");
});

pipes("notices that its reader has gone though nothing is written", async () => {
  const { reader, writer } = pipe();
  const stream = writer.stream();
  let calls = 0;
  stream.setCloseCallback(() => calls++);
  reader.close();
  await until(() => calls === 1, "the callback");
  assert.is(codeOf(stream.error), "EPIPE");
});

pipes("whose reader goes refuses what waits", async () => {
  const { reader, writer } = pipe();
  const stream = writer.stream();
  const big = stream.write(Buffer.alloc(2 * PIPE_BYTES));
  await turns(2);
  reader.close();
  assert.is(codeOf(await realError(big)), "EPIPE");
});

pipes("that is closed lets what was written leave first", async () => {
  const { reader, writer } = pipe();
  const before = descriptorCount();
  const stream = writer.stream();
  const big = stream.write(Buffer.alloc(2 * PIPE_BYTES, "b"));
  stream.close();
  assert.is(stream.closed, true);
  assert.is(await realError(stream.write("late")), null);
  let got = "";
  await until(() => {
    got += reader.read();
    return got.length === 2 * PIPE_BYTES;
  }, "everything to leave");
  await big;
  await until(() => descriptorCount() === before - 1, "the descriptor to be closed");
});

pipes("that is closed gives up after 30 s without progress", async () => {
  const { writer } = pipe();
  const before = descriptorCount();
  const stream = writer.stream();
  const big = stream.write(Buffer.alloc(2 * PIPE_BYTES));
  stream.close();
  const { clock } = IOLoop.current();
  clock.advance(20_000);
  await turns(2);
  assert.is(stream.writing, true);
  clock.advance(11_000);
  assert.is(await realError(big), null);
  assert.is(descriptorCount(), before - 1);
});

pipes("that is aborted drops what waits", async () => {
  const { writer } = pipe();
  const stream = writer.stream();
  const big = stream.write(Buffer.alloc(2 * PIPE_BYTES));
  const reason = new Error("enough");
  stream.abort(reason);
  stream.abort();
  stream.close();
  assert.is(await realError(big), reason);
  assert.is(stream.error, reason);
});

// The descriptor.

pipes("has its own descriptor, and leaves none behind", async () => {
  const { reader, writer } = pipe();
  const before = descriptorCount();
  const fd = reader.give();
  const stream = new PipeIOStream(fd);
  assert.is(descriptorCount(), before);
  stream.close();
  assert.is(descriptorCount(), before - 1);
  assert.is(await realError(stream.readBytes(1)), null);
  writer.close();
});

pipes("can be written at one end only, and read at the other", () => {
  const { reader, writer } = pipe();
  const input = reader.stream();
  const output = writer.stream();
  throwsCode(() => input.write("x"), "ERR_STATE");
  throwsCode(() => output.readBytes(1), "ERR_STATE");
  throwsCode(() => output.write(1 as unknown as string), "ERR_ARGUMENT_TYPE");
});

pipes(
  "is nothing else: files, closed descriptors and nonsense are refused, and stay as they are",
  () => {
    const file = openSync(process.execPath, "r");
    afterwards(() => closeSync(file));
    throwsCode(() => new PipeIOStream(file), "ERR_ARGUMENT_TYPE");
    assert.ok(fstatSync(file).isFile());
    throwsCode(() => new PipeIOStream(1_000_000), "EBADF");
    for (const fd of [-1, 1.5, Number.NaN, "0", null]) {
      throwsCode(() => new PipeIOStream(fd as number), "ERR_ARGUMENT_TYPE");
    }
    const { reader } = pipe();
    const fd = reader.give();
    throwsCode(() => new PipeIOStream(fd, { maxBufferBytes: 1 }), "ERR_OPTION_RANGE");
    closeSync(fd);
  },
);

pipes(
  "made by a shell is read and written, is left blocking for others, and lets the process end",
  () => {
    const library = new URL("../../lib/index.js", import.meta.url).href;
    const program = `
    import { readFileSync } from "node:fs";
    import { PipeIOStream } from ${JSON.stringify(library)};
    const input = new PipeIOStream(0);
    const output = new PipeIOStream(1);
    for (let n = 1; n <= 2; n++) await output.write(n + " " + (await input.readUntil("\\n")));
    const isBlocking = [0, 1].every((fd) =>
      (parseInt(/flags:\\s*(\\d+)/.exec(readFileSync("/proc/self/fdinfo/" + fd, "latin1"))[1], 8) & ${constants.O_NONBLOCK}) === 0);
    await output.write((await input.readUntilClose()) + "|" + isBlocking);
    output.close();
  `;
    const { stdout, stderr } = spawnSync(
      "sh",
      [
        "-c",
        'printf "a\\nb\\nrest" | "$0" --input-type=module -e "$1" | cat',
        process.execPath,
        program,
      ],
      { encoding: "utf8", timeout: 30_000 },
    );
    assert.is(stdout, "1 a\n2 b\nrest|true", stderr);
    assert.equal(logged("error"), []);
  },
);

pipes.run();
