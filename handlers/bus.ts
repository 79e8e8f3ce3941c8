/**
 * The bus: what one worker of a prefork tells the others. posts.ts and rooms.ts use it; main.ts opens and joins it.
 *
 *     worker ── send("post", …) ──▶ parent ──▶ each other worker ── on("post") ──▶ its listener
 *
 * It is a Unix socket of the parent's, over which goes a line of JSON a message. In a single process nobody else is there,
 * and what is sent goes nowhere. A message arrives once or, if a process ends meanwhile, not at all; those of one sender
 * keep their order.
 */
import { createConnection, createServer, type Socket } from "node:net";
import { createInterface } from "node:readline";

type Listener = (data: unknown) => void;

class Bus {
  readonly #listeners = new Map<string, Listener>();
  #socket: Socket | null = null;

  /** Tells all other workers something. */
  send(channel: string, data: unknown): void {
    this.#socket?.write(`${JSON.stringify([channel, data])}\n`);
  }

  /** Hears what others send; one listener a channel. */
  on(channel: string, listener: Listener): void {
    this.#listeners.set(channel, listener);
  }

  /** In a worker: joins the bus of its parent. */
  join(path: string): void {
    this.#socket = createConnection(path);
    onLines(this.#socket, (line) => {
      const [channel, data] = JSON.parse(line) as [string, unknown];
      this.#listeners.get(channel)?.(data);
    });
  }
}

/** In the parent: passes on what each worker sends to all others. The parent may end whenever it likes. */
export function openBus(path: string): void {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    onLines(socket, (line) => {
      for (const other of sockets) if (other !== socket) other.write(`${line}\n`);
    });
    socket.on("close", () => sockets.delete(socket));
  });
  server.listen(path).unref();
}

function onLines(socket: Socket, listener: (line: string) => void): void {
  const lines = createInterface({ input: socket }).on("line", listener);
  // A process that has ended with lines unread resets its end. "close" says the same; readline passes errors on.
  for (const emitter of [socket, lines]) emitter.on("error", () => {});
  // The bus keeps nobody alive.
  socket.unref();
}

export const bus = new Bus();
