// The benchmark's two routes on Fastify: `node bench/servers/fastify.mjs PORT`.

import fastify from "fastify";

const app = fastify({ keepAliveTimeout: 75_000, http: { maxHeaderSize: 64 * 1024 } });

app.get("/", (_request, reply) => {
  reply.header("Content-Type", "text/plain").send("Hello, World!");
});

app.get("/user/:id", (request, reply) => {
  const { headers } = request;
  reply.header("Content-Type", "application/json; charset=UTF-8").send({
    id: request.params.id,
    host: headers.host ?? null,
    "user-agent": headers["user-agent"] ?? null,
    accept: headers.accept ?? null,
    cookie: headers.cookie ?? null,
    "accept-language": headers["accept-language"] ?? null,
  });
});

await app.listen({ port: Number(process.argv[2]), host: "127.0.0.1" });
console.log("listening");
