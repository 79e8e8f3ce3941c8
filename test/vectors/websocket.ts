/**
 * All vectors of WebSockets, by what they test. Each names the section whose rule it shows. What no bytes of a client can
 * show of an echo server is in `elsewhere`, with the suite that shows it.
 */
import { closes } from "./websocket-close.ts";
import { compressed } from "./websocket-compressed.ts";
import { frames } from "./websocket-frames.ts";
import { texts } from "./websocket-text.ts";
import type { WebSocketVector } from "./websocketvector.ts";

export const webSocketVectors: readonly (readonly [
  what: string,
  vectors: readonly WebSocketVector[],
])[] = [
  ["frames", frames],
  ["closing", closes],
  ["texts", texts],
  ["compressed messages", compressed],
];

/** Rules that other suites show. */
export const elsewhere: readonly (readonly [must: string, suite: string])[] = [
  [
    "RFC 6455 §4.2.1: the parts of a handshake that a server MUST check",
    "test/web/websockethandshake.test.ts",
  ],
  [
    "RFC 6455 §4.2.2: a version that is not spoken MUST be answered with those that are",
    "test/web/websockethandshake.test.ts",
  ],
  [
    "RFC 6455 §5.1: a client MUST mask its frames, and close upon receiving a masked one",
    "test/web/websocketclient.frames.test.ts",
  ],
  [
    "RFC 6455 §5.3: a mask MUST be chosen afresh for each frame",
    "test/web/websocketclient.frames.test.ts",
  ],
  [
    "RFC 6455 §5.5.1: an endpoint MUST NOT send data after its close frame",
    "test/web/websocketverbs.test.ts",
  ],
  [
    "RFC 6455 §5.5.1: both close frames sent and received, the server MUST close TCP",
    "test/web/websocketclose.test.ts",
  ],
  [
    "RFC 6455 §5.5.3: of several pings only the last need be answered",
    "test/web/websocketflow.test.ts",
  ],
  [
    "RFC 6455 §7.1.5, §7.1.6: the code and reason of the connection's end",
    "test/web/websocketclose.test.ts",
  ],
  ["RFC 6455 §7.4.1: reserved codes MUST NOT be sent", "test/web/websocketclose.test.ts"],
  [
    "RFC 7692 §5.1, §7.1: an offer that cannot be taken MUST be declined, and one be answered as it was made",
    "test/web/websocketcompression.test.ts",
  ],
  [
    "RFC 7692 §7.1.1.1: server_no_context_takeover MUST be kept",
    "test/web/websocketcompression.test.ts",
  ],
  [
    "RFC 7692 §7.1.2.1: the window MUST NOT be larger than agreed on",
    "test/websocket/permessagedeflate.test.ts",
  ],
  [
    "RFC 7692 §7.2.1: what is sent has RSV1 on its first frame, and no tail 00 00 ff ff",
    "test/web/websocketcompression.test.ts",
  ],
];
