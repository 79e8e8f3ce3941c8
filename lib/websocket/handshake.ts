/**
 * The opening handshake of a server: what a request must say to become a WebSocket, and what is answered.
 *
 * WebSocketHandler asks judgeUpgrade(), then its own checkOrigin(), then judgeHandshake(), in Tornado's order: who is told
 * "403" was asking for a WebSocket at all.
 *
 * @see RFC 6455 §4.2
 */
import { createHash } from "node:crypto";
import { isToken } from "../base/bytes.ts";

/** The fields of a request; HTTPHeaders is one. */
export interface HandshakeFields {
  get(name: string): string | null;
  has(name: string): boolean;
}

/** What is looked at of a request. */
export interface HandshakeRequest {
  readonly version: string;
  readonly headers: HandshakeFields;
  readonly body: { readonly length: number };
}

/** Why a request becomes no WebSocket. */
export interface HandshakeRefusal {
  readonly status: number;
  /** For the body of the response. */
  readonly message: string;
}

/** Versions that are spoken; they differ in nothing that a server sees but the name of the Origin field. */
export const WEBSOCKET_VERSIONS = ["7", "8", "13"] as const;

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** Sixteen bytes as base64; the bits of the last digit that mean nothing may be anything. */
const KEY = /^[A-Za-z0-9+/]{22}==$/;

/** Judges whether a request asks for a WebSocket. @returns null if it does */
export function judgeUpgrade({ version, headers }: HandshakeRequest): HandshakeRefusal | null {
  if (!hasToken(headers.get("Upgrade"), "websocket") || version === "HTTP/1.0") {
    return { status: 400, message: 'Can "Upgrade" only to "WebSocket".' };
  }
  const connection = headers.get("Connection");
  if (!hasToken(connection, "upgrade") || hasToken(connection, "close")) {
    return { status: 400, message: '"Connection" must be "Upgrade".' };
  }
  return null;
}

/** Judges the rest of it. @returns null if it is whole */
export function judgeHandshake({ headers, body }: HandshakeRequest): HandshakeRefusal | null {
  const version = headers.get("Sec-WebSocket-Version");
  // None is none of them, as in Tornado: the client is told which there are. RFC 6455 §4.4.
  if (!(WEBSOCKET_VERSIONS as readonly (string | null)[]).includes(version)) {
    return {
      status: 426,
      message: `WebSocket version ${WEBSOCKET_VERSIONS.join(", ")} is spoken here`,
    };
  }
  const key = headers.get("Sec-WebSocket-Key");
  const isWhole = key !== null && KEY.test(key) && headers.has("Host");
  if (!isWhole || body.length > 0) {
    return { status: 400, message: "Missing/Invalid WebSocket headers" };
  }
  return null;
}

/** The Sec-WebSocket-Accept that answers a key. RFC 6455 §4.2.2. */
export function acceptValue(key: string): string {
  return createHash("sha1")
    .update(key + GUID)
    .digest("base64");
}

/** Where the page is from that asks; Sec-WebSocket-Origin was its name in versions 7 and 8. */
export function originOf(headers: HandshakeFields): string | null {
  return headers.get("Origin") ?? headers.get("Sec-WebSocket-Origin");
}

/**
 * Tells whether an origin is the host that was asked: host and port are the same, whatever the scheme.
 *
 * @param host the Host field
 */
export function isSameOrigin(origin: string, host: string): boolean {
  const authority = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]+)/i.exec(origin)?.[1];
  return authority !== undefined && authority.toLowerCase() === host.toLowerCase();
}

/** The subprotocols a client offers, in order of preference; what is no token is none. */
export function subprotocolsOf(headers: HandshakeFields): string[] {
  const field = headers.get("Sec-WebSocket-Protocol");
  if (field === null) return [];
  return field
    .split(",")
    .map((name) => name.trim())
    .filter(isToken);
}

/** Tells whether a comma-separated field has a token, whatever its case. */
function hasToken(field: string | null, token: string): boolean {
  const elements = field?.split(",") ?? [];
  return elements.some((element) => element.trim().toLowerCase() === token);
}
