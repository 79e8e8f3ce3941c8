/** The demo's chat, over real WebSockets. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { WebSocketClientConnection } from "../../lib/index.ts";
import { within } from "../support/rawclient.ts";
import { connect, endConnections } from "../support/websocketclients.ts";
import { type Demo, startDemo, stopDemos } from "./demo.ts";
import { Visitor } from "./visitor.ts";

interface Message {
  readonly kind: string;
  readonly id: string;
  readonly key?: string;
  readonly text?: string;
  readonly from?: { readonly id: string; readonly name: string };
  readonly you?: { readonly id: string };
  readonly members: readonly unknown[];
  readonly isComplete?: boolean;
  readonly reason?: string;
}

/** Somebody in the chat. */
class Guest {
  readonly #connection: WebSocketClientConnection;

  constructor(connection: WebSocketClientConnection) {
    this.#connection = connection;
  }

  static async come(visitor = new Visitor(demo)): Promise<Guest> {
    const url = `${demo.base.replace("http", "ws")}/chat`;
    return new Guest(await connect({ url, headers: { Cookie: visitor.cookie } }));
  }

  send(command: object | string): void {
    void this.#connection.writeMessage(command as string);
  }

  /** The next message of a kind, or of any; others before it are passed over. */
  async next(kind: string | null = null): Promise<Message> {
    for (;;) {
      const text = await within(this.#connection.readMessage(), `${kind} of the chat`);
      if (text === null) throw new Error(`ended while ${kind} was waited for`);
      const message = JSON.parse(String(text)) as Message;
      if (kind === null || message.kind === kind) return message;
    }
  }

  /** Waits until so many are said to be in the room. */
  async isOneOf(count: number): Promise<void> {
    for (;;) if ((await this.next("members")).members.length === count) return;
  }

  async enter(room: string, since: string | null = null): Promise<Message> {
    this.send({ kind: "enter", room, since });
    return await this.next("entered");
  }

  async say(text: string): Promise<Message> {
    this.send({ kind: "say", text, key: text });
    return await this.next("message");
  }

  async closed(): Promise<number | null> {
    await within(this.#connection.closed, "end of the chat");
    return this.#connection.closeCode;
  }

  leave(): void {
    this.#connection.abort();
  }
}

let demo: Demo;

const chat = suite("the chat");
chat.before(async () => {
  demo = await startDemo();
});
chat.after.each(endConnections);
chat.after(stopDemos);

chat("tells all in a room what somebody says, and who", async () => {
  const ada = new Visitor(demo);
  await ada.post("/sign-in", { name: "Ada" });
  const [first, second] = [await Guest.come(ada), await Guest.come()];
  const { you } = await first.enter("lobby");
  await second.enter("lobby");
  const said = await first.say("hello");
  assert.equal(said.from, you);
  assert.is(said.from?.name, "Ada");
  assert.is(said.key, "hello");
  assert.equal(await second.next("message"), said);
});

chat("shows somebody new the last messages, before it says that they have entered", async () => {
  const first = await Guest.come();
  await first.enter("lobby");
  for (const text of ["one", "two"]) await first.say(text);
  const second = await Guest.come();
  second.send({ kind: "enter", room: "lobby", since: null });
  const seen: (string | undefined)[] = [];
  for (;;) {
    const { kind, text } = await second.next();
    if (kind === "entered") break;
    if (kind === "message") seen.push(text);
  }
  assert.equal(seen.slice(-2), ["one", "two"]);
});

chat("replays what somebody has missed, and nothing else", async () => {
  const [first, second] = [await Guest.come(), await Guest.come()];
  await first.enter("lobby");
  await second.enter("lobby");
  const { id } = await first.say("seen");
  second.leave();
  await first.say("missed");
  const back = await Guest.come();
  back.send({ kind: "enter", room: "lobby", since: id });
  assert.is((await back.next("message")).text, "missed");
  assert.is((await back.next("entered")).isComplete, true);
});

chat("says so if it does not know what was missed", async () => {
  const guest = await Guest.come();
  const { isComplete } = await guest.enter("lobby", "of another life-7");
  assert.is(isComplete, false);
});

chat("keeps rooms apart", async () => {
  const [first, second] = [await Guest.come(), await Guest.come()];
  await first.enter("lobby");
  await second.enter("coffee");
  await first.say("in the lobby");
  assert.is((await second.say("over coffee")).text, "over coffee");
  await second.enter("lobby");
  await first.say("again");
  assert.is((await second.next("message")).text, "again");
});

chat("knows who is in a room, one with two windows once", async () => {
  const visitor = new Visitor(demo);
  await visitor.post("/sign-in", { name: "Ada" });
  const first = await Guest.come(visitor);
  assert.is((await first.enter("storms")).members.length, 1);
  const twice = await Guest.come(visitor);
  assert.is((await twice.enter("storms")).members.length, 1);
  const other = await Guest.come();
  assert.is((await other.enter("storms")).members.length, 2);
  await first.isOneOf(2);
  twice.leave();
  other.leave();
  await first.isOneOf(1);
});

chat("takes 500 characters at once, and no more", async () => {
  const guest = await Guest.come();
  await guest.enter("lobby");
  assert.is((await guest.say("x".repeat(500))).kind, "message");
  guest.send({ kind: "say", text: "x".repeat(501), key: "k" });
  assert.equal(await guest.next("refused"), {
    kind: "refused",
    key: "k",
    reason: "at most 500 characters at once",
  });
});

chat("asks somebody who says very much to wait", async () => {
  const guest = await Guest.come();
  await guest.enter("lobby");
  for (let i = 0; i < 40; i++) guest.send({ kind: "say", text: `${i}`, key: `${i}` });
  assert.match((await guest.next("refused")).reason ?? "", /wait a moment/);
});

chat("refuses what is said outside of a room, and what is nothing", async () => {
  const guest = await Guest.come();
  guest.send({ kind: "say", text: "hello", key: "a" });
  assert.is((await guest.next("refused")).reason, "enter a room first");
  await guest.enter("lobby");
  guest.send({ kind: "say", text: " \n", key: "b" });
  assert.is((await guest.next("refused")).reason, "there is nothing in it");
});

const nonsense: readonly (readonly [what: string, message: string | object])[] = [
  ["no JSON", "{"],
  ["null", "null"],
  ["a list", "[1]"],
  ["an unknown kind", { kind: "shout" }],
  ["a room that is not there", { kind: "enter", room: "cellar", since: null }],
  ["a room that is a pattern", { kind: "enter", room: "**", since: null }],
  ["an id that is no text", { kind: "enter", room: "lobby", since: 7 }],
  ["a message without a key", { kind: "say", text: "hello" }],
  ["a message that is no text", { kind: "say", text: ["hello"], key: "k" }],
];
for (const [what, message] of nonsense) {
  chat(`hangs up on ${what}`, async () => {
    const guest = await Guest.come();
    guest.send(message);
    assert.is(await guest.closed(), 1008);
  });
}

chat("hangs up on more than 8 KiB", async () => {
  const guest = await Guest.come();
  guest.send({ kind: "say", text: "x".repeat(9_000), key: "k" });
  assert.is(await guest.closed(), 1009);
});

chat("is not for pages of other origins", async () => {
  const url = `${demo.base.replace("http", "ws")}/chat`;
  const foreign = connect({ url, headers: { Origin: "http://evil.example" } });
  const error = await foreign.then(
    () => null,
    (reason: unknown) => reason,
  );
  assert.match(String(error), /403/);
});

chat.run();
