/** IOLoop: start and stop, callbacks, its end, and what runs beside it. */
import { readFile } from "node:fs/promises";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { CodedError } from "../../lib/base/errors.ts";
import { IOLoop, RequestHandler } from "../../lib/index.ts";
import { until } from "../support/deferred.ts";
import { turns, within } from "../support/rawclient.ts";
import { loggedErrors, serverSuite, startServer } from "../support/servers.ts";
import { loopSuite, runChild } from "./looptools.ts";

const coded = (code: string) => (error: unknown) =>
  error instanceof CodedError && error.code === code;

const current = suite("IOLoop.current()");

current("is one loop for the thread, made when first asked for", () => {
  const loop = IOLoop.current();
  assert.is(IOLoop.current(), loop);
});

current("is a new one once that was closed", () => {
  const loop = IOLoop.current();
  loop.close();
  assert.is.not(IOLoop.current(), loop);
  IOLoop.current().close();
});

current("is not replaced when another loop is closed", () => {
  const loop = IOLoop.current();
  new IOLoop().close();
  assert.is(IOLoop.current(), loop);
  loop.close();
});

current.run();

const running = loopSuite("IOLoop.start()");

running("settles when stop() is called", async ({ loop }) => {
  const started = loop.start();
  let settled = false;
  void started.then(() => {
    settled = true;
  });
  await turns(2);
  assert.is(settled, false);
  loop.stop();
  await within(started, "end of start()");
});

running("returns at once, once, if stop() was called before it", async ({ loop }) => {
  loop.stop();
  await within(loop.start(), "end of start()");
  const again = loop.start();
  loop.stop();
  await within(again, "end of the second start()");
});

running("throws ERR_LOOP_RUNNING while it runs, and not after stop()", async ({ loop }) => {
  const started = loop.start();
  assert.throws(() => loop.start(), coded("ERR_LOOP_RUNNING"));
  loop.stop();
  await started;
  const again = loop.start();
  loop.stop();
  await again;
});

running("leaves no listener on the process behind", async ({ loop }) => {
  const before = process.listenerCount("beforeExit");
  for (let i = 0; i < 20; i++) {
    const started = loop.start();
    loop.stop();
    await started;
  }
  assert.is(process.listenerCount("beforeExit"), before);
});

running(
  "settles when the loop is closed, and throws ERR_LOOP_CLOSED from then on",
  async ({ loop }) => {
    const started = loop.start();
    loop.close();
    await within(started, "end of start()");
    assert.throws(() => loop.start(), coded("ERR_LOOP_CLOSED"));
  },
);

for (const [what, name, lines] of [
  ["in a program with nothing to do", "nothing", "settled\n"],
  ["after the last timer", "timer", "timer\nsettled\n"],
  ["when the last server has stopped", "server", "HTTP/1.1 200 OK\nsettled\n"],
  ["when the last descriptor is watched no more", "watched", "held, then settled\n"],
] as const) {
  running(`settles ${what}, and the process exits with 0`, async () => {
    const { code, stdout, stderr } = await runChild(import.meta.url, "loop.child.js", {
      args: [name],
    });
    assert.is(stderr, "");
    assert.is(stdout, lines);
    assert.is(code, 0);
  });
}

running("need not be called: a loop without work holds no process", async () => {
  const { code, stdout } = await runChild(import.meta.url, "loop.child.js", { args: ["idle"] });
  assert.equal([code, stdout], [0, "exit\n"]);
});

running.run();

const closing = loopSuite("a closed loop");

closing("may be closed again", ({ loop }) => {
  loop.close();
  loop.close();
});

closing("takes no descriptor and no timer", ({ loop, pipe }) => {
  const { reader } = pipe();
  loop.close();
  assert.throws(() => loop.addHandler(reader, () => {}, IOLoop.READ), coded("ERR_LOOP_CLOSED"));
  assert.throws(() => loop.callLater(1, () => {}), coded("ERR_LOOP_CLOSED"));
  assert.throws(() => loop.callAt(loop.time(), () => {}), coded("ERR_LOOP_CLOSED"));
});

