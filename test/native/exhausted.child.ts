/**
 * A loop without a descriptor left, for exhausted.test.ts. Prints its port; at the line "take" takes all descriptors,
 * at "stats" prints [STAT_ACCEPTED, STAT_CLOSED, STAT_ACCEPT_ERRORS, STAT_SHED], at "free" gives them back. Sends each
 * connection back what it has received.
 */
import { closeSync, openSync } from "node:fs";
import { createInterface } from "node:readline";
import {
  STAT_ACCEPT_ERRORS,
  STAT_ACCEPTED,
  STAT_CLOSED,
  STAT_SHED,
} from "../../lib/native/addon.ts";
import { QuietOwner, type SlotOwner } from "../../lib/loop/slotowner.ts";
import { IOLoop } from "../../lib/index.ts";
import { LIMITS } from "./pollertools.ts";

class Echo extends QuietOwner {
  override onAccepted(): SlotOwner {
    return this;
  }

  override onData(slot: number, start: number, end: number): void {
    const text = loop.arena.latin1Slice(start, end);
    loop.outbox.writeText(slot, loop.generations[slot] ?? 0, text);
  }
}

const loop = new IOLoop();
const made = loop.poller.listen(4, "127.0.0.1", 0, 128, false, false, false, ...LIMITS);
if (typeof made !== "number") throw new Error(`listen: ${made.join(" ")}`);
const generation = loop.adoptSlot(made, new Echo());
console.log(loop.poller.name(made, generation, false)?.[1]);

const taken: number[] = [];
const commands: Record<string, () => unknown> = {
  take() {
    try {
      for (;;) taken.push(openSync("/dev/null", "r"));
    } catch {
      return "taken";
    }
  },
  free() {
    for (const fd of taken.splice(0)) closeSync(fd);
    return "freed";
  },
  stats() {
    const { stats } = loop.poller;
    const wanted = [STAT_ACCEPTED, STAT_CLOSED, STAT_ACCEPT_ERRORS, STAT_SHED];
    return JSON.stringify(wanted.map((index) => stats[index]));
  },
};
const input = createInterface({ input: process.stdin });
input.on("line", (line) => console.log(commands[line]?.()));
input.on("close", () => loop.close());
