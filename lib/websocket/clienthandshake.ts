/**
 * The opening handshake of a client: the request, and whether an answer makes a WebSocket of the connection.
 *
 * Everything that RFC 6455 §4.1 has a client check is in judgeAnswer(): whatever is not as it was asked for fails the
 * connection before a frame is read.
 *
 * @see RFC 6455 §4.1
 */
import { quote } from "../base/describe.ts";
import {
  type DeflateAgreement,
  type DeflateWishes,
  deflateOffer,
  parseExtensions,
  readDeflateAnswer,
} from "./extensions.ts";
import { acceptValue } from "./handshake.ts";

/** What is asked for. */
export interface ClientHandshake {
  /** Path and query, as they go on the wire. */
  readonly target: string;
  /** The Host field. */
  readonly host: string;
  /** Sixteen random bytes as base64, new for each handshake. */
  readonly key: string;
  /** In order of preference. */
  readonly subprotocols: readonly string[];
  /** What is wanted of permessage-deflate; null = it is not offered. */
  readonly deflate: DeflateWishes | null;
}

/** The fields of a response; HTTPHeaders is one. */
export interface AnswerFields {
  get(name: string): string | null;
  getList(name: string): readonly string[];
}

/** What has been agreed on. */
export interface ClientAgreement {
  /** null = none. */
  readonly subprotocol: string | null;
  /** null = messages are not compressed. */
  readonly deflate: DeflateAgreement | null;
}

/** Fields that the handshake writes itself, or that would turn it into another request. */
export const HANDSHAKE_FIELDS: readonly string[] = [
  "Connection",
  "Content-Length",
  "Sec-WebSocket-Accept",
  "Sec-WebSocket-Extensions",
  "Sec-WebSocket-Key",
  "Sec-WebSocket-Protocol",
  "Sec-WebSocket-Version",
  "Trailer",
  "Transfer-Encoding",
  "Upgrade",
];

/**
 * Writes the request.
 *
 * @param lines further field lines, each with its CRLF; already judged
 * @returns latin1
 */
export function writeHandshake(handshake: ClientHandshake, lines: string): string {
  const { target, host, key, subprotocols, deflate } = handshake;
  let head = `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n`;
  if (subprotocols.length > 0) head += `Sec-WebSocket-Protocol: ${subprotocols.join(", ")}\r\n`;
  if (deflate !== null) head += `Sec-WebSocket-Extensions: ${deflateOffer(deflate)}\r\n`;
  return `${head}${lines}\r\n`;
}

/**
 * Judges an answer of status 101.
 *
 * @param version of the response: "HTTP/1.1"
 * @returns what was agreed on; a string says what is wrong: the connection is no WebSocket
 */
export function judgeAnswer(
  version: string,
  headers: AnswerFields,
  handshake: ClientHandshake,
): ClientAgreement | string {
  if (version === "HTTP/1.0") return "the answer is HTTP/1.0, which has no upgrades";
  const upgrade = headers.get("Upgrade");
  if (upgrade?.toLowerCase() !== "websocket") {
    return `Upgrade is ${told(upgrade)}; it must be "websocket"`;
  }
  const connection = headers.get("Connection");
  const tokens = (connection ?? "").split(",").map((token) => token.trim().toLowerCase());
  if (!tokens.includes("upgrade")) return `Connection is ${told(connection)}; it must be "Upgrade"`;
  const accept = headers.get("Sec-WebSocket-Accept");
  if (accept !== acceptValue(handshake.key)) {
    return `Sec-WebSocket-Accept is ${told(accept)}; it must be the hash of the key that was sent`;
  }
  const deflate = judgeExtensions(headers, handshake);
  if (typeof deflate === "string") return deflate;
  const [subprotocol = null, ...more] = headers.getList("Sec-WebSocket-Protocol");
  if (more.length > 0) return "there is more than one Sec-WebSocket-Protocol";
  if (subprotocol !== null && !handshake.subprotocols.includes(subprotocol)) {
    return `Sec-WebSocket-Protocol is ${told(subprotocol)}, which was not asked for`;
  }
  return { subprotocol, deflate };
}

function judgeExtensions(
  headers: AnswerFields,
  { deflate }: ClientHandshake,
): DeflateAgreement | null | string {
  const field = headers.get("Sec-WebSocket-Extensions");
  if (field === null) return null;
  const answers = parseExtensions(field);
  if (answers === null) return `Sec-WebSocket-Extensions is malformed: ${quote(field)}`;
  if (answers.length === 0) return null;
  if (deflate === null) {
    return `Sec-WebSocket-Extensions is ${told(field)}, which was not asked for`;
  }
  const agreed = readDeflateAnswer(answers, deflate);
  return agreed === "malformed" ? `Sec-WebSocket-Extensions is no answer: ${quote(field)}` : agreed;
}

function told(value: string | null): string {
  return value === null ? "missing" : quote(value);
}
