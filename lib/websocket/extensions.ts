/**
 * Sec-WebSocket-Extensions: its grammar, and the negotiation of permessage-deflate, the one extension that is served.
 *
 * An offer with a parameter that is unknown, repeated or has a value it cannot have is declined, and the next one is
 * looked at; only a field that breaks the grammar fails the handshake.
 *
 * @see RFC 6455 §9.1; RFC 7692 §5, §7.1
 */
import { isToken } from "../base/bytes.ts";

/** One extension of a field: its name, and its parameters in order; null = without a value. */
export interface ExtensionOffer {
  readonly name: string;
  readonly parameters: readonly (readonly [name: string, value: string | null])[];
}

/** What a server wants of permessage-deflate. */
export interface DeflateWishes {
  /** Forget the window after each message we send: less memory, worse compression. */
  readonly serverNoContextTakeover: boolean;
  /** Have the client forget its window after each message. */
  readonly clientNoContextTakeover: boolean;
  /** log2 of the largest window we compress with: 9 to 15. */
  readonly serverMaxWindowBits: number;
  /** log2 of the largest window the client is to compress with, if it lets us say: 9 to 15. */
  readonly clientMaxWindowBits: number;
}

/** What has been agreed on. */
export interface DeflateAgreement extends DeflateWishes {
  /** The value of the Sec-WebSocket-Extensions field of the response. */
  readonly field: string;
}

export const DEFLATE = "permessage-deflate";

const LEAST_BITS = 8;
const MOST_BITS = 15;

/** zlib makes no raw stream with a window of 2^8 bytes. */
const LEAST_SERVER_BITS = 9;

