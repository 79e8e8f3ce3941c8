/** The demo's figures: the live picture, metrics, health. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { within } from "../support/rawclient.ts";
import { type Demo, startDemo, stopDemos } from "./demo.ts";

interface Picture {
  readonly turnLimitsMs: readonly number[];
  readonly workers: readonly {
    readonly worker: number;
    readonly pid: number;
    readonly connections: number;
    readonly requestsPerSecond: number;
    readonly turns: readonly number[];
  }[];
}

/** The first picture of the stream that is as wished. */
export async function picture(
  demo: Demo,
  isWished: (picture: Picture) => boolean,
): Promise<Picture> {
  const gone = new AbortController();
  const { body } = await fetch(`${demo.base}/live`, { signal: gone.signal });
  const decoder = new TextDecoder();
  const look = async () => {
    for await (const bytes of body ?? []) {
      const [, json] = /^data: (\{.*\})$/m.exec(decoder.decode(bytes as Uint8Array)) ?? [];
      if (json === undefined) continue;
      const found = JSON.parse(json) as Picture;
      if (isWished(found)) return found;
    }
    throw new Error("the stream has ended");
  };
  try {
    return await within(look(), "picture", 30_000);
  } finally {
    gone.abort();
  }
}

let demo: Demo;

const figures = suite("the figures of the demo");
figures.before(async () => {
  demo = await startDemo();
});
figures.after(stopDemos);

figures("are a picture of one worker, which counts its requests", async () => {
  const asking = setInterval(() => void fetch(`${demo.base}/user/1`).catch(() => {}), 20);
  const found = await picture(demo, ({ workers }) => (workers[0]?.requestsPerSecond ?? 0) > 1);
  clearInterval(asking);
  assert.is(found.workers.length, 1);
  const [worker] = found.workers;
  assert.ok((worker?.connections ?? 0) >= 1);
  assert.is(worker?.turns.length, found.turnLimitsMs.length + 1);
  assert.ok((worker?.turns.reduce((sum, count) => sum + count, 0) ?? 0) > 0);
});

figures("are for Prometheus, too", async () => {
  const response = await fetch(`${demo.base}/metrics`);
  assert.match(response.headers.get("content-type") ?? "", /^text\/plain/);
  assert.match(await response.text(), /^landspout_loop_turns_total \d+$/m);
});

figures("say whether it lives, and whether it wants requests", async () => {
  assert.equal(await (await fetch(`${demo.base}/healthz`)).json(), { status: "ok" });
  const ready = await (await fetch(`${demo.base}/readyz`)).json();
  assert.equal(ready, { status: "ok", checks: { uploads: "ok" } });
});

figures.run();
