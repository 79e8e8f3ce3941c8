/** Handlers and waits of the tests of server.stop(). */
import { RequestHandler } from "../../lib/index.ts";
import { type Deferred, deferred } from "../support/deferred.ts";
import type { RawClient } from "../support/rawclient.ts";

export const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

export class Hello extends RequestHandler {
  get() {
    this.write("hello");
  }
}

export interface Gate {
  readonly gate: Deferred<void>;
  readonly begun: Promise<void>;
  /** One entry for each client that has gone before its answer. */
  readonly gone: readonly string[];
  readonly Gated: typeof RequestHandler;
}

/** A handler that waits for a gate; `begun` settles when its first request is there. */
export function gated(): Gate {
  const gate = deferred();
  const begun = deferred();
  const gone: string[] = [];
  class Gated extends RequestHandler {
    async get() {
      begun.resolve();
      await gate.promise;
      this.write(`answer ${this.getQueryArgument("n", "")}`);
    }
    override onConnectionClose() {
      gone.push("gone");
    }
  }
  return { gate, begun: begun.promise, gone, Gated };
}

/** Waits for the server's end of the connection, and ends it here, too: the server waits for that, but not for long. */
export async function ended(client: RawClient): Promise<void> {
  await client.closed();
  client.destroy();
}
