// The benchmark's two routes on Node's own server: `node bench/servers/node-http.mjs PORT`.

import { createServer } from "node:http";

const plain = "Hello, World!";

const server = createServer(
  // The limits of the others, for bench/trickle.mjs and bench/idle.mjs.
  { maxHeaderSize: 64 * 1024, keepAliveTimeout: 75_000 },
  (request, response) => {
    if (request.url === "/") {
      response.writeHead(200, { "Content-Type": "text/plain", "Content-Length": plain.length });
      response.end(plain);
    } else if (request.url.startsWith("/user/")) {
      const { headers } = request;
      const body = JSON.stringify({
        id: request.url.slice("/user/".length),
        host: headers.host ?? null,
        "user-agent": headers["user-agent"] ?? null,
        accept: headers.accept ?? null,
        cookie: headers.cookie ?? null,
        "accept-language": headers["accept-language"] ?? null,
      });
      response.writeHead(200, {
        "Content-Type": "application/json; charset=UTF-8",
        "Content-Length": Buffer.byteLength(body),
      });
      response.end(body);
    } else {
      response.writeHead(404).end();
    }
  },
);
server.listen(Number(process.argv[2]), "127.0.0.1", () => console.log("listening"));
