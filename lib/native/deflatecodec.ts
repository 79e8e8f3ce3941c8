/** The types of the addon's classes Deflater and Inflater, as deflater_object.cc and inflater_object.cc make them. */

/**
 * What a call without a thread returns: bytes written into `area`, a Buffer if they did not fit, or a result below zero.
 */
export type NativeOutcome = number | Buffer;

export interface NativeDeflater {
  compress(bytes: Uint8Array, takeover: boolean, area: Uint8Array): NativeOutcome;
  /** Copies `bytes` before it returns. */
  compressAsync(bytes: Uint8Array, takeover: boolean): Promise<NativeOutcome>;
  release(): void;
  /** -1 while another thread works. */
  heldBytes(): number;
  close(): void;
}

export interface NativeInflater {
  /** @param budget bytes after which it is unfinished; at least the size of `area` */
  decompress(
    bytes: Uint8Array,
    maxBytes: number,
    takeover: boolean,
    area: Uint8Array,
    budget: number,
  ): NativeOutcome;
  /** Copies `bytes` before it returns. */
  decompressAsync(bytes: Uint8Array, maxBytes: number, takeover: boolean): Promise<NativeOutcome>;
  /** Goes on with a message that is unfinished. */
  finishAsync(): Promise<NativeOutcome>;
  /** @returns false if a message is unfinished */
  release(): boolean;
  /** -1 while another thread works. */
  heldBytes(): number;
  close(): void;
}

/** What the addon exports of them. */
export interface NativeCodecs {
  /** @throws Error ERR_ZLIB if this Node.js exports no zlib */
  readonly Deflater: new (
    windowBits: number,
    memLevel: number,
    level: number,
  ) => NativeDeflater;
  /** @throws Error ERR_ZLIB if this Node.js exports no zlib */
  readonly Inflater: new (
    windowBits: number,
  ) => NativeInflater;
  readonly codecResults: Readonly<Record<string, number>>;
}
