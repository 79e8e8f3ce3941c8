/** NDJSON: one value a line. What all streams have in common is in eventstream.test.ts. */
import { constants, gunzipSync } from "node:zlib";
import * as assert from "uvu/assert";
import { CodedError } from "../../lib/base/errors.ts";
import { EventStream } from "../../lib/web/eventstream.ts";
import { NDJSONStream } from "../../lib/web/ndjsonstream.ts";
import { RequestHandler } from "../../lib/index.ts";
import { until } from "../support/deferred.ts";
import { turns } from "../support/rawclient.ts";
import { loggedErrors, type Routes, serverSuite, startServer } from "../support/servers.ts";

function streaming(work: (lines: NDJSONStream) => unknown): typeof RequestHandler {
  return class extends RequestHandler {
    get() {
      return work(new NDJSONStream(this));
    }
  };
}

const ndjson = serverSuite("an NDJSON stream");

ndjson("has one value a line, of any kind that JSON has", async () => {
  const values = [{ a: "x\ny" }, [1, 2], "é", 1, true, null, { u: undefined }];
  const { connect } = await startServer([["/", streaming((lines) => lines.sendAll(values))]]);
  const response = await (await connect()).get("/");
  assert.is(response.header("Content-Type"), "application/x-ndjson; charset=utf-8");
  assert.is(response.header("Cache-Control"), "no-store");
  assert.is(response.header("Etag"), null);
  assert.is(response.text, '{"a":"x\\ny"}\n[1,2]\n"é"\n1\ntrue\nnull\n{}\n');
  assert.is(response.chunks.length, values.length);
});

ndjson("sends each line when it is there", async () => {
  let go: () => void = () => {};
  const Handler = streaming(async (lines) => {
    await lines.send({ n: 1 });
    await new Promise<void>((resolve) => {
      go = resolve;
    });
    await lines.send({ n: 2 });
  });
  const { connect } = await startServer([["/", Handler]]);
  const client = await connect();
  await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await client.receives('{"n":1}\n');
  await turns(2);
  assert.not.match(client.unread, /"n":2/);
  go();
  await client.receives('{"n":2}\n');
  await client.receives("0\r\n\r\n");
});

ndjson("refuses at once what has no JSON", async () => {
  const codes: unknown[] = [];
  const Handler = streaming(async (lines) => {
    for (const value of [undefined, () => {}, 1n]) {
      try {
        await lines.send(value);
      } catch (error) {
        codes.push((error as CodedError).code);
      }
    }
    await lines.send("after");
  });
  const { connect } = await startServer([["/", Handler]]);
  assert.is((await (await connect()).get("/")).text, '"after"\n');
  assert.equal(codes, ["ERR_ARGUMENT_TYPE", "ERR_ARGUMENT_TYPE", "ERR_ARGUMENT_TYPE"]);
});

ndjson("stops asking its source when the client has gone", async () => {
  let asked = 0;
  let returned = false;
  async function* rows() {
    try {
      for (;;) {
        yield { n: asked++ };
        await turns(1);
      }
    } finally {
      returned = true;
    }
  }
  const { connect } = await startServer([["/", streaming((lines) => lines.sendAll(rows()))]]);
  const client = await connect();
  await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await client.receives('{"n":3}\n');
  client.destroy();
  await until(() => returned, "the end of the source");
  assert.equal(loggedErrors(), []);
});

ndjson("refuses a source that is none, and options that are none", async () => {
  const codes: unknown[] = [];
  class Handler extends RequestHandler {
    async get() {
      const attempts = [
        async () => new NDJSONStream(this, { keepAliveMs: 1 } as never),
        async () => new NDJSONStream(this, { maxBufferedBytes: -1 }),
        async () => new NDJSONStream(this).sendAll({} as never),
      ];
      for (const attempt of attempts) {
        await attempt().catch((error: unknown) => codes.push((error as CodedError).code));
      }
    }
  }
  const { connect } = await startServer([["/", Handler]]);
  await (await connect()).get("/");
  assert.equal(codes, ["ERR_UNKNOWN_OPTION", "ERR_OPTION_RANGE", "ERR_ARGUMENT_TYPE"]);
  assert.ok(new CodedError("ERR_STATE", "") instanceof Error);
});

ndjson("is compressed line by line, where the application compresses; events are not", async () => {
  let go: () => void = () => {};
  const gate = new Promise<void>((resolve) => {
    go = resolve;
  });
  const Lines = streaming(async (lines) => {
    await lines.send({ n: 1 });
    await gate;
    await lines.send({ n: 2 });
  });
  class Events extends RequestHandler {
    get() {
      return new EventStream(this).send("x");
    }
  }
  const routes: Routes = [
    ["/lines", Lines],
    ["/events", Events],
  ];
  const { connect } = await startServer(routes, {}, { compressResponse: true });
  const client = await connect();
  const events = await client.get("/events", "Accept-Encoding: gzip\r\n");
  assert.is(events.header("Content-Encoding"), null);
  assert.is(events.text, "data: x\n\n");
  await client.send("GET /lines HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n");
  await client.receives("Content-Encoding: gzip\r\n");
  let received = Buffer.alloc(0);
  const sofar = () => gunzipSync(received, { finishFlush: constants.Z_SYNC_FLUSH }).toString();
  const takeChunks = async (wanted: string) => {
    while (received.length === 0 || !sofar().includes(wanted)) {
      const size = Number.parseInt(await client.receives(/[0-9a-f]+\r\n/), 16);
      if (!(size > 0)) throw new Error(`the end came before ${wanted}`);
      const bytes = await client.receives(new RegExp(`^[^]{${size}}\r\n`));
      received = Buffer.concat([received, Buffer.from(bytes.slice(0, -2), "latin1")]);
    }
  };
  await client.receives("\r\n\r\n");
  await takeChunks('{"n":1}\n');
  go();
  await takeChunks('{"n":2}\n');
});

ndjson.run();
