/** injectWebSocket(): a WebSocket to an application without a socket; the client is that of websocketConnect(). */
import { describe } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";
import { websocketConnectBy } from "../web/websocketclient.ts";
import type { WebSocketClientConnection } from "../web/websocketclientconnection.ts";
import type { WebSocketClientOptions, WebSocketRequest } from "../web/websocketclientoptions.ts";
import { connectTo, type InjectTarget, LOCAL_IP } from "./memoryserver.ts";

/** Those of websocketConnect(), but for `resolver`, and who asks. */
export interface InjectWebSocketOptions extends Omit<WebSocketClientOptions, "resolver"> {
  /** The address that the handshake is said to come from. Default "127.0.0.1". */
  readonly remoteIp?: string | undefined;
}

/**
 * Connects.
 *
 *     const chat = await injectWebSocket(app, "/chat", { headers: { Cookie: "user=ada" } });
 *     await chat.writeMessage("hello");
 *
 * @param to "/path?query"; or a ws: URL, whose host becomes the field Host; or an object with a url
 * @returns as websocketConnect(): rejects with WebSocketHandshakeError if the answer is anything but a WebSocket, with
 *   ERR_CONNECT_TIMEOUT if none comes within connectTimeoutMs
 * @throws CodedError as websocketConnect() and injectConnection() do
 */
export function injectWebSocket(
  target: InjectTarget,
  to: string | URL | WebSocketRequest,
  { remoteIp = LOCAL_IP, ...options }: InjectWebSocketOptions = {},
): Promise<WebSocketClientConnection> {
  const connector = { connect: async () => connectTo(target, remoteIp).stream, close() {} };
  return websocketConnectBy(connector, placeOf(to, `ws://${LOCAL_IP}`), options);
}

/** A path is one of the server at `origin`, "ws://host:port". */
export function placeOf(
  to: string | URL | WebSocketRequest,
  origin: string,
): string | URL | WebSocketRequest {
  if (typeof to === "string") return to.startsWith("/") ? origin + to : to;
  if (to instanceof URL) return to;
  if (typeof to !== "object" || to === null) {
    throw new CodedError(
      "ERR_ARGUMENT_TYPE",
      `a WebSocket to ${describe(to)}; allowed are a path, a URL, and an object with a url`,
    );
  }
  const { url } = to;
  return typeof url === "string" && url.startsWith("/") ? { ...to, url: origin + url } : to;
}
