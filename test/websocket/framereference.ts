/**
 * What a frame reader must make of bytes: RFC 6455 §5 once more, written for clarity alone, to judge the real one by.
 *
 * It is told all bytes at once and looks at one frame after the other. Of a frame that breaks several rules any may be
 * told. Events are written as Collector writes them.
 */
import { isUtf8 } from "node:buffer";
import type { WebSocketFault } from "../../lib/websocket/faults.ts";
import type { CollectorOptions } from "./collector.ts";

/** What must be heard of bytes. */
export interface Judgement {
  readonly events: readonly string[];
  /** Those that may be told; none if no rule is broken. */
  readonly faults: ReadonlySet<WebSocketFault>;
  /** So many bytes are enough to know of it, with the head of the frame complete. */
  readonly knownAt: number;
}

interface Message {
  readonly opcode: number;
  readonly isCompressed: boolean;
  payload: Buffer;
}

/** Judges the first two bytes of a frame. */
function faultsOfHead(
  first: number,
  second: number,
  isWithin: boolean,
  { expectsMask = true, inflates = false }: CollectorOptions,
): Set<WebSocketFault> {
  const faults = new Set<WebSocketFault>();
  const opcode = first & 15;
  const isControl = opcode >= 8;
  const isMasked = second >= 128;
  if ((first & 0x30) !== 0 || ((first & 0x40) !== 0 && !inflates)) faults.add("reservedBits");
  if ((first & 0x40) !== 0 && inflates && (isControl || opcode === 0)) {
    faults.add("compressedContinuation");
  }
  if (![0, 1, 2, 8, 9, 10].includes(opcode)) faults.add("opcode");
  if (isMasked && !expectsMask) faults.add("masked");
  if (!isMasked && expectsMask) faults.add("unmasked");
  if (isControl && first < 128) faults.add("controlFragmented");
  if (isControl && (second & 127) > 125) faults.add("controlTooLong");
  if (opcode === 0 && !isWithin) faults.add("strayContinuation");
  if ((opcode === 1 || opcode === 2) && isWithin) faults.add("expectedContinuation");
  return faults;
}

/** The first byte that can be in no text, if it is one; the text is followed by every end that one can have. */
function badByteOf(text: Buffer): number {
  const ends = [
    "",
    "80",
    "8080",
    "808080",
    "bf",
    "bfbf",
    "bfbfbf",
    "a080",
    "9f80",
    "908080",
    "8f8080",
  ];
  const isBeginning = (part: Buffer) =>
    ends.some((end) => isUtf8(Buffer.concat([part, Buffer.from(end, "hex")])));
  if (isUtf8(text)) return -1;
  // What is before a character that is judged need not be judged again and again.
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    if (!isBeginning(text.subarray(from, at + 1))) return at;
    if (isUtf8(text.subarray(from, at + 1))) from = at + 1;
  }
  return -1;
}

/** Judges bytes. */
export function judge(bytes: Buffer, options: CollectorOptions = {}): Judgement {
  const { maxMessageBytes = 1 << 20 } = options;
  const events: string[] = [];
  let message: Message | null = null;
  const none = { events, faults: new Set<WebSocketFault>(), knownAt: bytes.length };
  const broken = (fault: WebSocketFault, knownAt: number): Judgement => ({
    events,
    faults: new Set([fault]),
    knownAt,
  });
  for (let at = 0; ; ) {
    const [first, second] = [bytes[at], bytes[at + 1]];
    if (first === undefined || second === undefined) return none;
    const faults = faultsOfHead(first, second, message !== null, options);
    const opcode = first & 15;
    let length = second & 127;
    at += 2;
    if (faults.size > 0) {
      if (length > 125) faults.add("length");
      return { events, faults, knownAt: at };
    }
    const shortest = length === 127 ? 65_536 : length === 126 ? 126 : 0;
    const lengthBytes = length === 127 ? 8 : length === 126 ? 2 : 0;
    const maskBytes = second >= 128 ? 4 : 0;
    if (bytes.length - at < lengthBytes + maskBytes) return none;
    let isNegative = false;
    if (lengthBytes > 0) {
      const high = lengthBytes === 8 ? bytes.readUInt32BE(at) : 0;
      isNegative = high >= 2 ** 31;
      length =
        high * 2 ** 32 +
        bytes.readUIntBE(at + lengthBytes - Math.min(lengthBytes, 4), Math.min(lengthBytes, 4));
    }
    at += lengthBytes + maskBytes;
    if (isNegative || length < shortest) return broken("length", at);
    const key = bytes.subarray(at - maskBytes, at);
    const taken = Buffer.from(bytes.subarray(at, at + length));
    if (maskBytes > 0)
      for (let i = 0; i < taken.length; i++) taken[i] = (taken[i] ?? 0) ^ (key[i & 3] ?? 0);
    const isWhole = taken.length === length;
    const isFinal = first >= 128;
    if (opcode >= 8) {
      if (!isWhole) return none;
      const name = opcode === 8 ? "close" : opcode === 9 ? "ping" : "pong";
      events.push(`${name} ${taken.toString("hex")}`.trimEnd());
      at += length;
      continue;
    }
    const before: number = message?.payload.length ?? 0;
    if (before + length > maxMessageBytes) return broken("tooBig", at);
    message ??= { opcode, isCompressed: (first & 0x40) !== 0, payload: Buffer.alloc(0) };
    message.payload = Buffer.concat([message.payload, taken]);
    if (message.opcode === 1 && !message.isCompressed) {
      const bad = badByteOf(message.payload);
      if (bad >= 0) return broken("utf8", at + bad - before + 1);
      if (isWhole && isFinal && !isUtf8(message.payload)) return broken("utf8", at + length);
    }
    if (!isWhole) return none;
    at += length;
    if (!isFinal) continue;
    events.push(told(message));
    message = null;
  }
}

function told({ opcode, isCompressed, payload }: Message): string {
  if (isCompressed) {
    return `compressed ${opcode === 1 ? "text" : "binary"} ${payload.toString("hex")}`.trimEnd();
  }
  if (opcode === 1) return `text ${JSON.stringify(payload.toString())}`;
  return `binary ${payload.toString("hex")}`.trimEnd();
}
