/** IOStream's reads: what each gives, whole, byte by byte and cut anywhere; limits at, under and over. */
import * as assert from "uvu/assert";
import { type IOStream, StreamBufferFullError, UnsatisfiableReadError } from "../../lib/index.ts";
import { until } from "../support/deferred.ts";
import { turns } from "../support/rawclient.ts";
import { codeOf, netSuite, pair, realError, serve, throwsCode } from "./streamtools.ts";

const reads = netSuite("a read of a stream");

/** Sends `text` cut at every place, and byte by byte; each time `read` is to give `wanted`, and leave `rest`. */
async function everyCut(
  text: string,
  read: (stream: IOStream) => Promise<Uint8Array>,
  wanted: string,
): Promise<void> {
  const rest = text.slice(wanted.length);
  const cuts: string[][] = [[...text]];
  for (let cut = 0; cut <= text.length; cut++) cuts.push([text.slice(0, cut), text.slice(cut)]);
  for (const pieces of cuts) {
    const { stream, client, server } = await pair();
    const result = read(stream);
    await client.sendPieces(pieces);
    assert.is(Buffer.from(await result).toString("latin1"), wanted);
    if (rest !== "") assert.is((await stream.readBytes(rest.length)).toString("latin1"), rest);
    client.destroy();
    server.stop();
  }
}

reads("of bytes gives exactly as many", () =>
  everyCut("abcdefgh", (stream) => stream.readBytes(5), "abcde"),
);

reads("until a delimiter includes it", () =>
  everyCut("ab\rc\r\nd\r\n", (stream) => stream.readUntil("\r\n"), "ab\rc\r\n"),
);

reads("until a delimiter finds one that begins inside itself", () =>
  everyCut("aaab|aab", (stream) => stream.readUntil(Buffer.from("aab")), "aaab"),
);

reads("until a regular expression ends with the match", () =>
  everyCut("x=12; y", (stream) => stream.readUntilRegex(/[0-9]+(?=;)/), "x=12"),
);

reads("into memory fills all of it", async () => {
  await everyCut(
    "abcdefgh",
    async (stream) => {
      const target = Buffer.alloc(5);
      assert.is(await stream.readInto(target), 5);
      return target;
    },
    "abcde",
  );
});

reads("until the end gives everything", async () => {
  const { stream, client } = await pair();
  const all = stream.readUntilClose();
  await client.sendPieces(["abc", "def"]);
  client.endSending();
  assert.is((await all).toString(), "abcdef");
  assert.ok(stream.closed);
  assert.is(stream.error, null);
});

reads("of 4 bytes at a time answers each four (readBytes is exact)", async () => {
  const server = serve(async (stream) => {
    for (;;) await stream.write(`<${await stream.readBytes(4)}>`);
  });
  const client = await server.connect();
  await client.sendPieces(["ab", "cdef", "gh"]);
  assert.is(await client.receives("<abcd><efgh>"), "<abcd><efgh>");
});

reads("answers lines that were sent before the end of the peer, then sees the end", async () => {
  const server = serve(async (stream) => {
    for (;;) await stream.write(`L:${await stream.readUntil("\n", { maxBytes: 10 })}`);
  });
  const client = await server.connect();
  void client.send("a\nb\n");
  client.endSending();
  assert.is((await client.readToEnd()).toString(), "L:a\nL:b\n");
  assert.equal(server.streams.at(0)?.closed, true);
});

reads("of no bytes is done at once, even before a byte arrives", async () => {
  const { stream } = await pair();
  assert.is((await stream.readBytes(0)).length, 0);
  assert.is(await stream.readInto(new Uint8Array(0)), 0);
});

reads("that is partial takes what is there, at most as much as was asked", async () => {
  const { stream, client } = await pair();
  const first = stream.readBytes(100, { partial: true });
  await client.send("abc");
  assert.is((await first).toString(), "abc");
  await client.send("defgh");
  await until(() => stream.bufferedBytes === 5, "bytes");
  assert.is((await stream.readBytes(2, { partial: true })).toString(), "de");
  const target = Buffer.alloc(10);
  assert.is(await stream.readInto(target, { partial: true }), 3);
  assert.is(target.toString("latin1", 0, 3), "fgh");
  const last = stream.readInto(target, { partial: true });
  await client.send("i");
  assert.is(await last, 1);
});

