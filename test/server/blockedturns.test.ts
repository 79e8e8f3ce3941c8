/** blockedLoopMs: turns that took too long are logged, with their requests. */
import * as assert from "uvu/assert";
import { RequestHandler } from "../../lib/index.ts";
import { deferred, until } from "../support/deferred.ts";
import { logged, serverSuite, startServer } from "../support/servers.ts";

/** Keeps the thread busy: the one thing that this is about. */
function block(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

/** Well above what a busy machine does to a turn. */
const LIMIT_MS = 1_000;

class Blocking extends RequestHandler {
  get() {
    if (this.getQueryArgument("block", null) !== null) block(LIMIT_MS + 50);
    if (this.getQueryArgument("short", null) !== null) block(20);
    this.write("done");
  }
}

const blocked = () => logged("warn").filter(({ message }) => message.startsWith("a turn "));

const t = serverSuite("blockedLoopMs");

t("logs a turn that took longer, with its requests and its time", async () => {
  const { server, connect } = await startServer([["/blocking", Blocking]], {
    blockedLoopMs: LIMIT_MS,
  });
  const before = server.loop.stats();
  const client = await connect();
  await client.get(`/blocking?block=${"x".repeat(200)}`);
  const [line] = blocked();
  assert.match(
    line?.message ?? "",
    /^a turn of 1 request \(GET \/blocking\?block=x+…\) took \d+ ms/,
  );
  assert.ok((line?.message.length ?? 0) < 250, "a long target is cut");
  const after = server.loop.stats();
  assert.ok(after.blockedTurns > before.blockedTurns);
  assert.ok(after.longestTurnMs > LIMIT_MS);
});

t("logs it once, however many servers a loop has, and names eight requests at most", async () => {
  await startServer([["/", Blocking]], { blockedLoopMs: LIMIT_MS });
  const { connect, clock } = await startServer([["/n", Blocking]], { blockedLoopMs: LIMIT_MS - 1 });
  clock.advance(60_000); // The line of the test before does not keep this one back.
  const client = await connect();
  const rest = "GET /n HTTP/1.1\r\nHost: a\r\n\r\n".repeat(9);
  await client.send(`GET /n?block=1 HTTP/1.1\r\nHost: a\r\n\r\n${rest}`);
  for (let i = 0; i < 10; i++) await client.readResponse();
  assert.is(blocked().length, 1);
  assert.match(
    blocked()[0]?.message ?? "",
    /^a turn of \d+ requests? \(GET \/n\?block=1(, GET \/n){0,7}(, …)?\) took/,
  );
});

t("logs one line in five seconds, and how many it has kept back", async () => {
  const { connect, clock } = await startServer([["/", Blocking]], { blockedLoopMs: LIMIT_MS });
  clock.advance(60_000);
  const client = await connect();
  for (let i = 0; i < 2; i++) await client.get("/?block=1");
  assert.is(blocked().length, 1);
  clock.advance(5_000);
  await client.get("/?block=1");
  assert.is(blocked().length, 2);
  assert.match(blocked()[1]?.message ?? "", /; so did [1-9] turns before/);
});

t("says nothing of a turn below it, nor at 0", async () => {
  for (const blockedLoopMs of [3_600_000, 0]) {
    const { connect, clock } = await startServer([["/", Blocking]], { blockedLoopMs });
    clock.advance(60_000);
    await (await connect()).get("/?short=1");
    assert.equal(blocked(), []);
  }
});

/** As information where the process did not get the CPU, which on a busy machine it does not. */
const busy = () =>
  [...logged("warn"), ...logged("info")].filter(({ message }) =>
    message.startsWith("nothing was served "),
  );

class BlockingLater extends RequestHandler {
  override async get() {
    // A real one: what comes behind it is no part of the turn any more.
    await new Promise((resolve) => setTimeout(resolve, 1));
    if (this.getQueryArgument("block", null) !== null) block(2 * LIMIT_MS);
    this.write("done");
  }
}

class Waiting extends RequestHandler {
  override async get() {
    await gate.promise;
    this.write("done");
  }
}

let gate = deferred();

t(
  "logs a thread that was busy behind an await, with the requests that may have been it",
  async () => {
    gate = deferred();
    const routes = [
      ["/later", BlockingLater],
      ["/waiting", Waiting],
    ] as const;
    // Two servers, and one line.
    await startServer([["/", Blocking]], { blockedLoopMs: LIMIT_MS });
    const { connect, clock } = await startServer(routes, { blockedLoopMs: LIMIT_MS });
    clock.advance(60_000);
    const waiting = await connect();
    await waiting.send("GET /waiting HTTP/1.1\r\nHost: a\r\n\r\n");
    const client = await connect();
    await client.get("/later?block=1");
    await until(() => busy().length > 0, "the line");
    assert.is(busy().length, 1);
    assert.match(
      busy()[0]?.message ?? "",
      /^nothing was served for \d+ ms or more \(\d+ ms on the CPU\): .*; in progress: GET \/waiting; read last: GET \/later\?block=1$/,
    );
    assert.equal(blocked(), []);
    gate.resolve();
    await waiting.readResponse();
  },
);

t("says of a turn once that it took too long, and not of the thread, too", async () => {
  const { connect, clock } = await startServer([["/", Blocking]], { blockedLoopMs: LIMIT_MS });
  clock.advance(60_000);
  await (await connect()).get("/?block=1");
  // The next look at the thread is over by then.
  await new Promise((resolve) => setTimeout(resolve, LIMIT_MS));
  assert.is(blocked().length, 1);
  assert.equal(busy(), []);
});

t("looks at the thread no more when the last server has stopped, nor at 0", async () => {
  const { server, clock } = await startServer([["/", Blocking]], { blockedLoopMs: LIMIT_MS });
  clock.advance(60_000);
  await server.stop();
  await startServer([["/", Blocking]], { blockedLoopMs: 0 });
  block(2 * LIMIT_MS);
  await new Promise((resolve) => setTimeout(resolve, LIMIT_MS / 2));
  assert.equal(busy(), []);
});

t.run();
