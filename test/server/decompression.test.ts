/** decompressRequest: request bodies that come encoded, kept whole and streamed. */
import * as zlib from "node:zlib";
import * as assert from "uvu/assert";
import type { RequestDispatcher } from "../../lib/server/exchange.ts";
import { RequestHandler } from "../../lib/index.ts";
import { deferred, until } from "../support/deferred.ts";
import { noise } from "../support/noise.ts";
import { turns } from "../support/rawclient.ts";
import { logged, serverSuite, startServer } from "../support/servers.ts";
import { answer, post, Recorder, serving } from "./serving.ts";

const MiB = 1024 * 1024;

const quick = { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 2 } };

interface Coding {
  readonly name: string;
  readonly encode: (bytes: Uint8Array) => Buffer;
}

const { zstdCompressSync } = zlib as { zstdCompressSync?: Coding["encode"] };
const codings: readonly Coding[] = [
  { name: "gzip", encode: zlib.gzipSync },
  { name: "X-GZip", encode: zlib.gzipSync },
  { name: "deflate", encode: zlib.deflateSync },
  { name: "br", encode: (bytes) => zlib.brotliCompressSync(bytes, quick) },
  ...(zstdCompressSync === undefined ? [] : [{ name: "zstd", encode: zstdCompressSync }]),
];

/** Keeps bodies whole, and hands them to `take` with what the fields say. */
function whole(bodies: Buffer[]): RequestDispatcher {
  return {
    startRequest(exchange) {
      bodies.push(exchange.body);
      const { headers } = exchange;
      const consumed = headers.get("x-consumed-content-encoding");
      answer(exchange, `${headers.get("content-encoding")} ${consumed} ${exchange.body.length}`);
    },
  };
}

/** Streams every body to `reader`. */
function streamed(reader: Recorder): RequestDispatcher {
  return {
    startBody(exchange) {
      exchange.bodyReader = reader;
    },
    startRequest: (exchange) => answer(exchange, "streamed"),
  };
}

const message = (coding: string, bytes: Uint8Array): Buffer =>
  Buffer.concat([
    Buffer.from(post(`Content-Encoding: ${coding}\r\nContent-Length: ${bytes.length}`)),
    bytes,
  ]);

const options = { decompressRequest: true } as const;

const decoding = serverSuite("an encoded body");

