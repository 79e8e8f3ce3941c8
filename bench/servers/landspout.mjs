// The benchmark's routes and WebSockets on landspout: `node bench/servers/landspout.mjs PORT [FILES]`,
// FILES being the folder of the static files.

import { type } from "arktype";
import { Application, RequestHandler, WebSocketHandler } from "../../dist/lib/index.js";

// None of the peers computes an ETag unless asked, so that this one does not either.
class Plain extends RequestHandler {
  get() {
    this.setHeader("Content-Type", "text/plain");
    this.write("Hello, World!");
  }

  computeEtag() {
    return null;
  }
}

class User extends RequestHandler {
  get(id) {
    const { headers } = this.request;
    this.write({
      id,
      host: headers.get("host"),
      "user-agent": headers.get("user-agent"),
      accept: headers.get("accept"),
      cookie: headers.get("cookie"),
      "accept-language": headers.get("accept-language"),
    });
  }

  computeEtag() {
    return null;
  }
}

const customer = type({
  "+": "reject",
  name: "1 <= string <= 100",
  email: "3 <= string <= 100",
  phone: "3 <= string <= 30",
  address: {
    "+": "reject",
    street: "1 <= string <= 100",
    city: "1 <= string <= 100",
    country: "string == 2",
  },
});
const item = type({
  "+": "reject",
  sku: "1 <= string <= 20",
  title: "1 <= string <= 100",
  quantity: "1 <= number.integer <= 1000",
  price: "number >= 0",
});
const order = type({
  "+": "reject",
  reference: /^ORD-[0-9]{4}-[0-9]{6}$/,
  customer,
  currency: "'EUR' | 'USD' | 'GBP'",
  express: "boolean",
  tags: "(1 <= string <= 30)[] <= 10",
  items: item.array().atLeastLength(1).atMostLength(50),
  note: "string <= 1000",
});

class Orders extends RequestHandler {
  post() {
    const { reference, items } = this.validateBody(order);
    let quantity = 0;
    for (const item of items) quantity += item.quantity;
    this.write({ reference, quantity });
  }

  computeEtag() {
    return null;
  }
}

class Echo extends WebSocketHandler {
  onMessage(message) {
    return this.writeMessage(message);
  }
}

class LentEcho extends Echo {
  static websocket = { lendsMessages: true };
}

class DeflatedEcho extends Echo {
  getCompressionOptions() {
    return {};
  }
}

/** What one sends goes to all. */
class Topic extends WebSocketHandler {
  open() {
    this.subscribe("all");
  }

  onMessage(message) {
    this.application.publish("all", message);
  }
}

class DeflatedTopic extends Topic {
  getCompressionOptions() {
    return {};
  }
}

const files = process.argv[3];
const app = new Application(
  [
    ["/", Plain],
    ["/user/([^/]+)", User],
    ["/orders", Orders],
    ["/echo", Echo],
    ["/lent", LentEcho],
    ["/deflate", DeflatedEcho],
    ["/topic", Topic],
    ["/topic-deflate", DeflatedTopic],
  ],
  files === undefined ? {} : { staticPath: files },
);
app.listen(Number(process.argv[2]), "127.0.0.1");
console.log("listening");
