/** Static files that change: between requests, while they are sent; and how many of them are kept open. */
import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import * as path from "node:path";
import * as assert from "uvu/assert";
import {
  MOST_KEPT_BYTES,
  MOST_OPEN_FILES,
  StaticFileCache,
} from "../../lib/web/staticfilecache.ts";
import { StaticFileHandler } from "../../lib/web/staticfilehandler.ts";
import { MiB } from "../../lib/index.ts";
import { turns } from "../support/rawclient.ts";
import { folderOf, openFilesBelow, put, settled, untilOpen } from "./staticfolders.ts";
import { serveFolder, staticSuite } from "./statictools.ts";

const SMALL = 100;
const LARGE = MOST_KEPT_BYTES + 1;

for (const [kind, size] of [
  ["small", SMALL],
  ["large", LARGE],
] as const) {
  const between = staticSuite(`a ${kind} file, between requests`);
  const url = "/static/file.bin";

  /** Serves a file of "a"s that has been answered twice, so that it is open; the change; what is answered then. */
  async function afterChange(change: (file: string) => void): Promise<{
    status: number;
    text: string;
    hasNewTag: boolean;
  }> {
    const root = folderOf({ "file.bin": "a".repeat(size) });
    const file = path.join(root, "file.bin");
    await settled(file);
    const client = await (await serveFolder(root)).connect();
    await client.get(url);
    const before = await client.get(url);
    assert.is(before.text, "a".repeat(size));
    change(file);
    const after = await client.get(url);
    const hasNewTag = after.header("Etag") !== before.header("Etag");
    return { status: after.status, text: after.text, hasNewTag };
  }

  between("is replaced", async () => {
    const after = await afterChange((file) => {
      writeFileSync(`${file}.new`, "b".repeat(size));
      renameSync(`${file}.new`, file);
    });
    assert.equal(after, { status: 200, text: "b".repeat(size), hasNewTag: true });
  });
  between("is replaced by one of the same size and date", async () => {
    const after = await afterChange((file) => {
      const { atime, mtime } = statSync(file);
      writeFileSync(`${file}.new`, "b".repeat(size));
      utimesSync(`${file}.new`, atime, mtime);
      renameSync(`${file}.new`, file);
    });
    assert.equal(after, { status: 200, text: "b".repeat(size), hasNewTag: true });
  });
  between("is written over, and its date set back", async () => {
    const after = await afterChange((file) => {
      const { atime, mtime } = statSync(file);
      const fd = openSync(file, "r+");
      writeSync(fd, "b".repeat(size), 0);
      closeSync(fd);
      utimesSync(file, atime, mtime);
    });
    assert.equal(after, { status: 200, text: "b".repeat(size), hasNewTag: true });
  });
  between("is written over twice in a moment", async () => {
    const root = folderOf({ "file.bin": "a".repeat(size) });
    const file = path.join(root, "file.bin");
    const client = await (await serveFolder(root)).connect();
    for (const letter of "bcdefghij") {
      const fd = openSync(file, "r+");
      writeSync(fd, letter.repeat(size), 0);
      closeSync(fd);
      assert.is((await client.get(url)).text, letter.repeat(size));
    }
  });
  between("grows", async () => {
    const after = await afterChange((file) => appendFileSync(file, "b".repeat(20_000)));
    assert.equal(after, {
      status: 200,
      text: "a".repeat(size) + "b".repeat(20_000),
      hasNewTag: true,
    });
  });
  between("is truncated", async () => {
    const after = await afterChange((file) => truncateSync(file, 10));
    assert.equal(after, { status: 200, text: "a".repeat(10), hasNewTag: true });
  });
  between("is emptied", async () => {
    const after = await afterChange((file) => truncateSync(file, 0));
    assert.equal(after, { status: 200, text: "", hasNewTag: true });
  });
  between("is deleted", async () => {
    const after = await afterChange((file) => rmSync(file));
    assert.is(after.status, 404);
  });
  between("becomes a folder", async () => {
    const after = await afterChange((file) => {
      rmSync(file);
      mkdirSync(file);
    });
    assert.is(after.status, 403);
  });
  between("is deleted and made again", async () => {
    const after = await afterChange((file) => {
      rmSync(file);
      writeFileSync(file, "new");
    });
    assert.equal(after, { status: 200, text: "new", hasNewTag: true });
  });
  between.run();
}

const during = staticSuite("a file that changes while it is sent");
const SENT = 64 * MiB;

