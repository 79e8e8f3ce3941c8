/** Paths that try to leave the root, name what is hidden, or are no files: refused, and nothing of them is told. */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import * as net from "node:net";
import * as path from "node:path";
import * as assert from "uvu/assert";
import { StaticFileHandler } from "../../lib/web/staticfilehandler.ts";
import { loggedErrors, startServer } from "../support/servers.ts";
import { caseFolder, folderOf, put, robots, settled } from "./staticfolders.ts";
import { serveFolder, staticSuite } from "./statictools.ts";

const outside = staticSuite("a path of a URL");
for (const [target, status] of [
  // Out of the root.
  ["/static/../static_foo.txt", 403],
  ["/static/%2e%2e/static_foo.txt", 403],
  ["/static/%2E%2E%2Fstatic_foo.txt", 403],
  ["/static/.%2e/static_foo.txt", 403],
  ["/static/dir/../../static_foo.txt", 403],
  ["/static//etc/passwd", 403],
  ["/static/%2fetc/passwd", 403],
  ["/static/../../../../../../../../etc/passwd", 403],
  ["/static/..", 403],
  ["/static/../", 403],
  // A name that begins as the root's does.
  ["/static/../static_foo.txt/", 403],
  // Not out of it.
  ["/static/dir/../robots.txt", 200],
  ["/static/dir/%2e%2e/robots.txt", 200],
  ["/static/./robots.txt", 200],
  ["/static/dir/..//robots.txt", 200],
  ["/static/robots.txt/", 200],
  // Not there.
  ["/static/missing.txt", 404],
  ["/static/dir/missing.txt", 404],
  ["/static/robots.txt/below-a-file", 404],
  ["/static/robots.txt%00", 404],
  ["/static/robots.txt%00.png", 404],
  ["/static/%00", 404],
  ["/static/..%00/robots.txt", 404],
  ["/static/..%5cstatic_foo.txt", 404],
  ["/static/%5c..%5cstatic_foo.txt", 404],
  ["/static/%252e%252e/static_foo.txt", 404],
  [`/static/${"a".repeat(300)}`, 404],
  [`/static/${"a/".repeat(3000)}`, 404],
  // Not UTF-8.
  ["/static/%ff", 400],
  ["/static/%c0%ae%c0%ae/static_foo.txt", 400],
] as const) {
  outside(`${target.slice(0, 60)} is answered with ${status}`, async () => {
    const root = caseFolder();
    await settled(path.join(root, "robots.txt"));
    const client = await (await serveFolder(root)).connect();
    for (let i = 0; i < 2; i++) {
      const response = await client.get(target);
      assert.is(response.status, status);
      if (status === 200) assert.is(response.text, robots);
      else assert.not.match(response.text, /beside the root|root:/);
    }
  });
}

outside("whose root is one file leads to it, where its group is empty", async () => {
  const root = path.join(caseFolder(), "robots.txt");
  const { connect } = await startServer([["/about()", StaticFileHandler, { path: root }]]);
  const client = await connect();
  for (let i = 0; i < 2; i++) assert.is((await client.get("/about")).text, robots);
});

outside("may be raw UTF-8, as curl sends it", async () => {
  const root = caseFolder();
  put(root, "café.txt", robots);
  const client = await (await serveFolder(root)).connect();
  assert.is((await client.get(Buffer.from("/static/café.txt").toString("latin1"))).text, robots);
});
outside("of UTF-8 and spaces is a name", async () => {
  const root = folderOf({ "ä ö.txt": "umlauts", "a+b.txt": "plus", "-": "dash" });
  const client = await (await serveFolder(root)).connect();
  assert.is((await client.get("/static/%C3%A4%20%C3%B6.txt")).text, "umlauts");
  assert.is((await client.get("/static/a+b.txt")).text, "plus");
  assert.is((await client.get("/static/-")).text, "dash");
});
outside("is not answered with the name of the root", async () => {
  const root = caseFolder();
  const client = await (await serveFolder(root)).connect();
  for (const name of ["../x", "missing", "dir", "%00"]) {
    const response = await client.get(`/static/${name}`);
    assert.not.ok(response.text.includes(path.basename(path.dirname(root))), name);
  }
});
outside("may name any file below the root /", async () => {
  const root = caseFolder();
  const client = await (await serveFolder("/")).connect();
  assert.is((await client.get(`/static${root}/robots.txt`)).text, robots);
});
outside.run();