reads("begins after another only: a second one throws and changes nothing", async () => {
  const { stream, client } = await pair();
  const first = stream.readBytes(2);
  assert.ok(stream.reading);
  throwsCode(() => stream.readBytes(1), "ERR_STATE");
  throwsCode(() => stream.readUntil("\n"), "ERR_STATE");
  throwsCode(() => stream.readUntilClose(), "ERR_STATE");
  await client.send("ab");
  assert.is((await first).toString(), "ab");
  assert.not(stream.reading);
});

reads("refuses arguments that make no sense, at once", async () => {
  const { stream } = await pair({ maxBufferBytes: 100 });
  for (const bytes of [-1, 1.5, 101, Number.NaN, "1" as unknown as number]) {
    throwsCode(() => stream.readBytes(bytes), "ERR_ARGUMENT_RANGE");
  }
  throwsCode(() => stream.readUntil(""), "ERR_ARGUMENT_TYPE");
  throwsCode(() => stream.readUntil(new Uint8Array(0)), "ERR_ARGUMENT_TYPE");
  throwsCode(() => stream.readUntil(1 as unknown as string), "ERR_ARGUMENT_TYPE");
  throwsCode(() => stream.readUntil("a", { maxBytes: 0 }), "ERR_ARGUMENT_RANGE");
  throwsCode(() => stream.readUntil("a", { maxByte: 1 } as object), "ERR_UNKNOWN_OPTION");
  throwsCode(() => stream.readBytes(1, { partial: 1 as unknown as boolean }), "ERR_ARGUMENT_TYPE");
  throwsCode(() => stream.readUntilRegex("a" as unknown as RegExp), "ERR_ARGUMENT_TYPE");
  throwsCode(() => stream.readInto([] as unknown as Buffer), "ERR_ARGUMENT_TYPE");
  assert.not(stream.reading);
  assert.not(stream.closed);
});

reads("leaves the regular expression that it was given as it was", async () => {
  const { stream, client } = await pair();
  const regex = /b/g;
  regex.lastIndex = 7;
  await client.send("abab");
  assert.is((await stream.readUntilRegex(regex)).toString(), "ab");
  assert.is((await stream.readUntilRegex(/b/y)).toString(), "ab");
  assert.is(regex.lastIndex, 7);
});

for (const [name, read] of [
  ["a delimiter", (stream: IOStream, maxBytes: number) => stream.readUntil("\n", { maxBytes })],
  [
    "a regular expression",
    (stream: IOStream, maxBytes: number) => stream.readUntilRegex(/\n/, { maxBytes }),
  ],
] as const) {
  for (const inPieces of [false, true]) {
    const how = inPieces ? "byte by byte" : "in one piece";

    reads(`until ${name} takes maxBytes and not one more, ${how}`, async () => {
      for (const [line, isTaken] of [
        ["12345678\n", true],
        ["123456789\n", true],
        ["1234567890\n", false],
        ["12345678901", false],
      ] as const) {
        const { stream, client } = await pair();
        const result = read(stream, 10);
        await client.sendPieces(inPieces ? [...line] : [line]);
        if (isTaken) {
          assert.is((await result).toString(), line);
          continue;
        }
        assert.instance(await realError(result), UnsatisfiableReadError);
        assert.instance(stream.error, UnsatisfiableReadError);
        assert.ok(stream.closed);
        await client.gone();
      }
    });
  }

  reads(`until ${name} refuses one that is there beyond maxBytes`, async () => {
    const { stream, client } = await pair();
    await client.send("0123456789abc\n");
    await until(() => stream.bufferedBytes === 14, "bytes");
    assert.is(codeOf(await realError(read(stream, 13))), "ERR_STREAM_UNSATISFIABLE");
    assert.ok(stream.closed);
  });

  reads(
    `until ${name} waits at maxBytes bytes without one, as one may still be in time`,
    async () => {
      const { stream, client } = await pair();
      const result = read(stream, 4);
      await client.send("abcd");
      await turns(4);
      assert.ok(stream.reading);
      await client.send("e");
      assert.instance(await realError(result), UnsatisfiableReadError);
    },
  );
}

reads("that needs more than maxBufferBytes closes the stream", async () => {
  for (const [bytes, fits] of [
    [999, true],
    [1000, true],
    [1001, false],
  ] as const) {
    for (const read of [
      (stream: IOStream) => stream.readUntil("\n"),
      (stream: IOStream) => stream.readUntilRegex(/\n/),
    ]) {
      const { stream, client } = await pair({ maxBufferBytes: 1000 });
      const result = read(stream);
      await client.send(`${"x".repeat(bytes - 1)}\n`);
      if (fits) {
        assert.is((await result).length, bytes);
      } else {
        assert.instance(await realError(result), StreamBufferFullError);
        assert.ok(stream.closed);
        await client.gone();
      }
    }
  }
});

