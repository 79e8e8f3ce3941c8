/** Large files and the others: a download takes a bounded share of each turn, however fast it is read. */
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import * as assert from "uvu/assert";
import { OP_CLOSE } from "../../lib/native/addon.ts";
import { until } from "../support/deferred.ts";
import { turns, within } from "../support/rawclient.ts";
import { withFile } from "./filetools.ts";
import { type NativeBench, nativeSuite } from "./pollertools.ts";

const MiB = 1024 * 1024;

/** Most bytes that leave in a turn, of one socket and of all: kSendBudget, kTurnSendBudget. */
const QUANTUM = 2 * MiB;
const TURN_BYTES = 4 * MiB;
/** Turns that one wake of the loop may take: kRoundsPerWake. */
const ROUNDS = 4;

const fair = nativeSuite("a large file that is read as fast as can be");

/** A process that reads one connection to its end. */
class Downloader {
  readonly #report: Promise<string>;

  constructor(port: number) {
    const module = fileURLToPath(new URL("filefairness.child.js", import.meta.url));
    const child = spawn(process.execPath, [module, String(port)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#report = text(child.stdout);
  }

  /** How many bytes came; the process has ended then. */
  async received(): Promise<number> {
    return Number(await within(this.#report, "report of a child"));
  }
}

/**
 * Lets `count` processes download a file of `bytes` each, while `asking` is asked and answered in turn with them.
 *
 * @returns how many answers there were until the first of them had been sent the whole
 */
async function answersMeanwhile(
  { loop, listener, connect }: NativeBench,
  { count, bytes, turnBytes }: { count: number; bytes: number; turnBytes: number },
): Promise<number> {
  let answers = 0;
  let leastWaited = Number.POSITIVE_INFINITY;
  await withFile(Buffer.alloc(0), async (fd) => {
    fs.ftruncateSync(fd, bytes); // sparse
    const { client, peer } = await connect();
    const children = Array.from({ length: count }, () => new Downloader(listener.port));
    await until(() => listener.connections.length === count + 1, "connections of the children");
    const downloads = listener.connections.slice(1);
    for (const { slot, generation } of downloads) {
      loop.outbox.writeFile(slot, generation, fd, 0, bytes);
    }
    await turns(1);
    const pending = () => downloads.reduce((sum, { pendingBytes }) => sum + pendingBytes, 0);
    while (downloads.every(({ pendingBytes }) => pendingBytes > 0)) {
      const before = pending();
      peer.received = "";
      void client.send("ask");
      let waited = 0;
      while (peer.received === "" && waited < 100) {
        await turns(1);
        waited++;
      }
      loop.outbox.writeText(peer.slot, peer.generation, "answer");
      while (client.unread === "" && waited < 100) {
        await turns(1);
        waited++;
      }
      await client.receives("answer");
      leastWaited = Math.min(leastWaited, waited);
      const moved = before - pending();
      assert.ok(moved <= (waited + 1) * ROUNDS * turnBytes, `${moved} bytes in ${waited} turns`);
      answers++;
    }
    // A few turns of libuv to cross the kernel twice, whatever the downloads do meanwhile; the kernel may take longer at times.
    assert.ok(leastWaited <= 8, `${leastWaited} turns`);
    const least = Math.min(...downloads.map(({ pendingBytes }) => bytes - pendingBytes));
    assert.ok(least > 0, "each of them has got some");
    for (const download of downloads) download.command(OP_CLOSE);
    for (const child of children) assert.is(await child.received(), bytes);
  });
  return answers;
}

fair("leaves every turn to the others, too", async (bench) => {
  const wanted = { count: 1, bytes: 256 * MiB, turnBytes: QUANTUM };
  const answers = await answersMeanwhile(bench, wanted);
  assert.ok(answers >= 3, `only ${answers} requests were answered meanwhile`);
});

fair("shares the turn with others of its kind", async (bench) => {
  const wanted = { count: 5, bytes: 96 * MiB, turnBytes: TURN_BYTES };
  const answers = await answersMeanwhile(bench, wanted);
  assert.ok(answers >= 3, `only ${answers} requests were answered meanwhile`);
});

fair.run();
