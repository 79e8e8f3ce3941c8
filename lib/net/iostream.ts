/**
 * IOStream: a connection as a stream of bytes, after Tornado's.
 *
 *     const stream = await new IOStream().connect({ host: "127.0.0.1", port: 8888 });
 *     await stream.write("ping\n");
 *     const line = await stream.readUntil("\n", { maxBytes: 1024 });
 *     stream.close();
 *
 * TCPServer makes them of what it accepts, TCPClient of what it connects, detachStream() of HTTP connections. The addon
 * owns the descriptor; the stream owns its slot (StreamOwner hears of it), a StreamReader and a StreamWriter.
 *
 * Promises: one read at a time. Bytes that arrived before the end are read before the end is noticed; only what is
 * needed is read from the socket, and some ahead, so a peer waits for a slow reader. A promise that nobody awaits never
 * becomes an unhandled rejection. The close callback runs once, after everything else.
 */
import { CodedError } from "../base/errors.ts";
import { IOLoop } from "../loop/ioloop.ts";
import type { SlotOwner } from "../loop/slotowner.ts";
import { type ConnectAddress, destinationText, parseConnectAddress } from "./connectaddress.ts";
import {
  type IOStreamOptions,
  type ResolvedIOStreamOptions,
  resolveStreamOptions,
} from "./iostreamoptions.ts";
import type { BoundAddress } from "./listenaddress.ts";
import { ReadVerbs, START_READ } from "./readverbs.ts";
import { connectionError, StreamClosedError } from "./streamerrors.ts";
import { type StreamEvents, StreamOwner } from "./streamowner.ts";
import { type ReaderHost, StreamReader } from "./streamreader.ts";
import { PENDING, RestRead, type StreamRead } from "./streamreads.ts";
import { type DetachedStream, type StreamSlot, StreamSocket } from "./streamsocket.ts";
import { rejected, StreamWriter } from "./streamwriter.ts";

const FRESH = 0;
const CONNECTING = 1;
const OPEN = 2;
const CLOSED = 3;

/** Who counts the connections that streams are made of; told when a descriptor is closed. */
export interface StreamKeeper {
  onReleased(stream: IOStream, slot: number): void;
}

