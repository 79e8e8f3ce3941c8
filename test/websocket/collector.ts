/** A FrameReader that writes down what it hears; and ways to feed one: whole, byte by byte, cut at every point. */
import type { WebSocketFault } from "../../lib/websocket/faults.ts";
import { readFrames } from "../../lib/websocket/framereader.ts";
import type { FrameReader, PartialFrames } from "../../lib/websocket/frames.ts";
import { bare, masked as maskedFrame } from "../support/frames.ts";

export interface CollectorOptions {
  readonly expectsMask?: boolean;
  readonly maxMessageBytes?: number;
  readonly inflates?: boolean;
}

export class Collector implements FrameReader {
  partial: PartialFrames | null = null;
  readonly expectsMask: boolean;
  readonly maxMessageBytes: number;
  readonly inflates: boolean;
  readonly events: string[] = [];
  /** After how many events to stop; each stop is lifted by feed(). */
  stopsAfterEach = false;

  constructor({
    expectsMask = true,
    maxMessageBytes = 1 << 20,
    inflates = false,
  }: CollectorOptions = {}) {
    this.expectsMask = expectsMask;
    this.maxMessageBytes = maxMessageBytes;
    this.inflates = inflates;
  }

  onText(text: string): boolean {
    return this.#add(`text ${JSON.stringify(text)}`);
  }
  onBinary(bytes: Buffer): boolean {
    return this.#add(`binary ${bytes.toString("hex")}`);
  }
  onCompressed(bytes: Buffer, isText: boolean): boolean {
    return this.#add(`compressed ${isText ? "text" : "binary"} ${bytes.toString("hex")}`);
  }
  onPing(payload: Buffer): boolean {
    return this.#add(`ping ${payload.toString("hex")}`);
  }
  onPong(payload: Buffer): boolean {
    return this.#add(`pong ${payload.toString("hex")}`);
  }
  onClose(payload: Buffer): boolean {
    return this.#add(`close ${payload.toString("hex")}`);
  }
  onFault(fault: WebSocketFault): void {
    this.events.push(`fault ${fault}`);
  }

  /** Offers bytes until they are taken; nothing is offered after a fault. */
  feed(bytes: Buffer): void {
    const copy = Buffer.from(bytes);
    let at = 0;
    while (at < copy.length && !this.hasFailed) at = readFrames(this, copy, at, copy.length);
  }

  get hasFailed(): boolean {
    return this.events.at(-1)?.startsWith("fault") === true;
  }

  #add(event: string): boolean {
    this.events.push(event.trimEnd());
    return !this.stopsAfterEach;
  }
}

/** What is heard of `bytes` however they are cut: whole, byte by byte, in two at each point, with a stop after each event. */
export function everyWay(bytes: Buffer, options: CollectorOptions = {}): string[][] {
  const ways: Buffer[][] = [[bytes], [...bytes].map((byte) => Buffer.of(byte))];
  for (let cut = 1; cut < bytes.length; cut++) {
    ways.push([bytes.subarray(0, cut), bytes.subarray(cut)]);
  }
  const heard: string[][] = [];
  for (const stopsAfterEach of [false, true]) {
    for (const pieces of ways) {
      const collector = new Collector(options);
      collector.stopsAfterEach = stopsAfterEach;
      for (const piece of pieces) if (!collector.hasFailed) collector.feed(piece);
      heard.push(collector.events);
    }
  }
  return heard;
}

/** A frame of a client, masked with a key that changes every byte. */
export function masked(first: number, payload: Uint8Array | string, key = 0x01020304): Buffer {
  return maskedFrame(first, payload, key);
}

export { bare };
