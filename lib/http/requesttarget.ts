/**
 * The request target and the host: what a request is about, and for whom.
 *
 * The server floor calls parseTarget and isHost before any handler hears of a request, so that what
 * HTTPServerRequest reads later is known to be in order.
 */
import { isIPv6 } from "node:net";
import { quote } from "../base/describe.ts";
import { HTTPInputError } from "../base/errors.ts";

/** A request target taken apart. */
export interface RequestTarget {
  /** Up to the "?", still percent-encoded; "*" for the asterisk form; never empty. */
  readonly path: string;
  /** After the "?", without it; "" if there is none. */
  readonly query: string;
  /** host[:port] of the absolute form, which outranks the Host field; null in the other forms. */
  readonly authority: string | null;
}

/** A host taken apart. */
export interface HostAndPort {
  /** As given, an IPv6 address with its brackets. */
  readonly hostName: string;
  /** 0 to 65535; null if none was given. */
  readonly port: number | null;
}

const SLASH = 0x2f;
const LAST_PORT = 65_535;

/** scheme "://" authority, and the rest. Only http and https are served; schemes know no case. */
const ABSOLUTE = /^https?:\/\/([^/?#]*)(.*)$/i;

/**
 * reg-name or an address in brackets, then perhaps a port. "," is left out of reg-name: it marks a
 * doubled Host.
 */
const HOST = /^(?:\[([0-9A-Fa-f:.]+)\]|[A-Za-z0-9._~!$&'()*+;=%-]+)(?::([0-9]{0,5}))?$/;

/**
 * Takes a request target apart: origin form, absolute form or "*".
 *
 * @param method needed for OPTIONS alone: without a path its absolute form means the server itself,
 *   "*"
 * @throws HTTPInputError 400 ERR_HTTP_TARGET for any other form; for an absolute form of another
 *   scheme, with user information, or with a malformed host
 * @see RFC 9112 §3.2, §3.2.4; RFC 9110 §4.2.4
 */
export function parseTarget(method: string, target: string): RequestTarget {
  if (target.charCodeAt(0) === SLASH || target === "*") return split(target, null);
  const parts = ABSOLUTE.exec(target);
  if (parts === null) {
    throw malformed(target, 'allowed are "/path?query", "http://host/path?query" and "*"');
  }
  const [, authority = "", rest = ""] = parts;
  if (!isHost(authority)) throw malformed(target, "its host is not a host with or without a port");
  if (rest === "" && method === "OPTIONS") return split("*", authority);
  return split(rest.charCodeAt(0) === SLASH ? rest : `/${rest}`, authority);
}

/**
 * Tells whether a text is one host, with or without a port; user information, a comma and an empty
 * text are not.
 *
 * @see RFC 9110 §7.2; RFC 3986 §3.2.2
 */
export function isHost(text: string): boolean {
  const parts = HOST.exec(text);
  if (parts === null) return false;
  const [, address, port] = parts;
  return (address === undefined || isIPv6(address)) && Number(port ?? 0) <= LAST_PORT;
}

/** Takes a host apart at the colon before its port. */
export function splitHost(host: string): HostAndPort {
  const colon = host.lastIndexOf(":");
  const digits = host.slice(colon + 1);
  if (colon === -1 || !/^[0-9]{0,5}$/.test(digits)) return { hostName: host, port: null };
  return { hostName: host.slice(0, colon), port: digits === "" ? null : Number(digits) };
}

/**
 * A target, or a part of one, as ASCII: raw bytes from 0x80 on, which curl sends, percent-encoded. For where it is sent back,
 * in a Location say.
 *
 * @param target latin1, one character a byte
 */
export function asciiTarget(target: string): string {
  return target.replace(
    /[\x80-\xff]/g,
    (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function split(target: string, authority: string | null): RequestTarget {
  const mark = target.indexOf("?");
  return mark === -1
    ? { path: target, query: "", authority }
    : { path: target.slice(0, mark), query: target.slice(mark + 1), authority };
}

function malformed(target: string, rule: string): HTTPInputError {
  return new HTTPInputError(
    400,
    "ERR_HTTP_TARGET",
    `request target ${quote(target)} is malformed: ${rule}; RFC 9112 §3.2`,
  );
}
