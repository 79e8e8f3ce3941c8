/**
 * What systemd hears of a service, and the sockets that it hands over. The part of systemd is played by a datagram
 * socket in Python, which node-gyp needs anyhow; without it, these tests are skipped.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import * as assert from "uvu/assert";
import { type BoundSocket, bindSockets, systemdNotify, systemdSockets } from "../../lib/index.ts";
import { within } from "../support/rawclient.ts";
import {
  afterwards,
  DEADLINE_MS,
  gone,
  Prefork,
  type ProgramOptions,
  preforkSuite,
  whoAnswers,
} from "./preforktools.ts";
import type { SystemdProgram } from "./systemd.child.ts";

const LISTENER = `
import json, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
name = sys.argv[1]
s.bind("\\0" + name[1:] if name.startswith("@") else name)
print("bound", flush=True)
while True:
    print(json.dumps(s.recv(65536).decode()), flush=True)
`;

/** A listener as systemd's, which keeps what it is told. */
class Systemd {
  readonly path: string;
  readonly told: string[] = [];
  readonly #child: ChildProcess;
  readonly #changed = new Set<() => void>();
  readonly #bound: Promise<void>;

  constructor(path: string) {
    this.path = path;
    this.#child = spawn("python3", ["-u", "-c", LISTENER, path], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const { stdout } = this.#child;
    if (stdout === null) throw new Error("no pipe");
    const lines = createInterface({ input: stdout });
    this.#bound = once(lines, "line").then(() => {});
    lines.on("line", (line) => {
      if (line !== "bound") this.told.push(JSON.parse(line) as string);
      for (const look of [...this.#changed]) look();
    });
  }

  static async start(path: string): Promise<Systemd> {
    const made = new Systemd(path);
    afterwards(() => made.#child.kill("SIGKILL"));
    await within(made.#bound, "listener in Python", DEADLINE_MS);
    return made;
  }

  /** Waits until it was told so, in a datagram behind the first `after` ones. */
  async hears(pattern: RegExp, after = 0): Promise<string> {
    const found = new Promise<string>((resolve) => {
      const look = () => {
        const text = this.told.slice(after).find((one) => pattern.test(one));
        if (text === undefined) return;
        this.#changed.delete(look);
        resolve(text);
      };
      this.#changed.add(look);
      look();
    });
    return within(found, `datagram like ${pattern}, but ${this.told.join(" | ")}`, DEADLINE_MS);
  }
}

function folder(): string {
  const made = mkdtempSync(path.join(tmpdir(), "landspout-"));
  afterwards(() => rmSync(made, { recursive: true }));
  return made;
}

function run(program: SystemdProgram, how: ProgramOptions = {}): Prefork {
  return new Prefork(program, { ...how, script: "systemd.child.js" });
}

const hasPython = spawnSync("python3", ["-c", ""]).status === 0;

const notified = preforkSuite("systemd");

notified("is told that a server listens, and that it stops", async () => {
  const systemd = await Systemd.start(path.join(folder(), "notify"));
  const program = run({ form: "listen" }, { env: { NOTIFY_SOCKET: systemd.path } });
  assert.is(await systemd.hears(/READY/), `READY=1\nMAINPID=${program.pid}`);
  program.kill("SIGTERM");
  await systemd.hears(/^STOPPING=1$/);
  assert.is(await program.end(), 0);
  assert.is(systemd.told.length, 2);
});

notified(
  "is told by the parent alone that all workers accept, are replaced, and stop",
  async () => {
    const systemd = await Systemd.start(`@landspout-test-${process.pid}`);
    const env = { NOTIFY_SOCKET: systemd.path, WATCHDOG_USEC: "3600000000" };
    const program = run({ form: "start", workers: 2 }, { env });
    assert.is(await systemd.hears(/READY/), `READY=1\nMAINPID=${program.pid}`);
    // What the workers print comes by another pipe.
    await program.until(() => program.serving.length === 2, "two workers");
    await program.until(
      () => program.lines.filter((line) => line === "count 1 no socket").length === 2,
      "workers without the variable",
    );
    const beforeUsec = process.hrtime.bigint() / 1000n;
    program.kill("SIGHUP");
    const reloading = await systemd.hears(/RELOADING/);
    const [, usec = ""] = /^RELOADING=1\nMONOTONIC_USEC=(\d+)$/.exec(reloading) ?? [];
    assert.ok(BigInt(usec) >= beforeUsec);
    await systemd.hears(/READY/, 2);
    await program.until(() => program.serving.length === 4, "two more workers");
    program.kill("SIGTERM");
    await systemd.hears(/^STOPPING=1$/);
    assert.is(await program.end(), 0);
    assert.is(systemd.told.length, 4);
  },
);

notified("is told at half of its watchdog's time that the loop turns", async () => {
  const systemd = await Systemd.start(path.join(folder(), "notify"));
  const env = { NOTIFY_SOCKET: systemd.path, WATCHDOG_USEC: "200000" };
  const program = run({ form: "listen" }, { env });
  await systemd.hears(/^WATCHDOG=1$/, 1);
  await systemd.hears(/^WATCHDOG=1$/, 2);
  program.kill("SIGTERM");
  assert.is(await program.end(), 0);
});

notified("whose watchdog is for another process hears nothing of it", async () => {
  const systemd = await Systemd.start(path.join(folder(), "notify"));
  const env = { NOTIFY_SOCKET: systemd.path, WATCHDOG_USEC: "2000", WATCHDOG_PID: "1" };
  const program = run({ form: "listen", status: "STATUS=fine" }, { env });
  await systemd.hears(/^STATUS=fine$/);
  await program.prints(/^told true$/);
  program.kill("SIGTERM");
  assert.is(await program.end(), 0);
  assert.is(systemd.told.filter((text) => text.includes("WATCHDOG")).length, 0);
});

notified("that does not listen is logged, and the service serves", async () => {
  const env = { NOTIFY_SOCKET: path.join(folder(), "nobody") };
  const program = run({ form: "listen" }, { env });
  await program.logs(/systemd could not be told READY=1: ENOENT/);
  await whoAnswers(program.port);
  program.kill("SIGTERM");
  assert.is(await program.end(), 0);
});

if (hasPython) notified.run();
else console.log("skipped: there is no python3 to play systemd");

/** A socket that is bound before the service runs, and kept open as systemd keeps its own. */
function bound(): { socket: BoundSocket; port: number } {
  const [socket] = bindSockets(0, "127.0.0.1");
  if (socket === undefined || "path" in socket.address) throw new Error("no socket");
  afterwards(() => socket.close());
  return { socket, port: socket.address.port };
}

const activated = preforkSuite("a socket of systemd");

for (const form of ["listen", "start"] as const) {
  for (const workers of form === "listen" ? [1] : [1, 2]) {
    activated(`is taken by ${form} in ${workers} if the address is its own`, async () => {
      const { socket, port } = bound();
      // It could not be bound a second time.
      const program = run({ form, port, workers }, { sockets: [socket.fd] });
      await program.until(() => program.serving.length === workers, "service");
      assert.is(program.port, port);
      await whoAnswers(port);
      program.kill("SIGTERM");
      assert.is(await program.end(), 0);
      // Nobody is refused while there is no service: the next one answers.
      const answer = whoAnswers(port);
      const next = run({ form: "listen", port }, { sockets: [socket.fd] });
      assert.is((await answer).pid, next.pid);
      next.kill("SIGTERM");
      assert.is(await next.end(), 0);
    });
  }
}

for (const workers of [1, 2]) {
  activated(`is taken by its name, whatever its address, in ${workers}`, async () => {
    const [first, second, third] = [bound(), bound(), bound()];
    const sockets = [first.socket.fd, second.socket.fd, third.socket.fd];
    const env = { LISTEN_FDNAMES: "web:admin:web" };
    const program = run({ form: "activated", name: "web", workers }, { env, sockets });
    await program.until(() => program.serving.length === workers, "service");
    await program.prints(/^count 2 /);
    for (const { port } of [first, third]) await whoAnswers(port);
    program.kill("SIGHUP");
    if (workers > 1) {
      const before = program.serving.slice(0, workers);
      for (const { pid } of before) await gone(pid);
      for (const { port } of [first, third]) await whoAnswers(port);
      program.kill("SIGTERM");
      assert.is(await program.end(), 0);
    } else assert.is(await program.end(), "SIGHUP");
  });
}

activated("that is for another process is left alone", async () => {
  const { socket, port } = bound();
  const program = run({ form: "activated" }, { sockets: [socket.fd], env: {} });
  await program.until(() => program.serving.length === 1, "service");
  await program.prints(/^count 1 /);
  program.kill("SIGTERM");
  assert.is(await program.end(), 0);
  // In this process there is none, and nothing is told.
  process.env["LISTEN_PID"] = String(process.pid + 1);
  process.env["LISTEN_FDS"] = "1";
  assert.equal(systemdSockets(), []);
  delete process.env["LISTEN_PID"];
  delete process.env["LISTEN_FDS"];
  assert.is(systemdNotify("READY=1"), false);
  assert.ok(port > 0);
});

activated.run();
