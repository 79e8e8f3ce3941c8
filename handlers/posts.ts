/**
 * The posts of the comet demo: the last few, and who waits for the next. comet.ts asks.
 *
 * Workers of a prefork tell each other their posts (bus.ts), so that it does not matter which of them a request waits in.
 */
import { randomBytes } from "node:crypto";
import { bus } from "./bus.ts";

export interface Post {
  readonly id: string;
  readonly text: string;
  readonly atMs: number;
}

type Listener = (post: Post) => void;

/** For clients that come back: they are away for a moment only. */
const KEPT_POSTS = 20;

class Posts {
  #kept: readonly Post[] = [];
  readonly #waiting = new Set<Listener>();

  constructor() {
    bus.on("post", (post) => this.#tell(post as Post));
  }

  /** Adds a post, and tells all who wait. @returns its id, and how many have waited in this process */
  add(text: string): { readonly id: string; readonly wokenCount: number } {
    const post: Post = { id: randomBytes(6).toString("hex"), text, atMs: Date.now() };
    const wokenCount = this.#waiting.size;
    this.#tell(post);
    bus.send("post", post);
    return { id: post.id, wokenCount };
  }

  /** The post that followed another; null if there is none yet, or the other is not known any more. */
  after(id: string | null): Post | null {
    const at = this.#kept.findIndex((post) => post.id === id);
    return at === -1 ? null : (this.#kept[at + 1] ?? null);
  }

  /** Hears of the next post, once. @returns a function that ends it */
  onNext(listener: Listener): () => void {
    this.#waiting.add(listener);
    return () => this.#waiting.delete(listener);
  }

  #tell(post: Post): void {
    this.#kept = [...this.#kept, post].slice(-KEPT_POSTS);
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const listener of waiting) listener(post);
  }
}

export const posts = new Posts();
