/**
 * The map from literal paths, as bytes, to what they lead to: one look-up however many there are.
 *
 * RouteTable fills it when it compiles and asks it once per request, before a string of the path exists. It is an open
 * hash table over flat typed arrays: hashes in one, and all the paths' bytes in another, so a hit touches few cache
 * lines however large the table is. Only the table's own paths can make a probe long, never those of requests: a probe
 * ends at the first free place, and at least half of the places are free.
 */
import type { MatchedRoute } from "./routing.ts";

/** Gives the int32 hash of a latin1 path; must be the function that made the hash given to `find`. */
export type HashPath = (path: string) => number;

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
/** 2^32 / φ: spreads the bits of any hash over the upper ones, which choose the place. Knuth, TAOCP 6.4. */
const GOLDEN = 0x9e3779b1;
/** The offset that marks a free place. */
const FREE = -1;

/** FNV-1a over the characters of a latin1 path. @returns int32 */
export function fnv1a(path: string): number {
  let hash = FNV_OFFSET | 0;
  for (let i = 0; i < path.length; i++) hash = Math.imul(hash ^ path.charCodeAt(i), FNV_PRIME);
  return hash;
}

/** What a place of the table holds, as indices into its four numbers, side by side in one cache line. */
const HASH = 0;
const LENGTH = 1;
const OFFSET = 2;
const TARGET = 3;
const PLACE_SIZE = 4;

/** An immutable map from paths to where they lead. */
export class StaticTable {
  /** How far a 32-bit product is shifted to give a place. */
  readonly #shift: number;
  readonly #mask: number;
  /** PLACE_SIZE numbers a place: hash and length of a path, where in `#bytes` it begins (or FREE), index of what it leads to. */
  readonly #places: Int32Array;
  readonly #targets: readonly MatchedRoute[];
  /** All paths, one after the other. */
  readonly #bytes: Uint8Array;

  /** @param paths latin1 paths, and where each leads */
  constructor(paths: ReadonlyMap<string, MatchedRoute>, hashPath: HashPath) {
    const bits = Math.max(1, Math.ceil(Math.log2(paths.size * 2 + 1)));
    const count = 2 ** bits;
    this.#shift = 32 - bits;
    this.#mask = count - 1;
    this.#places = new Int32Array(count * PLACE_SIZE).fill(FREE);
    this.#targets = [...paths.values()];
    this.#bytes = Buffer.from([...paths.keys()].join(""), "latin1");
    let offset = 0;
    for (const [index, path] of [...paths.keys()].entries()) {
      this.#put(hashPath(path), path.length, offset, index);
      offset += path.length;
    }
  }

  /**
   * Finds the target of the path `bytes[start, start + length)`.
   *
   * @param hash int32, by the function that the constructor was given
   * @returns null if the path is not in the table
   * @hot bench/micro/routing.bench.mjs: once per request; allocates nothing.
   */
  find(hash: number, length: number, bytes: Uint8Array, start: number): MatchedRoute | null {
    const places = this.#places;
    const mask = this.#mask;
    for (let place = Math.imul(hash, GOLDEN) >>> this.#shift; ; place = (place + 1) & mask) {
      const at = place * PLACE_SIZE;
      const offset = places[at + OFFSET] ?? FREE;
      if (offset === FREE) return null;
      if (
        places[at + HASH] === hash &&
        places[at + LENGTH] === length &&
        this.#same(offset, length, bytes, start)
      ) {
        return this.#targets[places[at + TARGET] ?? 0] ?? null;
      }
    }
  }

  #same(offset: number, length: number, bytes: Uint8Array, start: number): boolean {
    const own = this.#bytes;
    for (let i = 0; i < length; i++) {
      if (own[offset + i] !== bytes[start + i]) return false;
    }
    return true;
  }

  #put(hash: number, length: number, offset: number, index: number): void {
    let place = Math.imul(hash, GOLDEN) >>> this.#shift;
    while (this.#places[place * PLACE_SIZE + OFFSET] !== FREE) place = (place + 1) & this.#mask;
    this.#places.set([hash, length, offset, index], place * PLACE_SIZE);
  }
}
