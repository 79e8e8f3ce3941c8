/**
 * The inside of TimingWheel: which entry stands in which slot, and what comes next. Calls nobody, knows no clock and
 * no owner; time is a count of ticks here. Only TimingWheel uses it, and checks what it passes in.
 *
 * A deadline's tick number is read as digits to the base 32. An entry stands at the highest digit in which it differs
 * from the current tick, in the slot of its own digit there. With the current tick at digits … 0 3 17:
 *
 *     level 0   1 tick a slot       slots 18..31 hold   … 0 3 18  to  … 0 3 31      due when reached
 *     level 1   32 ticks a slot     slots  4..31 hold   … 0 4 *   to  … 0 31 *      linked anew, a level or
 *     level 2   1,024 ticks a slot  slots  1..31 hold   … 1 * *   to  … 31 * *      more below, when reached
 *       …
 *     level 6   2^30 ticks a slot   4 slots in a ring: 2^31 - 1 ticks ahead, 68 years of 1 s or 24 days of 1 ms
 *
 *     occupied[level]    0 0 1 0 1 …  a bit a slot. The lowest bit of the lowest level is what comes next,
 *                            │        so empty stretches are leapt over and not walked
 *                            ▼
 *                          slot ◀──▶ entry ◀──▶ entry ◀──▶ (slot)      a ring, doubly linked: O(1) to join and leave
 *
 *     records            [224 slots][running][entry][entry] …           6 Int32s each, 24 bytes; no objects
 *     entry              next · previous · deadline · generation · owner · key
 *
 * Why so: one list per tick (libtnet) needs a bucket for each tick of the range; a heap needs O(log n) to cancel. Here
 * a day and a second cost the same, and an entry is linked anew at most once per level in its whole life.
 *
 * Tick numbers are kept modulo 2^32 and compared by distance, so a process may run for ever. One array of records
 * instead of one per field, because an entry is then one cache line and not six. The array grows by doubling and never
 * shrinks; freed records are used again, last freed first.
 */
import { CodedError } from "../base/errors.ts";

/** Instead of the offset of a record: there is none. */
export const NONE = -1;

/** Most ticks that a deadline may be ahead of the current one. */
export const MOST_TICKS_AHEAD = 2 ** 31 - 1;

const DIGIT_BITS = 5;
const SLOTS = 1 << DIGIT_BITS;
const DIGIT_MASK = SLOTS - 1;
/** The top level has the two bits of a 32-bit tick number that six digits leave over. */
const TOP_LEVEL = 6;
const TOP_SLOTS = 4;
const TOP_SHIFT = TOP_LEVEL * DIGIT_BITS;

// A record, in Int32s. Records are named by their offset in the array, and so are links.
const NEXT = 0;
const PREVIOUS = 1;
const DEADLINE = 2;
/** 1 and up while the entry lives, the negative of its next one while it is free, 0 when it has used up all. */
const GENERATION = 3;
const OWNER = 4;
const KEY = 5;
const STRIDE = 6;

/** The ring of what is due; it stands after those of the slots. */
const RUNNING = (TOP_LEVEL + 1) * SLOTS * STRIDE;
const FIRST_RECORD = RUNNING / STRIDE + 1;
const INITIAL_RECORDS = 512;

/** handle = generation × 2^24 + record number: 53 bits, exact in a number. */
const HANDLE_RECORDS = 2 ** 24;
const HANDLE_RECORD_MASK = HANDLE_RECORDS - 1;
/** A record that has used up its generations is retired: 24 bytes lost in half a billion uses. */
const LAST_GENERATION = 2 ** 29 - 1;

/** Entries in rings. @hot bench/micro/timingwheel.bench.mjs: all of it; allocates nothing unless the array grows. */
export class WheelRings {
  /** The tick reached: all up to it is in the ring of what is due, or gone. A whole number, not modulo anything. */
  #tick: number;
  #size = 0;
  #records = new Int32Array(INITIAL_RECORDS * STRIDE);
  #recordCount = FIRST_RECORD;
  #freeRecord = NONE;
  /** A bit for each slot that may have entries. Cleared when a search finds the slot empty, not by unlink(). */
  readonly #occupied = new Int32Array(TOP_LEVEL + 1);

