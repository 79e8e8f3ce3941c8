/** Connections of websocketConnect() that a test may leave open: endConnections(), after each test, ends them. */
import { type WebSocketClientConnection, websocketConnect } from "../../lib/index.ts";

const open = new Set<WebSocketClientConnection>();

/** As websocketConnect(). */
export async function connect(
  ...given: Parameters<typeof websocketConnect>
): Promise<WebSocketClientConnection> {
  const connection = await websocketConnect(...given);
  open.add(connection);
  void connection.closed.then(() => open.delete(connection));
  return connection;
}

/** Ends what is open. */
export async function endConnections(): Promise<void> {
  const closing = [...open];
  for (const connection of closing) connection.abort();
  await Promise.all(closing.map(({ closed }) => closed));
}
