/**
 * Deadlines by the million, to within a tick: a hierarchical timing wheel.
 *
 *     const wheel = new TimingWheel(clock.now(), { tickMs: 1_000 });
 *     const handle = wheel.add(clock.now() + 75_000, server, slot); // server.onDeadline(slot, nowMs) when it is due
 *     wheel.cancel(handle);
 *     wheel.advance(clock.now()); // at each tick: runs what is due
 *
 * IOLoop drives one wheel; every deadline of the servers is on it. A connection has ONE entry: when it is due, its
 * owner looks at `lastActive` and answers how long to wait from now, so that traffic costs the wheel nothing:
 *
 *     deadline 75 s        lastActive was 40 s       lastActive still 40 s
 *     ├─────────────────────▶ onDeadline: 40 s more ──▶ onDeadline: close, 0
 *     0 s                    75 s                     115 s
 *
 * Promises
 * - Deadlines are absolute, in ms of the clock whose time is given to advance(). The wheel reads no clock, so a delay
 *   could only be counted from the last tick, and would end too early by however long ago that was.
 * - Nothing runs early. A deadline is rounded up to a multiple of tickMs and runs in the advance() that reaches it:
 *   less than a tick late if advance() comes at each multiple, or at nextDeadlineMs(). Deadlines already past run
 *   at the next tick, never inside the call that adds them, nor in the advance() that is running.
 * - In one advance(), entries run in the order of their ticks, and within a tick as they were added or updated.
 * - add, update and cancel are O(1) and may be called from inside callbacks, for any entry, the running one included.
 *   advance() costs O(what is due), whatever the time it leaps. An entry takes 24 bytes.
 * - A handle never means another entry than its own, however long after.
 * - What a callback throws goes to onError; the others run all the same.
 *
 * How it works is drawn in wheelrings.ts; here is who gets called.
 */
import { CodedError } from "../base/errors.ts";
import { log } from "../base/log.ts";
import { func, type Input, integer, options, resolve } from "../base/options.ts";
import { MOST_TICKS_AHEAD, NONE, WheelRings } from "./wheelrings.ts";

/** Whoever has deadlines on the wheel: a server, say, with a socket's slot as the key. */
export interface WheelOwner {
  /**
   * The deadline given for `key` has come.
   *
   * @param nowMs the time given to advance()
   * @returns ms from `nowMs` after which to be called again, under the same handle; 0 = done, the handle is void.
   *   If the entry was updated or cancelled from inside this call, that holds, and the result is ignored.
   */
  onDeadline(key: number, nowMs: number): number;
}

/** A function run once at a deadline. The rejection of a promise that it returns goes to onError, too. */
export type WheelCallback = (nowMs: number) => unknown;

/** The options of a TimingWheel. */
export const timingWheelOptions = options({
  /** Length of a tick in ms: what deadlines are rounded up to. */
  tickMs: integer({ default: 1_000, min: 1, max: 3_600_000 }),
  /** Takes what a callback threw. null = it is logged as an error. */
  onError: func<(error: unknown) => void>(),
});
export type TimingWheelOptions = Input<typeof timingWheelOptions>;

/** An owner's place in the table: entries name their owner by a small number. */
interface Seat {
  readonly owner: WheelOwner;
  readonly index: number;
  entryCount: number;
}

/** Instead of the index of a seat: the key is an index into #callbacks. */
const CALLBACK = -1;

/** Deadlines of many sockets, and of whoever needs no better than a tick; after libtnet's TimingWheel. */
export class TimingWheel {
  readonly #tickMs: number;
  readonly #onError: ((error: unknown) => void) | null;
  readonly #rings: WheelRings;
  #advancing = false;

  // Owners are few and have many entries each; one has a seat for as long as it has any.
  readonly #seats: (Seat | null)[] = [];
  readonly #seatOf = new Map<WheelOwner, Seat>();
  #lastSeat: Seat | null = null;

  readonly #callbacks: (WheelCallback | null)[] = [];
  readonly #freeCallbacks: number[] = [];

