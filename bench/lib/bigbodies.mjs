// Bodies of many gigabytes: sends one that is generated, reads one to nowhere, and looks at what was
// stored. Used by bench/big.mjs.

import { closeSync, fstatSync, openSync, readFileSync, readSync, writeFileSync } from "node:fs";
import net from "node:net";

const MiB = 1024 * 1024;
const boundary = "----landspout-bench";

/** The body, a block at a time: each begins with its number, so that one that is misplaced shows. */
const block = Buffer.alloc(MiB);
for (let i = 0; i < MiB; i++) block[i] = (i * 31) & 0xff;

function numbered(index) {
  // Of its own: the socket keeps it until the kernel has it.
  const copy = Buffer.from(block);
  copy.writeUInt32BE(index, 0);
  return copy;
}

/**
 * POSTs a body of so many MiB.
 *
 * @param kind "stream": as it is; "form": as the one file of a multipart form
 * @returns the text of the response
 */
export async function upload(port, kind, mebibytes) {
  const before =
    kind === "form"
      ? `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="big"\r\n\r\n`
      : "";
  const after = kind === "form" ? `\r\n--${boundary}--\r\n` : "";
  const type =
    kind === "form" ? `multipart/form-data; boundary=${boundary}` : "application/octet-stream";
  const socket = net.connect(port, "127.0.0.1");
  const answered = readAll(socket);
  answered.catch(() => {});
  socket.write(
    `POST /${kind} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: ${type}\r\n` +
      `Content-Length: ${before.length + mebibytes * MiB + after.length}\r\n\r\n${before}`,
  );
  for (let i = 0; i < mebibytes; i++) {
    if (!socket.write(numbered(i))) {
      // If the server answers early, the answer says why.
      const ended = await Promise.race([drained(socket), answered.then(() => true)]);
      if (ended) break;
    }
  }
  if (after !== "") socket.write(after);
  const text = await answered;
  if (!text.startsWith("HTTP/1.1 200 ")) throw new Error(`refused: ${text.slice(0, 300)}`);
  return text.slice(text.indexOf("\r\n\r\n") + 4);
}

/** GETs a path and drops what comes. @returns how many bytes of a body came */
export function download(port, path) {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, "127.0.0.1");
    let head = "";
    let bytes = 0;
    socket.on("data", (piece) => {
      if (bytes === 0 && !head.includes("\r\n\r\n")) {
        head += piece.toString("latin1");
        const end = head.indexOf("\r\n\r\n");
        if (end !== -1) bytes = head.length - end - 4;
      } else bytes += piece.length;
    });
    socket.once("end", () => resolve(bytes));
    socket.once("error", reject);
    socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
  });
}

/** Looks at a file that upload() has made: its length, and every so many of its blocks. */
export function checkStored(file, mebibytes) {
  const fd = openSync(file, "r");
  try {
    const { size } = fstatSync(fd);
    if (size !== mebibytes * MiB) throw new Error(`stored are ${size} bytes of ${mebibytes} MiB`);
    const found = Buffer.alloc(MiB);
    const step = Math.max(1, Math.floor(mebibytes / 64));
    for (let i = 0; i < mebibytes; i += step) {
      readSync(fd, found, 0, MiB, i * MiB);
      if (!found.equals(numbered(i))) throw new Error(`MiB ${i} is not what was sent`);
    }
  } finally {
    closeSync(fd);
  }
}

/** Most resident memory that a process has had since peakReset(), in bytes. */
export function peakBytes(pid) {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)[1]) * 1024;
}

/** Lets the peak begin anew from what is resident now. proc(5), clear_refs. */
export function peakReset(pid) {
  writeFileSync(`/proc/${pid}/clear_refs`, "5");
}

function drained(socket) {
  return new Promise((resolve) => {
    const settle = (hasEnded) => {
      socket.off("drain", onDrain).off("close", onClose);
      resolve(hasEnded);
    };
    const onDrain = () => settle(false);
    const onClose = () => settle(true);
    socket.once("drain", onDrain).once("close", onClose);
  });
}

function readAll(socket) {
  return new Promise((resolve, reject) => {
    let text = "";
    socket.setEncoding("latin1").on("data", (piece) => {
      text += piece;
    });
    socket.once("end", () => resolve(text));
    socket.once("error", (error) => (text === "" ? reject(error) : resolve(text)));
  });
}
