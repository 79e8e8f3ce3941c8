/**
 * Loaded before a program of the manual: the program says `listen(8888)`, the test wants a free port and to know it.
 *
 * Started with an IPC channel, over which the port goes to the test.
 */
import { HTTPServer } from "../../lib/index.ts";

const { listen } = HTTPServer.prototype;

HTTPServer.prototype.listen = function listenAnywhere(
  this: HTTPServer,
  _port,
  address,
): HTTPServer {
  const server = listen.call(this, 0, address);
  if (server.address !== null && "port" in server.address) process.send?.(server.address.port);
  return server;
};
