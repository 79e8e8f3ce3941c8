/** The addon's methods, called wrongly: each throws or answers with an errno, and none crashes. */
import { closeSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { hashBytes, hashPath, Poller } from "../../lib/native/addon.ts";
import { until } from "../support/deferred.ts";
import { turns } from "../support/rawclient.ts";
import { LIMITS, nativeSuite } from "./pollertools.ts";

type Loose = (...args: unknown[]) => unknown;

/** Values of every other type. */
const VALUES: readonly unknown[] = [
  undefined,
  null,
  true,
  -1,
  0,
  1.5,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  2 ** 31,
  2 ** 32,
  -(2 ** 31),
  1n,
  "text",
  "",
  "x".repeat(100_000),
  Symbol("symbol"),
  {},
  [],
  () => {},
  new Uint8Array(4),
  new Float64Array(2),
  new DataView(new ArrayBuffer(4)),
  new ArrayBuffer(4),
  new Date(),
];

const METHODS: readonly [name: string, good: readonly unknown[]][] = [
  ["listen", [4, "127.0.0.1", 0, 16, false, false, true, ...LIMITS]],
  ["bind", [4, "127.0.0.1", 0, 16, false, false, -1]],
  ["connect", [4, "127.0.0.1", 1, "", 0]],
  ["setNoDelay", [0, 1, true]],
  ["addFd", [0, 1]],
  ["updateFd", [0, 1, 1]],
  ["removeFd", [0, 1]],
  ["closeSlot", [0, 1]],
  ["descriptor", [0, 1]],
  ["generation", [0]],
  ["name", [0, 1, false]],
  ["fdName", [0]],
  ["setPiece", [0, new Uint8Array(1)]],
  ["flush", []],
  ["now", []],
  ["close", []],
];

function method(poller: Poller, name: string): Loose {
  return (poller as unknown as Record<string, Loose>)[name]?.bind(poller) as Loose;
}

/** Calls, and takes an Error for an answer; anything else that is thrown fails the test. */
function attempt(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    assert.instance(error, Error);
    return error;
  }
}

// A wrong kind and a path together are a Unix socket: not in the project's folder.
const folder = mkdtempSync(path.join(tmpdir(), "landspout-"));
process.chdir(folder);
process.on("exit", () => rmSync(folder, { recursive: true }));

const wrong = suite("a native method");

for (const [name, good] of METHODS) {
  if (good.length > 0) {
    wrong(`${name}() throws a TypeError for too few arguments`, () => {
      const poller = new Poller(64, () => {}, []);
      for (let count = 0; count < good.length; count++) {
        assert.throws(
          () => method(poller, name)(...good.slice(0, count)),
          (error: unknown) =>
            error instanceof TypeError &&
            (error as { code?: string }).code === "ERR_NATIVE_ARGUMENT",
        );
      }
      poller.close();
    });
  }

  wrong(`${name}() takes a wrong value in any place without crashing`, () => {
    const poller = new Poller(64, () => {}, []);
    for (let place = 0; place < good.length; place++) {
      for (const value of VALUES) {
        // A descriptor of the test's own process is not to be adopted.
        if (/listen|bind|connect/.test(name) && place === 0 && value === 0) continue;
        const args = [...good];
        args[place] = value;
        const answer = attempt(() => method(poller, name)(...args));
        if (name === "bind" && typeof answer === "number") closeSync(answer);
        const expectsText = typeof good[place] === "string";
        const isOfType = expectsText
          ? typeof value === "string"
          : typeof value === typeof good[place];
        if (!isOfType) assert.instance(answer, TypeError, `${name} ${place} ${String(value)}`);
      }
    }
    poller.close();
  });

  wrong(`${name}() throws for a foreign this`, () => {
    const poller = new Poller(64, () => {}, []);
    const call = (Poller.prototype as unknown as Record<string, Loose>)[name] as Loose;
    const foreign = [undefined, null, {}, [], 1, "x", globalThis, Poller, Poller.prototype];
    for (const self of [...foreign, Object.create(poller), new Proxy(poller, {})]) {
      assert.throws(() => call.apply(self, good as unknown[]), TypeError);
    }
    poller.close();
  });

  wrong(`${name}() throws ERR_LOOP_CLOSED once the loop is closed`, async () => {
    const poller = new Poller(64, () => {}, []);
    poller.close();
    for (let turn = 0; turn < 3; turn++) {
      assert.throws(
        () => method(poller, name)(...good),
        (error: unknown) => (error as { code?: string }).code === "ERR_LOOP_CLOSED",
      );
      await turns(1); // its handles are closed by the later rounds
    }
  });
}

