/** TCPClient and the resolvers: names, families, refusals, time limits, late winners. */
import * as assert from "uvu/assert";
import {
  CodedError,
  IOLoop,
  type NameResolver,
  OverrideResolver,
  type ResolvedAddress,
  Resolver,
  StreamClosedError,
  TCPClient,
} from "../../lib/index.ts";
import { deferred, until } from "../support/deferred.ts";
import { turns } from "../support/rawclient.ts";
import { MINUTE_MS } from "../support/servers.ts";
import {
  afterwards,
  codeOf,
  deadPort,
  descriptorCount,
  netSuite,
  rejection,
  serve,
  TestServer,
  throwsCode,
} from "./streamtools.ts";

/** Answers with what the test says, when it says so. */
class FixedResolver implements NameResolver {
  readonly asked: unknown[] = [];
  isClosed = false;
  readonly #answer: Promise<readonly ResolvedAddress[]>;

  constructor(answer: readonly ResolvedAddress[] | Promise<readonly ResolvedAddress[]>) {
    this.#answer = Promise.resolve(answer);
  }

  resolve(...question: unknown[]): Promise<readonly ResolvedAddress[]> {
    this.asked.push(question);
    return this.#answer;
  }

  close(): void {
    this.isClosed = true;
  }
}

const v4 = (port: number, address = "127.0.0.1"): ResolvedAddress => ({ family: 4, address, port });
const v6 = (port: number): ResolvedAddress => ({ family: 6, address: "::1", port });

function greeter(): TestServer {
  return serve(async (stream) => {
    await stream.write("hello\n");
    await stream.readUntilClose();
  });
}

/** A port whose connections are neither accepted nor refused: its backlog is full. */
async function silentPort(): Promise<number> {
  const server = new TestServer(() => {}, { backlog: 1 }).bind(0, "127.0.0.1");
  const [socket] = server.takeBoundSockets();
  const address = socket?.address;
  const port = address !== undefined && "port" in address ? address.port : 0;
  const filler = new TCPClient();
  let made = 0;
  for (let i = 0; i < 4; i++)
    filler.connect("127.0.0.1", port).then(
      (stream) => {
        made++;
        afterwards(() => stream.abort());
      },
      () => {},
    );
  afterwards(() => {
    filler.close();
    socket?.close();
  });
  // One more than the backlog has room in it.
  await until(() => made >= 2, "a full backlog");
  await turns(20);
  return port;
}

const connecting = netSuite("a TCPClient");

connecting("connects to names and to numeric addresses", async () => {
  const server = greeter();
  const client = new TCPClient();
  for (const host of ["127.0.0.1", "localhost"]) {
    const stream = await client.connect(host, server.port, { family: 4 });
    assert.is((await stream.readUntil("\n")).toString(), "hello\n");
    stream.close();
  }
  client.close();
});

connecting("reports the last refusal, having tried every address", async () => {
  const first = await deadPort();
  const second = await deadPort();
  const client = new TCPClient({ resolver: new FixedResolver([v4(first), v4(second)]) });
  const error = await rejection(client.connect("name", 80));
  assert.instance(error, StreamClosedError);
  assert.is(codeOf((error as StreamClosedError).realError), "ECONNREFUSED");
  assert.match(error.message, `127.0.0.1:${second}`);
  const none = new TCPClient({ resolver: new FixedResolver([]) });
  assert.is(codeOf(await rejection(none.connect("name", 80))), "ERR_ADDRESS");
});

connecting("goes on with the next address of a family, and with the other family", async () => {
  const server = greeter();
  const dead = await deadPort();
  for (const addresses of [
    [v4(dead), v4(server.port)],
    [v6(dead), v4(server.port)],
    [v6(dead), v6(dead), v4(dead), v4(server.port)],
    [v4(server.port), v6(dead)],
  ]) {
    const client = new TCPClient({ resolver: new FixedResolver(addresses) });
    const stream = await client.connect("name", 80);
    assert.is((await stream.readUntil("\n")).toString(), "hello\n");
    stream.close();
  }
});

connecting("tries the other family beside the first after 300 ms", async () => {
  const server = greeter();
  const silent = await silentPort();
  const resolver = new FixedResolver([
    v4(silent),
    { family: 6, address: "::ffff:127.0.0.1", port: server.port },
  ]);
  const client = new TCPClient({ resolver });
  const { clock } = IOLoop.current();
  const startMs = clock.now();
  const connected = client.connect("name", 80);
  await turns(10);
  clock.advance(200);
  await turns(10);
  // The machine may have taken the other 100 ms for itself meanwhile.
  const isTried = server.streams.length > 0;
  assert.ok(!isTried || clock.now() - startMs >= 300);
  clock.advance(200);
  const stream = await connected;
  assert.is((await stream.readUntil("\n")).toString(), "hello\n");
  stream.close();
});

connecting("closes a connection that comes too late", async () => {
  const server = greeter();
  const before = descriptorCount();
  const gate = deferred<readonly ResolvedAddress[]>();
  const client = new TCPClient({ resolver: new FixedResolver(gate.promise) });
  const late = client.connect("name", 80, { timeoutMs: MINUTE_MS });
  await turns(2);
  IOLoop.current().clock.advance(MINUTE_MS + 1_000);
  assert.is(codeOf(await rejection(late)), "ERR_CONNECT_TIMEOUT");
  gate.resolve([v4(server.port)]);
  await turns(10);
  assert.is(server.streams.length, 0);
  assert.is(descriptorCount(), before);
});

