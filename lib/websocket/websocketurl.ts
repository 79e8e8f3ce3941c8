/**
 * The URL of a WebSocket: where to connect, and what to ask for there.
 *
 * @see RFC 6455 §3; WHATWG URL
 */
import { describe, quote } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";

/** What a URL says. */
export interface WebSocketAddress {
  /** A name, or a numeric address without brackets. */
  readonly host: string;
  /** 1 to 65535. */
  readonly port: number;
  /** The Host field: the port is in it if it is not 80. */
  readonly authority: string;
  /** Path and query. */
  readonly target: string;
  /** Decoded; null = the URL has none. */
  readonly userinfo: { readonly username: string; readonly password: string } | null;
}

const DEFAULT_PORT = 80;

/**
 * Reads a URL.
 *
 * @throws CodedError ERR_WEBSOCKET_URL if it is no absolute ws: URL, or has a fragment; ERR_TLS_UNAVAILABLE for wss:
 */
export function parseWebSocketURL(given: string | URL): WebSocketAddress {
  const text = given instanceof URL ? given.href : given;
  if (typeof text !== "string" || !URL.canParse(text)) {
    throw urlError(`${describe(given)} is no absolute URL; allowed is one like "ws://host/path"`);
  }
  const url = new URL(text);
  const { protocol } = url;
  if (protocol === "wss:") {
    throw new CodedError(
      "ERR_TLS_UNAVAILABLE",
      `${quote(text)}: wss needs TLS, which is not there yet; connect to ws:, through a proxy that speaks TLS if need be`,
    );
  }
  if (protocol !== "ws:") {
    const remedy =
      protocol === "http:" || protocol === "https:"
        ? `write ws${protocol.slice("http".length)}//`
        : "allowed is ws:";
    throw urlError(`the scheme of ${quote(text)} is ${quote(protocol)}; ${remedy}`);
  }
  if (text.includes("#")) {
    throw urlError(`${quote(text)} has a fragment, which the URL of a WebSocket cannot have`);
  }
  const { hostname, host, pathname, search, username, password } = url;
  const port = url.port === "" ? DEFAULT_PORT : Number(url.port);
  if (port === 0) throw urlError(`the port of ${quote(text)} is 0; allowed is 1 to 65535`);
  const hasUser = username !== "" || password !== "";
  return {
    host: hostname.startsWith("[") ? hostname.slice(1, -1) : hostname,
    port,
    authority: host,
    target: `${pathname}${search}`,
    userinfo: hasUser ? { username: decoded(username), password: decoded(password) } : null,
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new CodedError(
      "ERR_WEBSOCKET_URL",
      "the user or the password of the URL is not percent-encoded UTF-8",
      { cause },
    );
  }
}

function urlError(message: string): CodedError {
  return new CodedError("ERR_WEBSOCKET_URL", message);
}
