/**
 * SilentCodecs: gives back the memory that zlib holds for connections on which no compressed message comes or goes.
 *
 * WebSocketSender tells it of connections that keep a window from message to message, which is 278 KiB and more each. A
 * loop has one entry on its wheel while it has any such connection; it looks at all of them once in SILENT_MS, so that a
 * message costs no look at the clock. What was silent for two looks is released: its decompressor keeps the bytes that the
 * peer may refer to, and its compressor starts anew.
 *
 * @see RFC 7692 §7.1.1: a sender need not use the window that it may use
 */
import type { IOLoop } from "../loop/ioloop.ts";
import type { WheelOwner } from "../loop/timingwheel.ts";

/** A connection's memory is given back after this time without a message, in ms, and before twice this time. */
export const SILENT_MS = 30_000;

/** What is released; PerMessageDeflate is one. */
export interface SilentCodec {
  readonly keepsContext: boolean;
  onSilence(): void;
}

class SilentCodecs implements WheelOwner {
  readonly #loop: IOLoop;
  readonly #codecs = new Set<SilentCodec>();
  /** Entry on the wheel; 0 = none. */
  #entry = 0;

  constructor(loop: IOLoop) {
    this.#loop = loop;
  }

  add(codec: SilentCodec): void {
    this.#codecs.add(codec);
    if (this.#entry !== 0) return;
    const deadlineMs = this.#loop.clock.recentMs + SILENT_MS;
    this.#entry = this.#loop.wheel.add(deadlineMs, this, 0);
    this.#loop.wheelChanged(deadlineMs);
  }

  delete(codec: SilentCodec): void {
    this.#codecs.delete(codec);
    if (this.#codecs.size > 0 || this.#entry === 0) return;
    this.#loop.wheel.cancel(this.#entry);
    this.#entry = 0;
  }

  onDeadline(): number {
    for (const codec of this.#codecs) codec.onSilence();
    return SILENT_MS;
  }
}

const byLoop = new WeakMap<IOLoop, SilentCodecs>();

/** A connection has agreed on compression. */
export function watchCodec(loop: IOLoop, codec: SilentCodec): void {
  if (!codec.keepsContext) return;
  let codecs = byLoop.get(loop);
  if (codecs === undefined) {
    codecs = new SilentCodecs(loop);
    byLoop.set(loop, codecs);
  }
  codecs.add(codec);
}

/** It has ended. */
export function forgetCodec(loop: IOLoop, codec: SilentCodec): void {
  byLoop.get(loop)?.delete(codec);
}