  /**
   * @param nowMs the time now, by the clock that advance() will be driven by
   * @throws CodedError ERR_OPTION_TYPE, ERR_OPTION_RANGE, ERR_UNKNOWN_OPTION; ERR_ARGUMENT_RANGE if nowMs is no time
   */
  constructor(nowMs: number, given: TimingWheelOptions = {}) {
    const { tickMs, onError } = resolve("TimingWheel", timingWheelOptions, given);
    if (!Number.isFinite(nowMs)) {
      throw new CodedError("ERR_ARGUMENT_RANGE", `nowMs is ${nowMs}; allowed is a finite number`);
    }
    this.#tickMs = tickMs;
    this.#onError = onError;
    this.#rings = new WheelRings(Math.floor(nowMs / tickMs));
  }

  /** Length of a tick in ms. */
  get tickMs(): number {
    return this.#tickMs;
  }

  /** Entries on the wheel, one whose callback is running included. While it is 0 nobody needs to call advance(). */
  get size(): number {
    return this.#rings.size;
  }

  /** Bytes of the array that entries are in: 24 for each of the most there ever were, up to the next doubling. */
  get byteLength(): number {
    return this.#rings.byteLength;
  }

  /**
   * Puts a deadline on the wheel: `owner.onDeadline(key, nowMs)` is called when it has come.
   *
   * @hot bench/micro/timingwheel.bench.mjs: once per connection; allocates nothing unless the wheel grows.
   * @param deadlineMs when, by the clock of advance(); at most 2^31 - 1 ticks ahead. Past = at the next tick
   * @param key        the owner's own number for it, an Int32
   * @returns a handle for update() and cancel(), above 0, so that 0 may mean "none"; valid for as long as onDeadline
   *   re-arms the entry. Up to 2^53: keep it in a Float64Array
   * @throws CodedError ERR_ARGUMENT_RANGE if deadlineMs is NaN or too far ahead, or key is not an Int32; ERR_STATE
   *   if there are 16 million entries
   */
  add(deadlineMs: number, owner: WheelOwner, key: number): number {
    const tick = this.#tickOf(deadlineMs);
    if ((key | 0) !== key) {
      throw new CodedError("ERR_ARGUMENT_RANGE", `key is ${key}; allowed is a 32-bit integer`);
    }
    const last = this.#lastSeat;
    const seat = last !== null && last.owner === owner ? last : this.#seatFor(owner);
    const handle = this.#rings.add(tick, seat.index, key);
    seat.entryCount++;
    return handle;
  }

  /**
   * Runs a function once at a deadline, for those with a few deadlines and no keys. A function that is to run again
   * calls update() on its handle.
   *
   * @param deadlineMs as for add()
   * @returns a handle, as add() does
   * @throws as add() does
   */
  addCallback(deadlineMs: number, callback: WheelCallback): number {
    const tick = this.#tickOf(deadlineMs);
    const index = this.#freeCallbacks.at(-1) ?? this.#callbacks.length;
    const handle = this.#rings.add(tick, CALLBACK, index);
    this.#freeCallbacks.pop();
    this.#callbacks[index] = callback;
    return handle;
  }

  /**
   * Moves an entry to another deadline, sooner or later. The handle stays valid.
   *
   * @hot bench/micro/timingwheel.bench.mjs
   * @returns false if the handle is void: the entry is done or was cancelled. Nothing has happened then
   * @throws CodedError ERR_ARGUMENT_RANGE as add() does; the entry keeps its old deadline then
   */
  update(handle: number, deadlineMs: number): boolean {
    const at = this.#rings.find(handle);
    if (at === NONE) return false;
    const tick = this.#tickOf(deadlineMs);
    this.#rings.unlink(at);
    this.#rings.link(at, tick);
    return true;
  }

  /**
   * Takes an entry off the wheel; its owner does not hear of it again.
   *
   * @hot bench/micro/timingwheel.bench.mjs
   * @returns false if the handle is void: the entry is done or was cancelled before
   */
  cancel(handle: number): boolean {
    const at = this.#rings.find(handle);
    if (at === NONE) return false;
    this.#rings.unlink(at);
    this.#free(at);
    return true;
  }

  /** Says whether a handle still means an entry. */
  has(handle: number): boolean {
    return this.#rings.find(handle) !== NONE;
  }

  /**
   * Says when advance() should be called next: never later than the first deadline rounded up, sometimes earlier (an
   * entry far ahead is moved nearer on its way), always a multiple of tickMs.
   *
   * @returns ms of the clock of advance(); Infinity if nothing is to come
   */
  nextDeadlineMs(): number {
    // Something is due already if onError threw, or if a callback asks.
    const tick = this.#rings.firstDue() === NONE ? this.#rings.nextTick() : this.#rings.tick;
    return tick * this.#tickMs;
  }

