/** What the suites of landspout/testing share: an application, and a log that is kept from the output. */
import { once } from "node:events";
import { suite, type Test } from "uvu";
import { setLogger } from "../../lib/base/log.ts";
import {
  Application,
  HTTPError,
  IOLoop,
  RequestHandler,
  WebSocketHandler,
} from "../../lib/index.ts";
import { until } from "../support/deferred.ts";

/** What handlers of the application have told. */
export const heard: string[] = [];

class Home extends RequestHandler {
  override get() {
    this.setCookie("theme", "dark", { httpOnly: true, maxAge: 60 });
    this.setCookie("n", "1");
    this.write("hello");
  }
}

/** What has arrived of a request. */
class Mirror extends RequestHandler {
  override prepare() {
    const { method, uri, headers, remoteIp, body } = this.request;
    this.write({
      method,
      uri,
      remoteIp,
      headers: Object.fromEntries(headers),
      cookies: Object.fromEntries(this.cookies),
      query: this.getQueryArguments("q"),
      form: this.getBodyArguments("f"),
      file: this.request.files.get("file")?.[0]?.body.toString() ?? null,
      body: Buffer.from(body).toString("latin1"),
    });
    return this.finish();
  }
}

class Streamed extends RequestHandler {
  override async get() {
    for (const bytes of [1, 70_000, 300_000]) {
      this.write("x".repeat(bytes));
      await this.flush();
    }
  }
}

class Never extends RequestHandler {
  override get() {
    heard.push("asked");
    return new Promise<void>(() => {});
  }
  override onConnectionClose() {
    heard.push("gone");
  }
}

class Endless extends RequestHandler {
  override async get() {
    const events = this.eventStream();
    for (let i = 0; i < 3; i++) void events.send({ data: String(i) });
    await events.closed;
    heard.push("events closed");
  }
}

class Cut extends RequestHandler {
  override async get() {
    this.setHeader("Content-Length", "100");
    this.write("only this");
    await this.flush();
    throw new Error("halfway");
  }
}

class Broken extends RequestHandler {
  override get() {
    throw new Error("it is broken");
  }
}

class Refused extends RequestHandler {
  override get() {
    throw new HTTPError(403, "not you");
  }
}

export class Echo extends WebSocketHandler {
  override open() {
    heard.push(`open ${this.request.remoteIp} ${this.request.headers.get("Cookie") ?? "-"}`);
  }
  override onMessage(message: string | Buffer) {
    return this.writeMessage(message);
  }
  override onClose() {
    heard.push(`close ${this.closeCode}`);
  }
}

/** Makes the application. */
export function makeApp(): Application {
  return new Application([
    ["/", Home],
    ["/mirror(?:/.*)?", Mirror],
    ["/streamed", Streamed],
    ["/never", Never],
    ["/endless", Endless],
    ["/cut", Cut],
    ["/broken", Broken],
    ["/refused", Refused],
    ["/echo", Echo],
  ]);
}

/** A suite before each of whose tests nothing has been heard, and whose log is silent. */
export function testingSuite(name: string): Test {
  const t = suite(name);
  t.before.each(() => {
    heard.length = 0;
    setLogger({ debug() {}, info() {}, warn() {}, error() {} });
  });
  t.after.each(async () => {
    setLogger(null);
    await until(() => IOLoop.current().stats().open === 0, "end of every connection");
  });
  return t;
}

/** What `promise` rejects with. */
export async function failureOf(promise: Promise<unknown>): Promise<Error & { code?: string }> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
  throw new Error("it was expected to reject");
}

/** The exit code of a child, and what it has printed. */
export async function resultOf(
  child: import("node:child_process").ChildProcess,
): Promise<{ code: number | null; output: string }> {
  let output = "";
  const take = (piece: Buffer) => {
    output += piece.toString();
  };
  child.stdout?.on("data", take);
  child.stderr?.on("data", take);
  const [code] = (await once(child, "close")) as [number | null];
  return { code, output };
}
