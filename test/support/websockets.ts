/**
 * WebSockets at the level of bytes: what a client sends, and a raw client that has its handshake behind it.
 *
 * The suites of WebSockets and the runner of their vectors use it.
 */
import { WebSocketHandler } from "../../lib/index.ts";
import type { RawClient, RawClientOptions } from "./rawclient.ts";
import type { StartedServer } from "./servers.ts";

export const KEY = "dGhlIHNhbXBsZSBub25jZQ==";

/** The fields that make a request a handshake, but for Host. */
export const UPGRADE =
  "Upgrade: websocket\r\nConnection: Upgrade\r\n" +
  `Sec-WebSocket-Key: ${KEY}\r\nSec-WebSocket-Version: 13\r\n`;

/** A handshake for `path`, with further field lines. */
export function handshake(path = "/", fields = ""): string {
  return `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${UPGRADE}${fields}\r\n`;
}

/** One frame that a server has sent. */
export interface Frame {
  readonly first: number;
  readonly payload: Buffer;
}

/** Takes frames apart that are not masked; what is left over must be nothing. */
export function framesOf(bytes: Buffer): Frame[] {
  const frames: Frame[] = [];
  for (let at = 0; at < bytes.length; ) {
    const first = bytes[at] ?? 0;
    let length = bytes[at + 1] ?? 255;
    at += 2;
    if (length > 127) throw new Error("a masked frame, or half of one, of a server");
    if (length === 126) {
      length = bytes.readUInt16BE(at);
      at += 2;
    } else if (length === 127) {
      length = Number(bytes.readBigUInt64BE(at));
      at += 8;
    }
    const payload = bytes.subarray(at, at + length);
    if (payload.length < length) throw new Error("the last frame is cut");
    frames.push({ first, payload });
    at += length;
  }
  return frames;
}

/** A raw client whose handshake was answered with 101. */
export interface Peer {
  readonly client: RawClient;
  /** The head of the response. */
  readonly head: string;
  send(...frames: (Uint8Array | string)[]): void;
  /** The next frame. */
  frame(): Promise<Frame>;
  /** The next frame must be this one: its first byte, its payload. */
  gets(first: number, payload?: Uint8Array | string): Promise<void>;
  /** A close frame must come with this code, then the end; null = without a code. @returns the reason */
  getsClose(code: number | null): Promise<string>;
}

/** Shakes hands. */
export async function open(
  server: Pick<StartedServer, "connect">,
  path = "/",
  fields = "",
  options: RawClientOptions = {},
): Promise<Peer> {
  const client = await server.connect(options);
  void client.send(handshake(path, fields));
  const head = await client.receives("\r\n\r\n");
  if (!head.startsWith("HTTP/1.1 101 ")) throw new Error(`no 101: ${head}${client.unread}`);
  return peerOf(client, head);
}

/** What can be done on a connection that is a WebSocket. */
export function peerOf(client: RawClient, head = ""): Peer {
  const bytes = (count: number): Promise<Buffer> => client.bytes(count);
  const frame = async (): Promise<Frame> => {
    const start = await bytes(2);
    let length = start[1] ?? 0;
    if (length > 127) throw new Error("a masked frame of a server");
    if (length === 126) length = (await bytes(2)).readUInt16BE(0);
    else if (length === 127) length = Number((await bytes(8)).readBigUInt64BE(0));
    return { first: start[0] ?? 0, payload: await bytes(length) };
  };
  return {
    client,
    head,
    frame,
    send: (...frames) => {
      for (const each of frames) void client.send(each);
    },
    async gets(first, payload = "") {
      const got = await frame();
      const wanted = Buffer.from(payload as string);
      if (got.first === first && got.payload.equals(wanted)) return;
      throw new Error(
        `wanted ${first.toString(16)} ${wanted.toString("latin1")}; got ${got.first.toString(16)} ${got.payload.toString("latin1")}`,
      );
    },
    async getsClose(code) {
      const { first, payload } = await frame();
      const got = payload.length >= 2 ? payload.readUInt16BE(0) : null;
      if (first !== 0x88 || got !== code) {
        throw new Error(
          `wanted close ${code}; got ${first.toString(16)} ${payload.toString("hex")}`,
        );
      }
      await client.closed();
      return payload.toString("utf8", 2);
    },
  };
}

/** Answers each message with itself. */
export class Echo extends WebSocketHandler {
  override onMessage(message: string | Buffer): unknown {
    return this.writeMessage(message);
  }
}

/** What handlers of a test have been told, in order. */
export type Heard = string[];

/** An echo that writes down what it hears. */
export function listening(heard: Heard): typeof Echo {
  return class extends Echo {
    override open() {
      heard.push("open");
    }
    override onMessage(message: string | Buffer) {
      heard.push(`message ${message}`);
      return super.onMessage(message);
    }
    override onPing(payload: Buffer) {
      heard.push(`ping ${payload}`);
    }
    override onPong(payload: Buffer) {
      heard.push(`pong ${payload}`);
    }
    override onClose() {
      heard.push(`close ${this.closeCode} ${this.closeReason}`);
    }
  };
}
