// The benchmark's two routes on landspout: `node bench/servers/landspout.mjs PORT`.

import { Application, RequestHandler } from "../../dist/lib/index.js";

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

const app = new Application([
  ["/", Plain],
  ["/user/([^/]+)", User],
]);
app.listen(Number(process.argv[2]), "127.0.0.1");
console.log("listening");
