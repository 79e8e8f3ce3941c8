/**
 * One of the processes that share a listener, descriptor 3 here, for sharedlistener.test.ts: tells each connection its
 * pid and closes it. Prints "ready", and at the end of its input how many connections it has accepted.
 */

import { OP_CLOSE, STAT_ACCEPTED } from "../../lib/native/addon.ts";
import { QuietOwner, type SlotOwner } from "../../lib/loop/slotowner.ts";
import { IOLoop } from "../../lib/index.ts";
import { LIMITS, RawConnection } from "./pollertools.ts";

class Greeter extends QuietOwner {
  override onAccepted(slot: number, generation: number): SlotOwner {
    loop.outbox.writeText(slot, generation, `${process.pid}\n`);
    const connection = new RawConnection(loop, slot, generation);
    connection.command(OP_CLOSE);
    return connection;
  }
}

const loop = new IOLoop();
const made = loop.poller.listen(0, "", 3, 0, false, false, false, ...LIMITS);
if (typeof made !== "number") throw new Error(`listen: ${made.join(" ")}`);
loop.adoptSlot(made, new Greeter());
console.log("ready");
process.stdin.on("end", () => {
  console.log(loop.poller.stats[STAT_ACCEPTED]);
  loop.close();
});
process.stdin.resume();