closing("runs neither the callbacks nor the timers it had", async ({ loop }) => {
  const ran: string[] = [];
  loop.addCallback(() => ran.push("callback"));
  loop.callLater(0, () => ran.push("timer"));
  loop.wheel.addCallback(loop.clock.now() + 1, () => void ran.push("wheel"));
  loop.wheelChanged(loop.clock.now() + 1);
  loop.close();
  loop.addCallback(() => ran.push("late"));
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(ran, []);
});

closing("leaves the user's descriptors open, and has forgotten them", ({ loop, pipe }) => {
  const fifo = pipe();
  loop.addHandler(fifo.reader, () => {}, IOLoop.READ);
  loop.close();
  fifo.send(); // EPIPE if the reader had been closed
  loop.removeHandler(fifo.reader);
});

closing("may be closed by a handler in the middle of a turn", async ({ loop, pipe }) => {
  const pipes = [pipe(), pipe(), pipe()];
  let calls = 0;
  for (const { reader } of pipes) {
    loop.addHandler(
      reader,
      () => {
        calls++;
        loop.close();
      },
      IOLoop.READ,
    );
  }
  for (const each of pipes) each.send();
  await until(() => calls > 0, "first event");
  await turns(3);
  assert.is(calls, 1);
});

closing.run();

const callbacks = loopSuite("IOLoop.addCallback()");

callbacks(
  "runs callbacks in their order, with their arguments, not inside the call",
  async ({ loop }) => {
    const ran: unknown[] = [];
    loop.addCallback((...args: unknown[]) => ran.push(args), 1, "two");
    loop.addCallback(() => ran.push("second"));
    assert.equal(ran, []);
    await turns(1);
    assert.equal(ran, [[1, "two"], "second"]);
  },
);

callbacks("runs what a callback adds in the next iteration", async ({ loop }) => {
  const ran: string[] = [];
  const again = (): void => {
    ran.push("again");
    if (ran.length < 100) loop.addCallback(again);
  };
  loop.addCallback(again);
  loop.addCallback(() => ran.push("beside"));
  await turns(1);
  assert.equal(ran, ["again", "beside"]);
  await until(() => ran.length >= 100, "100 iterations");
});

callbacks(
  "logs what a callback throws or rejects with, and runs the others",
  async ({ loop, errors }) => {
    const ran: string[] = [];
    loop.addCallback(() => {
      throw new Error("sync");
    });
    loop.addCallback(async () => {
      await null;
      throw new Error("async");
    });
    loop.addCallback(() => ran.push("after"));
    await until(() => errors.length === 2, "two errors in the log");
    assert.equal(ran, ["after"]);
    assert.equal([...errors].sort(), ["async", "sync"]);
  },
);

callbacks.run();

const clock = loopSuite("the loop's clock");

clock("runs the deadlines that an advance comes past", ({ loop }) => {
  const ran: string[] = [];
  const now = loop.clock.now();
  loop.wheel.addCallback(now + 60_000, () => void ran.push("minute"));
  loop.wheel.addCallback(now + 3_600_000, () => void ran.push("hour"));
  loop.clock.advance(61_000);
  assert.equal(ran, ["minute"]);
  loop.clock.advance(3_600_000);
  assert.equal(ran, ["minute", "hour"]);
});

clock("goes forward only", ({ loop }) => {
  const before = loop.clock.now();
  for (const ms of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => loop.clock.advance(ms), coded("ERR_ARGUMENT_RANGE"));
  }
  loop.clock.advance(0);
  loop.clock.advance(5_000);
  assert.ok(loop.clock.now() >= before + 5_000);
  assert.ok(loop.clock.turnMs >= before + 5_000);
});

clock("turns the wheel by itself when the deadline comes", async ({ loop }) => {
  let ran = false;
  const deadlineMs = loop.clock.now() + 5;
  loop.wheel.addCallback(deadlineMs, () => {
    ran = true;
  });
  loop.wheelChanged(deadlineMs);
  // A later one does not put off the earlier.
  loop.wheelChanged(deadlineMs + 1_000_000);
  await until(() => ran, "deadline");
});

