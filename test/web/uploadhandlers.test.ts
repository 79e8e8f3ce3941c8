/** A handler class with `uploads`: its life around the files, which are gone when it is over. */
import { readFileSync, rmSync } from "node:fs";
import * as path from "node:path";
import * as assert from "uvu/assert";
import { uploadError } from "../../lib/web/uploadwriter.ts";
import {
  HTTPError,
  RequestHandler,
  type UploadedFile,
  type UploadOptions,
} from "../../lib/index.ts";
import { deferred } from "../support/deferred.ts";
import type { RawClient } from "../support/rawclient.ts";
import { loggedErrors, startServer } from "../support/servers.ts";
import { END, partOfForm, uploadHead } from "../support/uploadforms.ts";
import { eventually, uploadDirectory, uploadSuite, uploadsLeft } from "../support/uploads.ts";

const FORM = partOfForm('name="a"', "1") + partOfForm('name="f"; filename="x"', "file") + END;

/** Asked for by each request, so that each test has its own directory. */
class Upload extends RequestHandler {
  static get uploads(): UploadOptions {
    return { directory: uploadDirectory(), maxFileBytes: 10 };
  }
  get files(): UploadedFile[] {
    return this.uploadedFiles("f");
  }
}

class Echo extends Upload {
  async post() {
    const [file] = this.files;
    const text = file === undefined ? null : readFileSync(file.path, "latin1");
    this.write({ a: this.getBodyArgument("a", null), text, size: file?.size ?? null });
  }
}

class Keep extends Upload {
  async put() {
    await this.files[0]?.moveTo(path.join(uploadDirectory(), "kept"));
  }
}

class Throws extends Upload {
  async post() {
    throw new Error("deliberate");
  }
}

class Unmade extends Upload {
  constructor(...args: ConstructorParameters<typeof RequestHandler>) {
    super(...args);
    throw new Error("deliberate");
  }
  post() {}
}

const begun = { promise: deferred<void>(), goOn: deferred<void>() };
class Waits extends Upload {
  async post() {
    begun.promise.resolve();
    await begun.goOn.promise;
    this.write("late");
  }
}

class Memory extends RequestHandler {
  post() {
    const [file] = this.request.files.get("f") ?? [];
    this.write({ body: file?.body.toString() ?? null, path: file?.path ?? null });
  }
}

async function connect(settings = {}): Promise<RawClient> {
  const server = await startServer(
    [
      ["/echo", Echo],
      ["/keep", Keep],
      ["/throws", Throws],
      ["/unmade", Unmade],
      ["/waits", Waits],
      ["/memory", Memory],
    ],
    { maxBodyBytes: 100_000 },
    settings,
  );
  return server.connect();
}

const ask = (target: string, body = FORM, method = "POST") =>
  uploadHead(body.length).replace("POST /", `${method} ${target}`) + body;

const life = uploadSuite("a handler class with uploads");

life("finds fields and files, which are gone afterwards", async () => {
  const client = await connect();
  for (let i = 0; i < 2; i++) {
    await client.send(ask("/echo"));
    const response = await client.readFinalResponse();
    assert.equal(JSON.parse(response.text), { a: "1", text: "file", size: 4 });
  }
});

life("keeps a file by moving it", async () => {
  const client = await connect();
  await client.send(ask("/keep", FORM, "PUT"));
  assert.is((await client.readFinalResponse()).status, 200);
  assert.is(readFileSync(path.join(uploadDirectory(), "kept"), "latin1"), "file");
  assert.equal(uploadsLeft(), ["kept"]);
  rmSync(path.join(uploadDirectory(), "kept"));
});

life("leaves no file behind if it throws, or cannot be made", async () => {
  for (const target of ["/throws", "/unmade"]) {
    const client = await connect();
    await client.send(ask(target));
    assert.is((await client.readFinalResponse()).status, 500);
    await eventually("no file was left", () => uploadsLeft().length === 0);
  }
});

life("has its files until it is done, though the client has gone", async () => {
  const client = await connect();
  await client.send(ask("/waits"));
  await begun.promise.promise;
  client.abort();
  await client.gone();
  assert.is(uploadsLeft().length, 1);
  begun.goOn.resolve();
  await eventually("no file was left", () => uploadsLeft().length === 0);
});

life("checks the XSRF token of a form", async () => {
  const client = await connect({ xsrfCookies: true });
  await client.send(ask("/echo"));
  assert.is((await client.readFinalResponse()).status, 403);
  const token = "0123456789abcdef0123456789abcdef";
  const form = partOfForm('name="_xsrf"', token) + FORM;
  await client.send(ask("/echo", form).replace("Host", `Cookie: _xsrf=${token}\r\nHost`));
  assert.is((await client.readFinalResponse()).status, 200);
});

life("refuses a file that is too large", async () => {
  const client = await connect();
  await client.send(ask("/echo", FORM.replace("file\r", "eleven bytes\r")));
  assert.is((await client.readFinalResponse()).status, 413);
});

