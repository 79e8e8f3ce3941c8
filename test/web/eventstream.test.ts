/** Server-sent events: what is on the wire, and how a stream ends. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { CodedError, type ErrorCode } from "../../lib/base/errors.ts";
import { EventStream, formatEvent } from "../../lib/web/eventstream.ts";
import { IOLoop, RequestHandler } from "../../lib/index.ts";
import { until } from "../support/deferred.ts";
import { chunk, codeOf, GET, openStream, streaming } from "../support/eventstreams.ts";
import { turns } from "../support/rawclient.ts";
import { logged, loggedErrors, serverSuite, startServer } from "../support/servers.ts";

function coded(code: ErrorCode): (error: unknown) => boolean {
  return (error) => error instanceof CodedError && error.code === code;
}

const wire = suite("an event on the wire");

wire("has data, on one line or several, whatever ends them", () => {
  assert.is(formatEvent({ data: "a" }), "data: a\n\n");
  assert.is(formatEvent({ data: "" }), "data: \n\n");
  assert.is(formatEvent({ data: "a\nb\r\nc\rd" }), "data: a\ndata: b\ndata: c\ndata: d\n\n");
  assert.is(formatEvent({ data: "a\n" }), "data: a\ndata: \n\n");
  assert.is(formatEvent({ data: "x\n\nevent: evil" }), "data: x\ndata: \ndata: event: evil\n\n");
  assert.is(formatEvent({ data: " é\0\u2028" }), "data:  é\0\u2028\n\n");
});
wire("has anything that is no text as JSON", () => {
  assert.is(formatEvent({ data: { a: "x\ny" } }), 'data: {"a":"x\\ny"}\n\n');
  assert.is(formatEvent({ data: [1, null] }), "data: [1,null]\n\n");
  assert.is(formatEvent({ data: null }), "data: null\n\n");
});
wire("has type, id, retry and comments before the data", () => {
  const event = { data: "d", event: "tick", id: 7, retryMs: 1_500, comment: "for\nyou" };
  assert.is(formatEvent(event), ": for\n: you\nevent: tick\nid: 7\nretry: 1500\ndata: d\n\n");
  assert.is(formatEvent({ id: "" }), "id: \n\n");
  assert.is(formatEvent({}), "\n");
});
wire("is refused where it could be read as another", () => {
  for (const text of ["a\nb", "a\rb", "a\r\nb", "a\0b", "\n"]) {
    assert.throws(() => formatEvent({ event: text }), coded("ERR_ARGUMENT_RANGE"));
    assert.throws(() => formatEvent({ id: text }), coded("ERR_ARGUMENT_RANGE"));
  }
  for (const retryMs of [-1, 1.5, Number.NaN, "1" as never]) {
    assert.throws(() => formatEvent({ retryMs }), coded("ERR_ARGUMENT_RANGE"));
  }
});
wire("is refused where it is none", () => {
  const circle: { self?: unknown } = {};
  circle.self = circle;
  for (const data of [() => {}, Symbol("s"), 1n, circle]) {
    assert.throws(() => formatEvent({ data }), coded("ERR_ARGUMENT_TYPE"));
  }
  for (const event of [null, 1, ["a"]]) {
    assert.throws(() => formatEvent(event as never), coded("ERR_ARGUMENT_TYPE"));
  }
  assert.throws(() => formatEvent({ event: 1 as never }), coded("ERR_ARGUMENT_TYPE"));
  assert.throws(() => formatEvent({ name: "x" } as never), coded("ERR_UNKNOWN_OPTION"));
});
wire.run();

const stream = serverSuite("an event stream");

stream("sends its head at once, then each event when it is sent", async () => {
  const { client, head, events } = await openStream({ retryMs: 3_000 });
  assert.match(head, /^HTTP\/1\.1 200 OK\r\n/);
  assert.match(head, /\r\nContent-Type: text\/event-stream; charset=utf-8\r\n/);
  assert.match(head, /\r\nCache-Control: no-store, no-transform\r\n/);
  assert.match(head, /\r\nX-Accel-Buffering: no\r\n/);
  assert.match(head, /\r\nTransfer-Encoding: chunked\r\n/);
  assert.not.match(head, /Etag|Content-Length/i);
  assert.is(await chunk(client), "retry: 3000\n\n");
  await events.send("hello");
  assert.is(await chunk(client), "data: hello\n\n");
  await events.send({ event: "é", id: 1, data: { a: 1 } });
  assert.is(await chunk(client), 'event: é\nid: 1\ndata: {"a":1}\n\n');
  await events.comment("still here");
  assert.is(await chunk(client), ": still here\n\n");
});

stream("keeps what the handler says of caching", async () => {
  class Handler extends RequestHandler {
    get() {
      this.setHeader("Cache-Control", "private");
      return new EventStream(this).close();
    }
  }
  const { connect } = await startServer([["/", Handler]]);
  const response = await (await connect()).get("/");
  assert.is(response.header("Cache-Control"), "private");
});

stream("knows the id of the last event that the client has seen", async () => {
  const Handler = streaming((events) => events.send({ data: events.lastEventId }));
  const { connect } = await startServer([["/", Handler]]);
  const client = await connect();
  assert.is((await client.get("/")).text, "data: null\n\n");
  assert.is((await client.get("/", "Last-Event-ID: 42\r\n")).text, "data: 42\n\n");
  const utf8 = Buffer.from("é").toString("latin1");
  assert.is((await client.get("/", `Last-Event-ID: ${utf8}\r\n`)).text, "data: é\n\n");
});

stream("ends with the verb, and the connection goes on", async () => {
  const Handler = streaming(async (events) => {
    await events.sendAll(["a", { data: "b" }]);
  });
  const { connect } = await startServer([["/", Handler]]);
  const client = await connect();
  for (let i = 0; i < 2; i++) {
    const response = await client.get("/");
    assert.is(response.text, "data: a\n\ndata: b\n\n");
    assert.equal(
      response.chunks.map((each) => each.toString()),
      ["data: a\n\n", "data: b\n\n"],
    );
  }
  assert.equal(loggedErrors(), []);
});

stream("ends with close(), before the verb has returned", async () => {
  const { client, events, verbEnded } = await openStream();
  void events.send("last");
  await events.close();
  await events.close();
  assert.is(await chunk(client), "data: last\n\n");
  await client.receives(/^0\r\n\r\n$/);
  await verbEnded;
  assert.ok(events.isClosed);
  assert.ok(events.signal.aborted);
  assert.is(await codeOf(events.send("more")), "ERR_HTTP_FINISHED");
  assert.equal(loggedErrors(), []);
});

stream("without a verb that waits is over at once", async () => {
  let events: EventStream | undefined;
  const Handler = streaming((made) => {
    events = made;
  });
  const { connect } = await startServer([["/", Handler]]);
  assert.is((await (await connect()).get("/")).text, "");
  await events?.closed;
  assert.is(await codeOf(events?.send("late") ?? Promise.resolve()), "ERR_HTTP_FINISHED");
});

stream("to HEAD is a head, and ends whoever sends without an error", async () => {
  let sent = 0;
  const Handler = streaming(async (events) => {
    for (;;) {
      await events.send("tick");
      sent++;
    }
  });
  const { connect } = await startServer([["/", Handler]]);
  const client = await connect();
  await client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
  const response = await client.readResponse({ method: "HEAD" });
  assert.is(response.header("Content-Type"), "text/event-stream; charset=utf-8");
  await client.staysOpen();
  assert.is(client.unread, "");
  assert.is(sent, 0);
  assert.equal(loggedErrors(), []);
  assert.equal(logged("warn"), []);
});

stream("to HTTP/1.0 has no chunks and ends with the connection", async () => {
  const Handler = streaming((events) => events.sendAll(["a", "b"]));
  const { connect } = await startServer([["/", Handler]]);
  const client = await connect();
  await client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  const response = await client.readResponse();
  assert.is(response.framing, "end of connection");
  assert.is(response.text, "data: a\n\ndata: b\n\n");
});

stream("cannot begin where the response has begun", async () => {
  const codes: unknown[] = [];
  class Handler extends RequestHandler {
    async get() {
      this.write("x");
      await this.flush();
      codes.push(await codeOf((async () => new EventStream(this))()));
      await this.finish();
      codes.push(await codeOf((async () => new EventStream(this))()));
      codes.push(await codeOf((async () => new EventStream(this, { retry: 1 } as never))()));
    }
  }
  const { connect } = await startServer([["/", Handler]]);
  await (await connect()).get("/");
  await until(() => codes.length === 3, "three refusals");
  assert.equal(codes, ["ERR_HTTP_HEADERS_SENT", "ERR_HTTP_HEADERS_SENT", "ERR_UNKNOWN_OPTION"]);
});

stream("closes the connection if its source fails, so that it does not look complete", async () => {
  async function* failing() {
    yield "a";
    throw new Error("deliberate");
  }
  const Handler = streaming((events) => events.sendAll(failing()));
  const { connect } = await startServer([["/", Handler]]);
  const client = await connect();
  await client.send(GET);
  await client.receives("data: a\n\n");
  await client.gone();
  assert.not.match(client.unread, /0\r\n\r\n/);
  assert.is(loggedErrors().length, 1);
});

stream.run();

const alive = serverSuite("a silent event stream");

alive("sends a comment every keepAliveMs, counted from the last event", async () => {
  const { client, clock, events } = await openStream();
  clock.advance(10_000);
  await client.staysOpen();
  assert.is(client.unread, "");
  clock.advance(6_000);
  assert.is(await chunk(client), ":\n\n");
  clock.advance(10_000);
  await events.send("x");
  assert.is(await chunk(client), "data: x\n\n");
  clock.advance(10_000);
  await client.staysOpen();
  assert.is(client.unread, "");
  clock.advance(6_000);
  assert.is(await chunk(client), ":\n\n");
});

alive("sends none with keepAliveMs 0, and as many as it is told", async () => {
  const silent = await openStream({ keepAliveMs: 0 });
  silent.clock.advance(3_600_000);
  await turns(4);
  assert.is(silent.client.unread, "");
  await silent.stop();
  const { client, clock } = await openStream({ keepAliveMs: 1_000 });
  for (let i = 0; i < 3; i++) {
    clock.advance(1_200);
    assert.is(await chunk(client), ":\n\n");
  }
});

alive("leaves nothing on the loop's wheel when it is over", async () => {
  const { wheel } = IOLoop.current();
  for (const end of ["close", "client", "verb"]) {
    const { client, events, stop } = await openStream();
    const before = wheel.size;
    if (end === "client") client.destroy();
    else await events.close();
    await events.closed;
    assert.ok(wheel.size < before, end);
    await stop();
  }
});

alive("lives as long as its client, whatever the server's timeouts are", async () => {
  const { client, clock, events } = await openStream(
    {},
    { keepAliveTimeoutMs: 5_000, headTimeoutMs: 5_000, bodyTimeoutMs: 5_000 },
  );
  for (let i = 0; i < 10; i++) {
    clock.advance(20_000);
    assert.is(await chunk(client), ":\n\n");
  }
  await events.send("x");
  assert.is(await chunk(client), "data: x\n\n");
});

alive.run();
