/**
 * Listening descriptors that workers inherit: what is bound before the processes are forked is bound once, by the parent.
 *
 *     parent:  bindSockets(8888) ── offer ──▶ list ── forkProcesses() ──▶ descriptors 4, 5, … of each worker
 *     worker:  bindSockets(8888) ── take ───▶ the inherited descriptor, instead of a new socket
 *
 * Both run the same script, so the same calls come in the same order: a key is what was asked for and the how-manieth
 * time. What a worker binds that its parent has not, it binds itself.
 *
 * A descriptor is either shared by all workers, or one of several that are bound to the same port (SO_REUSEPORT), of
 * which each worker gets its own. The parent keeps all of them open: connections that wait in one outlive a worker that
 * dies.
 */
import { closeSync } from "node:fs";
import { getSystemErrorName } from "node:util";
import { SystemError } from "../base/errors.ts";
import { IOLoop } from "../loop/ioloop.ts";
import { FIRST_INHERITED_FD, worker } from "./workerenv.ts";

/** A listening descriptor that workers may inherit. */
export interface Offer {
  readonly fd: number;
  /** Makes one more that is bound to the same port; null: all workers share `fd`. */
  readonly another: (() => number) | null;
  /** Closes `fd`, for no worker will need it any more. */
  readonly close: () => void;
}

interface Offered {
  readonly key: string;
  readonly offer: Offer;
  /** By task, those that another() has made. */
  readonly more: Map<number, number>;
  /** The worker that had `offer.fd` to itself is not coming back; those of the others stay. */
  isOwnClosed: boolean;
}

const offered = new Set<Offered>();
/** How often each name was asked for. */
const counts = new Map<string, number>();
/** What this worker has inherited and not taken yet, by key. */
let inherited: Map<string, number> | null = null;
/** Descriptors of this worker from which nobody accepts yet. */
const waiting = new Set<number>();
let onAllAccepting: (() => void) | null = null;

/**
 * Numbers a wish to bind: the same in the parent and in a worker.
 *
 * @param name what is asked for, "tcp 127.0.0.1:8888"
 */
export function nextKey(name: string): string {
  const count = counts.get(name) ?? 0;
  counts.set(name, count + 1);
  return `${name} #${count}`;
}

/** Takes the inherited descriptor of this key, close-on-exec; null if there is none. It is the caller's. */
export function takeInherited(key: string): number | null {
  const found = adoptInherited().get(key);
  if (found === undefined) return null;
  adoptInherited().delete(key);
  return found;
}

/** The keys of what is inherited and not taken, that begin with `prefix`. */
export function inheritedKeys(prefix: string): string[] {
  return [...adoptInherited().keys()].filter((key) => key.startsWith(prefix));
}

/** Has workers inherit a descriptor that this process keeps. @returns takes it back: it is about to be closed */
export function offer(key: string, given: Offer): () => void {
  const entry: Offered = { key, offer: given, more: new Map(), isOwnClosed: false };
  offered.add(entry);
  return () => {
    if (!entry.isOwnClosed) withdraw(entry);
  };
}

/** Closes all that is offered: nobody is to connect any more. */
export function closeOffered(): void {
  for (const entry of [...offered]) {
    if (entry.isOwnClosed) withdraw(entry);
    else entry.offer.close();
  }
}

/** Closes what the worker of this task had to itself: nobody would accept there. Its port is that of the others, still. */
export function closeOwnOf(task: number): void {
  for (const entry of offered) {
    const { offer: given, more } = entry;
    const fd = more.get(task);
    if (fd !== undefined) closeSync(fd);
    more.delete(task);
    if (task !== 0 || given.another === null || entry.isOwnClosed) continue;
    entry.isOwnClosed = true;
    given.close();
  }
}

function withdraw(entry: Offered): void {
  if (!offered.delete(entry)) return;
  for (const fd of entry.more.values()) closeSync(fd);
  entry.more.clear();
}

/** What a worker of this task inherits: keys, and the descriptors of this process that they stand for. */
export function inheritanceOf(task: number): { keys: string[]; fds: number[] } {
  const keys: string[] = [];
  const fds: number[] = [];
  for (const entry of offered) {
    keys.push(entry.key);
    fds.push(descriptorFor(entry, task));
  }
  return { keys, fds };
}

/** Somebody accepts from this descriptor now, or never will. */
export function noteSettled(fd: number): void {
  if (!waiting.delete(fd) || waiting.size > 0) return;
  onAllAccepting?.();
  onAllAccepting = null;
}

/** In a worker: calls back once all that is inherited is accepted from; at once if that is so. */
export function whenAllAccepting(callback: () => void): void {
  adoptInherited();
  if (waiting.size === 0) callback();
  else onAllAccepting = callback;
}

function descriptorFor({ offer: { fd, another }, more }: Offered, task: number): number {
  if (another === null || task === 0) return fd;
  let made = more.get(task);
  if (made === undefined) {
    made = another();
    more.set(task, made);
  }
  return made;
}

/** Makes what is inherited close-on-exec: no program that the worker starts is to hold the port. */
function adoptInherited(): Map<string, number> {
  if (inherited !== null) return inherited;
  inherited = new Map();
  for (const [index, key] of (worker?.keys ?? []).entries()) {
    const fd = closeOnExec(FIRST_INHERITED_FD + index);
    inherited.set(key, fd);
    waiting.add(fd);
  }
  return inherited;
}

/**
 * Replaces a listening descriptor, which is inherited by every program that is started, by one that is not.
 *
 * @throws SystemError EBADF, ENOTSOCK; EINVAL if it does not listen
 */
export function closeOnExec(fd: number): number {
  // Kind 0: a duplicate of the descriptor that is given in place of the port.
  const made = IOLoop.current().poller.bind(0, "", fd, 1, false, false, -1);
  if (typeof made !== "number") {
    const [errno, syscall] = made;
    const name = getSystemErrorName(-errno);
    throw new SystemError(
      name,
      syscall,
      `the descriptor ${fd} is not the listening socket that it should be: ${name}`,
    );
  }
  closeSync(fd);
  return made;
}
