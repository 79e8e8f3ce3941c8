/**
 * A server made of node:net that answers a WebSocket handshake as a test tells it to, right or wrong.
 *
 *     const server = await rawServer((peer) => peer.send(peer.switching()));
 *     const connection = await websocketConnect(server.url);
 *     const peer = await server.peer();
 *     await peer.hears('text "hello"');
 *
 * Frames of the client are read by the project's own frame reader, which asks for masks, and kept as lines of text.
 */
import { createHash } from "node:crypto";
import { readdirSync, readlinkSync } from "node:fs";
import net from "node:net";
import { Collector } from "../websocket/collector.ts";
import { type Deferred, deferred, until } from "./deferred.ts";

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** One client of the server. */
export class RawPeer {
  readonly socket: net.Socket;
  /** The request's head; "" until it is whole. */
  head = "";
  /** All bytes behind the head, as they were received: masked. */
  frames = Buffer.alloc(0);
  /** The client has ended its side, or reset it. */
  isEnded = false;
  readonly #collector: Collector;
  readonly #onHead: (peer: RawPeer) => void;
  #bytes = Buffer.alloc(0);

  constructor(socket: net.Socket, onHead: (peer: RawPeer) => void) {
    this.socket = socket;
    this.#onHead = onHead;
    this.#collector = new Collector({ maxMessageBytes: 1 << 26 });
    socket.on("data", (piece) => this.#read(piece));
    socket.on("end", () => {
      this.isEnded = true;
    });
    socket.on("close", () => {
      this.isEnded = true;
    });
    socket.on("error", () => {});
  }

  /** What the client has sent, one line a message, as test/websocket/collector.ts writes it. */
  get heard(): readonly string[] {
    return this.#collector.events;
  }

  async hears(line: string): Promise<void> {
    await until(() => this.heard.includes(line), `${line} among ${JSON.stringify(this.heard)}`);
  }

  async ended(): Promise<void> {
    await until(() => this.isEnded, "the end of the client");
  }

  /** The value of a field of the request; null if it has none. */
  field(name: string): string | null {
    const line = new RegExp(`^${name}: (.*)$`, "im").exec(this.head.replaceAll("\r", ""));
    return line?.[1] ?? null;
  }

  /** A right answer, with further lines, or with lines in the place of its own. */
  switching(lines: Readonly<Record<string, string | null>> = {}): string {
    const key = this.field("Sec-WebSocket-Key") ?? "";
    const accept = createHash("sha1").update(`${key}${GUID}`).digest("base64");
    const fields: Record<string, string | null> = {
      Upgrade: "websocket",
      Connection: "Upgrade",
      "Sec-WebSocket-Accept": accept,
      ...lines,
    };
    let head = "HTTP/1.1 101 Switching Protocols\r\n";
    for (const [name, value] of Object.entries(fields)) {
      if (value !== null) head += `${name}: ${value}\r\n`;
    }
    return `${head}\r\n`;
  }

  /** Sends bytes; a string is latin1. */
  send(bytes: string | Uint8Array): void {
    this.socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
  }

  #read(piece: Buffer): void {
    if (this.head !== "") {
      this.#readFrames(piece);
      return;
    }
    this.#bytes = Buffer.concat([this.#bytes, piece]);
    const end = this.#bytes.indexOf("\r\n\r\n");
    if (end === -1) return;
    this.head = this.#bytes.toString("latin1", 0, end + 4);
    this.#onHead(this);
    this.#readFrames(this.#bytes.subarray(end + 4));
  }

  #readFrames(piece: Buffer): void {
    this.frames = Buffer.concat([this.frames, piece]);
    if (!this.#collector.hasFailed) this.#collector.feed(piece);
  }
}

export interface RawServer {
  readonly port: number;
  /** ws://127.0.0.1:port/ */
  readonly url: string;
  /** The first client. */
  peer(): Promise<RawPeer>;
  stop(): Promise<void>;
}

const running = new Set<RawServer>();

/**
 * Starts a server.
 *
 * @param onHead called with each client whose request's head is whole
 * @param onConnect called with each client before
 */
export async function rawServer(
  onHead: (peer: RawPeer) => void,
  onConnect: (peer: RawPeer) => void = () => {},
): Promise<RawServer> {
  const peers: RawPeer[] = [];
  const first: Deferred<RawPeer> = deferred();
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    const peer = new RawPeer(socket, onHead);
    peers.push(peer);
    first.resolve(peer);
    onConnect(peer);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as net.AddressInfo;
  const started: RawServer = {
    port,
    url: `ws://127.0.0.1:${port}/`,
    peer: () => first.promise,
    async stop() {
      running.delete(started);
      for (const { socket } of peers) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
  running.add(started);
  return started;
}

/** Stops every raw server that is still running. */
export async function stopRawServers(): Promise<void> {
  for (const server of [...running]) await server.stop();
}

/** How many sockets this process has open. */
export function openSockets(): number {
  let count = 0;
  for (const fd of readdirSync("/proc/self/fd")) {
    try {
      if (readlinkSync(`/proc/self/fd/${fd}`).startsWith("socket:")) count++;
    } catch {
      // Closed since it was listed.
    }
  }
  return count;
}