  /**
   * Moves the wheel to a time and runs what is due by then. A time before that of the last call does nothing. Nor does
   * a call from inside a callback; the next one makes up for it.
   *
   * @hot bench/micro/timingwheel.bench.mjs: once a tick; allocates nothing.
   * @returns how many entries were run
   * @throws only what onError throws; whatever was still due runs in the next advance()
   */
  advance(nowMs: number): number {
    const tick = Math.floor(nowMs / this.#tickMs);
    if (this.#advancing || !(tick >= this.#rings.tick && tick < Infinity)) return 0;
    // First all that is due leaves its slots, then it is called: callbacks see the wheel at `tick`, so what they add is
    // for later and cannot keep this loop going. One by one from the ring, because they may cancel any of the rest.
    this.#rings.collect(tick);
    this.#advancing = true;
    try {
      let count = 0;
      for (let at = this.#rings.firstDue(); at !== NONE; at = this.#rings.firstDue()) {
        this.#rings.unlink(at);
        this.#run(at, nowMs);
        count++;
      }
      return count;
    } finally {
      this.#advancing = false;
    }
  }

  /** The tick at which a deadline runs: rounded up, and never one that has been passed. */
  #tickOf(deadlineMs: number): number {
    const tick = Math.ceil(deadlineMs / this.#tickMs);
    const current = this.#rings.tick;
    // Written so that NaN is refused, too.
    if (!(tick - current <= MOST_TICKS_AHEAD)) {
      const lastMs = (current + MOST_TICKS_AHEAD) * this.#tickMs;
      throw new CodedError(
        "ERR_ARGUMENT_RANGE",
        `the deadline is ${deadlineMs}; allowed is a time in ms up to ${lastMs}, 2^31 - 1 ticks ahead`,
      );
    }
    return tick > current ? tick : current + 1;
  }

  #seatFor(owner: WheelOwner): Seat {
    let seat = this.#seatOf.get(owner);
    if (seat === undefined) {
      const free = this.#seats.indexOf(null);
      seat = { owner, index: free < 0 ? this.#seats.length : free, entryCount: 0 };
      this.#seats[seat.index] = seat;
      this.#seatOf.set(owner, seat);
    }
    this.#lastSeat = seat;
    return seat;
  }

  /** Calls whose entry it is; the entry is in no ring meanwhile, and void afterwards unless it was armed again. */
  #run(at: number, nowMs: number): void {
    // Kept from before the call: it may cancel the entry, and an add() may use its record again.
    const generation = this.#rings.generationOf(at);
    let failure: { readonly error: unknown } | null = null;
    try {
      const waitMs = this.#call(this.#rings.ownerOf(at), this.#rings.keyOf(at), nowMs);
      if (waitMs > 0 && this.#rings.isUnlinked(at, generation)) {
        this.#rings.link(at, this.#tickOf(nowMs + waitMs));
      }
    } catch (error) {
      failure = { error };
    }
    if (this.#rings.isUnlinked(at, generation)) this.#free(at);
    if (failure !== null) this.#report(failure.error);
  }

  #call(owner: number, key: number, nowMs: number): number {
    const seat = owner === CALLBACK ? null : this.#seats[owner];
    if (seat) return seat.owner.onDeadline(key, nowMs);
    const result = this.#callbacks[key]?.(nowMs);
    if (result instanceof Promise) result.catch((error: unknown) => this.#report(error));
    return 0;
  }

  #report(error: unknown): void {
    if (this.#onError === null) log.error("Exception in a callback of the timing wheel", error);
    else this.#onError(error);
  }

  /** Ends an entry that is in no ring, and lets go of its function, or of its owner if that was its last. */
  #free(at: number): void {
    const owner = this.#rings.ownerOf(at);
    const key = this.#rings.keyOf(at);
    this.#rings.free(at);
    if (owner === CALLBACK) {
      this.#callbacks[key] = null;
      this.#freeCallbacks.push(key);
      return;
    }
    const seat = this.#seats[owner];
    if (seat && --seat.entryCount === 0) {
      this.#seats[owner] = null;
      this.#seatOf.delete(seat.owner);
      if (this.#lastSeat === seat) this.#lastSeat = null;
    }
  }
}
