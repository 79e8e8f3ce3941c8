/**
 * Clients of topics: raw WebSockets over node:net, and the handler that each of them has on the server.
 *
 *     const { app, join } = await topicServer();
 *     const ann = await join("ann");
 *     ann.handler.subscribe("room/1");
 *     app.publish("room/1", "hello");
 *     await ann.gets("hello");
 */
import net from "node:net";
import { constants, inflateRawSync } from "node:zlib";
import type { WebSocketOptions } from "../../lib/server/websocketoptions.ts";
import { Application, WebSocketHandler } from "../../lib/index.ts";
import { until } from "./deferred.ts";
import { type Settings, type StartedServer, startApplication } from "./servers.ts";

/** The server's end: tests call its verbs. */
export class Member extends WebSocketHandler {
  name = "";
  static readonly byName = new Map<string, Member>();
  /** Names in the order their connections ended. */
  static readonly ended: string[] = [];

  override open(name: string) {
    this.name = name;
    Member.byName.set(name, this);
  }
  override onMessage(_message: string | Buffer): unknown {
    return undefined;
  }
  override onClose() {
    Member.byName.delete(this.name);
    Member.ended.push(this.name);
  }
}

const TAIL = Buffer.from([0, 0, 0xff, 0xff]);

/** The client's end. */
export class TopicClient {
  readonly socket: net.Socket;
  readonly handler: Member;
  /** Messages in order; bytes as "<hex>". */
  readonly messages: string[] = [];
  closeCode: number | null = null;
  isEnded = false;
  /** How many messages came compressed. */
  compressedCount = 0;
  /** What has come of frames that are not whole, and how much of it is needed. */
  #pieces: Buffer[] = [];
  #size = 0;
  #wanted = 2;
  #compressed = Buffer.alloc(0);
  #inflatedBytes = 0;

  constructor(socket: net.Socket, handler: Member, rest: Buffer) {
    this.socket = socket;
    this.handler = handler;
    socket.on("data", (piece) => this.#read(piece));
    socket.on("close", () => {
      this.isEnded = true;
    });
    this.#read(rest);
  }

  /** Waits until a message has come. */
  async gets(message: string): Promise<void> {
    await until(() => this.messages.includes(message), `${message} for ${this.handler.name}`);
  }

  async getsCount(count: number): Promise<void> {
    await until(
      () => this.messages.length >= count,
      `${count} messages for ${this.handler.name}, which has ${this.messages.length}`,
    );
  }

  /** Sends an empty close frame with this code, masked by zeros. */
  close(code = 1000): void {
    this.socket.write(Buffer.from([0x88, 0x82, 0, 0, 0, 0, code >> 8, code & 0xff]));
  }

  #read(piece: Buffer): void {
    this.#pieces.push(piece);
    this.#size += piece.length;
    if (this.#size < this.#wanted) return;
    let bytes = Buffer.concat(this.#pieces);
    let end = frameEnd(bytes);
    for (; end <= bytes.length; end = frameEnd(bytes)) {
      const [first = 0, second = 0] = bytes;
      const head = second < 126 ? 2 : second === 126 ? 4 : 10;
      this.#take(first, bytes.subarray(head, end));
      bytes = bytes.subarray(end);
    }
    this.#pieces = [bytes];
    this.#size = bytes.length;
    this.#wanted = end;
  }

  #take(first: number, given: Buffer): void {
    const payload = (first & 0x40) === 0 ? given : this.#inflate(given);
    const opcode = first & 0x0f;
    if (opcode === 1) this.messages.push(payload.toString("utf8"));
    else if (opcode === 2) this.messages.push(`<${payload.toString("hex")}>`);
    else if (opcode === 8) this.closeCode = payload.length >= 2 ? payload.readUInt16BE(0) : 1005;
  }

  /** With all that came before it, as a context takeover has it. */
  #inflate(payload: Buffer): Buffer {
    this.compressedCount++;
    this.#compressed = Buffer.concat([this.#compressed, payload, TAIL]);
    const all = inflateRawSync(this.#compressed, { finishFlush: constants.Z_SYNC_FLUSH });
    const message = all.subarray(this.#inflatedBytes);
    this.#inflatedBytes = all.length;
    return message;
  }
}

/** Where the first frame ends, as far as its head tells. */
function frameEnd(bytes: Buffer): number {
  const length = bytes[1] ?? 0;
  if (bytes.length < 2 || length < 126) return 2 + length;
  if (length === 126) return bytes.length < 4 ? 4 : 4 + bytes.readUInt16BE(2);
  return bytes.length < 10 ? 10 : 10 + Number(bytes.readBigUInt64BE(2));
}

export interface TopicServer extends StartedServer {
  readonly app: Application;
  /** Connects a client; `fields` are further lines of its request. */
  join(name: string, fields?: string): Promise<TopicClient>;
}

/** Serves Member under /ws/NAME; what it has started is stopped by the suite, its clients with it. */
export async function topicServer(
  settings: Settings = {},
  options: WebSocketOptions = {},
  routes: ConstructorParameters<typeof Application>[0] = [],
): Promise<TopicServer> {
  Member.byName.clear();
  Member.ended.length = 0;
  class Ours extends Member {
    static override readonly websocket = options;
  }
  const app = new Application([["/ws/([^/]+)", Ours], ...routes], settings);
  const started = await startApplication(app);
  const join = async (name: string, fields = ""): Promise<TopicClient> => {
    const socket = net.connect({ port: started.port, host: "127.0.0.1", noDelay: true });
    socket.on("error", () => {});
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.write(
      `GET /ws/${name} HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n${fields}\r\n`,
    );
    const rest = await new Promise<Buffer>((resolve, reject) => {
      let bytes = Buffer.alloc(0);
      const onData = (piece: Buffer) => {
        bytes = Buffer.concat([bytes, piece]);
        const end = bytes.indexOf("\r\n\r\n");
        if (end === -1) return;
        socket.off("data", onData);
        resolve(bytes.subarray(end + 4));
      };
      socket.on("data", onData);
      socket.once("close", () => reject(new Error("closed in the handshake")));
    });
    const handler = Member.byName.get(name);
    if (handler === undefined) throw new Error(`no handler for ${name}`);
    return new TopicClient(socket, handler, rest);
  };
  return { ...started, app, join };
}

const sockets = new Set<net.Socket>();

/** After each test. */
export function endClients(): void {
  for (const socket of sockets) socket.destroy();
}