connecting("gives up after timeoutMs, and not before", async () => {
  const silent = await silentPort();
  const client = new TCPClient();
  const before = descriptorCount();
  let error: Error | null = null;
  client.connect("127.0.0.1", silent, { timeoutMs: 5 * MINUTE_MS }).catch((why: Error) => {
    error = why;
  });
  await turns(10);
  assert.is(descriptorCount(), before + 1);
  IOLoop.current().clock.advance(4 * MINUTE_MS);
  await turns(5);
  assert.is(error, null);
  IOLoop.current().clock.advance(MINUTE_MS + 1_000);
  await until(() => error !== null, "timeout");
  assert.is(codeOf(error), "ERR_CONNECT_TIMEOUT");
  await until(() => descriptorCount() === before, "descriptor");
});

connecting("ends what it is connecting when it is closed, and connects no more", async () => {
  const silent = await silentPort();
  const resolver = new FixedResolver([v4(silent)]);
  const client = new TCPClient({ resolver });
  const waiting = client.connect("name", 80);
  const resolving = new TCPClient({ resolver: new FixedResolver(new Promise(() => {})) });
  const unresolved = resolving.connect("name", 80);
  await turns(5);
  client.close();
  client.close();
  resolving.close();
  assert.is(codeOf(await rejection(waiting)), "ERR_STREAM_CLOSED");
  assert.is(codeOf(await rejection(unresolved)), "ERR_STREAM_CLOSED");
  throwsCode(() => client.connect("name", 80), "ERR_STATE");
  assert.not(resolver.isClosed); // it is the caller's
});

connecting("passes on where from, which family, and the options of the stream", async () => {
  const server = greeter();
  const resolver = new FixedResolver([v4(server.port)]);
  const client = new TCPClient({ resolver });
  const stream = await client.connect("name", 80, {
    family: 4,
    sourceAddress: "127.0.0.3",
    sourcePort: 0,
    maxBufferBytes: 100,
  });
  assert.equal(resolver.asked, [["name", 80, 4]]);
  assert.match(JSON.stringify(stream.localAddress), "127.0.0.3");
  throwsCode(() => stream.readBytes(101), "ERR_ARGUMENT_RANGE");
  stream.close();
  const wrong = client.connect("name", 80, { sourceAddress: "::1" });
  assert.is(codeOf(await rejection(wrong)), "ERR_ADDRESS");
});

connecting("refuses arguments that make no sense, at once", () => {
  const client = new TCPClient();
  throwsCode(() => client.connect("", 80), "ERR_ADDRESS");
  throwsCode(() => client.connect("a\0b", 80), "ERR_ADDRESS");
  throwsCode(() => client.connect(1 as unknown as string, 80), "ERR_ADDRESS");
  throwsCode(() => client.connect("a", 0), "ERR_ADDRESS");
  throwsCode(() => client.connect("a", 80, { timeout: 1 } as object), "ERR_UNKNOWN_OPTION");
  throwsCode(() => client.connect("a", 80, { family: 5 as 4 }), "ERR_OPTION_RANGE");
});

connecting("reports a name that does not resolve, awaited or not", async () => {
  const client = new TCPClient();
  void client.connect("name.invalid", 80);
  const error = await rejection(client.connect("name.invalid", 80));
  assert.ok(/ENOTFOUND|EAI_AGAIN/.test(String(codeOf(error))), String(codeOf(error)));
  assert.instance(error, CodedError);
  assert.match(error.message, "name.invalid");
});

connecting.run();

const resolving = netSuite("a resolver");

resolving("takes numeric addresses for their own answer", async () => {
  const resolver = new Resolver();
  assert.equal(await resolver.resolve("127.0.0.1", 80), [v4(80)]);
  assert.equal(await resolver.resolve("::1", 80, 6), [v6(80)]);
  assert.is(codeOf(await rejection(resolver.resolve("::1", 80, 4))), "ENOTFOUND");
  assert.ok((await resolver.resolve("localhost", 80)).length > 0);
  resolver.close();
});

resolving("may answer some names itself", async () => {
  const inner = new FixedResolver([v4(1)]);
  const resolver = new OverrideResolver(inner, {
    "example.com": "127.0.0.1",
    "example.com:443": { host: "127.0.0.1", port: 8443 },
    "example.com:443:6": { host: "::1", port: 9443 },
  });
  for (const [host, port, family] of [
    ["example.com", 80, 0],
    ["example.com", 443, 0],
    ["example.com", 443, 6],
    ["example.org", 443, 4],
  ] as const) {
    await resolver.resolve(host, port, family);
  }
  assert.equal(inner.asked, [
    ["127.0.0.1", 80, 0],
    ["127.0.0.1", 8443, 0],
    ["::1", 9443, 6],
    ["example.org", 443, 4],
  ]);
  await new OverrideResolver(inner, new Map([["a", "b"]])).resolve("a", 1);
  assert.equal(inner.asked.at(-1), ["b", 1, 0]);
  resolver.close();
  assert.ok(inner.isClosed);
});

resolving.run();
