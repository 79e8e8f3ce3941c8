/** The demo's bus between processes: what one sends the others get, whatever becomes of one of them. */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { openBus } from "../../handlers/bus.ts";
import { within } from "../support/rawclient.ts";

let folder: string;
let path: string;

const bus = suite("the bus");
bus.before(() => {
  folder = mkdtempSync(join(tmpdir(), "landspout-bus-"));
  path = join(folder, "bus");
  openBus(path);
});
bus.after(() => rmSync(folder, { recursive: true, force: true }));

async function joined(): Promise<Socket> {
  const socket = connect(path);
  await once(socket, "connect");
  return socket;
}

bus("passes each line on to all others, and survives one that ends with lines unread", async () => {
  const [speaker, listener, victim] = [await joined(), await joined(), await joined()];
  const lines = createInterface({ input: listener })[Symbol.asyncIterator]();
  const next = async () => (await within(lines.next(), "line of the bus")).value as string;
  victim.pause();
  speaker.write('["a",1]\n');
  assert.is(await next(), '["a",1]');
  // What it has not read makes its end a reset to the other side.
  victim.destroy();
  await once(victim, "close");
  speaker.write('["a",2]\n["b",3]\n');
  assert.is(await next(), '["a",2]');
  assert.is(await next(), '["b",3]');
  speaker.destroy();
  listener.destroy();
});

bus.run();
