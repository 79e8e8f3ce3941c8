/** The demo in several processes: what each worker is told reaches those who are with the others. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { within } from "../support/rawclient.ts";
import { connect, endConnections } from "../support/websocketclients.ts";
import { type Demo, startDemo, stopDemos } from "./demo.ts";
import { Visitor } from "./visitor.ts";

interface Message {
  readonly kind: string;
  readonly text?: string;
}

let demo: Demo;

const prefork = suite("the demo in two processes");
prefork.before(async () => {
  demo = await startDemo({ args: ["--port=0", "--processes=2"] });
});
prefork.after(async () => {
  await endConnections();
  stopDemos();
});

/** Enters the lobby. @returns what says the next message of a kind */
async function enter() {
  const connection = await connect(`${demo.base.replace("http", "ws")}/chat`);
  const next = async (kind: string): Promise<Message> => {
    for (;;) {
      const text = await within(connection.readMessage(), `${kind} of the chat`);
      const message = JSON.parse(String(text)) as Message;
      if (message.kind === kind) return message;
    }
  };
  void connection.writeMessage({ kind: "enter", room: "lobby", since: null });
  await next("entered");
  return { connection, next };
}

prefork("has one chat: all hear what is said, and know who is there", async () => {
  // So many that each worker has some; what is tested holds if one has all.
  const guests = await Promise.all(Array.from({ length: 12 }, () => enter()));
  const [speaker] = guests;
  await speaker?.connection.writeMessage({ kind: "say", text: "hello", key: "k" });
  for (const { next } of guests) assert.is((await next("message")).text, "hello");
  const late = await connect(`${demo.base.replace("http", "ws")}/chat`);
  void late.writeMessage({ kind: "enter", room: "lobby", since: null });
  for (;;) {
    const text = await within(late.readMessage(), "everybody in the lobby", 30_000);
    const { members } = JSON.parse(String(text)) as { members?: readonly unknown[] };
    if (members?.length === 13) break;
  }
});

prefork("has one long poll: a post wakes all", async () => {
  const waiting = Array.from({ length: 12 }, () => fetch(`${demo.base}/comet`));
  let isOver = false;
  const all = Promise.all(waiting).then((responses) => {
    isOver = true;
    return responses;
  });
  // Some may not wait yet when it is first said.
  while (!isOver) {
    await fetch(`${demo.base}/comet`, {
      method: "POST",
      body: new URLSearchParams({ text: "up" }),
    });
  }
  for (const response of await within(all, "answers", 30_000)) assert.is(response.status, 200);
});

prefork("has one key of cookies, and one folder of uploads", async () => {
  const visitor = new Visitor(demo);
  await visitor.post("/sign-in", { name: "Ada" });
  await visitor.upload("x.txt", Buffer.from("x"));
  for (let i = 0; i < 8; i++) {
    // A connection each: any worker may get it.
    const page = await visitor.ask("/", { headers: { Connection: "close" } });
    assert.match(await page.text(), />Ada<\/span>/);
    const list = await visitor.ask("/uploads", { headers: { Connection: "close" } });
    assert.match(await list.text(), /"x\.txt"/);
  }
});

prefork("shows each worker in the live picture", async () => {
  const gone = new AbortController();
  const { body } = await fetch(`${demo.base}/live`, { signal: gone.signal });
  let text = "";
  const look = async () => {
    for await (const bytes of body ?? []) {
      text += Buffer.from(bytes as Uint8Array).toString();
      if (/"worker":0.*"worker":1/.test(text)) return;
    }
  };
  await within(look(), "picture of two workers", 30_000);
  gone.abort();
});

prefork("ends, all of it, when it is told to", async () => {
  demo.kill("SIGTERM");
  const { code, stderr } = await demo.ended();
  assert.is(stderr, "");
  assert.is(code, 0);
});

prefork.run();
