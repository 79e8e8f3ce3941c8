/** A handler class with `uploads`: its life around the files, which are gone when it is over. */
import { readFileSync, rmSync } from "node:fs";
import * as path from "node:path";
import * as assert from "uvu/assert";
import { RequestHandler, type UploadedFile, type UploadOptions } from "../../lib/index.ts";
import { deferred } from "../support/deferred.ts";
import type { RawClient } from "../support/rawclient.ts";
import { startServer } from "../support/servers.ts";
import {
  eventually,
  partOfForm,
  uploadDirectory,
  uploadHead,
  uploadSuite,
  uploadsLeft,
} from "../support/uploads.ts";

const END = "--b--\r\n";
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

life("does not change what another class gets", async () => {
  const client = await connect();
  await client.send(ask("/memory"));
  assert.equal(JSON.parse((await client.readFinalResponse()).text), { body: "file", path: null });
});

life.run();