const hidden = staticSuite("a name that begins with a dot");
const hiddenFiles = {
  ".env": "secret",
  ".git/config": "secret",
  "a/.b/c.txt": "secret",
  "d/e..f": "ok",
};
hidden("is not there", async () => {
  const client = await (await serveFolder(folderOf(hiddenFiles))).connect();
  for (const target of [".env", "%2eenv", ".git/config", "a/.b/c.txt", ".git", "d/../.env"]) {
    const response = await client.get(`/static/${target}`);
    assert.is(response.status, 404, target);
    assert.not.match(response.text, /secret/);
  }
  assert.is((await client.get("/static/d/e..f")).text, "ok");
});
hidden("is there where the route allows it", async () => {
  const client = await (await serveFolder(folderOf(hiddenFiles), { dotfiles: "allow" })).connect();
  assert.is((await client.get("/static/.env")).text, "secret");
  assert.is((await client.get("/static/a/.b/c.txt")).text, "secret");
});
hidden("is no matter above the root", async () => {
  const root = path.join(folderOf({ ".hidden/static/a.txt": "ok" }), ".hidden/static");
  const client = await (await serveFolder(root)).connect();
  assert.is((await client.get("/static/a.txt")).text, "ok");
});
hidden.run();

const links = staticSuite("a symbolic link");
links("within the root is followed", async () => {
  const root = caseFolder();
  symlinkSync("robots.txt", path.join(root, "link.txt"));
  symlinkSync("dir", path.join(root, "folder"));
  const client = await (await serveFolder(root)).connect();
  assert.is((await client.get("/static/link.txt")).text, robots);
  assert.is((await client.get("/static/folder/index.html")).text, "this is the index\n");
});
links("out of the root is refused, be it a file's or a folder's", async () => {
  const root = caseFolder();
  symlinkSync("../static_foo.txt", path.join(root, "link.txt"));
  symlinkSync("..", path.join(root, "up"));
  symlinkSync("/etc", path.join(root, "etc"));
  mkdirSync(path.join(root, "docs"));
  symlinkSync("../../static_foo.txt", path.join(root, "docs/index.html"));
  const args = { defaultFilename: "index.html" };
  const client = await (await serveFolder(root, args)).connect();
  for (const target of ["link.txt", "up/static_foo.txt", "etc/passwd", "up", "etc", "docs/"]) {
    const response = await client.get(`/static/${target}`);
    assert.is(response.status, 403, target);
    assert.not.match(response.text, /beside the root|root:/);
  }
});
links("out of the root is followed to an allowed folder", async () => {
  const elsewhere = folderOf({ "shared.txt": "shared", "deep/er.txt": "deeper" });
  const other = folderOf({ "other.txt": "other" });
  const root = caseFolder();
  symlinkSync(path.join(elsewhere, "shared.txt"), path.join(root, "shared.txt"));
  symlinkSync(path.join(elsewhere, "deep"), path.join(root, "deep"));
  symlinkSync(path.join(other, "other.txt"), path.join(root, "other.txt"));
  const one = await (await serveFolder(root, { allowedSymlinkDirectory: elsewhere })).connect();
  assert.is((await one.get("/static/shared.txt")).text, "shared");
  assert.is((await one.get("/static/deep/er.txt")).text, "deeper");
  assert.is((await one.get("/static/other.txt")).status, 403);
  const both = { allowedSymlinkDirectory: [elsewhere, other] };
  const two = await (await serveFolder(root, both)).connect();
  assert.is((await two.get("/static/shared.txt")).text, "shared");
  assert.is((await two.get("/static/other.txt")).text, "other");
  // What one route allows is not allowed by another, though the file is open.
  const none = await (await serveFolder(root)).connect();
  assert.is((await none.get("/static/other.txt")).status, 403);
});
links("to an allowed folder's sibling is refused", async () => {
  const elsewhere = folderOf({ "a/x.txt": "x", "ab/y.txt": "y" });
  const root = caseFolder();
  symlinkSync(path.join(elsewhere, "ab/y.txt"), path.join(root, "y.txt"));
  const args = { allowedSymlinkDirectory: path.join(elsewhere, "a") };
  const client = await (await serveFolder(root, args)).connect();
  assert.is((await client.get("/static/y.txt")).status, 403);
});
links("may be the root itself, and lead elsewhere later", async () => {
  const first = folderOf({ "a.txt": "first" });
  const second = folderOf({ "a.txt": "second" });
  const current = path.join(caseFolder(), "current");
  symlinkSync(first, current);
  await settled(path.join(first, "a.txt"), path.join(second, "a.txt"));
  const client = await (await serveFolder(current)).connect();
  assert.is((await client.get("/static/a.txt")).text, "first");
  assert.is((await client.get("/static/a.txt")).text, "first");
  unlinkSync(current);
  symlinkSync(second, current);
  assert.is((await client.get("/static/a.txt")).text, "second");
});
links("that is swapped between requests is judged anew", async () => {
  const root = caseFolder();
  const link = path.join(root, "swapped.txt");
  symlinkSync("robots.txt", link);
  await settled(path.join(root, "robots.txt"), path.join(root, "../static_foo.txt"));
  const client = await (await serveFolder(root)).connect();
  for (let i = 0; i < 5; i++) {
    assert.is((await client.get("/static/swapped.txt")).text, robots);
    assert.is((await client.get("/static/swapped.txt")).text, robots);
    unlinkSync(link);
    symlinkSync("../static_foo.txt", link);
    assert.is((await client.get("/static/swapped.txt")).status, 403);
    unlinkSync(link);
    symlinkSync("robots.txt", link);
  }
});
links("that is swapped while requests are answered never shows what is outside", async () => {
  const root = caseFolder();
  const link = path.join(root, "swapped");
  put(root, "inside/file.txt", "inside");
  put(path.dirname(root), "secret/file.txt", "secret");
  symlinkSync("inside", link);
  const client = await (await serveFolder(root)).connect();
  let isDone = false;
  const swapping = (async () => {
    for (let i = 0; !isDone; i++) {
      unlinkSync(link);
      symlinkSync(i % 2 === 0 ? "../secret" : "inside", link);
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  const statuses = new Set<number>();
  for (let i = 0; i < 400; i++) {
    const response = await client.get("/static/swapped/file.txt");
    statuses.add(response.status);
    if (response.status === 200) assert.is(response.text, "inside");
  }
  isDone = true;
  await swapping;
  for (const status of statuses) assert.ok([200, 403, 404].includes(status), String(status));
});
links("that leads nowhere, or in a circle, is not there", async () => {
  const root = caseFolder();
  symlinkSync("nowhere", path.join(root, "dangling"));
  symlinkSync("circle", path.join(root, "circle"));
  const client = await (await serveFolder(root)).connect();
  assert.is((await client.get("/static/dangling")).status, 404);
  assert.is((await client.get("/static/circle")).status, 404);
});
links.run();

const others = staticSuite("what is no file");
others("is refused, and blocks nothing: a pipe, a socket, a device", async () => {
  const root = caseFolder();
  execFileSync("mkfifo", [path.join(root, "pipe")]);
  symlinkSync("/dev/zero", path.join(root, "zero"));
  const socket = net.createServer().listen(path.join(root, "socket"));
  try {
    const client = await (await serveFolder(root)).connect();
    assert.is((await client.get("/static/pipe")).status, 403);
    assert.is((await client.get("/static/zero")).status, 403);
    assert.is((await client.get("/static/socket")).status, 403);
    const all = await (await serveFolder("/")).connect();
    assert.is((await all.get("/static/dev/zero")).status, 403);
  } finally {
    await new Promise((resolve) => socket.close(resolve));
  }
});
others("is refused as the default file of a folder", async () => {
  const root = caseFolder();
  mkdirSync(path.join(root, "dir/sub"));
  const client = await (await serveFolder(root, { defaultFilename: "sub" })).connect();
  assert.is((await client.get("/static/dir/")).status, 403);
});
others("a file that may not be read is refused with 403", async () => {
  if (process.getuid?.() === 0) return; // root may read everything.
  const root = caseFolder();
  chmodSync(path.join(root, "robots.txt"), 0);
  const client = await (await serveFolder(root)).connect();
  assert.is((await client.get("/static/robots.txt")).status, 403);
});
others("a root that is not there is a 404, until it is", async () => {
  const root = path.join(caseFolder(), "later");
  const client = await (await serveFolder(root)).connect();
  assert.is((await client.get("/static/a.txt")).status, 404);
  put(root, "a.txt", "now");
  assert.is((await client.get("/static/a.txt")).text, "now");
  rmSync(root, { recursive: true });
  assert.is((await client.get("/static/a.txt")).status, 404);
});
others("a handler without a root serves nothing", async () => {
  class Rootless extends StaticFileHandler {
    override initialize(): void {}
  }
  writeFileSync(path.join(caseFolder(), "x"), "");
  const { connect } = await startServer([["/(.*)", Rootless]]);
  assert.is((await (await connect()).get("/package.json")).status, 500);
  assert.is(loggedErrors().length, 1);
});
others.run();
