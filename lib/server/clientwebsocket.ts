/**
 * Client ends of WebSockets: makes a WebSocketConnection of a stream on which the handshake has been answered with 101.
 *
 * websocketConnect() calls it. Frames are masked by one MaskedFrames a loop.
 */
import type { IOLoop } from "../loop/ioloop.ts";
import { IOStream } from "../net/iostream.ts";
import type { PerMessageDeflate } from "../websocket/permessagedeflate.ts";
import { MaskedFrames } from "./maskedframes.ts";
import { WebSocketConnection } from "./websocketconnection.ts";
import type { FrameWriter, WebSocketListener, WebSocketProfile } from "./websocketprofile.ts";

const writers = new WeakMap<IOLoop, FrameWriter>();

/** Who writes the frames of a loop's client connections. */
export function clientFrames(loop: IOLoop): FrameWriter {
  let frames = writers.get(loop);
  if (frames === undefined) {
    frames = new MaskedFrames(loop.outbox);
    writers.set(loop, frames);
  }
  return frames;
}

/** What a client's WebSocket is made of. */
export interface ClientWebSocketParts {
  readonly profile: WebSocketProfile;
  readonly listener: WebSocketListener;
  /** On which the handshake was answered with 101. */
  readonly stream: IOStream;
  /** Bytes that came behind the answer. */
  readonly behind: Buffer;
  /** null = messages are not compressed. */
  readonly compression: PerMessageDeflate | null;
}

/**
 * Makes a WebSocket of a stream. The listener hears of nothing before the next iteration of the loop.
 *
 * @returns null if the connection is gone
 */
export function clientWebSocket(parts: ClientWebSocketParts): WebSocketConnection | null {
  const { profile, listener, stream, behind, compression } = parts;
  const detached = IOStream.detach(stream);
  if (detached === null) return null;
  const { loop } = profile;
  const { slot, generation, rest, isEof } = detached;
  const connection = new WebSocketConnection(profile, listener, slot, generation);
  if (compression !== null) connection.deflate = compression;
  connection.unread(rest.length === 0 ? behind : Buffer.concat([behind, rest]));
  loop.setOwner(slot, connection);
  connection.start(() => new Promise<void>((resolve) => loop.addCallback(resolve)));
  if (isEof) connection.onEof(slot);
  return connection;
}
