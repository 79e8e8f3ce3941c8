// Fleet: many WebSocket clients in this process, as cheap as they can be: the load generator of
// websocket.mjs, idle.mjs and comet.mjs.
//
// It runs on landspout's own loop, below every protocol: a handshake is compared as text, then only
// bytes are counted. Every reply has the same length, which verify() has found out from replies that
// it has read whole, so that `length` bytes are a message; what is sent is a masked frame that the
// addon has been given once (a piece), so that sending costs JavaScript six words, and a
// message costs less here than in any server. It shares those parts with the server that it is to
// measure; nothing of it knows frames, routes or handlers.

import { randomBytes } from "node:crypto";
import { OP_ABORT } from "../../dist/lib/native/addon.js";
import { IOLoop } from "../../dist/lib/loop/ioloop.js";
import { QuietOwner } from "../../dist/lib/loop/slotowner.js";
import { acceptOf, clientFrame, readServerFrame } from "./frames.mjs";

const openAtOnce = 128;
const headEnd = "\r\n\r\n";
const patienceMs = 120_000;

/** permessage-deflate without context takeover: every server compresses each message by itself, and to the same bytes. */
const deflateOffer = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

export class Fleet extends QuietOwner {
  #loop = IOLoop.current();
  #target;
  #handshake;
  /** By slot: the key that it has sent. */
  #keys = [];
  /** Slots of open connections, in the order they were opened. */
  #slots = [];
  #connecting = 0;
  #wanted = 0;
  #sources;
  #onOpen = null;
  #fail = null;
  #failure = null;
  #isClosing = false;
  /** By slot: what has come of a handshake or of a verified reply; null once bytes are only counted. */
  #texts = [];
  #generations = new Int32Array(this.#loop.generations.length);
  /** By slot: bytes of a reply that is not whole. */
  #rest = new Int32Array(this.#loop.generations.length);
  #replyBytes = 0;
  /** By number of frames: the piece that has as many. */
  #pieces = [];
  #isEchoing = false;
  #sent = 0;
  #onReply = null;

  /** Replies so far. */
  received = 0;

  /**
   * @param target { port, path, isCompressed?, sources? } `sources`: addresses to connect from, in turn; one has some 28,000 ports
   */
  constructor(target) {
    super();
    this.#target = target;
    this.#sources = target.sources ?? [""];
    const extensions = target.isCompressed ? `Sec-WebSocket-Extensions: ${deflateOffer}\r\n` : "";
    this.#handshake = (key) =>
      `GET ${target.path} HTTP/1.1\r\nHost: 127.0.0.1:${target.port}\r\nUpgrade: websocket\r\n` +
      `Connection: Upgrade\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n${extensions}\r\n`;
  }

  get size() {
    return this.#slots.length;
  }