clock("turns the wheel when it has read what came during a stall", async ({ loop, pipe }) => {
  const fifo = pipe();
  const ran: string[] = [];
  loop.addHandler(
    fifo.reader,
    (fd) => {
      loop.removeHandler(fd);
      ran.push("read");
    },
    IOLoop.READ,
  );
  await turns(2);
  const deadlineMs = loop.clock.now() + 5;
  loop.wheel.addCallback(deadlineMs, () => void ran.push("deadline"));
  loop.wheelChanged(deadlineMs);
  fifo.send();
  // Nobody has the CPU: the deadline is past when the loop goes on.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
  await until(() => ran.length === 2, "both");
  assert.equal(ran, ["read", "deadline"]);
});

clock("turns the wheel no more once it is closed, however late", async ({ loop }) => {
  let ran = false;
  const deadlineMs = loop.clock.now() + 5;
  loop.wheel.addCallback(deadlineMs, () => {
    ran = true;
  });
  loop.wheelChanged(deadlineMs);
  // Closed between the timer and the turn of the wheel.
  setTimeout(() => loop.close(), 1);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
  await new Promise((resolve) => setTimeout(resolve, 10));
  assert.not(ran);
});

clock.run();

class Hello extends RequestHandler {
  get() {
    this.write("hello");
  }
}

class Throws extends RequestHandler {
  get() {
    throw new Error("deliberate");
  }
}

class Slow extends RequestHandler {
  async get() {
    await new Promise((resolve) => IOLoop.current().callLater(5, () => resolve(undefined)));
    this.write("slow");
  }
}

const beside = serverSuite("beside a busy server");
const routes: Parameters<typeof startServer>[0] = [
  ["/", Hello],
  ["/throws", Throws],
  ["/slow", Slow],
];
const ask = (target: string): string => `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`;

beside("timers, files, promises and callbacks go on", async () => {
  const { connect } = await startServer(routes);
  const clients = await Promise.all(Array.from({ length: 4 }, () => connect()));
  let isBusy = true;
  let served = 0;
  const busy = clients.map(async (client) => {
    while (isBusy) {
      void client.send(ask("/").repeat(32));
      for (let i = 0; i < 32; i++)
        served += (await client.readFinalResponse()).status === 200 ? 1 : 0;
    }
  });
  const ticks = async (): Promise<void> => {
    for (let i = 0; i < 10; i++) await new Promise((resolve) => setTimeout(resolve, 1));
  };
  const files = async (): Promise<void> => {
    for (let i = 0; i < 10; i++) await readFile("/proc/self/stat");
  };
  const calls = async (): Promise<void> => {
    const loop = IOLoop.current();
    for (let i = 0; i < 10; i++) await new Promise<void>((resolve) => loop.addCallback(resolve));
  };
  await within(Promise.all([ticks(), files(), calls()]), "timers, files and callbacks");
  isBusy = false;
  await Promise.all(busy);
  assert.ok(served >= 128, `${served} requests served meanwhile`);
});

beside("requests that wait are served together", async () => {
  const { connect } = await startServer(routes);
  const clients = await Promise.all(Array.from({ length: 10 }, () => connect()));
  const answers = await Promise.all(clients.map((client) => client.get("/slow")));
  assert.equal(
    answers.map(({ body }) => body.toString()),
    new Array(10).fill("slow"),
  );
});

beside("a handler that throws harms no other request of the turn", async () => {
  const { connect } = await startServer(routes);
  const clients = await Promise.all(Array.from({ length: 6 }, () => connect()));
  // One tick of Node's: all are with the kernel before the loop reads any.
  for (const [i, client] of clients.entries()) void client.send(ask(i % 2 === 0 ? "/throws" : "/"));
  const answers = await Promise.all(clients.map((client) => client.readFinalResponse()));
  assert.equal(
    answers.map(({ status }) => status),
    [500, 200, 500, 200, 500, 200],
  );
  assert.is(loggedErrors().length, 3);
});

beside("an error in a callback or a timer leaves it serving", async () => {
  const { connect } = await startServer(routes);
  const loop = IOLoop.current();
  const ran: string[] = [];
  const fails = (): never => {
    throw new Error("deliberate");
  };
  loop.addCallback(fails);
  loop.callLater(1, fails);
  loop.callLater(2, () => ran.push("after"));
  await until(() => ran.length === 1, "later timer");
  assert.is(loggedErrors().length, 2);
  const client = await connect();
  assert.is((await client.get("/")).body.toString(), "hello");
});

beside.run();
