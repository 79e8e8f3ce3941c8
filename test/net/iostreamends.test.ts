/** How an IOStream ends: by either side, in order or broken, while somebody reads or nobody does; the close callback. */
import * as assert from "uvu/assert";
import { CodedError, StreamClosedError } from "../../lib/index.ts";
import { until } from "../support/deferred.ts";
import { turns } from "../support/rawclient.ts";
import { codeOf, logged, netSuite, pair, realError, serve, throwsCode } from "./streamtools.ts";

const ends = netSuite("a stream that ends");

ends("rejects a read that cannot be done any more", async () => {
  for (const end of ["peer", "close", "abort"]) {
    const { stream, client } = await pair();
    const read = stream.readBytes(10);
    await client.send("abc");
    await until(() => stream.bufferedBytes === 3, "bytes");
    if (end === "peer") client.endSending();
    else if (end === "close") stream.close();
    else stream.abort();
    assert.is(await realError(read), null);
    assert.ok(stream.closed);
    assert.is(stream.error, null);
    // What was there is still there.
    assert.is((await stream.readBytes(2)).toString(), "ab");
    assert.is((await stream.readUntilClose()).toString(), "c");
    assert.is((await stream.readUntilClose()).toString(), "");
    assert.is(await realError(stream.readBytes(1)), null);
  }
});

ends("by close() gives readUntilClose() and a late match what is there", async () => {
  const first = await pair();
  const all = first.stream.readUntilClose();
  await first.client.send("abc");
  await until(() => first.stream.bufferedBytes === 3, "bytes");
  first.stream.close();
  assert.is((await all).toString(), "abc");
  const second = await pair();
  const match = second.stream.readUntilRegex(/c$/);
  await second.client.send("abc");
  second.client.endSending();
  assert.is((await match).toString(), "abc");
});

ends("with an error tells it to whom it concerns", async () => {
  const { stream } = await pair();
  const read = stream.readUntil("\n");
  const error = new CodedError("ERR_STATE", "enough");
  stream.close(error);
  stream.close(new Error("too late"));
  assert.is(await realError(read), error);
  assert.is(stream.error, error);
  assert.is(await realError(stream.write("x")), error);
});

ends("by a reset tells so, quietly", async () => {
  const { stream, client } = await pair();
  const read = stream.readBytes(1);
  client.abort();
  assert.is(codeOf(await realError(read)), "ECONNRESET");
  assert.is(codeOf(stream.error), "ECONNRESET");
  await turns(3);
  assert.equal(logged("error"), []);
  assert.equal(logged("warn"), []);
});

ends("by a reset leaves what had arrived to be read", async () => {
  const { stream, client } = await pair();
  await client.send("abc\nrest");
  await until(() => stream.bufferedBytes === 8, "bytes");
  client.abort();
  await until(() => stream.closed, "end");
  assert.is((await stream.readUntil("\n")).toString(), "abc\n");
  assert.is((await stream.readUntilClose()).toString(), "rest");
  assert.is(codeOf(await realError(stream.readBytes(1))), "ECONNRESET");
});

ends("on the peer's side stays open until all before the end was read", async () => {
  const { stream, client } = await pair();
  await client.send("one two");
  client.endSending();
  await until(() => stream.bufferedBytes === 7, "bytes");
  await turns(5);
  assert.not(stream.closed);
  assert.is((await stream.readUntil(" ")).toString(), "one ");
  await stream.write("still open");
  assert.is((await stream.readBytes(3)).toString(), "two");
  await stream.write(", still");
  assert.is(await realError(stream.readBytes(1)), null);
  assert.ok(stream.closed);
  assert.is((await client.readToEnd()).toString(), "still open, still");
});

ends("in its close callback, once, whoever ended it", async () => {
  for (const end of ["peer", "reset", "close", "abort"]) {
    const { stream, client } = await pair();
    let calls = 0;
    stream.setCloseCallback(() => calls++);
    await turns(3);
    assert.is(calls, 0);
    if (end === "peer") client.endSending();
    else if (end === "reset") client.abort();
    else if (end === "close") stream.close();
    else stream.abort();
    await until(() => calls > 0, `callback after ${end}`);
    stream.close();
    client.destroy();
    await turns(5);
    assert.is(calls, 1);
  }
});