reads("until the end fails rather than give less than there was", async () => {
  const { stream, client } = await pair({ maxBufferBytes: 1000 });
  const all = stream.readUntilClose();
  await client.send("x".repeat(1001));
  assert.instance(await realError(all), StreamBufferFullError);
});

reads("of a megabyte comes whole, and into memory as well", async () => {
  const bytes = Buffer.alloc(1024 * 1024 + 7);
  for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 7 + (i >> 9)) & 0xff;
  const { stream, client } = await pair();
  for (const read of [
    () => stream.readBytes(bytes.length),
    async () => {
      const target = Buffer.alloc(bytes.length);
      await stream.readInto(target);
      return target;
    },
  ]) {
    const result = read();
    void client.send(bytes);
    assert.ok((await result).equals(bytes));
  }
});

reads("in a row are answered from what has arrived, in order", async () => {
  const { stream, client } = await pair();
  const lines = Array.from({ length: 5_000 }, (_, i) => `line ${i}\n`);
  void client.send(lines.join(""));
  for (const line of lines) assert.is((await stream.readUntil("\n")).toString(), line);
});

reads("of a line that trickles in by 30,000 pieces costs no more than their bytes", async () => {
  for (const read of [
    (stream: IOStream) => stream.readUntil("\n"),
    (stream: IOStream) => stream.readUntilRegex(/[^x]\n/),
  ]) {
    const server = serve(async (stream) => {
      await stream.write(`${(await read(stream)).length}`);
    });
    const client = await server.connect();
    for (let i = 0; i < 300; i++) {
      for (let j = 0; j < 100; j++) void client.send("x");
      await turns(1);
    }
    await client.send("y\n");
    assert.is(await client.receives("30002"), "30002");
  }
});

reads("does not begin before connect()", async () => {
  const { IOStream } = await import("../../lib/index.ts");
  throwsCode(() => new IOStream().readBytes(1), "ERR_STATE");
});

reads.run();

const flow = netSuite("a stream that nobody reads");

flow("stops its peer, and goes on when it is read", async () => {
  const { stream, client } = await pair({ readChunkBytes: 1000 });
  const bytes = Buffer.alloc(32 * 1024 * 1024, "z");
  let isSent = false;
  const sent = client.send(bytes).then(() => {
    isSent = true;
  });
  await until(() => stream.bufferedBytes >= 1000, "bytes");
  await turns(50);
  assert.ok(stream.bufferedBytes <= 1000 + 131_072, `${stream.bufferedBytes} bytes`);
  assert.not(isSent);
  let received = 0;
  while (received < bytes.length) {
    received += (await stream.readBytes(bytes.length, { partial: true })).length;
  }
  await sent;
  assert.is(received, bytes.length);
  assert.is(stream.bufferedBytes, 0);
});

flow("gives all that its peer had sent before both ended", async () => {
  const { stream, client } = await pair({ readChunkBytes: 1000 });
  // More than one read takes, and little enough that the end is in the kernel as well.
  const bytes = Buffer.alloc(300_000, "q");
  void client.send(bytes);
  client.endSending();
  await until(() => stream.bufferedBytes >= 1000, "bytes");
  // Half-closed by both, and not read from: the kernel calls that hung up.
  stream.endWriting();
  await client.closed();
  await turns(20);
  assert.ok(stream.bufferedBytes < bytes.length);
  assert.is((await stream.readUntilClose()).length, bytes.length);
});

flow("is iterated over in pieces until its end, and closed by a loop that is left", async () => {
  const { stream, client } = await pair();
  void client.send("abc").then(() => client.endSending());
  let text = "";
  for await (const piece of stream) text += piece.toString();
  assert.is(text, "abc");
  const other = await pair();
  void other.client.send("abc");
  for await (const piece of other.stream) {
    text += piece.toString();
    break;
  }
  assert.is(text, "abcabc");
  assert.ok(other.stream.closed);
  await other.client.closed();
});

flow("throws out of the loop if it is broken", async () => {
  const { stream, client } = await pair();
  const error = (async () => {
    for await (const _ of stream);
  })();
  client.abort();
  assert.is(codeOf(await realError(error)), "ECONNRESET");
});

flow.run();