  /** Opens `count` more connections. */
  open(count) {
    this.#wanted += count;
    return this.#until((done) => {
      this.#onOpen = () => {
        if (this.#slots.length === this.#wanted) done();
        else this.#connectMore();
      };
      this.#onOpen();
    }, `${count} handshakes`);
  }

  /** Sends a message on every connection and reads the echo whole. @throws Error if one is not the same */
  async verify(message) {
    const frame = clientFrame(message);
    for (let at = 0; at < this.#slots.length; at += openAtOnce) {
      const some = this.#slots.slice(at, at + openAtOnce);
      await this.#readReplies(some, 1, message, () => {
        for (const slot of some) this.#loop.outbox.writeBytes(slot, this.#generations[slot], frame);
        this.#loop.outbox.flush();
      });
    }
  }

  /** One connection sends a message; all must receive it. @throws Error if one receives another */
  verifyBroadcast(message) {
    return this.#readReplies(this.#slots, 1, message, () =>
      this.#sendFrom(this.#slots[0], message),
    );
  }

  /** Makes the pieces of up to `depth` frames of a message. */
  prepare(message, depth) {
    const { outbox } = this.#loop;
    const frames = Array.from({ length: depth }, () => clientFrame(message));
    for (let count = 1; count <= depth; count++) {
      this.#pieces[count] ??= outbox.takePieceId();
      outbox.keep(this.#pieces[count], Buffer.concat(frames.slice(0, count)));
    }
  }

  /** Each connection sends `depth` messages, and one more for each reply, until stop(). */
  startEcho(depth) {
    this.#isEchoing = true;
    for (const slot of this.#slots) this.#send(slot, depth);
    this.#loop.outbox.flush();
  }

  /** The first connection sends `depth` messages at once, and as many more when all connections have all of them. */
  startBroadcast(depth) {
    const publish = () => {
      this.#send(this.#slots[0], depth);
      this.#loop.outbox.flush();
    };
    let due = this.received;
    this.#isEchoing = false;
    this.#onReply = () => {
      if (this.received < due) return;
      if (this.#isClosing) return;
      due += depth * this.#slots.length;
      publish();
    };
    this.#onReply();
  }

  /** No more is sent; waits for what is on its way. @throws Error if something is missing, or came too much */
  async stopEcho() {
    this.#isEchoing = false;
    await this.#until((done) => {
      this.#onReply = () => {
        if (this.received >= this.#sent) done();
      };
      this.#onReply();
    }, "the last replies");
    this.#onReply = null;
    if (this.received !== this.#sent) throw new Error(`${this.received} replies to ${this.#sent}`);
    for (const slot of this.#slots) {
      if (this.#rest[slot] !== 0) throw new Error(`${this.#rest[slot]} bytes behind a reply`);
    }
  }

  close() {
    this.#isClosing = true;
    for (const slot of this.#slots) {
      this.#loop.outbox.command(OP_ABORT, slot, this.#generations[slot]);
    }
    this.#loop.outbox.flush();
    this.#slots.length = 0;
  }

  // Called by the loop.

  onConnected(slot) {
    const key = randomBytes(16).toString("base64");
    this.#keys[slot] = key;
    this.#loop.outbox.writeLatin1(slot, this.#generations[slot], this.#handshake(key));
  }

  onData(slot, start, end) {
    if (this.#texts[slot] !== null) {
      this.#takeText(slot, start, end);
      return;
    }
    const bytes = this.#rest[slot] + end - start;
    const count = Math.floor(bytes / this.#replyBytes);
    this.#rest[slot] = bytes - count * this.#replyBytes;
    this.received += count;
    if (this.#isEchoing) {
      if (count > 0) this.#send(slot, count);
    } else this.#onReply?.();
  }

  onEof(slot) {
    this.#lost(slot, "was ended by the server");
  }

  onClosed(slot, errno) {
    this.#lost(slot, `has ended with errno ${errno}`);
  }

  // Steps.

  #connectMore() {
    const { port } = this.#target;
    while (this.#connecting < openAtOnce && this.#slots.length + this.#connecting < this.#wanted) {
      const source = this.#sources[(this.#slots.length + this.#connecting) % this.#sources.length];
      const slot = this.#loop.poller.connect(4, "127.0.0.1", port, source, 0);
      if (typeof slot !== "number") throw new Error(`cannot connect: ${slot}`);
      this.#generations[slot] = this.#loop.adoptSlot(slot, this);
      // A million idle connections are more than the kernel's questions can be put to.
      this.#loop.poller.setKeepAlive(slot, this.#generations[slot], 0);
      this.#texts[slot] = "";
      this.#rest[slot] = 0;
      this.#connecting++;
    }
  }

  #takeText(slot, start, end) {
    this.#texts[slot] += this.#loop.arena.latin1Slice(start, end);
    if (this.#onOpen === null) {
      this.#onReply?.(slot);
      return;
    }
    const text = this.#texts[slot];
    if (!text.includes(headEnd)) return;
    if (!text.startsWith("HTTP/1.1 101 ") || !text.includes(acceptOf(this.#keys[slot]))) {
      this.#end(new Error(`the handshake was answered with ${JSON.stringify(text)}`));
      return;
    }
    if (
      this.#target.isCompressed &&
      !/^sec-websocket-extensions: permessage-deflate/im.test(text)
    ) {
      this.#end(new Error("the server does not compress"));
      return;
    }
    this.#texts[slot] = null;
    this.#slots.push(slot);
    this.#connecting--;
    this.#onOpen();
  }

  /** Reads one reply on each of some connections, whole. */
  async #readReplies(slots, count, message, send) {
    let missing = slots.length * count;
    for (const slot of slots) this.#texts[slot] = "";
    await this.#until((done) => {
      this.#onOpen = null;
      this.#onReply = (slot) => {
        const bytes = Buffer.from(this.#texts[slot], "latin1");
        const reply = readServerFrame(bytes);
        if (reply === null) return;
        const { payload, isText, isCompressed, frameBytes } = reply;
        const isSame =
          payload.equals(message.payload) &&
          isText === message.isText &&
          isCompressed === message.isCompressed &&
          frameBytes === bytes.length;
        if (!isSame) {
          this.#end(new Error(`a message of ${message.payload.length} B came back otherwise`));
          return;
        }
        this.#replyBytes = frameBytes;
        this.#texts[slot] = "";
        missing--;
        if (missing === 0) done();
      };
      send();
    }, "replies to be verified");
    this.#onReply = null;
    for (const slot of slots) this.#texts[slot] = null;
  }

  #sendFrom(slot, message) {
    this.#loop.outbox.writeBytes(slot, this.#generations[slot], clientFrame(message));
    this.#loop.outbox.flush();
  }

  #send(slot, count) {
    this.#sent += count;
    this.#loop.outbox.writePiece(slot, this.#generations[slot], this.#pieces[count]);
  }

  #lost(slot, how) {
    if (!this.#isClosing) this.#end(new Error(`the connection of slot ${slot} ${how}`));
  }

  #end(error) {
    this.#failure ??= error;
    this.#fail?.(error);
  }

  /** Runs what calls `done` at last. */
  async #until(begin, what) {
    let timer;
    try {
      await new Promise((resolve, reject) => {
        if (this.#failure !== null) throw this.#failure;
        this.#fail = reject;
        timer = setTimeout(() => reject(new Error(`waited in vain for ${what}`)), patienceMs);
        begin(resolve);
      });
    } finally {
      clearTimeout(timer);
      this.#fail = null;
    }
  }

  /** What went wrong since, if anything did. */
  check() {
    if (this.#failure !== null) throw this.#failure;
  }
}
