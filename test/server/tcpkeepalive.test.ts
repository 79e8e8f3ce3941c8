/** tcpKeepAliveMs: when the kernel asks a silent peer whether it is there, as its own table of sockets tells. */
import { readFileSync } from "node:fs";
import * as assert from "uvu/assert";
import { IOLoop } from "../../lib/loop/ioloop.ts";
import { type IOStream, TCPServer } from "../../lib/index.ts";
import { until } from "../support/deferred.ts";
import { RawClient } from "../support/rawclient.ts";
import { serverSuite, startServer } from "../support/servers.ts";

const KEEP_ALIVE = 2; // what `tr` says of that timer. proc_net_tcp
const TICKS_PER_SECOND = 100;

/** Whole seconds until the kernel asks the peer of this port; null = it never does. */
function asksIn(serverPort: number, clientPort: number): number | null {
  const hex = (port: number): string => port.toString(16).toUpperCase().padStart(4, "0");
  const pattern = new RegExp(
    `^ *\\d+: \\w+:${hex(serverPort)} \\w+:${hex(clientPort)} 01 \\S+ (\\d\\d):(\\w+) `,
    "m",
  );
  const found = pattern.exec(readFileSync("/proc/net/tcp", "latin1"));
  if (found === null) throw new Error(`no connection of ${serverPort} with ${clientPort}`);
  if (Number(found[1]) !== KEEP_ALIVE) return null;
  return Number.parseInt(found[2] ?? "", 16) / TICKS_PER_SECOND;
}

const t = serverSuite("tcpKeepAliveMs");

for (const [given, from, to] of [
  [undefined, 30, 60],
  [20 * 60_000, 1000, 1200],
  [1_500, -1, 2],
] as const) {
  t(`of ${given ?? "no"} ms has the kernel ask then`, async () => {
    const { port, connect } = await startServer(
      [],
      given === undefined ? {} : { tcpKeepAliveMs: given },
    );
    const client = await connect();
    void client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await client.readResponse();
    await until(
      () => asksIn(port, client.localPort) !== null,
      "the timer of the response's bytes to end",
    );
    const seconds = asksIn(port, client.localPort) ?? Number.NaN;
    assert.ok(from <= seconds && seconds <= to, `in ${seconds} s`);
  });
}

t("of 0 has it never ask", async () => {
  const { port, connect } = await startServer([], { tcpKeepAliveMs: 0 });
  const client = await connect();
  void client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await client.readResponse();
  await until(
    () => asksIn(port, client.localPort) === null,
    "the timer of the response's bytes to end",
  );
});

t("is an option of TCPServer, too", async () => {
  class Silent extends TCPServer {
    readonly streams: IOStream[] = [];
    override handleStream(stream: IOStream) {
      this.streams.push(stream);
    }
  }
  for (const [tcpKeepAliveMs, isAsked] of [
    [600_000, true],
    [0, false],
  ] as const) {
    const server = new Silent({ tcpKeepAliveMs }).listen(0, "127.0.0.1");
    const client = await RawClient.connect({ port: server.port ?? 0 });
    try {
      await until(() => server.streams.length === 1, "the connection");
      assert.is(asksIn(server.port ?? 0, client.localPort) !== null, isAsked);
    } finally {
      client.destroy();
      for (const stream of server.streams) stream.close();
      server.stop();
    }
  }
});

t("of a socket that is gone, or of a descriptor of the user's, is refused by the addon", () => {
  const { poller } = IOLoop.current();
  assert.is(poller.setKeepAlive(0xffff, 1, 60), -2);
});

t.run();
