/** What the suites of the native floor share: a loop with raw connections, written to by slot through the outbox. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { setLogger } from "../../lib/base/log.ts";
import { QuietOwner, type SlotOwner } from "../../lib/loop/slotowner.ts";
import { IOLoop } from "../../lib/index.ts";
import { until } from "../support/deferred.ts";
import { RawClient, type RawClientOptions } from "../support/rawclient.ts";

/** The limits of an HTTP listener, at their defaults. */
export const LIMITS = [65_536, 128, 16_384] as const;

/** One accepted connection that is not HTTP, and what the loop has told of it. */
export class RawConnection extends QuietOwner {
  readonly slot: number;
  readonly generation: number;
  readonly #loop: IOLoop;
  received = "";
  drains = 0;
  eofs = 0;
  /** errno of each onClosed; there must be one at most. */
  readonly closes: number[] = [];

  constructor(loop: IOLoop, slot: number, generation: number) {
    super();
    this.#loop = loop;
    this.slot = slot;
    this.generation = generation;
  }

  get pendingBytes(): number {
    return this.#loop.pendingBytes[this.slot] ?? 0;
  }

  /** Sends a command without operands. */
  command(op: number): void {
    this.#loop.outbox.command(op, this.slot, this.generation);
  }

  override onData(_slot: number, start: number, end: number): void {
    this.received += this.#loop.arena.latin1Slice(start, end);
  }

  override onDrained(): void {
    this.drains++;
  }

  override onEof(): void {
    this.eofs++;
  }

  override onClosed(_slot: number, errno: number): void {
    this.closes.push(errno);
  }
}

/** A listener of raw connections on 127.0.0.1. */
export class RawListener extends QuietOwner {
  readonly connections: RawConnection[] = [];
  readonly slot: number;
  readonly generation: number;
  readonly port: number;
  readonly #loop: IOLoop;

  constructor(loop: IOLoop) {
    super();
    this.#loop = loop;
    const made = loop.poller.listen(4, "127.0.0.1", 0, 128, false, false, false, ...LIMITS);
    if (typeof made !== "number") throw new Error(`listen: ${made.join(" ")}`);
    this.slot = made;
    this.generation = loop.adoptSlot(made, this);
    this.port = loop.poller.name(made, this.generation, false)?.[1] ?? 0;
  }

  override onAccepted(slot: number, generation: number): SlotOwner {
    const connection = new RawConnection(this.#loop, slot, generation);
    this.connections.push(connection);
    return connection;
  }

  /** Connects a client. @returns both ends */
  async connect(
    options: RawClientOptions = {},
  ): Promise<{ client: RawClient; peer: RawConnection }> {
    const count = this.connections.length;
    const client = await RawClient.connect({ port: this.port, ...options });
    await until(() => this.connections.length > count, "accepted connection");
    const peer = this.connections[count];
    if (peer === undefined) throw new Error("no connection was accepted");
    return { client, peer };
  }
}

/** What each test of a `nativeSuite` finds: all of it is closed after the test. */
export interface NativeBench {
  readonly loop: IOLoop;
  readonly listener: RawListener;
  connect(options?: RawClientOptions): Promise<{ client: RawClient; peer: RawConnection }>;
}

export interface NativeSuite {
  (title: string, test: (bench: NativeBench) => unknown): void;
  run(): void;
}

/** Makes a suite whose tests are given a bench of their own. */
export function nativeSuite(name: string): NativeSuite {
  const t = suite(name);
  const add = (title: string, test: (bench: NativeBench) => unknown): void => {
    t(title, () => withBench(test));
  };
  return Object.assign(add, { run: () => t.run() });
}

async function withBench(test: (bench: NativeBench) => unknown): Promise<void> {
  setLogger({ debug() {}, info() {}, warn() {}, error() {} });
  const loop = new IOLoop();
  const listener = new RawListener(loop);
  const clients: RawClient[] = [];
  try {
    await test({
      loop,
      listener,
      async connect(options) {
        const both = await listener.connect(options);
        clients.push(both.client);
        return both;
      },
    });
  } finally {
    for (const client of clients) client.destroy();
    loop.close();
    setLogger(null);
  }
}

/** Bytes that tell where they belong. */
export function pattern(bytes: number, seed = 0): Buffer {
  const out = Buffer.allocUnsafe(bytes);
  for (let i = 0; i < bytes; i++) out[i] = (i * 31 + (i >>> 8) * 7 + seed) & 0xff;
  return out;
}

/** Reads a client to its end and compares; a difference is told by its place, not by megabytes of text. */
export async function assertReads(client: RawClient, expected: Buffer): Promise<void> {
  const got = await client.readToEnd();
  assert.is(got.length, expected.length);
  if (got.equals(expected)) return;
  assert.unreachable(`byte ${got.findIndex((byte, i) => byte !== expected[i])} differs`);
}

/** Connects anew, and is served. */
export async function assertServing({ loop, connect }: NativeBench): Promise<void> {
  const { client, peer } = await connect();
  loop.outbox.writeText(peer.slot, peer.generation, "hello");
  await client.receives("hello");
}
