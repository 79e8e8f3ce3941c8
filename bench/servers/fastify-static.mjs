// The benchmark's static files on Fastify and @fastify/static:
// `node bench/servers/fastify-static.mjs PORT FILES`.

import fastifyStatic from "@fastify/static";
import fastify from "fastify";

const app = fastify({ keepAliveTimeout: 75_000 });

app.register(fastifyStatic, { root: process.argv[3], prefix: "/static/" });

await app.listen({ port: Number(process.argv[2]), host: "127.0.0.1" });
console.log("listening");
