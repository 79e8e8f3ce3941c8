/** The demo's long poll. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { RawClient } from "../support/rawclient.ts";
import { type Demo, startDemo, stopDemos } from "./demo.ts";

interface Post {
  readonly id: string;
  readonly text: string;
}

let demo: Demo;

const post = (text: string): Promise<Response> =>
  fetch(`${demo.base}/comet`, { method: "POST", body: new URLSearchParams({ text }) });

/** A request that waits; it is with the server before this returns. */
async function wait(query = ""): Promise<RawClient> {
  const client = await RawClient.connect({ port: demo.port });
  // The answer to the first request says that the second, behind it, is there too.
  const ahead = "GET /user/1 HTTP/1.1\r\nHost: a\r\n\r\n";
  await client.send(`${ahead}GET /comet${query} HTTP/1.1\r\nHost: a\r\n\r\n`);
  await client.readFinalResponse();
  return client;
}

async function answer(client: RawClient): Promise<Post> {
  const { text } = await client.readFinalResponse();
  client.destroy();
  return JSON.parse(text) as Post;
}

const comet = suite("the long poll");
comet.before(async () => {
  demo = await startDemo();
});
comet.after(stopDemos);

comet("answers all that wait when somebody posts", async () => {
  const waiting = [await wait(), await wait(), await wait()];
  const posted = (await (await post("good morning")).json()) as Post & { wokenCount: number };
  assert.is(posted.wokenCount, 3);
  for (const client of waiting) {
    const { id, text } = await answer(client);
    assert.is(id, posted.id);
    assert.is(text, "good morning");
  }
});

comet("answers at once who has missed a post", async () => {
  const first = (await (await post("first")).json()) as Post;
  await post("second");
  await post("third");
  const next = (await (await fetch(`${demo.base}/comet?after=${first.id}`)).json()) as Post;
  assert.is(next.text, "second");
  const last = (await (await fetch(`${demo.base}/comet?after=${next.id}`)).json()) as Post;
  assert.is(last.text, "third");
});

comet("waits with who knows the last post, and with who names one that is not known", async () => {
  const last = (await (await post("last")).json()) as Post;
  const waiting = [await wait(`?after=${last.id}`), await wait("?after=nonsense")];
  await post("next");
  for (const client of waiting) assert.is((await answer(client)).text, "next");
});

comet("forgets who has gone", async () => {
  const client = await wait();
  client.destroy();
  // Its end is seen in a later turn than the next request may be.
  for (;;) {
    const { wokenCount } = (await (await post("anybody?")).json()) as { wokenCount: number };
    if (wokenCount === 0) break;
  }
});

for (const [what, text] of [
  ["nothing", ""],
  ["spaces", "  "],
  ["201 characters", "x".repeat(201)],
] as const) {
  comet(`refuses a post of ${what}`, async () => {
    assert.is((await post(text)).status, 400);
  });
}

comet("takes a post of 200 characters", async () => {
  assert.is((await post("x".repeat(200))).status, 201);
});

comet.run();