ends("in its close callback after the data before it was read", async () => {
  const { stream, client } = await pair();
  const events: string[] = [];
  stream.setCloseCallback(() => events.push("closed"));
  await client.send("a\nb\n");
  client.endSending();
  await until(() => stream.bufferedBytes === 4, "bytes");
  await turns(5);
  assert.equal(events, []);
  events.push((await stream.readUntil("\n")).toString());
  await turns(5);
  assert.equal(events, ["a\n"]);
  const last = stream.readUntil("\n").then((line) => events.push(line.toString()));
  await until(() => events.includes("closed"), "callback");
  await last;
  assert.equal(events, ["a\n", "b\n", "closed"]);
});

ends("in a close callback that is set late, too", async () => {
  const { stream, client } = await pair();
  client.endSending();
  await turns(5);
  // Nobody has asked: the end is noticed by the next read, or by a callback.
  assert.not(stream.closed);
  let calls = 0;
  stream.setCloseCallback(() => calls++);
  await until(() => calls === 1, "callback");
  stream.setCloseCallback(() => calls++);
  await until(() => calls === 2, "callback of a closed stream");
  stream.setCloseCallback(null);
});

ends("and logs what its close callback throws", async () => {
  const { stream } = await pair();
  stream.setCloseCallback(async () => {
    throw new Error("in the callback");
  });
  stream.close();
  await until(() => logged("error").length === 1, "log");
});

ends("has no addresses any more", async () => {
  const { stream, client, server } = await pair();
  assert.equal(stream.localAddress, { address: "127.0.0.1", port: server.port, family: 4 });
  assert.equal(stream.remoteAddress, { address: "127.0.0.1", port: client.localPort, family: 4 });
  stream.close();
  await client.closed();
  await until(() => server.connectionCount === 0, "end");
  assert.is(stream.localAddress, null);
  assert.is(stream.remoteAddress, null);
  stream.setNodelay(true);
  stream.endWriting();
});

ends("makes no unhandled rejection of what nobody awaits", async () => {
  const { stream, client } = await pair({}, { paused: true });
  void stream.readBytes(1);
  void stream.write(Buffer.alloc(16 * 1024 * 1024));
  await turns(3);
  client.abort();
  await until(() => stream.closed, "end");
  void stream.write("x");
  void stream.readBytes(1);
  void stream.readUntil("\n");
  await turns(5);
});

ends("on the peer's side ends the reads only, with allowHalfOpen", async () => {
  const { stream, client, server } = await pair();
  stream.allowHalfOpen = true;
  let calls = 0;
  stream.setCloseCallback(() => calls++);
  const all = stream.readUntilClose();
  await client.send("question");
  client.endSending();
  assert.is((await all).toString(), "question");
  assert.is(await realError(stream.readBytes(1)), null);
  assert.is((await stream.readUntilClose()).length, 0);
  await turns(5);
  assert.not(stream.closed);
  await stream.write("answer");
  stream.endWriting();
  assert.is((await client.readToEnd()).toString(), "answer");
  await until(() => calls === 1, "callback");
  assert.ok(stream.closed);
  await until(() => server.connectionCount === 0, "end");
});

ends("is not connected anew", async () => {
  const { stream, server } = await pair();
  throwsCode(() => stream.connect({ host: "127.0.0.1", port: server.port }), "ERR_STATE");
  stream.close();
  throwsCode(() => stream.connect({ host: "127.0.0.1", port: server.port }), "ERR_STATE");
});

ends(
  "while its handler is at work: what it writes then is refused, and no error is logged",
  async () => {
    let outcome: unknown = null;
    const server = serve(async (stream) => {
      await stream.readUntil("\n");
      await until(() => stream.closed, "end");
      outcome = await stream.write("late").catch((error: unknown) => error);
      await stream.write("later");
    });
    const client = await server.connect();
    await client.send("go\n");
    await turns(3);
    client.abort();
    await until(() => outcome !== null, "write");
    assert.instance(outcome, StreamClosedError);
    await turns(3);
    assert.equal(logged("error"), []);
  },
);

ends.run();
