/** authenticated, addslash and removeslash over real sockets, in each way to apply them. */
import * as assert from "uvu/assert";
import {
  addslash,
  authenticated,
  CodedError,
  RequestHandler,
  removeslash,
} from "../../lib/index.ts";
import { loggedErrors, serverSuite, startServer } from "../support/servers.ts";

function codeOf(error: unknown): unknown {
  return error instanceof CodedError ? error.code : error;
}

class Members extends RequestHandler {
  override getCurrentUser() {
    return this.getCookie("user");
  }
  override getLoginUrl() {
    return this.getArgument("lu", "/login");
  }
  @authenticated
  get(section?: string) {
    this.write(`hello ${this.currentUser} in ${section}`);
  }
  @authenticated
  async post() {
    await null;
    this.write("posted");
  }
}

class Slashed extends RequestHandler {
  @addslash
  get() {
    this.write("with");
  }
  @addslash
  post() {
    this.write("posted");
  }
}

class Bare extends RequestHandler {
  @removeslash
  get() {
    this.write("without");
  }
}

class NoLogin extends RequestHandler {}
NoLogin.prototype.get = authenticated(() => {});

const routes: Parameters<typeof startServer>[0] = [
  ["/login-needed", Members],
  ["/members/(.*)", Members],
  ["/slash/?", Slashed],
  ["/bare/*", Bare],
  ["/raw[^/]*/?", Slashed],
  ["//bare/*", Bare],
  ["/", Bare],
  ["/nologin", NoLogin],
];

const auth = serverSuite("authenticated");
auth("sends a reader without a user to the login URL, with the way back", async () => {
  const { connect } = await startServer(routes);
  const response = await (await connect()).get("/login-needed?x=1");
  assert.is(response.status, 302);
  assert.is(response.header("location"), "/login?next=%2Flogin-needed%3Fx%3D1");
});
auth("tells another host the whole way back", async () => {
  const { connect } = await startServer(routes);
  const response = await (await connect()).get("/login-needed?lu=http://example.com/l");
  const location = response.header("location") ?? "";
  assert.match(location, /^http:\/\/example\.com\/l\?next=http%3A%2F%2F[^/]+%2Flogin-needed%3Flu/);
});
auth("adds nothing to a login URL with a query", async () => {
  const { connect } = await startServer(routes);
  const response = await (await connect()).get("/login-needed?lu=/l%3Fa%3D1");
  assert.is(response.header("location"), "/l?a=1");
});
auth("answers 403 to a writer without a user", async () => {
  const { connect } = await startServer(routes);
  const client = await connect();
  await client.send("POST /login-needed HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
  assert.is((await client.readResponse()).status, 403);
});
auth("calls the verb with its path arguments for a user", async () => {
  const { connect } = await startServer(routes);
  const client = await connect();
  const response = await client.get("/members/a", "Cookie: user=ann\r\n");
  assert.is(response.text, "hello ann in a");
  await client.send(
    "POST /login-needed HTTP/1.1\r\nHost: a\r\nCookie: user=ann\r\nContent-Length: 0\r\n\r\n",
  );
  assert.is((await client.readResponse()).text, "posted");
});
auth("needs a login URL, and says so", async () => {
  const { connect } = await startServer(routes);
  assert.is((await (await connect()).get("/nologin")).status, 500);
  assert.is(codeOf(loggedErrors()[0]?.error), "ERR_SETTING_REQUIRED");
});
auth("works on a property descriptor, as experimentalDecorators call it", async () => {
  class Old extends RequestHandler {
    get() {
      this.write("in");
    }
  }
  const descriptor = Object.getOwnPropertyDescriptor(Old.prototype, "get") ?? {};
  authenticated(Old.prototype, "get", descriptor);
  Object.defineProperty(Old.prototype, "get", descriptor);
  const { connect } = await startServer([["/", Old]], {}, { loginUrl: "/in" });
  assert.is((await (await connect()).get("/")).header("location"), "/in?next=%2F");
});
auth.run();

auth("percent-encodes the raw bytes of the way back", async () => {
  const { connect } = await startServer(routes);
  const client = await connect();
  const there = await client.get("/members/\xc3\xa9?x=\xe9");
  assert.is(there.header("location"), "/login?next=%2Fmembers%2F%25C3%25A9%3Fx%3D%25E9");
  const far = await client.get("/members/\xc3\xa9?lu=http://b/l");
  assert.match(String(far.header("location")), /next=http%3A%2F%2F.*%2Fmembers%2F%25C3%25A9/);
});

const slashes = serverSuite("addslash and removeslash");
slashes("percent-encode raw bytes", async () => {
  const { connect } = await startServer(routes);
  const response = await (await connect()).get("/raw\xc3\xa9?a=\xff");
  assert.is(response.status, 301);
  assert.is(response.header("location"), "/raw%C3%A9/?a=%FF");
});
slashes("redirect a reader for good, with the query", async () => {
  const { connect } = await startServer(routes);
  const client = await connect();
  const added = await client.get("/slash?a=b");
  assert.is(added.status, 301);
  assert.is(added.header("location"), "/slash/?a=b");
  const removed = await client.get("/bare//?a=b");
  assert.is(removed.status, 301);
  assert.is(removed.header("location"), "/bare?a=b");
});
slashes("let the right path through, and the root", async () => {
  const { connect } = await startServer(routes);
  const client = await connect();
  assert.is((await client.get("/slash/")).text, "with");
  assert.is((await client.get("/bare")).text, "without");
  assert.is((await client.get("/")).text, "without");
});
slashes("answer 404 to a writer", async () => {
  const { connect } = await startServer(routes);
  const client = await connect();
  await client.send("POST /slash HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
  assert.is((await client.readResponse()).status, 404);
});
slashes("never redirect to another host", async () => {
  const { connect } = await startServer(routes);
  const response = await (await connect()).get("//bare/");
  assert.is(response.header("location"), "/bare");
});
slashes.run();
