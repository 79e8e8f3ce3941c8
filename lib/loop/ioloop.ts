/**
 * IOLoop: the event loop, after Tornado's, over the addon's epoll set inside libuv's loop.
 *
 *     const loop = IOLoop.current();
 *     loop.addHandler(fd, (fd, events) => …, IOLoop.READ);
 *     loop.callLater({ delayMs: 500 }, () => …);
 *     await loop.start();
 *
 * libuv keeps running the process: timers, files, promises and database clients work beside it. What it adds is one
 * entry into JavaScript per turn: the addon reads every ready socket, then calls #turn once, which walks the records
 * and calls each socket's owner; replies are appended to the outbox and leave when #turn has returned.
 *
 *     epoll_wait · accept4 · recv · llhttp ──▶ inbox ──▶ #turn ──▶ owners ──▶ outbox ──▶ one send(2) a socket
 *
 * Promises: what one owner throws is reported and harms no other record of the turn. A callback never runs inside the
 * call that adds it. The loop holds the process only while it watches a descriptor.
 */
import { CodedError } from "../base/errors.ts";
import { log } from "../base/log.ts";
import {
  BAD_ON_HEAD,
  CONTROL_EPOCH,
  KIND_ACCEPTED,
  KIND_BAD,
  KIND_BODY,
  KIND_CHUNK,
  KIND_CLOSED,
  KIND_CONNECTED,
  KIND_DATA,
  KIND_DRAINED,
  KIND_END,
  KIND_EOF,
  KIND_HEAD,
  KIND_PARTIAL,
  KIND_READY,
  Poller,
  RECORD_A,
  RECORD_B,
  RECORD_END,
  RECORD_GENERATION,
  RECORD_KIND,
  RECORD_LENGTH,
  RECORD_SLOT,
  RECORD_START,
} from "../native/addon.ts";
import { Outbox } from "../native/outbox.ts";
import { descriptorLimit } from "./descriptorlimit.ts";
import { type FdHandler, type FdLike, FdTable } from "./fdtable.ts";
import { LoopClock } from "./loopclock.ts";
import { runLogged } from "./runlogged.ts";
import { quietOwner, type SlotOwner } from "./slotowner.ts";
import { LONGEST_DELAY_MS, type TimeoutHandle, Timeouts } from "./timeouts.ts";
import { TimingWheel } from "./timingwheel.ts";
import { type BlockedListener, type LoopStats, TurnMonitor } from "./turnmonitor.ts";

const TWO_TO_32 = 0x1_0000_0000;

/** Ticks of the deadlines' wheel: how late a deadline may be. */
const WHEEL_TICK_MS = 100;

/** How long until a call: `{ delayMs }`, or the ms alone. */
export type Delay = number | { readonly delayMs: number };

export class IOLoop {
  /** Interest in nothing but errors. */
  static readonly NONE = 0;
  /** EPOLLIN. */
  static readonly READ = 0x001;
  /** EPOLLOUT. */
  static readonly WRITE = 0x004;
  /** EPOLLERR | EPOLLHUP; always reported. */
  static readonly ERROR = 0x018;

  static #current: IOLoop | null = null;

