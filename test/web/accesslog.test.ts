/** The access log, and the ids by which its lines are found. */
import * as assert from "uvu/assert";
import {
  type AccessEntry,
  type Logger,
  RequestHandler,
  setLogger,
  setLogLevel,
  WebSocketHandler,
} from "../../lib/index.ts";
import { serverSuite, startServer } from "../support/servers.ts";
import { open } from "../support/websockets.ts";

const t = serverSuite("the access log");

class Home extends RequestHandler {
  get() {
    this.setStatus(Number(this.getArgument("status", "200")));
    this.finish(this.getArgument("id", "") === "" ? "" : this.request.id);
  }
}

/** Asks once. @returns the body */
async function asked(
  options: Parameters<typeof startServer>[1],
  target: string,
  ...fields: string[]
): Promise<string> {
  const { port } = await startServer([["/", Home]], options);
  const headers = Object.fromEntries(fields.map((field) => field.split(": ") as [string, string]));
  const response = await fetch(`http://127.0.0.1:${port}${target}`, { headers });
  return await response.text();
}

t("has a line a response, with a level by its status", async () => {
  const lines: string[] = [];
  const verb = (level: string) => (message: string) => lines.push(`${level} ${message}`);
  const before = setLogger({
    debug: verb("debug"),
    info: verb("info"),
    warn: verb("warn"),
    error: verb("error"),
  });
  try {
    for (const status of [200, 399, 400, 499, 500]) await asked({}, `/?status=${status}`);
  } finally {
    setLogger(before);
  }
  assert.equal(
    lines.map((line) => line.replace(/[\d.]+ms$/, "…ms")),
    [
      "info 200 GET /?status=200 (127.0.0.1) …ms",
      "info 399 GET /?status=399 (127.0.0.1) …ms",
      "warn 400 GET /?status=400 (127.0.0.1) …ms",
      "warn 499 GET /?status=499 (127.0.0.1) …ms",
      "error 500 GET /?status=500 (127.0.0.1) …ms",
    ],
  );
});

t("is given in parts to a logger that takes them, and not below the level", async () => {
  const got: [level: string, text: string, entry: AccessEntry][] = [];
  const quiet = () => {};
  const logger: Logger = {
    debug: quiet,
    info: quiet,
    warn: quiet,
    error: quiet,
    access: (...args) => got.push(args),
  };
  const before = setLogger(logger);
  try {
    await asked({}, "/?a=1");
    setLogLevel("warn");
    await asked({}, "/?a=2");
    await asked({}, "/?status=404");
  } finally {
    setLogger(before);
  }
  assert.equal(
    got.map(([level, , { status, method, uri, remoteIp }]) => [
      level,
      status,
      method,
      uri,
      remoteIp,
    ]),
    [
      ["info", 200, "GET", "/?a=1", "127.0.0.1"],
      ["warn", 404, "GET", "/?status=404", "127.0.0.1"],
    ],
  );
  assert.match(got[0]?.[1] ?? "", /^200 GET \/\?a=1 \(127\.0\.0\.1\) \d+\.\d\dms$/);
  assert.match(got[0]?.[2].requestId ?? "", /^[0-9a-f-]{36}$/);
});

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

t("knows a request by an id that is made, unless a trusted proxy names one", async () => {
  const field = "X-Request-Id: from-proxy";
  assert.match(await asked({}, "/?id=1", field), UUID);
  assert.is(await asked({ xheaders: true }, "/?id=1", field), "from-proxy");
  assert.match(await asked({ xheaders: true }, "/?id=1"), UUID);
});

t("takes no id that could break a line, a field or a command", async () => {
  const sent = (id: string) => asked({ xheaders: true }, "/?id=1", `X-Request-Id: ${id}`);
  for (const id of ["a", "A-z_0.9:~+/=@", "x".repeat(127), "x".repeat(128)]) {
    assert.is(await sent(id), id);
  }
  for (const id of ["x".repeat(129), "a b", "a,b", "<a>", "a'b", 'a"b', "a;b", "$(a)", "é"]) {
    assert.match(await sent(id), UUID, id);
  }
});

t("keeps the id of a request that became a WebSocket", async () => {
  const ids: string[] = [];
  class Chat extends WebSocketHandler {
    override prepare() {
      ids.push(this.request.id);
    }
    override open() {
      ids.push(this.request.id);
    }
    override onMessage() {
      ids.push(this.request.id);
      void this.writeMessage("x");
    }
  }
  const server = await startServer([["/", Chat]]);
  const peer = await open(server);
  peer.send(Buffer.from("818000000000", "hex"));
  await peer.gets(0x81, "x");
  assert.is(ids.length, 3);
  assert.match(ids[0] ?? "", UUID);
  assert.is(new Set(ids).size, 1);
});

t.run();