  constructor(tick: number) {
    this.#tick = tick;
    for (let ring = 0; ring <= RUNNING; ring += STRIDE) {
      this.#records[ring + NEXT] = ring;
      this.#records[ring + PREVIOUS] = ring;
    }
  }

  /** The tick reached by collect(). */
  get tick(): number {
    return this.#tick;
  }

  /** Entries that live. */
  get size(): number {
    return this.#size;
  }

  /** Bytes of the array of records. */
  get byteLength(): number {
    return this.#records.byteLength;
  }

  ownerOf(at: number): number {
    return this.#records[at + OWNER]!;
  }

  keyOf(at: number): number {
    return this.#records[at + KEY]!;
  }

  generationOf(at: number): number {
    return this.#records[at + GENERATION]!;
  }

  /**
   * Makes an entry in the slot of a tick, which is later than the current one.
   *
   * @param owner an Int32, the caller's
   * @param key   an Int32, the caller's
   * @returns its handle: above 0, and known to find() until the entry is freed
   * @throws CodedError ERR_STATE if there are 16 million
   */
  add(tick: number, owner: number, key: number): number {
    const at = this.#take();
    const records = this.#records;
    const generation = -records[at + GENERATION]!;
    records[at + GENERATION] = generation;
    records[at + OWNER] = owner;
    records[at + KEY] = key;
    this.#size++;
    this.#link(at, tick | 0);
    return generation * HANDLE_RECORDS + ((at / STRIDE) | 0);
  }

  /** @returns the offset of the living entry that a handle means, or NONE, whatever number the handle is */
  find(handle: number): number {
    const record = handle & HANDLE_RECORD_MASK;
    const at = record * STRIDE;
    // Past the end it is undefined, which equals nothing; slots and free records have none above 0. So a number that was
    // never given out finds no record it could harm.
    const generation = this.#records[at + GENERATION]!;
    return generation > 0 && generation * HANDLE_RECORDS + record === handle ? at : NONE;
  }

  /** Appends an entry that is in no ring to the slot of a tick, which is later than the current one. */
  link(at: number, tick: number): void {
    this.#link(at, tick | 0);
  }

  /** Takes an entry out of its ring and links it to itself; to do so twice is harmless. */
  unlink(at: number): void {
    const records = this.#records;
    const next = records[at + NEXT]!;
    const previous = records[at + PREVIOUS]!;
    records[previous + NEXT] = next;
    records[next + PREVIOUS] = previous;
    records[at + NEXT] = at;
    records[at + PREVIOUS] = at;
  }

  /** Says that the entry lives in this generation and is in no ring. */
  isUnlinked(at: number, generation: number): boolean {
    return this.#records[at + GENERATION] === generation && this.#records[at + NEXT] === at;
  }

  /** Ends the life of an entry that is in no ring: its handle is void from here on. */
  free(at: number): void {
    const generation = this.#records[at + GENERATION]!;
    this.#size--;
    if (generation === LAST_GENERATION) {
      this.#records[at + GENERATION] = 0;
      return;
    }
    this.#records[at + GENERATION] = -(generation + 1);
    this.#records[at + NEXT] = this.#freeRecord;
    this.#freeRecord = at;
  }

  /** Moves to a tick, and all that is due by then, in order, to the ring of what is due. */
  collect(target: number): void {
    const records = this.#records;
    for (let slot = this.#firstSlot(); slot !== NONE; slot = this.#firstSlot()) {
      const start = this.#startOf(slot);
      if (start > target) break;
      this.#tick = start;
      if (slot < SLOTS * STRIDE) {
        this.#spliceToRunning(slot);
        continue;
      }
      // Its first tick is the current one now, so that each entry differs in a lower digit only, or not at all: slot
      // "now" of level 0, which is what the next round finds.
      for (let at = records[slot + NEXT]!; at !== slot; at = records[slot + NEXT]!) {
        this.unlink(at);
        this.#link(at, records[at + DEADLINE]!);
      }
    }
    this.#tick = target;
  }

  /** @returns the entry that is to run next of those due, still in its ring; or NONE */
  firstDue(): number {
    const at = this.#records[RUNNING + NEXT]!;
    return at === RUNNING ? NONE : at;
  }