/** Tells what its own writeError() was given. */
class Sorry extends Upload {
  override setDefaultHeaders() {
    this.setHeader("X-Mine", "yes");
  }
  async post() {
    this.write("taken");
  }
  override logException(error: unknown) {
    logged.push(String((error as Error).message));
  }
  override writeError(status: number) {
    this.write(`sorry ${status} ${this.request.bodyArguments.size} ${this.request.files.size}`);
  }
}
class SorryLater extends Sorry {
  override async writeError(status: number) {
    await new Promise((resolve) => setImmediate(resolve));
    this.finish(`later ${status}`);
  }
}
const logged: string[] = [];

async function sorry(body: string, target = "/sorry", options: UploadOptions = {}) {
  logged.length = 0;
  class Limited extends Sorry {
    static override get uploads() {
      return { ...Sorry.uploads, ...options };
    }
  }
  const { connect } = await startServer([
    ["/sorry", Limited],
    ["/later", SorryLater],
  ]);
  const client = await connect();
  await client.send(ask(target, body));
  return { client, response: await client.readFinalResponse() };
}

life("answers a form that is refused by its own writeError(), as one in memory", async () => {
  const tooLarge = FORM.replace("file\r", "eleven bytes\r");
  for (const [body, status, why] of [
    [FORM.replace('"a"', '"a'), 400, "malformed"],
    [tooLarge, 413, "larger than 10 bytes"],
    ["no form at all", 400, "does not begin"],
  ] as const) {
    const { client, response } = await sorry(body);
    assert.is(response.status, status);
    assert.is(response.text, `sorry ${status} 0 0`);
    assert.is(response.header("X-Mine"), "yes");
    assert.is(logged.length, 1);
    assert.ok(logged[0]?.includes(why), logged[0]);
    client.destroy();
    await eventually("no file was left", () => uploadsLeft().length === 0);
  }
});

life("goes on with its connection if the form had come whole, and ends it if not", async () => {
  const unfinished = FORM.replace(END, "--b-");
  const whole = await sorry(unfinished);
  assert.is(whole.response.text, "sorry 400 0 0");
  assert.is(whole.response.header("Connection"), null);
  await whole.client.send(ask("/sorry"));
  assert.is((await whole.client.readFinalResponse()).text, "taken");

  const { connect } = await startServer([["/sorry", Sorry]]);
  const client = await connect();
  await client.send(uploadHead(1_000).replace("POST /", "POST /sorry"));
  await client.send("no form");
  const half = await client.readFinalResponse();
  assert.is(half.status, 400);
  assert.is(half.header("Connection"), "close");
  await client.gone();
});

life("may take its time to write an error, while the rest comes", async () => {
  const body = `no form${"x".repeat(90_000)}`;
  const { response } = await sorry(body, "/later");
  assert.is(response.text, "later 400");
});

life("answers 500 if a file cannot be made, and says why", async () => {
  const { response } = await sorry(FORM, "/sorry", { directory: "/nonexistent/folder" });
  assert.is(response.status, 500);
  assert.match(logged[0] ?? "", /ENOENT/);
});

life("answers 507 if there is no room left, which is logged as an error", () => {
  for (const code of ["ENOSPC", "EDQUOT"]) {
    const error = uploadError(Object.assign(new Error("full"), { code }));
    assert.instance(error, HTTPError);
    assert.is((error as HTTPError).statusCode, 507);
  }
  assert.is(loggedErrors().length, 2);
  const other = new Error("other");
  assert.is(uploadError(other), other);
});

life("loses its files if it never ends and its client has gone long ago", async () => {
  const told = deferred<void>();
  let file: UploadedFile | undefined;
  class Forgets extends Upload {
    static override get uploads() {
      return { ...Upload.uploads, abandonedTimeoutMs: 1 };
    }
    async post() {
      file = this.files[0];
      told.resolve();
      await new Promise(() => {});
    }
  }
  const { connect } = await startServer([["/", Forgets]]);
  const client = await connect();
  await client.send(ask("/"));
  await told.promise;
  assert.is(uploadsLeft().length, 1);
  client.abort();
  await eventually("no file was left", () => uploadsLeft().length === 0);
  const late = await file?.moveTo(path.join(uploadDirectory(), "late")).catch((e) => e);
  assert.is(late.code, "ERR_STATE");
});

life("loses them as well if the server stops under it", async () => {
  const told = deferred<void>();
  class Forgets extends Upload {
    static override get uploads() {
      return { ...Upload.uploads, abandonedTimeoutMs: 1 };
    }
    async post() {
      told.resolve();
      await new Promise(() => {});
    }
  }
  const { connect, stop } = await startServer([["/", Forgets]]);
  await (await connect()).send(ask("/"));
  await told.promise;
  await stop();
  await eventually("no file was left", () => uploadsLeft().length === 0);
});

life("does not change what another class gets", async () => {
  const client = await connect();
  await client.send(ask("/memory"));
  assert.equal(JSON.parse((await client.readFinalResponse()).text), { body: "file", path: null });
});

life.run();
