/**
 * A client's half of permessage-deflate, made of node:zlib: what a suite compares the server's with. RFC 7692 §7.2.
 *
 *     const peer = new DeflatePeer({ sendBits: 15, sendKeeps: true, receiveBits: 9, receiveKeeps: false });
 *     client.send(masked(0xc1, await peer.deflate(bytes)));
 *     const message = await peer.inflate(payload); // rejects if it refers to what the agreement has forgotten
 */
import * as zlib from "node:zlib";

const TAIL = Buffer.of(0, 0, 0xff, 0xff);

/** What has been agreed on, as the client sees it. */
export interface PeerAgreement {
  readonly sendBits: number;
  readonly sendKeeps: boolean;
  readonly receiveBits: number;
  readonly receiveKeeps: boolean;
}

export class DeflatePeer {
  readonly #agreement: PeerAgreement;
  #deflate: Codec | null = null;
  #inflate: Codec | null = null;

  constructor(agreement: PeerAgreement) {
    this.#agreement = agreement;
  }

  /** The payload of a compressed message, of all its frames. */
  async deflate(message: Uint8Array): Promise<Buffer> {
    const { sendBits, sendKeeps } = this.#agreement;
    // zlib flushes nothing twice. RFC 7692 §7.2.3.6.
    if (message.length === 0) return Buffer.of(0);
    if (!sendKeeps) this.#deflate = null;
    this.#deflate ??= new Codec(zlib.createDeflateRaw({ windowBits: sendBits }));
    const bytes = await this.#deflate.take(message);
    if (!bytes.subarray(-4).equals(TAIL)) throw new Error("zlib ended a block otherwise");
    return bytes.subarray(0, -4);
  }

  async inflate(payload: Uint8Array): Promise<Buffer> {
    const { receiveBits, receiveKeeps } = this.#agreement;
    if (!receiveKeeps) this.#inflate = null;
    this.#inflate ??= new Codec(zlib.createInflateRaw({ windowBits: receiveBits }));
    return this.#inflate.take(Buffer.concat([payload, TAIL]));
  }
}

/** A stream of zlib's, message by message. */
class Codec {
  readonly #stream: zlib.DeflateRaw | zlib.InflateRaw;
  #parts: Buffer[] = [];

  constructor(stream: zlib.DeflateRaw | zlib.InflateRaw) {
    this.#stream = stream;
    stream.on("data", (part: Buffer) => this.#parts.push(part));
  }

  async take(bytes: Uint8Array): Promise<Buffer> {
    await new Promise<void>((resolve, reject) => {
      this.#stream.once("error", reject);
      this.#stream.write(bytes);
      this.#stream.flush(zlib.constants.Z_SYNC_FLUSH, () => {
        this.#stream.off("error", reject);
        resolve();
      });
    });
    return Buffer.concat(this.#parts.splice(0));
  }
}
