/** What the suites of permessage-deflate share: codecs by their usual options, messages, and a codec's promise of bytes. */
import { randomFillSync } from "node:crypto";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import * as assert from "uvu/assert";
import { Deflater, type DeflaterOptions, Inflater } from "../../lib/native/deflate.ts";
import { noise as sameNoise } from "../support/noise.ts";

export const KiB = 1024;
export const MiB = 1024 * KiB;

export function deflater(options: Partial<DeflaterOptions> = {}): Deflater {
  return new Deflater({ windowBits: 15, memLevel: 8, level: 6, keepsContext: true, ...options });
}

export function inflater({ windowBits = 15, keepsContext = true } = {}): Inflater {
  return new Inflater({ windowBits, keepsContext });
}

export const hex = (text: string) => Buffer.from(text.replace(/\s/g, ""), "hex");

/** A decompressed message, however it comes. */
export async function inflated(codec: Inflater, bytes: Buffer, maxBytes = 64 * MiB) {
  const message = codec.decompress(bytes, maxBytes);
  const whole = message === "unfinished" ? await codec.finishLater() : message;
  return Buffer.isBuffer(whole) ? Buffer.from(whole) : whole;
}

/** Words in no order: compresses to about a third. Always the same: of some, a part is a shorter message by chance. */
export function prose(length: number): Buffer {
  const words = ["sensor", "price", "42", "cursor", "\n", "{", "left", "right", "€", "0.125"];
  const numbers = sameNoise(length);
  let text = "";
  for (let at = 0; text.length < length; at++) {
    text += `${words[(numbers[at] ?? 0) % words.length]} `;
  }
  return Buffer.from(text).subarray(0, length);
}

/** Bytes that do not compress. */
export function noise(length: number): Buffer {
  return randomFillSync(Buffer.alloc(length));
}

export function assertBytes(found: unknown, expected: Buffer): void {
  assert.ok(Buffer.isBuffer(found), `got ${String(found)}`);
  assert.is(Buffer.compare(found as Buffer, expected), 0, "other bytes than expected");
}

/** Collects garbage, and lets the finalizers run. */
export async function collectGarbage(): Promise<void> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  for (let round = 0; round < 5; round++) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
}