/** One element at a time: name, or name=value, or name="quoted value"; then what stands after it. */
const PART =
  /[ \t]*([!#$%&'*+\-.^_`|~0-9A-Za-z]+)(?:[ \t]*=[ \t]*(?:([!#$%&'*+\-.^_`|~0-9A-Za-z]+)|"((?:[^"\\]|\\.)*)"))?[ \t]*([,;]|$)/y;

/**
 * Reads the field.
 *
 * @param field its lines, joined by commas
 * @returns the extensions in order of preference; null if it breaks the grammar
 */
export function parseExtensions(field: string): ExtensionOffer[] | null {
  const offers: ExtensionOffer[] = [];
  let name: string | null = null;
  let parameters: [string, string | null][] = [];
  PART.lastIndex = 0;
  while (PART.lastIndex < field.length) {
    // Empty elements of a list are allowed. RFC 9110 §5.6.1.
    const before = PART.lastIndex;
    if (name === null && /^[ \t]*(?:,|$)/.test(field.slice(before, before + 64))) {
      PART.lastIndex = before + Math.max(1, field.slice(before).indexOf(",") + 1);
      continue;
    }
    const part = PART.exec(field);
    if (part === null) return null;
    const [, key = "", token, quoted, after] = part;
    const value = token ?? quoted?.replace(/\\(.)/g, "$1") ?? null;
    if (name === null) {
      if (value !== null) return null;
      name = key;
    } else {
      // A quoted value must be a token once it is unquoted. RFC 6455 §9.1.
      if (quoted !== undefined && !isToken(value ?? "")) return null;
      parameters.push([key, value]);
    }
    if (after === ";") {
      if (PART.lastIndex >= field.length) return null;
      continue;
    }
    offers.push({ name, parameters });
    name = null;
    parameters = [];
  }
  return offers;
}

/**
 * Chooses among a client's offers.
 *
 * @returns what to answer the first usable offer of permessage-deflate; null = none is
 */
export function negotiateDeflate(
  offers: readonly ExtensionOffer[],
  wishes: DeflateWishes,
): DeflateAgreement | null {
  for (const offer of offers) {
    if (offer.name.toLowerCase() !== DEFLATE) continue;
    const agreement = agree(offer, wishes);
    if (agreement !== null) return agreement;
  }
  return null;
}

/**
 * Judges a server's answer to an offer of ours that had client_max_window_bits.
 *
 * @returns what has been agreed on; null if the server did not accept the extension. clientMaxWindowBits may be 8, with
 *   which zlib cannot compress: send messages as they are then
 * @throws never; "malformed" if the answer is not one to our offer: the connection must fail
 */
export function readDeflateAnswer(
  answers: readonly ExtensionOffer[],
  wishes: DeflateWishes,
): DeflateAgreement | null | "malformed" {
  const [answer, ...others] = answers;
  if (answer === undefined) return null;
  if (others.length > 0 || answer.name.toLowerCase() !== DEFLATE) return "malformed";
  const found = readParameters(answer);
  if (found === null || found.clientBits === 0) return "malformed";
  // It may take less than was offered, not more, and says that it does what we wish. RFC 7692 §7.1.1.1, §7.1.2.1.
  const serverMaxWindowBits = found.serverBits ?? MOST_BITS;
  if (serverMaxWindowBits > wishes.serverMaxWindowBits) return "malformed";
  if (wishes.serverNoContextTakeover && !found.serverNoContextTakeover) return "malformed";
  return {
    field: "",
    serverNoContextTakeover: found.serverNoContextTakeover,
    clientNoContextTakeover: wishes.clientNoContextTakeover || found.clientNoContextTakeover,
    serverMaxWindowBits,
    clientMaxWindowBits: Math.min(found.clientBits ?? MOST_BITS, wishes.clientMaxWindowBits),
  };
}

/** Writes our own offer, as a client. */
export function deflateOffer(wishes: DeflateWishes): string {
  let field = DEFLATE;
  if (wishes.serverNoContextTakeover) field += "; server_no_context_takeover";
  if (wishes.clientNoContextTakeover) field += "; client_no_context_takeover";
  if (wishes.serverMaxWindowBits < MOST_BITS) {
    field += `; server_max_window_bits=${wishes.serverMaxWindowBits}`;
  }
  return `${field}; client_max_window_bits`;
}

interface Parameters {
  serverNoContextTakeover: boolean;
  clientNoContextTakeover: boolean;
  serverBits: number | null;
  /** 0 = named without a value. */
  clientBits: number | null;
}

function agree(offer: ExtensionOffer, wishes: DeflateWishes): DeflateAgreement | null {
  const asked = readParameters(offer);
  if (asked === null) return null;
  if (asked.serverBits !== null && asked.serverBits < LEAST_SERVER_BITS) return null;
  const serverNoContextTakeover = asked.serverNoContextTakeover || wishes.serverNoContextTakeover;
  const clientNoContextTakeover = asked.clientNoContextTakeover || wishes.clientNoContextTakeover;
  const serverMaxWindowBits = Math.min(asked.serverBits ?? MOST_BITS, wishes.serverMaxWindowBits);
  // A client that does not name it does not let us say.
  const clientMaxWindowBits =
    asked.clientBits === null
      ? MOST_BITS
      : Math.min(asked.clientBits || MOST_BITS, wishes.clientMaxWindowBits);
  let field = DEFLATE;
  if (clientNoContextTakeover) field += "; client_no_context_takeover";
  if (asked.clientBits !== null && (asked.clientBits > 0 || clientMaxWindowBits < MOST_BITS)) {
    field += `; client_max_window_bits=${clientMaxWindowBits}`;
  }
  if (serverNoContextTakeover) field += "; server_no_context_takeover";
  if (asked.serverBits !== null || serverMaxWindowBits < MOST_BITS) {
    field += `; server_max_window_bits=${serverMaxWindowBits}`;
  }
  return {
    field,
    serverNoContextTakeover,
    clientNoContextTakeover,
    serverMaxWindowBits,
    clientMaxWindowBits,
  };
}

/** @returns null if a parameter is unknown, repeated or has a value it cannot have */
function readParameters({ parameters }: ExtensionOffer): Parameters | null {
  const found: Parameters = {
    serverNoContextTakeover: false,
    clientNoContextTakeover: false,
    serverBits: null,
    clientBits: null,
  };
  const seen = new Set<string>();
  for (const [name, value] of parameters) {
    if (seen.has(name)) return null;
    seen.add(name);
    switch (name) {
      case "server_no_context_takeover":
        if (value !== null) return null;
        found.serverNoContextTakeover = true;
        break;
      case "client_no_context_takeover":
        if (value !== null) return null;
        found.clientNoContextTakeover = true;
        break;
      case "server_max_window_bits":
        found.serverBits = bitsOf(value);
        if (found.serverBits === null) return null;
        break;
      case "client_max_window_bits":
        found.clientBits = value === null ? 0 : bitsOf(value);
        if (found.clientBits === null) return null;
        break;
      default:
        return null;
    }
  }
  return found;
}

function bitsOf(value: string | null): number | null {
  if (value === null || !/^[1-9][0-9]?$/.test(value)) return null;
  const bits = Number(value);
  return bits >= LEAST_BITS && bits <= MOST_BITS ? bits : null;
}