  /** The loop of this thread, made when first asked for. */
  static current(): IOLoop {
    if (IOLoop.#current === null) IOLoop.#current = new IOLoop();
    return IOLoop.#current;
  }

  /** The time that deadlines are in. */
  readonly clock: LoopClock;
  /** Deadlines of everything that the loop carries, to within 100 ms. */
  readonly wheel: TimingWheel;

  // For owners of sockets: the shared arrays and the way out. Not for handlers.

  /** @internal */
  readonly ring: Int32Array;
  /** @internal Bytes that records point into; the loop's until the turn ends. */
  readonly arena: Buffer;
  /** @internal */
  readonly outbox: Outbox;
  /** @internal */
  readonly poller: Poller;
  /** @internal By slot. */
  readonly lastActive: Float64Array;
  /** @internal By slot. */
  readonly pendingBytes: Int32Array;
  /** @internal By slot: the generation that is open. */
  readonly generations: Int32Array;

  readonly #control: Int32Array;
  readonly #owners: (SlotOwner | undefined)[] = [];
  readonly #fds: FdTable;
  readonly #timeouts = new Timeouts();
  readonly #monitor = new TurnMonitor();
  #wheelTimer: NodeJS.Timeout | null = null;
  #wheelTimerAtMs = Number.POSITIVE_INFINITY;
  #callbacks: (() => unknown)[] = [];
  #started: { resolve: () => void } | null = null;
  #stopRequested = false;
  #closed = false;

  /** @internal True while the records of a turn are walked: what the arena holds stays until it is false again. */
  inTurn = false;
  /** @internal How many words of the ring the records of this turn take. */
  turnWords = 0;

  constructor() {
    const capacity = descriptorLimit();
    const externals: Uint8Array[] = [];
    this.poller = new Poller(capacity, (words) => this.#turn(words), externals);
    this.ring = this.poller.inboxRing;
    this.arena = Buffer.from(this.poller.inboxArena.buffer);
    this.lastActive = this.poller.lastActive;
    this.pendingBytes = this.poller.pendingBytes;
    this.generations = new Int32Array(capacity);
    this.#control = this.poller.control;
    this.outbox = new Outbox(this.poller, externals);
    this.clock = new LoopClock(this.poller, (nowMs) => this.#runWheel(nowMs));
    this.wheel = new TimingWheel(this.clock.now(), { tickMs: WHEEL_TICK_MS });
    this.#fds = new FdTable(this);
  }

  // Running.

  /**
   * Marks the loop as started. libuv runs it anyhow; this is for `await loop.start()` at the end of a program.
   *
   * @returns settles when stop() is called, or when the process has nothing left to serve
   * @throws CodedError ERR_LOOP_RUNNING if it was started and not stopped since; ERR_LOOP_CLOSED
   */
  start(): Promise<void> {
    this.#checkOpen();
    if (this.#started !== null) {
      throw new CodedError("ERR_LOOP_RUNNING", "the IOLoop is already running; stop() it first");
    }
    if (this.#stopRequested) {
      this.#stopRequested = false;
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const end = () => this.stop();
      process.once("beforeExit", end);
      this.#started = {
        resolve: () => {
          process.removeListener("beforeExit", end);
          resolve();
        },
      };
    });
  }

  /** Settles the promise of start(). Before start(): the next start() returns at once. Sockets are not closed. */
  stop(): void {
    const started = this.#started;
    this.#started = null;
    if (started === null) this.#stopRequested = true;
    else started.resolve();
  }

  /** Closes every socket of the loop at once. It takes no more work; `IOLoop.current()` makes a new one. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (IOLoop.#current === this) IOLoop.#current = null;
    if (this.#wheelTimer !== null) clearTimeout(this.#wheelTimer);
    this.#timeouts.clear();
    this.#fds.clear();
    this.#callbacks = [];
    this.poller.close();
    this.#owners.length = 0;
    if (this.#started !== null) this.stop();
  }

  // Descriptors.

  /**
   * Watches a descriptor: a pipe, an eventfd, a socket made elsewhere. Level-triggered.
   *
   * @param fd      the number, or an object with a numeric `fd`; the handler is given the same back
   * @param handler called with the events that are ready, IOLoop.READ | WRITE | ERROR
   * @param events  IOLoop.READ, IOLoop.WRITE or both
   * @throws CodedError ERR_HANDLER_EXISTS if it is watched already; SystemError with epoll's errno (EPERM: a regular
   *   file, which is always ready; EBADF)
   */
  addHandler<Fd extends FdLike>(fd: Fd, handler: FdHandler<Fd>, events: number): void {
    this.#checkOpen();
    this.#fds.add(fd, handler as FdHandler<FdLike>, events);
  }

  /** Changes what a descriptor is watched for. @throws CodedError ERR_HANDLER_MISSING */
  updateHandler(fd: FdLike, events: number): void {
    this.#fds.update(fd, events);
  }

  /** Stops watching; a descriptor that is not watched is fine. Its events of this turn are dropped. Do it before closing it. */
  removeHandler(fd: FdLike): void {
    this.#fds.remove(fd);
  }

  // Callbacks and timers.

  /** Calls a function in the next iteration. What it throws, or its promise rejects with, is logged. */
  addCallback<Args extends unknown[]>(callback: (...args: Args) => unknown, ...args: Args): void {
    if (this.#closed) return;
    if (this.#callbacks.length === 0) setImmediate(() => this.#runCallbacks());
    this.#callbacks.push(() => callback(...args));
  }

  /** Calls a function once, `delay` ms from now. @returns a handle for removeTimeout() */
  callLater<Args extends unknown[]>(
    delay: Delay,
    callback: (...args: Args) => unknown,
    ...args: Args
  ): TimeoutHandle {
    this.#checkOpen();
    const delayMs = typeof delay === "number" ? delay : delay.delayMs;
    return this.#timeouts.add(delayMs, () => callback(...args));
  }

  /** Calls a function once when time() has reached `whenMs`. @returns a handle for removeTimeout() */
  callAt<Args extends unknown[]>(
    whenMs: number,
    callback: (...args: Args) => unknown,
    ...args: Args
  ): TimeoutHandle {
    this.#checkOpen();
    return this.#timeouts.add(whenMs - this.time(), () => callback(...args));
  }

  /** Takes a call back; one that has run, or was taken back before, is fine. */
  removeTimeout(handle: unknown): void {
    this.#timeouts.remove(handle);
  }

  /** The time of day in ms since 1970, as callAt() takes it. */
  time(): number {
    return Date.now();
  }

  /** What the loop has done since it was made: plain numbers, which cost a few additions a turn. */
  stats(): LoopStats {
    return this.#monitor.read(this.poller, this.wheel.size);
  }

  // For owners of sockets.

  /** @internal Tells of turns that took longer than this. @returns ends it */
  watchTurns(limitMs: number, listener: BlockedListener): () => void {
    return this.#monitor.watch(limitMs, listener);
  }

  /** @internal Changes whenever the arena's bytes are no longer those of before. */
  get epoch(): number {
    return this.#control[CONTROL_EPOCH]!;
  }

  /** @internal */
  setOwner(slot: number, owner: SlotOwner): void {
    this.#owners[slot] = owner;
  }

  /** @internal Who owns a slot; for servers that look for their own connections. */
  ownerOf(slot: number): SlotOwner | undefined {
    return this.#owners[slot];
  }

  /** @internal One past the highest slot in use so far. */
  get slotCount(): number {
    return this.#owners.length;
  }

  /** @internal A slot that the addon has just made for a listener or a descriptor. */
  adoptSlot(slot: number, owner: SlotOwner): number {
    const generation = this.poller.generation(slot);
    this.generations[slot] = generation;
    this.#owners[slot] = owner;
    return generation;
  }

  /** @internal Forgets a slot whose end the addon will not report. */
  dropSlot(slot: number): void {
    this.generations[slot] = 0;
    this.#owners[slot] = undefined;
  }

  /** @internal The wheel has a new first deadline, perhaps: makes sure that somebody turns it. */
  wheelChanged(deadlineMs: number): void {
    if (deadlineMs + WHEEL_TICK_MS >= this.#wheelTimerAtMs) return;
    this.#setWheelTimer();
  }

  /** @hot bench/run.mjs: once per turn, one step per record; allocates nothing. */
  #turn(words: number): void {
    const ring = this.ring;
    const owners = this.#owners;
    const generations = this.generations;
    const wokeMs = this.clock.startTurn();
    let at = 0;
    this.turnWords = words;
    this.inTurn = true;
    this.outbox.startTurn();
    while (at < words) {
      let next = at;
      try {
        while (at < words) {
          next = at + ring[at + RECORD_LENGTH]!;
          const slot = ring[at + RECORD_SLOT]!;
          const owner = owners[slot] ?? quietOwner;
          const kind = ring[at + RECORD_KIND]!;
          if (kind === KIND_ACCEPTED) {
            const generation = ring[at + RECORD_GENERATION]!;
            const listener = owners[ring[at + RECORD_A]!] ?? quietOwner;
            generations[slot] = generation;
            owners[slot] = quietOwner;
            owners[slot] = listener.onAccepted(slot, generation);
          } else if (generations[slot] === ring[at + RECORD_GENERATION]) {
            if (kind === KIND_HEAD) owner.onHead(slot, at);
            else this.#dispatch(owner, kind, slot, at);
          }
          at = next;
        }
      } catch (error) {
        log.error("an event handler threw", error);
        this.#monitor.exceptions++;
        at = next;
      }
    }
    this.#monitor.end(wokeMs, words);
    this.inTurn = false;
  }

  #dispatch(owner: SlotOwner, kind: number, slot: number, at: number): void {
    const ring = this.ring;
    if (kind === KIND_BODY) owner.onBody(slot, ring[at + RECORD_START]!, ring[at + RECORD_END]!);
    else if (kind === KIND_END) owner.onEnd(slot);
    else if (kind === KIND_DATA)
      owner.onData(slot, ring[at + RECORD_START]!, ring[at + RECORD_END]!);
    else if (kind === KIND_PARTIAL) owner.onPartial(slot);
    else if (kind === KIND_BAD) {
      const reason = ring[at + RECORD_A]!;
      owner.onBad(slot, reason & ~BAD_ON_HEAD, (reason & BAD_ON_HEAD) !== 0);
    } else if (kind === KIND_EOF) owner.onEof(slot);
    else if (kind === KIND_DRAINED) owner.onDrained(slot);
    else if (kind === KIND_READY) owner.onReady(slot, ring[at + RECORD_A]!);
    else if (kind === KIND_CONNECTED) owner.onConnected(slot);
    else if (kind === KIND_CHUNK) {
      const high = ring[at + RECORD_B]! >>> 0;
      owner.onChunk(slot, high * TWO_TO_32 + (ring[at + RECORD_A]! >>> 0));
    } else if (kind === KIND_CLOSED) {
      this.dropSlot(slot);
      owner.onClosed(slot, ring[at + RECORD_A]!);
    }
  }

  #runCallbacks(): void {
    // Those that these add are for the next iteration.
    const callbacks = this.#callbacks;
    this.#callbacks = [];
    for (const callback of callbacks) runLogged(callback);
  }

  #runWheel(nowMs: number): void {
    this.wheel.advance(nowMs);
    this.#setWheelTimer();
  }

  #setWheelTimer(): void {
    if (this.#wheelTimer !== null) clearTimeout(this.#wheelTimer);
    this.#wheelTimer = null;
    this.#wheelTimerAtMs = Number.POSITIVE_INFINITY;
    if (this.#closed || this.wheel.size === 0) return;
    this.#wheelTimerAtMs = this.wheel.nextDeadlineMs();
    const leftMs = Math.ceil(this.#wheelTimerAtMs - this.clock.now());
    // Node turns longer delays than this into 1 ms.
    const delayMs = Math.min(LONGEST_DELAY_MS, Math.max(1, leftMs));
    // After a stall it is late, and what would put deadlines off (a pong, a body) has come meanwhile: that is read first.
    const run = (): void => void (this.#closed || this.#runWheel(this.clock.now()));
    // Never holds the process: the sockets whose deadlines these are do.
    this.#wheelTimer = setTimeout(() => setImmediate(run), delayMs).unref();
  }

  #checkOpen(): void {
    if (this.#closed) throw new CodedError("ERR_LOOP_CLOSED", "the IOLoop is closed");
  }
}
