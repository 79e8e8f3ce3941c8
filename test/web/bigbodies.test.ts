/**
 * What is larger than memory passes at flat memory: 256 MiB each way, the server in a process of its own, whose resident
 * memory may grow by 64 MiB at its peak. bench/big.mjs does the same with 5 GiB.
 */
import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { LineChild } from "../support/linechild.ts";

const MIB = 1024 * 1024;
const MEBIBYTES = 256;
const BOUND_BYTES = 64 * MIB;

/** The instrumented allocator keeps what is freed. */
const isSanitized = process.env.LANDSPOUT_SANITIZE !== undefined;

/** A MiB that knows its place. */
function block(index: number): Buffer {
  const bytes = Buffer.alloc(MIB, "0123456789abcdef");
  bytes.writeUInt32BE(index, 0);
  return bytes;
}

function statusBytes(pid: number, name: string): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1]) * 1024;
}

/** Connects, sends what `send` does, and counts what comes. @returns the beginning of that, and how much it was */
function exchange(
  port: number,
  send: (write: (bytes: string | Buffer) => Promise<void>) => Promise<void>,
): Promise<{ readonly head: string; readonly bytes: number }> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, "127.0.0.1");
    let head = "";
    let bytes = 0;
    socket.on("data", (piece) => {
      if (bytes < 1000) head += piece.toString("latin1");
      bytes += piece.length;
    });
    socket.once("end", () => resolve({ head, bytes }));
    socket.once("error", reject);
    const write = (piece: string | Buffer) =>
      new Promise<void>((written) => {
        socket.write(piece, () => written());
      });
    send(write).catch(reject);
  });
}

async function upload(port: number, target: string, mebibytes: number): Promise<string> {
  const isForm = target === "/form";
  const before = isForm
    ? '--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n'
    : "";
  const after = isForm ? "\r\n--b--\r\n" : "";
  const length = before.length + mebibytes * MIB + after.length;
  const { head } = await exchange(port, async (write) => {
    await write(
      `POST ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ${length}\r\n` +
        `Content-Type: multipart/form-data; boundary=b\r\n\r\n${before}`,
    );
    for (let i = 0; i < mebibytes; i++) await write(block(i));
    await write(after);
  });
  return head;
}

function checkStored(file: string): void {
  assert.is(statSync(file).size, MEBIBYTES * MIB);
  const fd = openSync(file, "r");
  const found = Buffer.alloc(MIB);
  for (let i = 0; i < MEBIBYTES; i += 17) {
    readSync(fd, found, 0, MIB, i * MIB);
    assert.ok(found.equals(block(i)), `MiB ${i}`);
  }
  closeSync(fd);
}

/** Runs `run` with a server's port, and sees how far its memory grows meanwhile. */
async function atFlatMemory(run: (port: number, folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), "landspout-big-"));
  const child = new LineChild(new URL("bigbodies.child.js", import.meta.url), { args: [folder] });
  try {
    const port = Number(await child.line());
    // Code is loaded and compiled.
    await upload(port, "/stream", 1);
    await upload(port, "/form", 1);
    const before = statusBytes(child.pid, "VmRSS");
    // The peak begins anew. proc(5), clear_refs.
    writeFileSync(`/proc/${child.pid}/clear_refs`, "5");
    await run(port, folder);
    const grown = statusBytes(child.pid, "VmHWM") - before;
    assert.ok(grown < BOUND_BYTES, `it grew by ${Math.round(grown / MIB)} MiB`);
  } finally {
    child.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

const big = suite("256 MiB pass at flat memory");

if (!isSanitized) {
  for (const [what, target] of [
    ["dataReceived()", "/stream"],
    ["a form on its way to disk", "/form"],
  ] as const) {
    big(`through ${what}`, () =>
      atFlatMemory(async (port, folder) => {
        const head = await upload(port, target, MEBIBYTES);
        assert.match(head, /^HTTP\/1\.1 200 /);
        assert.ok(head.endsWith(`\r\n\r\n${MEBIBYTES * MIB}`), head);
        checkStored(path.join(folder, "stored"));
      }),
    );
  }

  big("as a file that is sent", () =>
    atFlatMemory(async (port, folder) => {
      const file = path.join(folder, "sparse");
      writeFileSync(file, "");
      truncateSync(file, MEBIBYTES * MIB);
      const { head, bytes } = await exchange(port, (write) =>
        write("GET /static/sparse HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
      );
      assert.match(head, /^HTTP\/1\.1 200 /);
      assert.is(bytes, head.indexOf("\r\n\r\n") + 4 + MEBIBYTES * MIB);
    }),
  );
}

big.run();
