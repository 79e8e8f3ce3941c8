/** Functions and delegates as what answers requests: request.connection, and the calls of a message delegate. */
import * as assert from "uvu/assert";
import { CodedError } from "../../lib/base/errors.ts";
import type { HTTPConnection, HTTPMessageDelegate } from "../../lib/http/httpconnection.ts";
import { type RequestStartLine, ResponseStartLine } from "../../lib/http/startlines.ts";
import { HTTPHeaders, type HTTPServerRequest } from "../../lib/index.ts";
import { deferred, until } from "../support/deferred.ts";
import { turns } from "../support/rawclient.ts";
import { logged, loggedErrors, serverSuite } from "../support/servers.ts";
import { ask, startTarget } from "../support/targets.ts";

const ok = new ResponseStartLine("HTTP/1.1", 200, "OK");
const coded = (code: string) => (error: unknown) =>
  error instanceof CodedError && error.code === code;

/** Answers with a text of known length. */
function answer(connection: HTTPConnection, text: string): void {
  const headers = new HTTPHeaders({ "Content-Length": String(Buffer.byteLength(text)) });
  void connection.writeHeaders(ok, headers, text);
  connection.finish();
}

const functions = serverSuite("a function that answers requests");

functions("answers by the request's connection, at once or later, body and all", async () => {
  const { connect } = await startTarget(async (request: HTTPServerRequest) => {
    if (request.path === "/later") await turns(1);
    answer(request.connection, `${request.method} ${request.uri} ${request.body}`);
  });
  const client = await connect();
  assert.is((await client.get("/now")).text, "GET /now ");
  assert.is((await client.get("/later?a")).text, "GET /later?a ");
  await client.send(`${ask("/", "POST", "Content-Length: 4\r\n")}body`);
  const response = await client.readFinalResponse();
  assert.is(response.text, "POST / body");
  assert.equal(
    response.fields.map(([name]) => name),
    ["Server", "Date", "Content-Length"],
  );
  await client.staysOpen();
});

functions(
  "streams: chunked without a length, until the end for HTTP/1.0, and nothing for HEAD",
  async () => {
    const { connect } = await startTarget(({ connection }: HTTPServerRequest) => {
      const headers = new HTTPHeaders();
      headers.add("Set-Cookie", "a=1");
      headers.add("Set-Cookie", "b=2");
      headers.add("Transfer-Encoding", "chunked");
      void connection.writeHeaders(new ResponseStartLine("HTTP/1.0", 299, "Odd"), headers, "one ");
      void connection.write(Buffer.from("two"));
      connection.finish();
    });
    const client = await connect();
    const response = await client.get("/");
    assert.equal([response.version, response.status, response.reason], ["HTTP/1.1", 299, "Odd"]);
    assert.equal([response.framing, response.text], ["chunked", "one two"]);
    assert.equal(response.headers("Set-Cookie"), ["a=1", "b=2"]);
    await client.send(ask("/", "HEAD"));
    assert.is((await client.readFinalResponse({ method: "HEAD" })).text, "");
    await client.send(ask("/", "GET", "", "1.0"));
    assert.match((await client.readToEnd()).toString(), /\r\n\r\none two$/);
  },
);

functions("may ask for the connection to be closed", async () => {
  const { connect } = await startTarget(({ connection }: HTTPServerRequest) => {
    const headers = new HTTPHeaders({ Connection: "foo, Close", "Content-Length": "0" });
    void connection.writeHeaders(ok, headers);
    connection.finish();
  });
  const client = await connect();
  assert.is((await client.get("/")).header("Connection"), "close");
  await client.closed();
});

functions(
  "may return a fetch Response, or a promise of one; other values mean nothing",
  async () => {
    const { connect } = await startTarget((request: HTTPServerRequest) => {
      if (request.path === "/now") return new Response("now", { status: 201 });
      if (request.path === "/later") return Promise.resolve(Response.json({ later: true }));
      answer(request.connection, "by connection");
      return { status: 500, anything: "else" };
    });
    const client = await connect();
    const now = await client.get("/now");
    assert.equal([now.status, now.text], [201, "now"]);
    assert.is((await client.get("/later")).text, '{"later":true}');
    assert.is((await client.get("/")).text, "by connection");
    assert.equal(loggedErrors(), []);
  },
);