wrong.run();

const making = suite("new Poller()");

making("throws for arguments that are not a capacity, a function and an array", () => {
  const Loose = Poller as unknown as new (...args: unknown[]) => Poller;
  const good = [64, () => {}, []] as const;
  for (let place = 0; place < 3; place++) {
    assert.throws(() => new Loose(...good.slice(0, place)), TypeError);
    for (const value of VALUES) {
      const args: unknown[] = [...good];
      args[place] = value;
      const made = attempt(() => new Loose(...args));
      if (made instanceof Poller) made.close();
      else assert.instance(made, Error);
    }
  }
});

making("takes from 16 to 16 Mi descriptors", () => {
  for (const capacity of [-1, 0, 15, 2 ** 24 + 1, 2 ** 31 - 1]) {
    assert.throws(
      () => new Poller(capacity, () => {}, []),
      (error: unknown) =>
        error instanceof RangeError && (error as { code?: string }).code === "ERR_NATIVE_RANGE",
    );
  }
  for (const capacity of [16, 2 ** 20]) new Poller(capacity, () => {}, []).close();
});

making("is not a function to be called", () => {
  const Loose = Poller as unknown as Loose;
  assert.throws(() => Loose(64, () => {}, []));
});

making("many times leaves no descriptor open once they are closed", async () => {
  await turns(5); // those of the tests above are closed by then
  const first = openSync("/dev/null", "r");
  closeSync(first);
  for (let i = 0; i < 50; i++) new Poller(64, () => {}, []).close();
  await turns(3);
  const after = openSync("/dev/null", "r");
  closeSync(after);
  assert.is(after, first);
});

making.run();

const slots = nativeSuite("a slot");

slots("that does not exist, or no more, is answered with ENOENT", ({ loop, listener }) => {
  const { poller } = loop;
  const ENOENT = -2;
  const stale = listener.generation + 1;
  for (const [slot, generation] of [
    [listener.slot, stale],
    [listener.slot, 0],
    [listener.slot, -1],
    [listener.slot + 1, 1],
    [100_000_000, 1],
    [-1, 1],
    [2 ** 31 - 1, 2 ** 31 - 1],
  ] as const) {
    assert.is(poller.updateFd(slot, generation, 1), ENOENT);
    assert.is(poller.removeFd(slot, generation), ENOENT);
    assert.is(poller.closeSlot(slot, generation), ENOENT);
    assert.is(poller.descriptor(slot, generation), ENOENT);
    assert.is(poller.name(slot, generation, false), null);
  }
  assert.equal([poller.generation(-1), poller.generation(1_000_000)], [0, 0]);
});

slots(
  "of a socket is not changed by what is for descriptors of the user's",
  ({ loop, listener }) => {
    const { slot, generation } = listener;
    assert.is(loop.poller.updateFd(slot, generation, 0), -2);
    assert.is(loop.poller.removeFd(slot, generation), -2);
    assert.ok(loop.poller.descriptor(slot, generation) > 2);
    assert.is(loop.poller.closeSlot(slot, generation), 0);
    assert.is(loop.poller.closeSlot(slot, generation), -2);
  },
);

slots("of the user's descriptor is not closed as a socket", ({ loop }) => {
  const fd = openSync("/dev/ptmx", "r+");
  try {
    const slot = loop.poller.addFd(fd, 0);
    assert.ok(slot >= 0);
    const generation = loop.poller.generation(slot);
    assert.is(loop.poller.closeSlot(slot, generation), -2);
    assert.is(loop.poller.descriptor(slot, generation), fd);
    assert.is(loop.poller.removeFd(slot, generation), 0);
  } finally {
    closeSync(fd);
  }
});

slots("has the names of both ends, while it is there", async ({ loop, listener, connect }) => {
  const { client, peer } = await connect();
  const { slot, generation } = peer;
  assert.equal(loop.poller.name(slot, generation, false), ["127.0.0.1", listener.port, 4]);
  assert.equal(loop.poller.name(slot, generation, true), ["127.0.0.1", client.localPort, 4]);
  assert.is(loop.poller.name(listener.slot, listener.generation, true), null);
  client.abort();
  await until(() => peer.closes.length === 1, "close");
  assert.is(loop.poller.name(slot, generation, false), null);
});

slots.run();

const listening = suite("listen()");
const ERRNO = { EBADF: 9, EINVAL: 22, ENOTSOCK: 88 };

