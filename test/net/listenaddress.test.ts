/** Addresses to listen on: what may be written, what is refused, and what becomes of the file of a Unix socket. */

import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { CodedError, SystemError } from "../../lib/base/errors.ts";
import {
  addressText,
  IPV4,
  IPV6,
  parseListenAddress,
  removeStaleSocket,
  UNIX,
} from "../../lib/net/listenaddress.ts";

const refused = (call: () => unknown, message: RegExp): void => {
  assert.throws(
    call,
    (error: unknown) =>
      error instanceof CodedError && error.code === "ERR_ADDRESS" && message.test(error.message),
  );
};

const parsing = suite("an address to listen on");

const ip = (kind: typeof IPV4 | typeof IPV6, host: string, port = 80, isDualStack = false) => ({
  kind,
  host,
  port,
  isDualStack,
});
const unix = (host: string) => ({ kind: UNIX, host, port: 0, isDualStack: false });

const good: readonly [port: number | string, address: string | undefined, expected: object][] = [
  [80, undefined, ip(IPV6, "::", 80, true)],
  [80, "", ip(IPV6, "::", 80, true)],
  [80, "::", ip(IPV6, "::", 80, true)],
  [80, "0.0.0.0", ip(IPV4, "0.0.0.0")],
  [80, "127.0.0.1", ip(IPV4, "127.0.0.1")],
  [80, "localhost", ip(IPV4, "127.0.0.1")],
  [80, "::1", ip(IPV6, "::1")],
  [80, "[::1]", ip(IPV6, "::1")],
  ["80", "127.0.0.1", ip(IPV4, "127.0.0.1")],
  [0, "127.0.0.1", ip(IPV4, "127.0.0.1", 0)],
  [65_535, "127.0.0.1", ip(IPV4, "127.0.0.1", 65_535)],
  ["/run/app.sock", undefined, unix("/run/app.sock")],
  ["./app.sock", undefined, unix("./app.sock")],
  ["unix:app.sock", undefined, unix("app.sock")],
  ["unix:/run/app.sock", "127.0.0.1", unix("/run/app.sock")],
  [`/${"x".repeat(106)}`, undefined, unix(`/${"x".repeat(106)}`)],
];
for (const [port, address, expected] of good) {
  parsing(`may be ${JSON.stringify([port, address]).slice(0, 60)}`, () => {
    assert.equal(parseListenAddress(port, address), expected);
  });
}

const badPorts = [-1, 65_536, 1.5, Number.NaN, "", "80a", "123456", "-1", null, undefined, {}];
for (const port of badPorts) {
  parsing(`has no port ${JSON.stringify(port) ?? "undefined"}`, () => {
    refused(() => parseListenAddress(port as number, "127.0.0.1"), /the port is .*0 to 65535/);
  });
}

for (const address of ["example.com", "127.0.0.1.1", "[::1", "1", "::g", "127.0.0.1:80"]) {
  parsing(`is not ${address}`, () => {
    refused(() => parseListenAddress(80, address), /numeric IPv4 or IPv6/);
  });
}

for (const [what, name] of [
  ["empty", "unix:"],
  ["longer than the kernel takes", `/${"x".repeat(107)}`],
  ["longer in bytes than in characters", `/${"é".repeat(54)}`],
  ["with a NUL", "/run/a\0b"],
] as const) {
  parsing(`has no path that is ${what}`, () => {
    refused(() => parseListenAddress(name), /the path of the Unix socket/);
  });
}

parsing.run();

const naming = suite("the text of an address");

naming("is what people write", () => {
  assert.is(addressText(parseListenAddress(80, "127.0.0.1")), "127.0.0.1:80");
  assert.is(addressText(parseListenAddress(80, "::1")), "[::1]:80");
  assert.is(addressText(parseListenAddress("/run/a.sock")), "/run/a.sock");
  assert.is(addressText({ path: "/run/a.sock" }), "/run/a.sock");
  assert.is(addressText({ address: "::1", port: 80, family: 6 }), "[::1]:80");
  assert.is(addressText({ address: "127.0.0.1", port: 80, family: 4 }), "127.0.0.1:80");
});

naming.run();

const folder = mkdtempSync(path.join(tmpdir(), "landspout-"));
const stale = suite("the file of a Unix socket");
stale.after(() => rmSync(folder, { recursive: true }));

stale("that is not there need not be removed", () => {
  removeStaleSocket(path.join(folder, "none.sock"));
});

stale("that nobody listens on is removed", () => {
  const file = path.join(folder, "stale.sock");
  // A process that ends without closing leaves its file.
  const script = `require("net").createServer().listen(${JSON.stringify(file)}, () => process.kill(process.pid, "SIGKILL"))`;
  assert.throws(() => execFileSync(process.execPath, ["-e", script], { stdio: "ignore" }));
  assert.ok(existsSync(file));
  removeStaleSocket(file);
  assert.not(existsSync(file));
});

stale("that somebody listens on is left, with SystemError EADDRINUSE", async () => {
  const file = path.join(folder, "used.sock");
  const server = createServer().listen(file);
  await once(server, "listening");
  assert.throws(
    () => removeStaleSocket(file),
    (error: unknown) =>
      error instanceof SystemError && error.code === "EADDRINUSE" && error.message.includes(file),
  );
  assert.ok(existsSync(file));
  server.close();
});

stale("is not removed if it is something else", () => {
  const file = path.join(folder, "precious.txt");
  writeFileSync(file, "precious");
  refused(() => removeStaleSocket(file), /is not a socket/);
  assert.ok(existsSync(file));
});

stale.run();
