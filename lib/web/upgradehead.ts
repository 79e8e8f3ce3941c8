/**
 * The head of a WebSocket's handshake, kept as long as its connection lives, in as little memory as can be.
 *
 * UpgradedResponse calls it. The heads of clients that are alike (devices, bots, tabs of one application) differ in their
 * key alone: such heads share one text with a mark in the place of the key, and each connection has its key. A head that
 * is like none of those that came lately is kept whole. State is the process's: texts, which say nothing of who has them.
 */

/** Heads that later ones are compared with, at most, and how long they may be: a bounded 128 KiB. */
const MOST_HEADS = 64;
const MOST_CHARACTERS = 2048;

/** In the place of the key: a character that no head has. RFC 9110 §5.5. */
const KEY_MARK = "\0";

const known = new Map<string, string>();

/** A head as it is kept: whole, with a key of null; or with a mark in the place of its key. */
export interface KeptHead {
  readonly text: string;
  readonly key: string | null;
}

/** @param key the value of Sec-WebSocket-Key */
export function keptHead(head: string, key: string): KeptHead {
  const at = key === "" || head.length > MOST_CHARACTERS ? -1 : head.indexOf(key);
  if (at < 0) return { text: head, key: null };
  const marked = `${head.slice(0, at)}${KEY_MARK}${head.slice(at + key.length)}`;
  const text = known.get(marked);
  if (text !== undefined) return { text, key: ownText(key) };
  if (known.size === MOST_HEADS) known.clear();
  known.set(marked, marked);
  return { text: head, key: null };
}

/** The head as it was. */
export function wholeHead(text: string, key: string | null): string {
  return key === null ? text : text.replace(KEY_MARK, key);
}

/** A copy: a key that was cut out of its head keeps all of that in memory. */
function ownText(text: string): string {
  return Buffer.from(text, "latin1").latin1Slice(0, text.length);
}
