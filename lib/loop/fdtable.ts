/**
 * FdTable: the descriptors that a user has given to IOLoop.addHandler, each with its handler.
 *
 * IOLoop owns one. The user owns the descriptors: they are watched, never read, written or closed here.
 */
import { getSystemErrorName } from "node:util";
import { describe } from "../base/describe.ts";
import { CodedError, SystemError } from "../base/errors.ts";
import { log } from "../base/log.ts";
import type { Poller } from "../native/addon.ts";
import { QuietOwner, type SlotOwner } from "./slotowner.ts";

/** A descriptor, or what has one. */
export type FdLike = number | { readonly fd: number };

/** Called with the descriptor as it was given and the events that are ready. */
export type FdHandler<Fd extends FdLike> = (fd: Fd, events: number) => unknown;

/** What the table needs of its loop. */
export interface FdLoop {
  readonly poller: Poller;
  adoptSlot(slot: number, owner: SlotOwner): number;
  dropSlot(slot: number): void;
}

const EEXIST = -17;

/** One watched descriptor, as the owner of its slot. */
class FdOwner extends QuietOwner {
  readonly fd: FdLike;
  readonly slot: number;
  generation = 0;
  readonly #handler: FdHandler<FdLike>;

  constructor(fd: FdLike, slot: number, handler: FdHandler<FdLike>) {
    super();
    this.fd = fd;
    this.slot = slot;
    this.#handler = handler;
  }

  override onReady(_slot: number, events: number): void {
    const result = this.#handler(this.fd, events);
    if (result instanceof Promise) {
      result.catch((error: unknown) => log.error("a descriptor's handler rejected", error));
    }
  }
}

export class FdTable {
  readonly #loop: FdLoop;
  readonly #owners = new Map<number, FdOwner>();

  constructor(loop: FdLoop) {
    this.#loop = loop;
  }

  add(fd: FdLike, handler: FdHandler<FdLike>, events: number): void {
    const number = numberOf(fd);
    if (typeof handler !== "function") {
      throw new CodedError(
        "ERR_ARGUMENT_TYPE",
        `the handler is ${describe(handler)}; allowed is a function`,
      );
    }
    checkEvents(events);
    const slot = this.#loop.poller.addFd(number, events);
    if (slot === EEXIST) {
      throw new CodedError(
        "ERR_HANDLER_EXISTS",
        `descriptor ${number} has a handler already; use updateHandler() or remove it first`,
      );
    }
    if (slot < 0) throw refused(slot, number);
    const owner = new FdOwner(fd, slot, handler);
    owner.generation = this.#loop.adoptSlot(slot, owner);
    this.#owners.set(number, owner);
  }

  update(fd: FdLike, events: number): void {
    const number = numberOf(fd);
    const owner = this.#owners.get(number);
    if (owner === undefined) {
      throw new CodedError(
        "ERR_HANDLER_MISSING",
        `descriptor ${number} has no handler; use addHandler()`,
      );
    }
    checkEvents(events);
    const result = this.#loop.poller.updateFd(owner.slot, owner.generation, events);
    if (result < 0) throw refused(result, number);
  }

  /** The loop is closed: nothing is watched any more. */
  clear(): void {
    this.#owners.clear();
  }

  remove(fd: FdLike): void {
    const number = numberOf(fd);
    const owner = this.#owners.get(number);
    if (owner === undefined) return;
    this.#owners.delete(number);
    this.#loop.poller.removeFd(owner.slot, owner.generation);
    this.#loop.dropSlot(owner.slot);
  }
}

function numberOf(fd: FdLike): number {
  const number = typeof fd === "number" ? fd : fd?.fd;
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw new CodedError(
    "ERR_ARGUMENT_TYPE",
    `the descriptor is ${describe(fd)}; allowed is an integer from 0, or an object with one as its "fd"`,
  );
}

/** READ, WRITE and ERROR, in any combination. */
const ALL_EVENTS = 0x01d;

function checkEvents(events: number): void {
  if (Number.isInteger(events) && (events & ~ALL_EVENTS) === 0) return;
  throw new CodedError(
    "ERR_ARGUMENT_RANGE",
    `the events are ${describe(events)}; allowed are IOLoop.READ, IOLoop.WRITE and IOLoop.ERROR, combined with |`,
  );
}

function refused(negativeErrno: number, fd: number): SystemError {
  const name = getSystemErrorName(negativeErrno);
  const why = name === "EPERM" ? "; a regular file is always ready and cannot be watched" : "";
  return new SystemError(name, "epoll_ctl", `cannot watch descriptor ${fd}: ${name}${why}`);
}