/** A request for a file of 64 MiB whose client has read the head and nothing more. */
async function halfSent(): Promise<{
  file: string;
  root: string;
  client: Awaited<ReturnType<Awaited<ReturnType<typeof serveFolder>>["connect"]>>;
}> {
  const root = folderOf({});
  const file = path.join(root, "file.bin");
  const fd = openSync(file, "w");
  ftruncateSync(fd, SENT);
  closeSync(fd);
  const { connect } = await serveFolder(root, { hashLimitBytes: 0 });
  const client = await connect();
  void client.send("GET /static/file.bin HTTP/1.1\r\nHost: a\r\n\r\n");
  await client.receives("\r\n\r\n");
  client.pause();
  return { file, root, client };
}
during("is cut off if it becomes shorter: neither padded nor hung", async () => {
  const { file, client } = await halfSent();
  truncateSync(file, 1 * MiB);
  client.resume();
  await client.gone();
  assert.ok(client.unread.length < SENT);
});
during("is sent as long as it was if it grows", async () => {
  const { file, client } = await halfSent();
  appendFileSync(file, "more");
  client.resume();
  let received = 0;
  while (received < SENT) {
    received += Buffer.byteLength(await client.receives(/^[\s\S]+/), "latin1");
  }
  assert.is(received, SENT);
  await client.staysOpen();
  assert.is(client.unread, "");
});
during("is sent to its end if it is deleted, and closed then", async () => {
  const { root, file, client } = await halfSent();
  rmSync(file);
  StaticFileHandler.reset();
  client.resume();
  let received = 0;
  while (received < SENT) {
    received += Buffer.byteLength(await client.receives(/^[\s\S]+/), "latin1");
  }
  assert.is(received, SENT);
  await untilOpen(root, 0);
  assert.is(openFilesBelow(root), 0);
});
during("is closed if the client goes away", async () => {
  const { root, client } = await halfSent();
  assert.ok(openFilesBelow(root) >= 1);
  StaticFileHandler.reset();
  client.abort();
  await untilOpen(root, 0);
  assert.is(openFilesBelow(root), 0);
});
during.run();

const kept = staticSuite("the files that are kept open");
kept("are those longer than MOST_KEPT_BYTES: shorter ones are kept as bytes", async () => {
  const root = folderOf({
    "under.bin": Buffer.alloc(MOST_KEPT_BYTES - 1),
    "at.bin": Buffer.alloc(MOST_KEPT_BYTES, 1),
    "over.bin": Buffer.alloc(MOST_KEPT_BYTES + 1, 2),
  });
  const client = await (await serveFolder(root)).connect();
  for (const [name, open] of [
    ["under.bin", 0],
    ["at.bin", 0],
    ["over.bin", 1],
  ] as const) {
    for (let i = 0; i < 3; i++) assert.is((await client.get(`/static/${name}`)).status, 200);
    await untilOpen(root, open);
    assert.is(openFilesBelow(root), open, name);
  }
});
kept("are not more than MOST_OPEN_FILES, however many are asked for", async () => {
  const root = folderOf({});
  const count = 2000;
  const contentOf = (i: number) => String(i % 10).repeat(LARGE) + i;
  for (let i = 0; i < count; i++) put(root, `${i}.bin`, contentOf(i));
  const client = await (await serveFolder(root)).connect();
  for (let i = 0; i < count; i++) {
    assert.is((await client.get(`/static/${i}.bin`)).text, contentOf(i));
  }
  await untilOpen(root, MOST_OPEN_FILES);
  assert.is(openFilesBelow(root), MOST_OPEN_FILES);
  // Those that were dropped are opened again.
  assert.is((await client.get("/static/0.bin")).text, contentOf(0));
});
kept("are closed by reset()", async () => {
  const root = folderOf({ "a.bin": Buffer.alloc(LARGE), "b.bin": Buffer.alloc(LARGE) });
  const client = await (await serveFolder(root)).connect();
  await client.get("/static/a.bin");
  await client.get("/static/b.bin");
  assert.is(openFilesBelow(root), 2);
  StaticFileHandler.reset();
  await untilOpen(root, 0);
  assert.is(openFilesBelow(root), 0);
  assert.is((await client.get("/static/a.bin")).status, 200);
});
kept("is one for many that ask at the same time", async () => {
  const root = folderOf({ "a.bin": Buffer.alloc(LARGE, 7) });
  const { connect } = await serveFolder(root);
  const clients = await Promise.all(Array.from({ length: 20 }, () => connect()));
  const responses = await Promise.all(clients.map((client) => client.get("/static/a.bin")));
  for (const response of responses) assert.is(response.body.length, LARGE);
  await turns(4);
  await untilOpen(root, 1);
  assert.is(openFilesBelow(root), 1);
});
kept("are closed when nobody has asked for them for a while", async () => {
  const root = folderOf({ "a.bin": Buffer.alloc(LARGE), "b.bin": Buffer.alloc(LARGE) });
  const cache = new StaticFileCache({ lookEveryMs: 1 });
  const options = { site: null, hashLimitBytes: 0 };
  const file = await cache.open(path.join(root, "a.bin"), options);
  file.retain();
  await cache.open(path.join(root, "b.bin"), options);
  await untilOpen(root, 1);
  assert.is(openFilesBelow(root), 1);
  // Who still uses one is not disturbed.
  assert.is(readSync(file.fd, Buffer.alloc(10), 0, 10, 0), 10);
  file.release();
  await untilOpen(root, 0);
  assert.is(openFilesBelow(root), 0);
});
kept("make room when there are no more descriptors", () => {
  const child = path.join(import.meta.dirname, "staticdescriptors.child.js");
  const limited = `ulimit -n 250 && exec "${process.execPath}" "${child}"`;
  const output = execFileSync("sh", ["-c", limited], { encoding: "utf8" });
  assert.is(output, "500 of 500\n");
});
kept("are replaced, not added to, when a file changes", async () => {
  const root = folderOf({ "a.bin": Buffer.alloc(LARGE) });
  const client = await (await serveFolder(root)).connect();
  for (let i = 0; i < 50; i++) {
    writeFileSync(path.join(root, "a.bin"), Buffer.alloc(LARGE + i, i));
    const { body } = await client.get("/static/a.bin");
    assert.ok(body.equals(Buffer.alloc(LARGE + i, i)));
  }
  await untilOpen(root, 1);
  assert.is(openFilesBelow(root), 1);
});
kept.run();
