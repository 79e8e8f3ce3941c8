// The benchmark's WebSockets on the package ws: `node bench/servers/ws.mjs PORT`.

import { createServer } from "node:http";
import { WebSocketServer } from "ws";

const maxPayload = 1024 * 1024;

const plain = new WebSocketServer({
  noServer: true,
  maxPayload,
  perMessageDeflate: false,
});
const deflated = new WebSocketServer({
  noServer: true,
  maxPayload,
  perMessageDeflate: { threshold: 0 },
});

function echo(socket) {
  socket.on("message", (message, isBinary) => socket.send(message, { binary: isBinary }));
}

/** What one sends goes to all: the way of the package's manual. */
function relay(server) {
  return (socket) => {
    socket.on("message", (message, isBinary) => {
      for (const client of server.clients) client.send(message, { binary: isBinary });
    });
  };
}

const routes = new Map([
  ["/echo", [plain, echo]],
  ["/deflate", [deflated, echo]],
  ["/topic", [plain, relay(plain)]],
  ["/topic-deflate", [deflated, relay(deflated)]],
]);

const server = createServer((_request, response) => response.writeHead(404).end());
server.on("upgrade", (request, socket, head) => {
  const route = routes.get(request.url);
  if (route === undefined) {
    socket.destroy();
    return;
  }
  const [sockets, serve] = route;
  sockets.handleUpgrade(request, socket, head, serve);
});
server.listen(Number(process.argv[2]), "127.0.0.1", () => console.log("listening"));
