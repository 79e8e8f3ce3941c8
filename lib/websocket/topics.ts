/**
 * Topics: what their names may be, which patterns match them, and an index of patterns.
 *
 *     room/7        a name: levels, with "/" between them
 *     room/*        a pattern: one level in the place of the star
 *     room/**       one level or more, at the end only
 *
 * Pure. The hub has an index of the patterns of its subscribers, one of those who listen to presence, and one of the
 * rules of histories.
 */
import { describe } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";

/** Most levels of a name or pattern: what matching one may cost. */
export const MOST_LEVELS = 32;

/** Names whose matches are remembered. */
const CACHED_NAMES = 4_096;

const anyLevel = "*";
const anyDepth = "**";

/** A level: no slash, no star, no control character, no half of a surrogate pair. */
const LEVEL = /^[^/*\p{Cc}\p{Cs}]+$/u;

/**
 * Judges the name of a topic.
 *
 * @param maxLength in UTF-16 units
 * @throws CodedError ERR_TOPIC_NAME
 */
export function checkTopic(name: unknown, maxLength: number): asserts name is string {
  if (typeof name !== "string") refuse("topic", name, "a string");
  if (name.length > maxLength) refuse("topic", name, `at most ${maxLength} characters`);
  const levels = name.split("/");
  checkDepth(name, levels);
  for (const level of levels) {
    if (!LEVEL.test(level)) {
      refuse("topic", name, 'levels that are not empty, with "/" between them, without "*"');
    }
  }
}

/**
 * Judges what is subscribed to.
 *
 * @returns true for a pattern, false for a name
 * @throws CodedError ERR_TOPIC_NAME
 */
export function checkPattern(pattern: unknown, maxLength: number): boolean {
  if (typeof pattern !== "string" || !pattern.includes(anyLevel)) {
    checkTopic(pattern, maxLength);
    return false;
  }
  if (pattern.length > maxLength) refuse("pattern", pattern, `at most ${maxLength} characters`);
  const levels = pattern.split("/");
  checkDepth(pattern, levels);
  levels.forEach((level, index) => {
    if (level === anyLevel || LEVEL.test(level)) return;
    if (level === anyDepth && index === levels.length - 1) return;
    refuse("pattern", pattern, '"*" in the place of a whole level, and "**" of the last one');
  });
  return true;
}

function checkDepth(name: string, levels: readonly string[]): void {
  if (levels.length > MOST_LEVELS) refuse("topic", name, `at most ${MOST_LEVELS} levels`);
}

function refuse(what: string, got: unknown, allowed: string): never {
  throw new CodedError("ERR_TOPIC_NAME", `the ${what} ${describe(got)}; allowed: ${allowed}`);
}

/** Tells whether a pattern, or the very name, matches a name; both have been judged. */
export function matchesTopic(pattern: string, name: string): boolean {
  if (!pattern.includes(anyLevel)) return pattern === name;
  const wanted = pattern.split("/");
  const levels = name.split("/");
  for (let i = 0; i < wanted.length; i++) {
    if (i >= levels.length) return false;
    if (wanted[i] === anyDepth) return true;
    if (wanted[i] !== anyLevel && wanted[i] !== levels[i]) return false;
  }
  return wanted.length === levels.length;
}

/** A level of an index. Its children are levels of patterns: names, "*" and "**". */
class Node<T> {
  readonly children = new Map<string, Node<T>>();
  value: T | null = null;
}

/** Values by pattern or name, found by the names that match: a trie of levels, with a memory of recent answers. */
export class TopicIndex<T> {
  readonly #root = new Node<T>();
  readonly #known = new Map<string, readonly T[]>();
  #size = 0;

  /** Patterns in it. */
  get size(): number {
    return this.#size;
  }

  get(pattern: string): T | null {
    let node: Node<T> | undefined = this.#root;
    for (const level of pattern.split("/")) {
      node = node.children.get(level);
      if (node === undefined) return null;
    }
    return node.value;
  }

  /** Puts a value in, in the place of the one the pattern may have. */
  set(pattern: string, value: T): void {
    let node = this.#root;
    for (const level of pattern.split("/")) {
      let next = node.children.get(level);
      if (next === undefined) {
        next = new Node();
        node.children.set(level, next);
      }
      node = next;
    }
    if (node.value === null) this.#size++;
    node.value = value;
    this.#known.clear();
  }

  delete(pattern: string): void {
    const path: [Node<T>, string][] = [];
    let node = this.#root;
    for (const level of pattern.split("/")) {
      const next = node.children.get(level);
      if (next === undefined) return;
      path.push([node, level]);
      node = next;
    }
    if (node.value === null) return;
    node.value = null;
    this.#size--;
    this.#known.clear();
    for (const [parent, level] of path.reverse()) {
      if (node.value !== null || node.children.size > 0) return;
      parent.children.delete(level);
      node = parent;
    }
  }

  /**
   * The values of all patterns that match a name: from the left, a level's name is before "*", and that before "**".
   *
   * @hot bench/micro/topics.bench.mjs: once per publication; allocates nothing for a name it has been asked for lately
   */
  match(name: string): readonly T[] {
    if (this.#size === 0) return nothing;
    const known = this.#known.get(name);
    if (known !== undefined) return known as readonly T[];
    const found: T[] = [];
    collect(this.#root, name.split("/"), 0, found);
    if (this.#known.size >= CACHED_NAMES) this.#known.clear();
    this.#known.set(name, found.length === 0 ? nothing : found);
    return found;
  }

  *[Symbol.iterator](): IterableIterator<T> {
    const nodes = [this.#root];
    for (let node = nodes.pop(); node !== undefined; node = nodes.pop()) {
      if (node.value !== null) yield node.value;
      nodes.push(...node.children.values());
    }
  }
}

const nothing: readonly never[] = Object.freeze([]);

/** Calls itself once a level: MOST_LEVELS deep at most. */
function collect<T>(node: Node<T>, levels: readonly string[], at: number, found: T[]): void {
  if (at === levels.length) {
    if (node.value !== null) found.push(node.value);
    return;
  }
  for (const level of [levels[at] ?? "", anyLevel]) {
    const child = node.children.get(level);
    if (child !== undefined) collect(child, levels, at + 1, found);
  }
  const rest = node.children.get(anyDepth)?.value ?? null;
  if (rest !== null) found.push(rest);
}