functions(
  "that throws is logged and answered with 500, or what its error says is the client's",
  async () => {
    const { connect } = await startTarget((request: HTTPServerRequest): unknown => {
      if (request.path === "/sync") throw new Error("deliberate");
      if (request.path === "/async") return Promise.reject(new Error("deliberate"));
      if (request.path === "/both") {
        answer(request.connection, "answered");
        return new Response("again");
      }
      throw Object.assign(new Error("who are you"), { statusCode: 403 });
    });
    const client = await connect();
    assert.is((await client.get("/sync")).status, 500);
    assert.is((await client.get("/async")).text, "500 Internal Server Error\n");
    assert.is((await client.get("/both")).text, "answered");
    assert.is(loggedErrors().length, 3);
    assert.is((await client.get("/403")).status, 403);
    assert.is(loggedErrors().length, 3);
    assert.match(logged("info").at(-1)?.message ?? "", /who are you/);
    await client.staysOpen();
  },
);

functions("that throws after its head closes the connection", async () => {
  const { connect } = await startTarget(({ connection }: HTTPServerRequest) => {
    void connection.writeHeaders(ok, new HTTPHeaders(), "half");
    throw new Error("deliberate");
  });
  const client = await connect();
  await client.send(ask("/"));
  await client.gone();
  assert.not.match(client.unread, /0\r\n\r\n$/);
});

functions("is told of what cannot be sent", async () => {
  const faults: string[] = [];
  const attempt = (code: string, call: () => unknown): void => {
    assert.throws(call, coded(code));
    faults.push(code);
  };
  const { connect } = await startTarget(({ connection }: HTTPServerRequest) => {
    const headers = (length: string) => new HTTPHeaders({ "Content-Length": length });
    for (const status of [199, 1000, 200.5, Number.NaN]) {
      const line = new ResponseStartLine("HTTP/1.1", status, "");
      attempt("ERR_HTTP_STATUS", () => connection.writeHeaders(line, headers("0")));
    }
    attempt("ERR_HTTP_BODY_LENGTH", () => connection.writeHeaders(ok, headers("-1")));
    attempt("ERR_HTTP_FINISHED", () => connection.write("early"));
    void connection.writeHeaders(new ResponseStartLine("HTTP/1.1", 200, "a\r\nb: c"), headers("2"));
    attempt("ERR_HTTP_HEADERS_SENT", () => connection.writeHeaders(ok, headers("2")));
    void connection.write("ok");
    connection.finish();
  });
  const client = await connect();
  const response = await client.get("/");
  assert.equal([response.reason, response.text], ["Unknown", "ok"]);
  assert.is(faults.length, 7);
});

functions("that never answers is let go with its client, who may be waited for", async () => {
  const gone = deferred();
  const { connect, server } = await startTarget(({ connection }: HTTPServerRequest) => {
    connection.setCloseCallback(() => gone.resolve());
  });
  const client = await connect();
  await client.send(ask("/"));
  await turns(4);
  client.abort();
  await gone.promise;
  await until(() => server.connectionCount === 0, "the end of the connection");
});

functions.run();

const delegates = serverSuite("a delegate of Tornado's kind");

/** Tells what it was told, and answers when finished. */
class Telling implements HTTPMessageDelegate {
  readonly connection: HTTPConnection;
  readonly told: string[];

  constructor(connection: HTTPConnection, told: string[]) {
    this.connection = connection;
    this.told = told;
  }

  headersReceived({ method, path, version }: RequestStartLine, headers: HTTPHeaders): unknown {
    this.told.push(`${method} ${path} ${version} ${headers.get("X") ?? ""}`.trimEnd());
    return undefined;
  }

  dataReceived(chunk: Buffer): unknown {
    this.told.push(`data ${chunk}`);
    return undefined;
  }

  finish(): unknown {
    this.told.push("finish");
    answer(this.connection, "done");
    return undefined;
  }

  onConnectionClose(): unknown {
    this.told.push("close");
    return undefined;
  }
}