const refusals: readonly [what: string, args: unknown[], errno: number][] = [
  ["an IPv4 address that is none", [4, "localhost", 0], ERRNO.EINVAL],
  ["an IPv6 address that is none", [6, "127.0.0.1", 0], ERRNO.EINVAL],
  ["an empty path", [1, "", 0], ERRNO.EINVAL],
  ["a path longer than an address holds", [1, `/tmp/${"x".repeat(200)}`, 0], ERRNO.EINVAL],
  ["a path longer than any", [1, `/tmp/${"x".repeat(5000)}`, 0], ERRNO.EINVAL],
  ["a descriptor that is not open", [0, "", 19_999], ERRNO.EBADF],
  ["a descriptor that is no socket", [0, "", 2 ** 30], ERRNO.EBADF],
  ["a kind that there is not", [7, "127.0.0.1", 0], ERRNO.EINVAL],
  ["a port above the last", [4, "127.0.0.1", 65_536 + 40_123], ERRNO.EINVAL],
  ["a port below 0", [4, "127.0.0.1", -1], ERRNO.EINVAL],
];
for (const [what, [kind, host, port], errno] of refusals) {
  listening(`answers ${what} with an errno and the system call`, () => {
    const poller = new Poller(64, () => {}, []);
    const made = method(poller, "listen")(kind, host, port, 16, false, false, true, ...LIMITS);
    poller.close();
    assert.ok(Array.isArray(made), `listening in slot ${String(made)}`);
    assert.is((made as unknown[])[0], errno);
    assert.type((made as unknown[])[1], "string");
  });
}

listening("refuses a head limit above 1 MiB, and below 0", () => {
  const poller = new Poller(64, () => {}, []);
  for (const maxHeadBytes of [2 ** 20 + 1, -1]) {
    const made = poller.listen(
      4,
      "127.0.0.1",
      0,
      16,
      false,
      false,
      true,
      maxHeadBytes,
      128,
      16_384,
    );
    assert.equal(made, [ERRNO.EINVAL, "listen"]);
  }
  poller.close();
});

listening("adopts a descriptor that listens, and leaves the giver's open", () => {
  const giver = new Poller(64, () => {}, []);
  const taker = new Poller(64, () => {}, []);
  const slot = giver.listen(4, "127.0.0.1", 0, 16, false, false, true, ...LIMITS) as number;
  const fd = giver.descriptor(slot, giver.generation(slot));
  const adopted = taker.listen(0, "", fd, 16, false, false, true, ...LIMITS) as number;
  const nameOf = (poller: Poller, at: number) => poller.name(at, poller.generation(at), false);
  assert.equal(nameOf(taker, adopted), nameOf(giver, slot));
  taker.close();
  assert.ok(nameOf(giver, slot) !== null);
  giver.close();
});

listening("answers EMFILE when the loop has no slot left", () => {
  const poller = new Poller(16, () => {}, []);
  const made = Array.from({ length: 17 }, () =>
    poller.listen(4, "127.0.0.1", 0, 16, false, false, true, ...LIMITS),
  );
  assert.equal(made.at(-1), [24, "listen"]);
  assert.ok(made.slice(0, 16).every((slot) => typeof slot === "number"));
  poller.close();
});

listening.run();

const pieces = suite("setPiece()");

pieces("keeps 4096 pieces of any length, and answers ERANGE past them", () => {
  const poller = new Poller(64, () => {}, []);
  assert.is(poller.setPiece(4095, new Uint8Array(0)), 0);
  assert.is(poller.setPiece(0, new Uint8Array(1_000_000)), 0);
  for (const id of [4096, 2 ** 31 - 1, -1]) assert.is(poller.setPiece(id, new Uint8Array(1)), -34);
  poller.close();
});

pieces.run();

const hashing = suite("hashBytes()");

hashing("is the same for the same bytes, and takes bytes only", () => {
  assert.is(hashBytes(Buffer.from("/user")), hashPath("/user"));
  assert.is.not(hashPath("/user"), hashPath("/users"));
  assert.type(hashBytes(new Uint8Array(0)), "number");
  for (const value of VALUES) {
    if (value instanceof Uint8Array) continue;
    assert.throws(() => (hashBytes as Loose)(value), TypeError);
  }
  assert.throws(() => (hashBytes as Loose)(), TypeError);
});

hashing("takes a Uint8Array whose memory was taken away for an empty one", () => {
  const bytes = new Uint8Array(10);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  assert.is(hashBytes(bytes), hashBytes(new Uint8Array(0)));
});

hashing.run();
