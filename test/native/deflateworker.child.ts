/** A worker thread that is ended while another thread compresses and decompresses for it. Started by deflateasync.test.ts. */
import { parentPort } from "node:worker_threads";
import { deflateRawSync } from "node:zlib";
import { deflater, inflater, MiB, noise } from "./deflatetools.ts";

const bytes = noise(8 * MiB);
const compressed = deflateRawSync(bytes);
deflater().compressLater(bytes);
const closed = deflater();
closed.compressLater(bytes);
closed.close();
inflater().decompressLater(Buffer.concat([compressed, Buffer.alloc(1)]), 64 * MiB);
parentPort?.postMessage("at work");
