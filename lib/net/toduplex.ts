/** toDuplex(): an IOStream as a stream of Node's, for libraries that take one. */
import { Duplex, type DuplexOptions } from "node:stream";
import type { IOStream } from "./iostream.ts";
import { StreamClosedError } from "./streamerrors.ts";

const MOST_BYTES = 64 * 1024;

/**
 * Makes a Duplex of a stream, which is the Duplex's from then on: reads, writes, both ends and back-pressure are passed on.
 *
 * @param options those of stream.Duplex; allowHalfOpen: false, as a socket of Node's has it: its own side ends with the peer's
 */
export function toDuplex(
  stream: IOStream,
  options: Pick<
    DuplexOptions,
    "allowHalfOpen" | "readableHighWaterMark" | "writableHighWaterMark"
  > = {},
): Duplex {
  stream.allowHalfOpen = true; // Duplex has its own
  const mostBytes = Math.min(MOST_BYTES, stream.maxBufferBytes);
  return new Duplex({
    allowHalfOpen: false,
    ...options,
    read() {
      stream.readBytes(mostBytes, { partial: true }).then(
        (bytes) => this.push(bytes),
        (error: unknown) => {
          const isEnd = error instanceof StreamClosedError && error.realError === null;
          if (isEnd) this.push(null);
          else this.destroy(error as Error);
        },
      );
    },
    write(chunk: Uint8Array, _encoding, done) {
      stream.write(chunk).then(() => done(), done);
    },
    final(done) {
      stream.endWriting();
      done();
    },
    destroy(error, done) {
      stream.close(error);
      done(error);
    },
  });
}