  /**
   * @returns the tick at which collect() has something to do, if only to link anew: at or before the first deadline
   *   of those not yet due; Infinity if there are none
   */
  nextTick(): number {
    const slot = this.#firstSlot();
    return slot === NONE ? Infinity : this.#startOf(slot);
  }

  /** @returns the offset of an unused record */
  #take(): number {
    const free = this.#freeRecord;
    if (free !== NONE) {
      this.#freeRecord = this.#records[free + NEXT]!;
      return free;
    }
    if (this.#recordCount === HANDLE_RECORDS) {
      throw new CodedError(
        "ERR_STATE",
        `the timing wheel has ${this.#size} entries and takes no more`,
      );
    }
    const at = this.#recordCount * STRIDE;
    if (at === this.#records.length) {
      const larger = new Int32Array(at * 2);
      larger.set(this.#records);
      this.#records = larger;
    }
    this.#recordCount++;
    this.#records[at + GENERATION] = -1;
    return at;
  }

  /** @param tick modulo 2^32, as an Int32 */
  #link(at: number, tick: number): void {
    const records = this.#records;
    // The highest bit that differs tells the level; | 1 because of an entry that is due now.
    const highest = 31 - Math.clz32((tick ^ this.#tick) | 1);
    const level = (highest / DIGIT_BITS) | 0;
    const digit = (tick >>> (level * DIGIT_BITS)) & DIGIT_MASK;
    const slot = (level * SLOTS + digit) * STRIDE;
    const last = records[slot + PREVIOUS]!;
    this.#occupied[level]! |= 1 << digit;
    records[at + DEADLINE] = tick;
    records[at + NEXT] = slot;
    records[at + PREVIOUS] = last;
    records[last + NEXT] = at;
    records[slot + PREVIOUS] = at;
  }

  /** @returns the slot that comes next, or NONE; clears the bits of empty slots on its way */
  #firstSlot(): number {
    const occupied = this.#occupied;
    for (let level = 0; level < TOP_LEVEL; level++) {
      // Digits below the current one are past here, so the lowest bit is the nearest slot.
      for (let bits = occupied[level]!; bits !== 0; bits &= bits - 1) {
        const digit = 31 - Math.clz32(bits & -bits);
        const slot = (level * SLOTS + digit) * STRIDE;
        if (this.#records[slot + NEXT] !== slot) return slot;
        occupied[level]! &= ~(1 << digit);
      }
    }
    // The top level is a ring, in which smaller numbers may be ahead: tick numbers wrap there.
    if (occupied[TOP_LEVEL] === 0) return NONE;
    for (let ahead = 1; ahead < TOP_SLOTS; ahead++) {
      const digit = ((this.#tick >>> TOP_SHIFT) + ahead) % TOP_SLOTS;
      const slot = (TOP_LEVEL * SLOTS + digit) * STRIDE;
      if (this.#records[slot + NEXT] !== slot) return slot;
    }
    occupied[TOP_LEVEL] = 0;
    return NONE;
  }

  /** @returns the first tick of a slot that has entries */
  #startOf(slot: number): number {
    const number = slot / STRIDE;
    const shift = ((number / SLOTS) | 0) * DIGIT_BITS;
    const mask = shift === TOP_SHIFT ? TOP_SLOTS - 1 : DIGIT_MASK;
    // From the first tick of the current slot of this level, in whole slots; the masks drop the level from the number.
    const slotsAhead = (number - (this.#tick >>> shift)) & mask;
    return this.#tick - (this.#tick & ((1 << shift) - 1)) + slotsAhead * (1 << shift);
  }

  #spliceToRunning(slot: number): void {
    const records = this.#records;
    const first = records[slot + NEXT]!;
    const last = records[slot + PREVIOUS]!;
    const end = records[RUNNING + PREVIOUS]!;
    records[end + NEXT] = first;
    records[first + PREVIOUS] = end;
    records[last + NEXT] = RUNNING;
    records[RUNNING + PREVIOUS] = last;
    records[slot + NEXT] = slot;
    records[slot + PREVIOUS] = slot;
  }
}
