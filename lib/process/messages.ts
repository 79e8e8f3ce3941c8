/**
 * What a parent and its workers tell each other over the channel between them.
 *
 * A program may send messages of its own over the same channel (`process.send`): what is none of these, or malformed,
 * is nobody's here and is passed over.
 *
 *     worker ─▶ parent   hello    it has called forkProcesses() or start()
 *                        ready    it accepts connections
 *                        pong     its loop turns
 *                        stats    what was asked of it
 *                        askAll   asks for the stats of all workers
 *     parent ─▶ worker   ping     does its loop turn?
 *                        stop     finish what is in progress, then end
 *                        askStats asks for its stats
 *                        allStats what was asked for
 */

/** From a worker. */
export type WorkerMessage =
  | { readonly landspout: "hello" }
  | { readonly landspout: "ready" }
  | { readonly landspout: "pong"; readonly id: number }
  | { readonly landspout: "stats"; readonly id: number; readonly stats: unknown }
  | { readonly landspout: "askAll"; readonly id: number };

/** From the parent. */
export type ParentMessage =
  | { readonly landspout: "ping"; readonly id: number }
  /** Another worker takes over if `isRestart`; otherwise all end. */
  | { readonly landspout: "stop"; readonly graceMs: number; readonly isRestart: boolean }
  | { readonly landspout: "askStats"; readonly id: number }
  | { readonly landspout: "allStats"; readonly id: number; readonly workers: unknown };

/** Understands a message from a worker. @returns null for any other */
export function workerMessage(value: unknown): WorkerMessage | null {
  if (!isOurs(value)) return null;
  const { landspout: kind, id } = value;
  switch (kind) {
    case "hello":
    case "ready":
      return { landspout: kind };
    case "pong":
    case "askAll":
      return isId(id) ? { landspout: kind, id } : null;
    case "stats":
      return isId(id) ? { landspout: kind, id, stats: value["stats"] } : null;
    default:
      return null;
  }
}

/** Understands a message from the parent. @returns null for any other */
export function parentMessage(value: unknown): ParentMessage | null {
  if (!isOurs(value)) return null;
  const { landspout: kind, id, graceMs, isRestart } = value;
  switch (kind) {
    case "ping":
    case "askStats":
      return isId(id) ? { landspout: kind, id } : null;
    case "allStats":
      return isId(id) ? { landspout: kind, id, workers: value["workers"] } : null;
    case "stop":
      return isId(graceMs) && typeof isRestart === "boolean"
        ? { landspout: kind, graceMs, isRestart }
        : null;
    default:
      return null;
  }
}

type Fields = Readonly<Record<"landspout" | "id" | "graceMs" | "isRestart" | string, unknown>>;

function isOurs(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && Object.hasOwn(value, "landspout");
}

function isId(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