for (const { name, encode } of codings) {
  for (const length of [1, 1_000, 100_000, 3 * MiB]) {
    const bytes = noise(length);
    decoding(`of ${length} bytes in ${name} is decoded`, async () => {
      const bodies: Buffer[] = [];
      await serving(whole(bodies), options, async ({ connect }) => {
        const client = await connect();
        for (let i = 0; i < 2; i++) {
          await client.send(message(name, encode(bytes)));
          assert.is((await client.readResponse()).text, `null ${name} ${length}`);
          assert.ok(bodies.pop()?.equals(bytes));
        }
      });
    });
    decoding(`of ${length} bytes in ${name} is decoded on its way to a reader`, async () => {
      const reader = new Recorder();
      await serving(streamed(reader), { ...options, chunkBytes: 1000 }, async ({ connect }) => {
        const client = await connect();
        await client.send(message(name, encode(bytes)));
        assert.is((await client.readResponse()).text, "streamed");
        assert.is(reader.events.at(-1), "end");
        assert.ok(reader.pieces.every((piece) => piece.length <= 1000));
        assert.ok(Buffer.concat(reader.pieces).equals(bytes));
        await client.staysOpen();
      });
    });
  }

  decoding(`in ${name} that unpacks to much more is decoded, too`, async () => {
    const bodies: Buffer[] = [];
    await serving(whole(bodies), options, async ({ connect }) => {
      const client = await connect();
      await client.send(message(name, encode(Buffer.alloc(4 * MiB))));
      assert.is((await client.readResponse()).text, `null ${name} ${4 * MiB}`);
    });
  });

  decoding(`in ${name} is refused when it is cut short or something follows it`, async () => {
    for (const bytes of [noise(1_000), noise(100_000)]) {
      const encoded = encode(bytes);
      for (const wrong of [
        encoded.subarray(0, -1),
        encoded.subarray(0, encoded.length >> 1),
        Buffer.concat([encoded, Buffer.from("x")]),
        Buffer.concat([encoded, Buffer.from("\0")]),
        Buffer.concat([encoded, Buffer.from([0x1f])]),
        Buffer.concat([encoded, noise(70_000)]),
        Buffer.concat([Buffer.from("x"), encoded]),
      ]) {
        const reader = new Recorder();
        for (const dispatcher of [whole([]), streamed(reader)]) {
          await serving(dispatcher, options, async ({ connect }) => {
            const client = await connect();
            void client.send(message(name, wrong));
            assert.is((await client.readResponse()).status, 400);
            await client.closed();
          });
        }
        assert.is(reader.events.at(-1), "aborted ERR_HTTP_CONTENT_ENCODING");
      }
    }
  });

  decoding(`in ${name} may hold as much as maxBodyBytes, decoded`, async () => {
    for (const limit of [100, 100_000, 600_000]) {
      for (const [length, status] of [
        [limit - 1, 200],
        [limit, 200],
        [limit + 1, 400],
        [limit * 20, 400],
      ] as const) {
        const reader = new Recorder();
        for (const dispatcher of [whole([]), streamed(reader)]) {
          await serving(dispatcher, { ...options, maxBodyBytes: limit }, async ({ connect }) => {
            const client = await connect();
            await client.send(message(name, encode(Buffer.alloc(length, "x"))));
            assert.is((await client.readResponse()).status, status);
          });
        }
        const taken = Buffer.concat(reader.pieces).length;
        if (status === 200) assert.is(taken, length);
        else assert.ok(taken <= limit, `${taken} of at most ${limit}`);
      }
    }
  });
}

decoding("in chunks, in crumbs is decoded", async () => {
  const bodies: Buffer[] = [];
  await serving(whole(bodies), options, async ({ connect }) => {
    const client = await connect();
    await client.send(post("Content-Encoding: gzip\r\nTransfer-Encoding: chunked"));
    for (const byte of zlib.gzipSync("hello")) {
      await client.send(
        Buffer.concat([Buffer.from("1\r\n"), Buffer.from([byte]), Buffer.from("\r\n")]),
      );
    }
    await client.send("0\r\n\r\n");
    assert.is((await client.readResponse()).text, "null gzip 5");
    assert.is(bodies[0]?.toString(), "hello");
  });
});

decoding("of several gzip members is decoded whole", async () => {
  for (const part of [noise(10), noise(90_000)]) {
    const bodies: Buffer[] = [];
    await serving(whole(bodies), options, async ({ connect }) => {
      const client = await connect();
      const member = zlib.gzipSync(part);
      await client.send(message("gzip", Buffer.concat([member, member, member])));
      assert.is((await client.readResponse()).status, 200);
      assert.ok(bodies[0]?.equals(Buffer.concat([part, part, part])));
    });
  }
});

decoding("of no bytes at all is empty", async () => {
  await serving(whole([]), options, async ({ connect }) => {
    const client = await connect();
    await client.send(`${post("Content-Encoding: gzip\r\nTransfer-Encoding: chunked")}0\r\n\r\n`);
    assert.is((await client.readResponse()).text, "null gzip 0");
  });
});

decoding("in an unknown coding, or in several, is left as it is", async () => {
  for (const coding of ["compress", "gzip, gzip", "gzip, br", "identity", "", "aws-chunked"]) {
    const bodies: Buffer[] = [];
    await serving(whole(bodies), options, async ({ connect }) => {
      const client = await connect();
      await client.send(message(coding, zlib.gzipSync("hello")));
      assert.is((await client.readResponse()).status, 200);
      assert.ok(bodies[0]?.equals(zlib.gzipSync("hello")));
    });
  }
});

