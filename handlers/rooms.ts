/**
 * The rooms of the chat: their names, what is kept of what was said in them, and who is in them. chat.ts is the door.
 *
 * A room is a topic of the application's. The application keeps its last messages, for those who come late or come back,
 * and knows who is present; here everybody in a room is told when that changes.
 *
 * The workers of a prefork are joined by the bus: what is said in one is said in all (a Backplane), and each tells the
 * others who is with it, when that changes and now and then, so that those of a worker that has crashed are forgotten.
 */
import { type Application, type Backplane, type HistoryOptions, PeriodicCallback } from "landspout";
import { bus } from "./bus.ts";

/** An application's topics, as its handlers have them. */
type Topics = Pick<Application, "presence" | "publish">;

/** Somebody in a room, as others see them. */
export interface Member {
  readonly id: string;
  readonly name: string;
}

export interface Room {
  readonly name: string;
  readonly about: string;
}

export const rooms: readonly Room[] = [
  { name: "lobby", about: "for everybody" },
  { name: "storms", about: "weather and watching it" },
  { name: "coffee", about: "all the rest" },
];

const kept: HistoryOptions = {
  messages: 200,
  maxBytes: 256 * 1024,
  maxAgeMs: 24 * 60 * 60 * 1000,
};

const TELL_EVERY_MS = 5_000;

/** A worker that has said nothing for so long is gone, and so are those who were with it. */
const FORGET_AFTER_MS = 12_000;

/** What another worker has said of a room. */
interface Told {
  readonly topic: string;
  readonly pid: number;
  readonly members: readonly Member[];
}

/** By topic and process. */
const elsewhere = new Map<string, { readonly told: Told; readonly atMs: number }>();

export function isRoom(name: unknown): name is string {
  return rooms.some((room) => room.name === name);
}

export function topicOf(room: string): string {
  return `room/${room}`;
}

/** Has the rooms of an application work. Called once, when it is made. */
export function openRooms(app: Application): void {
  app.keepHistory("room/*", kept);
  app.onPresence("room/*", ({ topic }) => {
    tellWorkers(app, topic);
    tellMembers(app, topic);
  });
}

/** Joins the rooms of this worker to those of the others. */
export function joinRooms(app: Application): void {
  app.connectBackplane(backplane);
  bus.on("said", (data) => receive(data as Passed));
  bus.on("members", (data) => hearOf(app, data as Told));
  const tellAll = () => {
    for (const { name } of rooms) tellWorkers(app, topicOf(name));
    forget(app);
  };
  new PeriodicCallback(tellAll, TELL_EVERY_MS, { jitter: 0.2 }).start();
}

/** Who is in a room, here and elsewhere. */
export function membersOf(app: Topics, topic: string): readonly Member[] {
  const byId = new Map<string, Member>();
  const lists = [app.presence(topic) as Member[]];
  for (const { told } of elsewhere.values())
    if (told.topic === topic) lists.push([...told.members]);
  for (const member of lists.flat()) byId.set(member.id, member);
  return [...byId.values()];
}

function tellMembers(app: Topics, topic: string): void {
  const message = { kind: "members", members: membersOf(app, topic) };
  // Who is there now is of no use to somebody who comes back later: no history keeps it.
  app.publish(topic, message, { retain: false });
}

function tellWorkers(app: Topics, topic: string): void {
  const told: Told = { topic, pid: process.pid, members: app.presence(topic) as Member[] };
  bus.send("members", told);
}

function hearOf(app: Topics, told: Told): void {
  const key = `${told.topic} ${told.pid}`;
  const before = elsewhere.get(key)?.told.members ?? [];
  elsewhere.set(key, { told, atMs: performance.now() });
  if (namesOf(before) !== namesOf(told.members)) tellMembers(app, told.topic);
}

function forget(app: Topics): void {
  const oldestMs = performance.now() - FORGET_AFTER_MS;
  for (const [key, { told, atMs }] of elsewhere) {
    if (atMs > oldestMs) continue;
    elsewhere.delete(key);
    if (told.members.length > 0) tellMembers(app, told.topic);
  }
}

function namesOf(members: readonly Member[]): string {
  return JSON.stringify(members);
}

// The backplane.

/** What is said, on its way to another worker. */
interface Passed {
  readonly topic: string;
  readonly id: string;
  readonly text: string;
}

const backplane: Backplane = {
  onMessage: null,

  publish({ topic, payload, id, retain }) {
    // Who is in a room each worker tells those who are with it.
    if (!retain) return;
    const passed: Passed = { topic, id, text: Buffer.from(payload).toString() };
    bus.send("said", passed);
  },
};

function receive({ topic, id, text }: Passed): void {
  backplane.onMessage?.({ topic, id, payload: Buffer.from(text), isBinary: false, retain: true });
}
