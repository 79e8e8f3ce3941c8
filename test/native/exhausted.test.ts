/** A loop without a descriptor for the next connection: its listener rests and comes back, the rest goes on. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { LineChild } from "../support/linechild.ts";
import { RawClient } from "../support/rawclient.ts";

/** Enough to load the program; it takes the rest itself then. */
const DESCRIPTORS = 256;
const WAITING = 5;

const exhausted = suite("a listener without a descriptor for the next connection");

/** Says a word to the child. @returns its answer */
async function ask(child: LineChild, word: string): Promise<string> {
  child.say(word);
  return child.line();
}

interface Counts {
  readonly accepted: number;
  readonly closed: number;
  readonly refusals: number;
  readonly shed: number;
}

async function counts(child: LineChild): Promise<Counts> {
  const [accepted = 0, closed = 0, refusals = 0, shed = 0] = JSON.parse(
    await ask(child, "stats"),
  ) as number[];
  return { accepted, closed, refusals, shed };
}

exhausted(
  "rests, tells by counters, and accepts again, while the loop goes on serving",
  async () => {
    const module = new URL("exhausted.child.js", import.meta.url);
    const child = new LineChild(module, { descriptors: DESCRIPTORS });
    const clients: RawClient[] = [];
    try {
      const port = Number(await child.line());
      const connect = async (): Promise<RawClient> => {
        const client = await RawClient.connect({ port, deadlineMs: 30_000 });
        clients.push(client);
        return client;
      };
      const early = await connect();
      await early.send("early");
      await early.receives("early");
      assert.equal(await counts(child), { accepted: 1, closed: 0, refusals: 0, shed: 0 });

      assert.is(await ask(child, "take"), "taken");
      const waiting = [await connect()];
      // Turned away with the descriptor held in reserve: it does not wait for nothing.
      await waiting[0]?.gone();
      for (let i = 1; i < WAITING; i++) waiting.push(await connect());
      await early.send("still");
      await early.receives("still");
      const resting = await counts(child);
      assert.is(resting.accepted, 1);
      assert.ok(resting.refusals >= 1 && resting.shed >= 1, JSON.stringify(resting));
      // Each refusal ends one connection and a rest: there is no spin.
      assert.ok(resting.refusals <= WAITING, JSON.stringify(resting));

      assert.is(await ask(child, "free"), "freed");
      const late = await connect();
      await late.send("late");
      await late.receives("late");
      const after = await counts(child);
      // In the backlog until then, or turned away: nobody is forgotten.
      assert.is(after.accepted - 1 + after.shed, WAITING + 1);
      assert.is(after.closed, 0);
      assert.is(await child.end(), 0);
    } finally {
      child.kill();
      for (const client of clients) client.destroy();
    }
  },
);

exhausted.run();
