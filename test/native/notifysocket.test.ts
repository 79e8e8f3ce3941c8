/** notifySocket(): datagrams to a Unix socket, as sd_notify(3) sends them. Python plays the service manager. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { notifySocket } from "../../lib/native/addon.ts";
import { within } from "../support/rawclient.ts";
import { inFolder } from "./filetools.ts";

const { errno } = os.constants;

/** Binds argv[1] ('@': abstract); then, a line of input each, reads one datagram and prints it in hexadecimal. */
const MANAGER = `
import socket, sys
name = sys.argv[1]
manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
manager.bind("\\0" + name[1:] if name[0] == "@" else name)
print("bound", flush=True)
for line in sys.stdin:
    print(manager.recv(1 << 20).hex(), flush=True)
`;

const notify = suite("notifySocket()");

interface Manager {
  /** The next datagram. */
  receive(): Promise<string>;
}

async function withManager(name: string, test: (manager: Manager) => unknown): Promise<void> {
  const child: ChildProcess = spawn("python3", ["-c", MANAGER, name], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  try {
    await once(child, "spawn");
    if (child.stdout === null) throw new Error("no output");
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const line = async () => String((await within(lines.next(), "line", 30_000)).value);
    assert.is(await line(), "bound");
    await test({
      async receive() {
        child.stdin?.write("\n");
        return Buffer.from(await line(), "hex").toString("utf8");
      },
    });
  } finally {
    child.kill("SIGKILL");
  }
}

notify("sends one datagram to a path, and leaves no descriptor open", () =>
  inFolder((folder) => {
    const name = path.join(folder, "notify");
    return withManager(name, async ({ receive }) => {
      const before = readdirSync("/proc/self/fd").length;
      assert.is(notifySocket(name, "READY=1\nSTATUS=grüße"), 0);
      assert.is(notifySocket(name, "STOPPING=1"), 0);
      assert.is(readdirSync("/proc/self/fd").length, before);
      assert.is(await receive(), "READY=1\nSTATUS=grüße");
      assert.is(await receive(), "STOPPING=1");
    });
  }),
);

notify("sends to an abstract name", () => {
  const name = `@landspout-${process.pid}-${Date.now()}`;
  return withManager(name, async ({ receive }) => {
    const long = `STATUS=${"x".repeat(10_000)}`;
    assert.is(notifySocket(name, long), 0);
    assert.is(await receive(), long);
  });
});

notify("does not wait for a receiver whose queue is full", () =>
  inFolder((folder) => {
    const name = path.join(folder, "notify");
    return withManager(name, async ({ receive }) => {
      let result = 0;
      for (let i = 0; i < 100_000 && result === 0; i++) result = notifySocket(name, `i=${i}`);
      assert.is(result, errno.EAGAIN);
      assert.is(await receive(), "i=0");
    });
  }),
);

notify("returns the errno of what cannot be sent", () =>
  inFolder((folder) => {
    assert.is(notifySocket(path.join(folder, "none"), "READY=1"), errno.ENOENT);
    assert.is(notifySocket(`@landspout-none-${process.pid}`, "READY=1"), errno.ECONNREFUSED);
    assert.is(notifySocket("", "READY=1"), errno.EAFNOSUPPORT);
    assert.is(notifySocket("relative", "READY=1"), errno.EAFNOSUPPORT);
    assert.is(notifySocket("vsock:2:1234", "READY=1"), errno.EAFNOSUPPORT);
    assert.is(notifySocket(folder, ""), errno.EINVAL);
    assert.is(notifySocket("/a\0b", "READY=1"), errno.EINVAL);
    // sun_path has 108 bytes, the last of them a NUL.
    assert.is(notifySocket(`/${"x".repeat(106)}`, "READY=1"), errno.ENOENT);
    assert.is(notifySocket(`/${"x".repeat(107)}`, "READY=1"), errno.ENAMETOOLONG);
    assert.is(notifySocket(`/${"x".repeat(1_000)}`, "READY=1"), errno.ENAMETOOLONG);
  }),
);

notify("throws a TypeError for what is no text", () => {
  const loose = notifySocket as (...args: unknown[]) => unknown;
  for (const args of [[], ["/a"], [1, "b"], ["/a", 1], [null, null], ["/a", Buffer.from("b")]]) {
    assert.throws(
      () => loose(...args),
      (error: unknown) =>
        error instanceof TypeError && (error as { code?: string }).code === "ERR_NATIVE_ARGUMENT",
    );
  }
});

notify.run();