delegates("is told of head, body and end, and answers when it likes", async () => {
  const told: string[] = [];
  const { connect, server } = await startTarget({
    startRequest(serverConnection: object, connection: HTTPConnection) {
      assert.is(serverConnection, server);
      return new Telling(connection, told);
    },
  });
  const client = await connect();
  assert.is((await client.get("/a?b", "X: y\r\n")).text, "done");
  for (const piece of [`${ask("/", "POST", "Content-Length: 6\r\n")}abc`, "def"]) {
    await client.send(piece);
    await turns(4);
  }
  const response = await client.readFinalResponse();
  assert.equal([response.text, response.header("Connection")], ["done", null]);
  assert.equal(told, [
    "GET /a?b HTTP/1.1 y",
    "finish",
    "POST / HTTP/1.1",
    "data abc",
    "data def",
    "finish",
  ]);
});

delegates("holds the client back by promises", async () => {
  const told: string[] = [];
  const gates = [deferred(), deferred()];
  class Slow extends Telling {
    override async headersReceived(line: RequestStartLine, headers: HTTPHeaders): Promise<void> {
      super.headersReceived(line, headers);
      await gates[0]?.promise;
      told.push("head taken");
    }
    override async dataReceived(chunk: Buffer): Promise<void> {
      super.dataReceived(chunk);
      await gates[1]?.promise;
      told.push("data taken");
    }
  }
  const { connect } = await startTarget({
    startRequest: (_server: object, connection: HTTPConnection) => new Slow(connection, told),
  });
  const client = await connect();
  await client.send(ask("/", "POST", "Expect: 100-continue\r\nContent-Length: 3\r\n"));
  await until(() => told.length === 1, "the head");
  await turns(4);
  assert.equal([told, client.unread], [["POST / HTTP/1.1"], ""]);
  gates[0]?.resolve();
  assert.is((await client.readResponse()).status, 100);
  await client.send("abc");
  await until(() => told.length === 3, "the data");
  await turns(4);
  assert.equal(told, ["POST / HTTP/1.1", "head taken", "data abc"]);
  gates[1]?.resolve();
  assert.is((await client.readFinalResponse()).text, "done");
  assert.equal(told.slice(3), ["data taken", "finish"]);
});

delegates("is told of one end alone: of the connection's if the client goes first", async () => {
  const told: string[] = [];
  const { connect } = await startTarget({
    startRequest: (_server: object, connection: HTTPConnection) => new Telling(connection, told),
  });
  const client = await connect();
  await client.send(`${ask("/", "POST", "Content-Length: 6\r\n")}abc`);
  await until(() => told.includes("data abc"), "the data");
  client.abort();
  await until(() => told.includes("close"), "the end");
  await turns(4);
  assert.equal(told, ["POST / HTTP/1.1", "data abc", "close"]);
});

delegates("that answers before the body is told that the connection ends", async () => {
  const told: string[] = [];
  class Refusing extends Telling {
    override headersReceived(): void {
      void this.connection.writeHeaders(
        new ResponseStartLine("HTTP/1.1", 403, ""),
        new HTTPHeaders({ "Content-Length": "2" }),
        "no",
      );
      this.connection.finish();
    }
  }
  const { connect } = await startTarget({
    startRequest: (_server: object, connection: HTTPConnection) => new Refusing(connection, told),
  });
  const client = await connect();
  await client.send(ask("/", "POST", "Content-Length: 6\r\n"));
  const response = await client.readFinalResponse();
  assert.equal([response.status, response.text], [403, "no"]);
  await client.closed();
  assert.equal(told, ["close"]);
  const other = await connect();
  assert.is((await other.get("/")).status, 403);
  await other.staysOpen();
  assert.equal(told, ["close", "close"]);
});

delegates("that throws, at any point, is logged and answered with 500", async () => {
  for (const at of ["headersReceived", "dataReceived", "finish"] as const) {
    const told: string[] = [];
    const { connect } = await startTarget({
      startRequest(_server: object, connection: HTTPConnection) {
        const message = new Telling(connection, told);
        message[at] = () => Promise.reject(new Error(`deliberate in ${at}`));
        return message;
      },
    });
    const client = await connect();
    await client.send(`${ask("/", "POST", "Content-Length: 3\r\n")}abc`);
    assert.is((await client.readFinalResponse()).status, 500, at);
    assert.is(told.at(-1), at === "finish" ? "data abc" : "close", at);
  }
  assert.is(loggedErrors().length, 3);
});

delegates.run();
