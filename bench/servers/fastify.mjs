// The benchmark's routes on Fastify: `node bench/servers/fastify.mjs PORT`.

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

const text = (least, most) => ({ type: "string", minLength: least, maxLength: most });
const shape = (properties) => ({
  type: "object",
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});
const order = shape({
  reference: { type: "string", pattern: "^ORD-[0-9]{4}-[0-9]{6}$" },
  customer: shape({
    name: text(1, 100),
    email: text(3, 100),
    phone: text(3, 30),
    address: shape({ street: text(1, 100), city: text(1, 100), country: text(2, 2) }),
  }),
  currency: { type: "string", enum: ["EUR", "USD", "GBP"] },
  express: { type: "boolean" },
  tags: { type: "array", maxItems: 10, items: text(1, 30) },
  items: {
    type: "array",
    minItems: 1,
    maxItems: 50,
    items: shape({
      sku: text(1, 20),
      title: text(1, 100),
      quantity: { type: "integer", minimum: 1, maximum: 1000 },
      price: { type: "number", minimum: 0 },
    }),
  },
  note: text(0, 1000),
});
const receipt = shape({ reference: { type: "string" }, quantity: { type: "integer" } });

app.post("/orders", { schema: { body: order, response: { 200: receipt } } }, (request, reply) => {
  let quantity = 0;
  for (const item of request.body.items) quantity += item.quantity;
  reply.send({ reference: request.body.reference, quantity });
});

await app.listen({ port: Number(process.argv[2]), host: "127.0.0.1" });
console.log("listening");
