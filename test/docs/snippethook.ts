/**
 * Loaded before a program of the manual: the program says `listen(8888)`, the test wants a free port and to know it.
 *
 * Started with an IPC channel, over which the port goes to the test. What connects to 8888 in the same program is led there.
 */
import { bindSockets, HTTPServer, IOStream, TCPServer, taskId } from "../../lib/index.ts";

/** By the port that the program names. */
const ports = new Map<number, number>();

const { listen } = HTTPServer.prototype;

HTTPServer.prototype.listen = function listenAnywhere(this: HTTPServer, port, address): HTTPServer {
  if (typeof port === "string") return listen.call(this, port);
  const server = listen.call(this, 0, address);
  told(port, server.address);
  return server;
};

/** The port that a program and its workers bind in place of the one that they name. */
const PORT_VARIABLE = "SNIPPET_PORT";

const { bind } = HTTPServer.prototype;

HTTPServer.prototype.bind = function bindAnywhere(this: HTTPServer, port, address): HTTPServer {
  if (typeof port === "string") return bind.call(this, port);
  const free = Number(process.env[PORT_VARIABLE] ?? freePort());
  process.env[PORT_VARIABLE] = String(free);
  bind.call(this, free, address);
  if (taskId() === null) process.send?.(free);
  return this;
};

function freePort(): number {
  const [socket] = bindSockets(0, "127.0.0.1");
  if (socket === undefined || "path" in socket.address) throw new Error("no socket");
  socket.close();
  return socket.address.port;
}

const { listen: listenRaw } = TCPServer.prototype;

TCPServer.prototype.listen = function listenAnywhere<Server extends TCPServer>(
  this: Server,
  port: number | string,
  address?: string,
): Server {
  if (typeof port === "string") return listenRaw.call(this, port) as Server;
  const server = listenRaw.call(this, 0, address) as Server;
  told(port, server.address);
  return server;
};

const { connect } = IOStream.prototype;

IOStream.prototype.connect = function connectThere<Stream extends IOStream>(
  this: Stream,
  address: Parameters<IOStream["connect"]>[0],
): Promise<Stream> {
  const port = "port" in address ? ports.get(address.port) : undefined;
  const there = port === undefined ? address : { ...address, port };
  return connect.call(this, there) as Promise<Stream>;
};

function told(asked: number, address: HTTPServer["address"]): void {
  if (address === null || !("port" in address)) return;
  ports.set(asked, address.port);
  process.send?.(address.port);
}
