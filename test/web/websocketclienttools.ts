// The server that websocketclient.test.ts and websocketclient.reading.test.ts connect to.
import {
  RequestHandler,
  type WebSocketClientConnection,
  WebSocketHandler,
} from "../../lib/index.ts";
import { startServer } from "../support/servers.ts";

/** /echo */
export class Echo extends WebSocketHandler {
  override onMessage(message: string | Buffer) {
    return this.writeMessage(message);
  }
}

/** What the handlers of /told were told at their end. */
export const ended: { code: number | null; reason: string | null }[] = [];

/** /told: answers and does what it is told. */
export class Told extends WebSocketHandler {
  /** The handler that was opened last. */
  static last: Told | null = null;
  override open() {
    Told.last = this;
  }
  override selectSubprotocol(offered: readonly string[]) {
    return offered[1] ?? null;
  }
  override onMessage(message: string | Buffer) {
    if (message === "who") {
      const { request } = this;
      const fields = Object.fromEntries(request.headers.getAll());
      return this.writeMessage({ uri: request.uri, ...fields });
    }
    if (message === "close") this.close(4001, "as you wish");
    else if (message === "ping") this.ping("from the server");
    return undefined;
  }
  override onClose() {
    ended.push({ code: this.closeCode, reason: this.closeReason });
  }
}

class Plain extends RequestHandler {
  override get() {
    this.write("hello");
  }
}

const routes = [
  ["/echo", Echo],
  ["/told", Told],
  ["/plain", Plain],
] as const;

/** Starts it; `url(path)` is a WebSocket's. */
export async function start() {
  ended.length = 0;
  Told.last = null;
  const started = await startServer([...routes]);
  return { ...started, url: (path: string) => `ws://127.0.0.1:${started.port}${path}` };
}

/** Closes a connection, and waits for its end. */
export async function finish(connection: WebSocketClientConnection): Promise<void> {
  connection.close();
  await connection.closed;
}
