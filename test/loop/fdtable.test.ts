/** addHandler, updateHandler and removeHandler: descriptors of the user's in the loop's epoll set. */

import { once } from "node:events";
import { closeSync, constants, openSync, readSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import * as assert from "uvu/assert";
import { CodedError } from "../../lib/base/errors.ts";
import { Application, HTTPServer, IOLoop, RequestHandler } from "../../lib/index.ts";
import { until } from "../support/deferred.ts";
import { RawClient, turns } from "../support/rawclient.ts";
import { loopSuite, runChild } from "./looptools.ts";

const { READ, WRITE, ERROR, NONE } = IOLoop;
const scratch = Buffer.alloc(65_536);
const ignore = (): void => {};
const coded = (code: string) => (error: unknown) =>
  error instanceof CodedError && error.code === code;

const events = loopSuite("a descriptor's handler");

events(
  "is called with the descriptor and READ when bytes are there, until they are read",
  async ({ loop, pipe }) => {
    const fifo = pipe();
    const { reader } = fifo;
    const calls: unknown[] = [];
    loop.addHandler(
      reader,
      (fd, ready) => {
        calls.push([fd, ready]);
        if (calls.length === 3) readSync(reader, scratch);
      },
      READ,
    );
    await turns(2);
    assert.equal(calls, []);
    const { writer } = fifo as { writer: number };
    (await import("node:fs")).writeSync(writer, "x");
    await until(() => calls.length === 3, "three calls");
    await turns(3);
    assert.equal(calls, new Array(3).fill([reader, READ]));
  },
);

events("is given back the object that was added", async ({ loop, pipe }) => {
  const fifo = pipe();
  const given = { fd: fifo.reader, name: "mine" };
  let got: unknown = null;
  loop.addHandler(
    given,
    (fd) => {
      got = fd;
      loop.removeHandler(fd);
    },
    READ,
  );
  fifo.send();
  await until(() => got !== null, "event");
  assert.is(got, given);
  loop.addHandler(fifo.reader, ignore, READ); // the object and its number mean the same
  assert.throws(() => loop.addHandler(given, ignore, READ), coded("ERR_HANDLER_EXISTS"));
});

events(
  "is called with WRITE while there is room, and not when there is none",
  async ({ loop, pipe }) => {
    const fifo = pipe();
    let calls = 0;
    fifo.fill();
    loop.addHandler(
      fifo.writer,
      (_fd, ready) => {
        assert.is(ready, WRITE);
        calls++;
        loop.updateHandler(fifo.writer, NONE);
      },
      WRITE,
    );
    await turns(3);
    assert.is(calls, 0);
    readSync(fifo.reader, scratch);
    await until(() => calls === 1, "room");
  },
);

events("hears of the other end's going without having asked", async ({ loop, pipe }) => {
  const [first, second] = [pipe(), pipe()];
  const seen = new Map<number, number>();
  const take = (fd: number, ready: number): void => {
    seen.set(fd, ready);
    loop.removeHandler(fd);
  };
  loop.addHandler(first.reader, take, NONE);
  loop.addHandler(second.writer, take, NONE);
  first.close("writer"); // EPOLLHUP
  second.close("reader"); // EPOLLERR
  await until(() => seen.size === 2, "two errors");
  for (const ready of seen.values()) assert.ok((ready & ERROR) !== 0 && (ready & ~ERROR) === 0);
});

events("can be changed to other events", async ({ loop, pipe }) => {
  const fifo = pipe();
  const both = openSync(fifo.path, constants.O_RDWR | constants.O_NONBLOCK);
  const calls: number[] = [];
  loop.addHandler(
    both,
    (fd, ready) => {
      calls.push(ready);
      loop.updateHandler(fd, calls.length === 1 ? READ | WRITE : NONE);
    },
    WRITE,
  );
  fifo.send();
  await until(() => calls.length === 2, "two events");
  await turns(3);
  assert.equal(calls, [WRITE, READ | WRITE]);
  loop.removeHandler(both);
  closeSync(both);
});

events("that throws or rejects is logged, and harms no other", async ({ loop, errors, pipe }) => {
  const pipes = [pipe(), pipe(), pipe()] as const;
  let calls = 0;
  const [throws, rejects, counts] = pipes;
  loop.addHandler(
    throws.reader,
    (fd) => {
      loop.removeHandler(fd);
      throw new Error("sync");
    },
    READ,
  );
  loop.addHandler(
    rejects.reader,
    async (fd) => {
      loop.removeHandler(fd);
      await null;
      throw new Error("async");
    },
    READ,
  );
  loop.addHandler(
    counts.reader,
    (fd) => {
      calls++;
      loop.removeHandler(fd);
    },
    READ,
  );
  for (const each of pipes) each.send();
  await until(() => calls === 1 && errors.length === 2, "three events");
  assert.equal([...errors].sort(), ["async", "sync"]);
});

events("is called for a socket made elsewhere, beside the one who made it", async ({ loop }) => {
  const server = createServer({ pauseOnConnect: true }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const client = connect(port, "127.0.0.1");
  const [accepted] = (await once(server, "connection")) as [Socket];
  const { fd } = (accepted as unknown as { _handle: { fd: number } })._handle;
  let ready = 0;
  loop.addHandler(
    fd,
    (number, bits) => {
      ready = bits;
      loop.removeHandler(number);
    },
    READ,
  );
  client.write("hello");
  await until(() => ready !== 0, "event");
  assert.is(ready, READ);
  const data = once(accepted, "data");
  accepted.resume();
  assert.is(String((await data)[0]), "hello");
  accepted.destroy();
  client.destroy();
  server.close();
});

events.run();

const removal = loopSuite("removeHandler()");

removal("inside another handler drops the event that was already there", async ({ loop, pipe }) => {
  const pipes = [pipe(), pipe(), pipe(), pipe()];
  const called: number[] = [];
  for (const { reader } of pipes) {
    loop.addHandler(
      reader,
      (fd) => {
        called.push(fd);
        for (const each of pipes) loop.removeHandler(each.reader);
      },
      READ,
    );
  }
  for (const each of pipes) each.send();
  await until(() => called.length > 0, "first event");
  await turns(3);
  assert.is(called.length, 1);
});

removal(
  "and addHandler() in a handler give the new one no event of the old",
  async ({ loop, pipe }) => {
    const [first, second] = [pipe(), pipe()];
    const called: string[] = [];
    const swap = (other: number) => (fd: number) => {
      called.push("old");
      for (const each of [fd, other]) loop.removeHandler(each);
      readSync(other, scratch);
      loop.addHandler(other, () => called.push("new"), READ);
    };
    loop.addHandler(first.reader, swap(second.reader), READ);
    loop.addHandler(second.reader, swap(first.reader), READ);
    first.send();
    second.send();
    await until(() => called.length > 0, "first event");
    await turns(3);
    assert.equal(called, ["old"]);
  },
);

removal("is fine for a descriptor that has none, again and again", ({ loop, pipe }) => {
  const { reader } = pipe();
  loop.removeHandler(reader);
  loop.addHandler(reader, ignore, READ);
  loop.removeHandler(reader);
  loop.removeHandler(reader);
  loop.removeHandler(999_999);
  loop.addHandler(reader, ignore, READ);
});

removal(
  "may be left out by who closed the descriptor: its number can be added again",
  async ({ loop, pipe }) => {
    const old = pipe();
    loop.addHandler(old.reader, () => assert.unreachable("the old handler"), READ);
    old.close("reader");
    const fresh = openSync(old.path, constants.O_RDONLY | constants.O_NONBLOCK);
    assert.is(fresh, old.reader, "the kernel gives the lowest number");
    let calls = 0;
    loop.addHandler(
      fresh,
      (fd) => {
        calls++;
        loop.removeHandler(fd);
      },
      READ,
    );
    old.send();
    await until(() => calls === 1, "event of the new descriptor");
    await turns(2);
    assert.is(calls, 1);
    closeSync(fresh);
  },
);

class Hello extends RequestHandler {
  get() {
    this.write("hello");
  }
}

for (const [what, isListenedFirst] of [
  ["a connection that has the number now", true],
  ["a listener that has the number now", false],
] as const) {
  removal(`after the user closed the descriptor leaves ${what} alone`, async ({ pipe }) => {
    const loop = IOLoop.current();
    const server = new HTTPServer(new Application([["/", Hello]]));
    if (isListenedFirst) server.listen(0, "127.0.0.1");
    const pipes = Array.from({ length: 8 }, pipe);
    const numbers = pipes.map(({ reader }) => reader);
    for (const number of numbers) loop.addHandler(number, ignore, READ);
    for (const each of pipes) each.close("reader");
    if (!isListenedFirst) server.listen(0, "127.0.0.1");
    const { address } = server;
    const port = address !== null && "port" in address ? address.port : 0;
    const early = isListenedFirst ? await RawClient.connect({ port }) : null;
    assert.is((await early?.get("/"))?.status ?? 200, 200);
    for (const number of numbers) loop.removeHandler(number);
    assert.is((await early?.get("/"))?.status ?? 200, 200);
    const client = await RawClient.connect({ port });
    try {
      assert.is((await client.get("/")).status, 200);
    } finally {
      client.destroy();
      early?.destroy();
      server.closeAllConnections();
      await server.stop();
      loop.close();
    }
  });
}

removal("and addHandler() take no more room than they give back", async () => {
  const { code, stdout, stderr } = await runChild(import.meta.url, "loop.child.js", {
    args: ["churn"],
    limits: ["-n 1024"],
  });
  assert.equal([stdout, code], ["churned\n", 0], stderr);
});

removal.run();
