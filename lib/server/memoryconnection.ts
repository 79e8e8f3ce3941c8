/**
 * connectInMemory(): a connection to a server without a socket, for tests.
 *
 * Everything else of it is real: its two ends are slots of the loop, so bytes go through the addon's parser and queues, and
 * the server hears of heads and bodies as of any other connection's.
 *
 *     the client's IOStream ─▶ slot ═ memory_pair.cc ═ slot ─▶ HTTPServer
 */
import { getSystemErrorName } from "node:util";
import { SystemError } from "../base/errors.ts";
import { OP_RESET } from "../native/addon.ts";
import { quietOwner } from "../loop/slotowner.ts";
import { IOStream } from "../net/iostream.ts";
import type { HTTPServer } from "./httpserver.ts";
import { PeerAddresses } from "./peeraddresses.ts";

/** The client's end. */
export interface MemoryConnection {
  readonly stream: IOStream;
  /** The client's end is not closed, whoever has it now. */
  readonly isOpen: boolean;
  /** Breaks the connection, which the server hears of at once. stream.abort() would be a mere end of what the client sends. */
  reset(): void;
}

/**
 * Connects.
 *
 * @param remoteIp what the server is told of the client's address
 * @throws SystemError EMFILE
 */
export function connectInMemory(server: HTTPServer, remoteIp: string): MemoryConnection {
  const { loop, options } = server;
  const { maxHeaderBytes, maxHeaderCount, maxTargetBytes } = options;
  const pair = loop.poller.memoryPair(maxHeaderBytes, maxHeaderCount, maxTargetBytes);
  if (typeof pair === "number") {
    const name = getSystemErrorName(pair);
    const message = `no connection in memory: no descriptors left (${name}); raise ulimit -n`;
    throw new SystemError(name, "eventfd", message);
  }
  const [accepted, slot] = pair;
  const acceptedGeneration = loop.adoptSlot(accepted, quietOwner);
  PeerAddresses.give(loop, accepted, { generation: acceptedGeneration, ip: remoteIp });
  const generation = loop.adoptSlot(slot, quietOwner);
  const stream = IOStream.ofSlot({ slot, generation }, {}, null);
  loop.setOwner(slot, IOStream.ownerOf(stream));
  loop.setOwner(accepted, server.onAccepted(accepted, acceptedGeneration));
  const reset = () => {
    loop.outbox.command(OP_RESET, slot, generation);
    stream.close();
  };
  return {
    stream,
    get isOpen() {
      return loop.generations[slot] === generation;
    },
    reset,
  };
}
