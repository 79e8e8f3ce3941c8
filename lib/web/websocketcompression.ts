/**
 * Compression of WebSocket messages: its options, and what becomes of a client's offer.
 *
 *     class Chat extends WebSocketHandler {
 *       override getCompressionOptions() { return { level: 3, serverNoContextTakeover: true }; }
 *     }
 *
 * What it costs in memory, once a connection has sent or received a compressed message: 278 KiB to compress with a window
 * of 15 bits and memLevel 8 (96 KiB with 12 and 5; 73 KiB with 9 and 1), none with serverNoContextTakeover; 41 KiB to
 * decompress, none with clientNoContextTakeover. Connections without context takeover share a few codecs. Of a connection
 * without a compressed message for a minute nothing stays but the window that the client may refer to, 32 KiB at most.
 *
 * @see RFC 7692
 */
import { MiB } from "../base/bytes.ts";
import { boolean, type Input, integer, options, type Resolved, resolve } from "../base/options.ts";
import {
  type DeflateAgreement,
  negotiateDeflate,
  parseExtensions,
} from "../websocket/extensions.ts";
import { type DeflateSettings, PerMessageDeflate } from "../websocket/permessagedeflate.ts";

export const webSocketCompressionOptions = options({
  /** Effort: 0 (none) to 9 (most). */
  level: integer({ default: 6, min: 0, max: 9 }),
  /** Memory that compression takes besides its window: 2^(memLevel + 9) bytes. */
  memLevel: integer({ default: 8, min: 1, max: 9 }),
  /** Shorter messages are sent as they are. */
  thresholdBytes: integer({ default: 16, min: 0, max: 1024 * MiB }),
  /** Forget what was sent before after each message: much less memory, somewhat larger messages. */
  serverNoContextTakeover: boolean({ default: false }),
  /** Have clients do so. */
  clientNoContextTakeover: boolean({ default: false }),
  /** log2 of the window that messages are compressed with. */
  serverMaxWindowBits: integer({ default: 15, min: 9, max: 15 }),
  /** log2 of the largest window that clients are to compress with; those that do not let us say take 15. */
  clientMaxWindowBits: integer({ default: 15, min: 9, max: 15 }),
});

/** What getCompressionOptions() returns. */
export type WebSocketCompressionOptions = Input<typeof webSocketCompressionOptions>;

export type CompressionWishes = Resolved<typeof webSocketCompressionOptions>;

/** What has been agreed on with a client. */
export interface AgreedCompression {
  readonly deflate: PerMessageDeflate;
  /** The value of Sec-WebSocket-Extensions in the response. */
  readonly field: string;
}

/**
 * Judges the extensions that a client offers.
 *
 * @param field the request's Sec-WebSocket-Extensions; null = none
 * @param given null = messages are not compressed
 * @returns null if no offer is taken; "malformed" if the field is no list of extensions
 * @throws CodedError ERR_UNKNOWN_OPTION, ERR_OPTION_TYPE, ERR_OPTION_RANGE
 */
export function agreeOnCompression(
  field: string | null,
  given: WebSocketCompressionOptions | null | undefined,
  maxMessageBytes: number,
): AgreedCompression | null | "malformed" {
  const offers = field === null ? [] : parseExtensions(field);
  if (offers === null) return "malformed";
  if (given === null || given === undefined) return null;
  const wishes = resolve("getCompressionOptions()", webSocketCompressionOptions, given);
  const agreement = negotiateDeflate(offers, wishes);
  if (agreement === null) return null;
  const { level, memLevel, thresholdBytes } = wishes;
  const settings: DeflateSettings = { level, memLevel, thresholdBytes, maxMessageBytes };
  return {
    deflate: new PerMessageDeflate(agreement, "server", settings),
    field: agreement.field,
  };
}

/** zlib makes no raw stream with a smaller window. */
const LEAST_BITS = 9;

/**
 * What a client compresses with.
 *
 * @param wishes what was offered, resolved
 */
export function compressionAsClient(
  agreement: DeflateAgreement,
  wishes: CompressionWishes,
  maxMessageBytes: number,
): PerMessageDeflate {
  const { level, memLevel } = wishes;
  // A server whose window is too small for zlib gets messages as they are.
  const canCompress = agreement.clientMaxWindowBits >= LEAST_BITS;
  const thresholdBytes = canCompress ? wishes.thresholdBytes : Number.POSITIVE_INFINITY;
  const settings: DeflateSettings = { level, memLevel, thresholdBytes, maxMessageBytes };
  return new PerMessageDeflate(agreement, "client", settings);
}
