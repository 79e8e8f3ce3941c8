/** All vectors, by the name of the rule that they test. */
import { chunkedBodies } from "./chunked.ts";
import { connectionTokens } from "./connection-tokens.ts";
import { expectations } from "./expect.ts";
import { fields } from "./fields.ts";
import { framingContentLength } from "./framing-content-length.ts";
import { framingTransferEncoding } from "./framing-transfer-encoding.ts";
import { host } from "./host.ts";
import { pipelining } from "./pipelining.ts";
import { requestLine } from "./request-line.ts";
import { targets } from "./targets.ts";
import type { Vector } from "./vector.ts";
import { versions } from "./versions.ts";

export const allVectors: readonly (readonly [rule: string, vectors: readonly Vector[]])[] = [
  ["request line", requestLine],
  ["version", versions],
  ["Host", host],
  ["target", targets],
  ["field", fields],
  ["Content-Length", framingContentLength],
  ["Transfer-Encoding", framingTransferEncoding],
  ["chunks", chunkedBodies],
  ["Connection", connectionTokens],
  ["Expect", expectations],
  ["pipelining", pipelining],
];