decoding("is left as it is without decompressRequest", async () => {
  const bodies: Buffer[] = [];
  await serving(whole(bodies), {}, async ({ connect }) => {
    const client = await connect();
    await client.send(message("gzip", zlib.gzipSync("hello")));
    assert.match((await client.readResponse()).text, /^gzip null/);
  });
});

decoding("of which the encoded bytes are too many already is refused by its length", async () => {
  await serving(whole([]), { ...options, maxBodyBytes: 50 }, async ({ connect }) => {
    const client = await connect();
    await client.send(post("Content-Encoding: gzip\r\nContent-Length: 51"));
    assert.is((await client.readResponse()).status, 413);
  });
});

decoding("is a handler's request.body, up to the limit (decompressed size)", async () => {
  class Body extends RequestHandler {
    post() {
      this.write(`${this.request.body.length}:`);
    }
  }
  const { connect } = await startServer([["/body", Body]], { ...options, maxBodyBytes: 100 });
  const client = await connect();
  const fields = "Content-Type: x/y\r\nContent-Length: 24\r\nContent-Encoding: gzip";
  const head = "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03";
  await client.send(`${post(fields, "/body")}${head}\xab\xa8\xa0=\x00\x00\x8f]\x0e^d\x00\x00\x00`);
  assert.match((await client.readResponse()).text, /^100:/);
  await client.send(
    `${post(fields, "/body")}${head}\xab\xa8\xa0\x03\x00\x00o\x86\x85\xf1e\x00\x00\x00`,
  );
  assert.is((await client.readResponse()).status, 400);
  await client.closed();
  assert.ok(logged("info").some((line) => line.message.includes("too large")));
});

decoding.run();

const pressure = serverSuite("a bomb");

pressure("costs a reader that is slow no more than the steps it takes", async () => {
  const gate = deferred();
  class Slow extends Recorder {
    override onBody(piece: Buffer): PromiseLike<unknown> | undefined {
      super.onBody(piece);
      return this.events.length < 3 ? undefined : gate.promise;
    }
  }
  const reader = new Slow();
  const limited = { ...options, chunkBytes: 10_000, maxBodyBytes: 1024 * MiB };
  await serving(streamed(reader), limited, async ({ connect, server }) => {
    const client = await connect();
    const before = process.memoryUsage().rss;
    await client.send(message("gzip", zlib.gzipSync(Buffer.alloc(64 * MiB))));
    await until(() => reader.events.length === 3, "pieces");
    await turns(100);
    assert.equal(reader.events, [10_000, 10_000, 10_000]);
    assert.ok(process.memoryUsage().rss - before < 48 * MiB);
    client.abort();
    await until(() => server.connectionCount === 0, "end of the connection");
    gate.resolve();
    await turns(4);
    assert.equal(reader.events, [10_000, 10_000, 10_000, "aborted ERR_HTTP_CONNECTION_CLOSED"]);
  });
});

pressure("is refused when the limit is reached, before its last byte is there", async () => {
  const bomb = zlib.gzipSync(Buffer.alloc(64 * MiB));
  await serving(whole([]), { ...options, maxBodyBytes: 100_000 }, async ({ connect }) => {
    const client = await connect();
    await client.send(message("gzip", bomb).subarray(0, -10));
    assert.is((await client.readResponse()).status, 400);
    await client.closed();
  });
});

pressure("that fails in a reader is the reader's fault, not the client's", async () => {
  class Full extends Recorder {
    override onBody(): PromiseLike<unknown> | undefined {
      return Promise.reject(Object.assign(new Error("disk full"), { code: "ENOSPC", errno: -28 }));
    }
  }
  for (const length of [100, 100_000]) {
    const reader = new Full();
    await serving(streamed(reader), options, async ({ connect }) => {
      const client = await connect();
      void client.send(message("gzip", zlib.gzipSync(noise(length))));
      assert.is((await client.readResponse()).status, 500);
      await client.gone();
      assert.equal(reader.events, ["aborted ENOSPC"]);
    });
  }
});

pressure.run();