export class IOStream extends ReadVerbs implements ReaderHost {
  static readonly #events: StreamEvents<IOStream> = {
    data: (stream, start, end) => stream.#onData(start, end),
    eof: (stream) => stream.#onEof(),
    connected: (stream) => stream.#onConnected(),
    drained: (stream) => stream.#writer.check(),
    closed: (stream, errno) => stream.#onClosed(errno),
  };

  readonly #loop: IOLoop;
  readonly #socket: StreamSocket;
  readonly #options: ResolvedIOStreamOptions;
  readonly #reader: StreamReader;
  readonly #writer: StreamWriter;
  readonly #owner: StreamOwner<IOStream>;
  readonly #readAheadBytes: number;
  /** The peer's end ends the reads only: the stream is open for writes until it is closed. */
  allowHalfOpen = false;
  #keeper: StreamKeeper | null = null;
  #state = FRESH;
  /** The peer has ended its side; noticed when everything before it has been read. */
  #isEof = false;
  #hasEndedWriting = false;
  #error: Error | null = null;
  #closeCallback: (() => unknown) | null = null;
  #connected: { resolve(stream: IOStream): void; reject(error: Error): void } | null = null;
  #connectingTo = "";

  /**
   * A stream without a connection: connect() is to follow.
   *
   * @throws CodedError ERR_UNKNOWN_OPTION, ERR_OPTION_TYPE, ERR_OPTION_RANGE
   */
  constructor(options: IOStreamOptions = {}) {
    super();
    this.#options = resolveStreamOptions(options);
    this.#loop = IOLoop.current();
    this.#socket = new StreamSocket(this.#loop);
    const { maxBufferBytes, readChunkBytes, maxWriteBufferBytes } = this.#options;
    this.#reader = new StreamReader(this.#loop, this, maxBufferBytes);
    this.#writer = new StreamWriter(this.#socket, maxWriteBufferBytes);
    this.#owner = new StreamOwner(this, IOStream.#events);
    this.#readAheadBytes = Math.min(readChunkBytes, maxBufferBytes / 2);
  }

  /**
   * A stream of a connected socket made elsewhere: inherited, or one of a pair.
   *
   * @param fd a connected stream socket. It is duplicated and made non-blocking; the descriptor stays the caller's to close
   * @throws SystemError EBADF, ENOTSOCK, ENOTCONN, EINVAL if it is no stream socket
   */
  static adopt(fd: number, options: IOStreamOptions = {}): IOStream {
    const stream = new IOStream(options);
    const made = stream.#loop.poller.connect(0, "", fd, "", 0);
    if (typeof made !== "number") {
      throw connectionError(made[0], made[1], `cannot take the descriptor ${fd}`);
    }
    stream.#attach({ slot: made, generation: stream.#loop.adoptSlot(made, stream.#owner) }, OPEN);
    return stream;
  }

  /** @internal A stream of a slot, whose owner is to be `ownerOf(stream)`. */
  static ofSlot(slot: StreamSlot, options: IOStreamOptions, keeper: StreamKeeper | null): IOStream {
    const stream = new IOStream(options);
    stream.#keeper = keeper;
    stream.#attach(slot, OPEN);
    return stream;
  }

  /** @internal Gives the connection away; the stream is closed. @returns null if it is not open */
  static detach(stream: IOStream): DetachedStream | null {
    const socket = stream.#socket;
    if (stream.#state !== OPEN || !socket.isLive) return null;
    const rest = stream.#reader.attemptAtEnd(new RestRead());
    const { slot, generation } = socket;
    socket.pause(false);
    socket.release();
    stream.#writer.close(null);
    stream.close();
    stream.#keeper?.onReleased(stream, slot);
    return { slot, generation, rest: rest === PENDING ? noBytes : rest, isEof: stream.#isEof };
  }

  /** @internal What the loop is to call for the stream's slot. */
  static ownerOf(stream: IOStream): SlotOwner {
    return stream.#owner;
  }

  /**
   * Connects. Bytes may be written, and a read begun, before it has succeeded.
   *
   * @returns the stream. Rejects with StreamClosedError, whose realError is the kernel's refusal (ECONNREFUSED, …)
   * @throws CodedError ERR_ADDRESS; ERR_STATE if the stream has or had a connection
   */
  connect(address: ConnectAddress): Promise<this> {
    if (this.#state !== FRESH) {
      throw new CodedError("ERR_STATE", "connect() may be called once; make a new IOStream");
    }
    const to = parseConnectAddress(address);
    this.#connectingTo = destinationText(to);
    const { poller } = this.#loop;
    const made = poller.connect(to.kind, to.host, to.port, to.sourceHost, to.sourcePort);
    if (typeof made !== "number") {
      const what = `cannot connect to ${this.#connectingTo}`;
      this.close(connectionError(made[0], made[1], what));
      return rejected(this.#closedError());
    }
    this.#attach({ slot: made, generation: this.#loop.adoptSlot(made, this.#owner) }, CONNECTING);
    const connected = new Promise<this>((fulfil, reject) => {
      this.#connected = { resolve: () => fulfil(this), reject };
    });
    connected.catch(ignore);
    return connected;
  }

  // Writing.

  /**
   * Sends bytes; they leave at the end of this turn.
   *
   * @param data text as UTF-8, or bytes, which must not be changed until they have left
   * @returns settles when the kernel has them. Rejects with StreamClosedError, or with StreamBufferFullError if more than
   *   maxWriteBufferBytes would wait, and then nothing of `data` is sent. Need not be awaited
   * @throws CodedError ERR_ARGUMENT_TYPE; ERR_STATE before connect() and after endWriting()
   */
  write(data: string | Uint8Array): Promise<void> {
    if (typeof data !== "string" && !(data instanceof Uint8Array)) {
      throw new CodedError("ERR_ARGUMENT_TYPE", "write() takes a string or a Uint8Array");
    }
    this.#checkConnected();
    if (this.#hasEndedWriting) throw new CodedError("ERR_STATE", "write() after endWriting()");
    if (this.#state === CLOSED || !this.#socket.isLive) return rejected(this.#closedError());
    return this.#writer.write(data);
  }

  /** Half-closes: the peer sees the end once everything written has left. Reading goes on. */
  endWriting(): void {
    this.#checkConnected();
    if (this.#hasEndedWriting || this.#state === CLOSED) return;
    this.#hasEndedWriting = true;
    this.#socket.endWriting();
  }

  // The end.

  /**
   * Has `callback` called once when the stream is closed, from either side, after what had arrived was read. With it the
   * end of the peer is noticed while nobody reads, too. What it throws is logged. null takes it back.
   */
  setCloseCallback(callback: (() => unknown) | null): void {
    this.#closeCallback = callback;
    if (this.#state === CLOSED) this.#runCloseCallback();
    else this.#noticeEof();
  }

  /**
   * Closes. What has been written leaves first, given 30 s without progress at most. A read that waits gets what it can
   * be given of what is there, or rejects. Again: nothing happens.
   *
   * @param error why, for `error` and for those that wait; null = no error
   */
  override close(error: Error | null = null): void {
    if (this.#state === CLOSED) return;
    const wasConnecting = this.#state === CONNECTING;
    this.#state = CLOSED;
    this.#error = error;
    this.#reader.end(() => this.#closedError());
    this.#connected?.reject(this.#closedError());
    this.#connected = null;
    if (wasConnecting) this.#socket.abort();
    else this.#socket.close();
    this.#runCloseCallback();
  }

  /** Closes at once: what the kernel does not have yet is dropped. */
  abort(error: Error | null = null): void {
    this.#socket.abort();
    this.close(error);
  }

  // State.

  /** Most bytes that are kept for a read. */
  override get maxBufferBytes(): number {
    return this.#options.maxBufferBytes;
  }

  get closed(): boolean {
    return this.#state === CLOSED;
  }

  /** A read is waiting. */
  get reading(): boolean {
    return this.#reader.isReading;
  }

  /** Something written is not known to be with the kernel. */
  get writing(): boolean {
    return this.#writer.isWriting;
  }

  /** Why the stream was closed; null while it is open and after an orderly end. */
  get error(): Error | null {
    return this.#error;
  }

  /** Bytes that have arrived and were not read. */
  get bufferedBytes(): number {
    return this.#reader.bufferedBytes;
  }

  /** Bytes written that the kernel does not have, as far as is known. */
  get writeBufferedBytes(): number {
    return this.#writer.bufferedBytes;
  }

  /** This end's address; null without a connection. */
  get localAddress(): BoundAddress | null {
    return this.#socket.address(false);
  }

  /** The peer's address; null without a connection. */
  get remoteAddress(): BoundAddress | null {
    return this.#socket.address(true);
  }

  /** TCP_NODELAY: true, as it is from the start, sends small writes at once. @throws SystemError */
  setNodelay(on: boolean): void {
    this.#checkConnected();
    this.#socket.setNoDelay(on);
  }

  // Called by the reader.

  /** @internal */
  onReadFailed(error: Error): void {
    this.#reader.fail(new StreamClosedError(error));
    this.close(error);
  }

  /** @internal */
  onReadDone(): void {
    this.#noticeEof();
  }

  // Steps.

  #attach(slot: StreamSlot, state: number): void {
    this.#socket.attach(slot);
    this.#state = state;
  }

  /** @internal See ReadVerbs. */
  override [START_READ]<Result>(read: StreamRead<Result>): Promise<Result> {
    this.#reader.checkIdle();
    this.#checkConnected();
    let result: Result | typeof PENDING;
    try {
      result = this.#reader.attempt(read);
    } catch (error) {
      this.close(error as Error);
      return rejected(this.#closedError());
    }
    if (result === PENDING && this.#isEof) this.#endReads();
    if (result === PENDING && (this.#isEof || this.#state === CLOSED)) {
      result = this.#reader.attemptAtEnd(read);
      if (result === PENDING) return rejected(this.#closedError());
    }
    const promise = result === PENDING ? this.#reader.wait(read) : Promise.resolve(result);
    this.#pace();
    this.#noticeEof();
    return promise;
  }

  /** Reads from the socket while a read waits, and a little ahead. */
  #pace(): void {
    const isEnough = !this.#reader.isReading && this.#reader.bufferedBytes >= this.#readAheadBytes;
    if (this.#state !== CLOSED) this.#socket.pause(isEnough);
  }

  /** The peer's end is the stream's when all before it was read, and somebody wants to know. */
  #noticeEof(): void {
    if (!this.#isUnnoticedEof()) return;
    // Whoever is about to go on reading, or answering, comes first.
    this.#loop.addCallback(() => {
      if (this.#isUnnoticedEof()) this.close();
    });
  }

  /** All that the peer has sent has been read. */
  #endReads(): void {
    if (this.allowHalfOpen && this.#socket.isLive) this.#reader.end(() => this.#closedError());
    else this.close();
  }

  #isUnnoticedEof(): boolean {
    const isIdle = !this.#reader.isReading && this.#reader.bufferedBytes === 0;
    if (!this.#isEof || !isIdle || this.#state === CLOSED) return false;
    return this.#closeCallback !== null && !(this.allowHalfOpen && this.#socket.isLive);
  }

  #runCloseCallback(): void {
    const callback = this.#closeCallback;
    this.#closeCallback = null;
    if (callback !== null) this.#loop.addCallback(callback);
  }

  #checkConnected(): void {
    if (this.#state !== FRESH) return;
    throw new CodedError("ERR_STATE", "the stream has no connection; call connect() first");
  }

  #closedError(): StreamClosedError {
    return new StreamClosedError(this.#error);
  }

  // Called by the owner of the slot.

  #onData(start: number, end: number): void {
    if (this.#state === CLOSED) return;
    this.#reader.take(this.#loop.arena, start, end);
    this.#pace();
  }

  #onEof(): void {
    this.#isEof = true;
    if (this.#reader.isReading) this.#endReads();
    else this.#noticeEof();
  }

  #onConnected(): void {
    if (this.#state !== CONNECTING) return;
    this.#state = OPEN;
    this.#connected?.resolve(this);
    this.#connected = null;
  }

  #onClosed(errno: number): void {
    const what =
      this.#state === CONNECTING
        ? `cannot connect to ${this.#connectingTo}`
        : "the connection was broken";
    const syscall = this.#state === CONNECTING ? "connect" : "recv";
    const error = errno === 0 ? null : connectionError(errno, syscall, what);
    const hasLeft = errno === 0 && this.#state === CLOSED && !this.#socket.isAborted;
    this.#socket.release();
    this.#writer.close(hasLeft ? null : new StreamClosedError(error ?? this.#error));
    this.#keeper?.onReleased(this, this.#socket.slot);
    if (error !== null) this.close(error);
    else this.#onEof();
  }
}

const noBytes = Buffer.alloc(0);

function ignore(): void {}
