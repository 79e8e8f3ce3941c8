/**
 * Backplane: the seam by which the hubs of several processes or machines may be joined. The hub works without one.
 *
 *     hub.publish ──▶ its own subscribers, its history
 *          └──▶ backplane.publish ──▶ … ──▶ onMessage of the other hubs ──▶ their subscribers, their histories
 */

/** A message on its way between hubs. */
export interface BackplaneMessage {
  readonly topic: string;
  /** UTF-8 if isBinary is false. Not to be changed. */
  readonly payload: Uint8Array;
  readonly isBinary: boolean;
  /** Where it was first published it has this id; it keeps it everywhere. */
  readonly id: string;
  /** Of publish(): what it replaces in a queue under the policy coalesce. */
  readonly key?: unknown;
  /** False: histories do not keep it. */
  readonly retain: boolean;
}

export interface Backplane {
  /** Passes a message on to all other hubs, in the order of the calls. What it throws, or rejects with, is logged. */
  publish(message: BackplaneMessage): unknown;
  /**
   * Set by the hub that is joined, null when it leaves. The backplane calls it for each message of another hub, and not
   * for those of its own.
   */
  onMessage: ((message: BackplaneMessage) => void) | null;
}
