/** The demo's uploads: what is kept, how it is given back, what is refused. */
import { existsSync, readdirSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Demo, startDemo, stopDemos } from "./demo.ts";
import { Visitor } from "./visitor.ts";

interface Listed {
  readonly id: string;
  readonly name: string;
  readonly bytes: number;
  readonly leftMs: number;
}

let demo: Demo;

const list = async (response: Response | Promise<Response>): Promise<Listed[]> =>
  ((await (await response).json()) as { files: Listed[] }).files;

const uploads = suite("an upload");
uploads.before(async () => {
  demo = await startDemo();
});
uploads.after(stopDemos);

uploads("is in the list, and comes back as it was", async () => {
  const visitor = new Visitor(demo);
  const bytes = Buffer.alloc(300_000, "landspout");
  const response = await visitor.upload("notes.txt", bytes);
  assert.is(response.status, 201);
  const [file] = await list(response);
  assert.is(file?.name, "notes.txt");
  assert.is(file?.bytes, 300_000);
  assert.ok((file?.leftMs ?? 0) > 9 * 60_000 && (file?.leftMs ?? 0) <= 10 * 60_000);
  assert.equal(await list(visitor.ask("/uploads")).then((files) => files[0]?.id), file?.id);
  const back = await visitor.ask(`/uploads/${file?.id}`);
  assert.equal(Buffer.from(await back.arrayBuffer()), bytes);
});

uploads("is saved by a browser, and never shown", async () => {
  const visitor = new Visitor(demo);
  const [file] = await list(
    visitor.upload("<b>&'(é).html", Buffer.from("<script>alert(1)</script>")),
  );
  const { headers } = await visitor.ask(`/uploads/${file?.id}`);
  assert.is(headers.get("content-type"), "application/octet-stream");
  assert.is(headers.get("x-content-type-options"), "nosniff");
  assert.match(headers.get("content-security-policy") ?? "", /sandbox/);
  assert.is(
    headers.get("content-disposition"),
    "attachment; filename*=UTF-8''%3Cb%3E%26%27%28%C3%A9%29.html",
  );
});

uploads("of a browser without scripts leads back to the page", async () => {
  const visitor = new Visitor(demo);
  const form = new FormData();
  form.append("_xsrf", await visitor.token());
  form.append("file", new Blob(["x"]), "x");
  const headers = { Accept: "text/html,*/*" };
  const response = await visitor.ask("/uploads", { method: "POST", body: form, headers });
  assert.is(response.status, 303);
  assert.is(response.headers.get("location"), "/#upload");
});

for (const [given, shown] of [
  ["../../etc/passwd", "passwd"],
  ["C:\\photos\\me.png", "me.png"],
  ["..", ".."],
  ["🌪".repeat(200), `${"🌪".repeat(20)}…${"🌪".repeat(19)}`],
] as const) {
  uploads(`called ${given.slice(0, 20)} is no path`, async () => {
    const visitor = new Visitor(demo);
    const [file] = await list(visitor.upload(given, Buffer.from("x")));
    assert.is(file?.name, shown);
    assert.match(file?.id ?? "", /^[\w-]+$/);
    assert.is(await (await visitor.ask(`/uploads/${file?.id}`)).text(), "x");
  });
}

uploads("makes room: of more than twelve the oldest go", async () => {
  const visitor = new Visitor(demo);
  const token = await visitor.token();
  for (let i = 0; i < 14; i++) await visitor.upload(`${i}`, Buffer.from("x"), token);
  const names = (await list(visitor.ask("/uploads"))).map(({ name }) => Number(name));
  assert.is(names.length, 12);
  assert.is(Math.max(...names), 13);
  assert.is(Math.min(...names), 2);
});

uploads("without a file, or without a token, is refused", async () => {
  const visitor = new Visitor(demo);
  assert.is((await visitor.upload("refused", Buffer.from("x"), "")).status, 403);
  const form = new FormData();
  form.append("_xsrf", await visitor.token());
  assert.is((await visitor.ask("/uploads", { method: "POST", body: form })).status, 400);
  const names = (await list(visitor.ask("/uploads"))).map(({ name }) => name);
  assert.not(names.includes("refused"), names.join(" "));
});

uploads("of more than 64 MiB is refused before it is sent", async () => {
  const visitor = new Visitor(demo);
  const token = await visitor.token();
  const { status } = await visitor.upload("large", Buffer.alloc(64 * 1024 * 1024 + 20_000), token);
  assert.is(status, 413);
});

uploads("that is not there is 404, and nothing outside of the folder is there", async () => {
  const visitor = new Visitor(demo);
  for (const id of ["0", "%2e%2e%2fbus", "..%2f..%2fetc%2fpasswd"]) {
    const { status } = await visitor.ask(`/uploads/${id}`);
    assert.ok(status === 404 || status === 403, `${id}: ${status}`);
  }
});

uploads("is gone when the server is", async () => {
  const visitor = new Visitor(demo);
  await visitor.upload("x", Buffer.from("x"));
  const folder = demo.folder();
  assert.ok(readdirSync(`${folder}/uploads`).length > 0);
  demo.kill("SIGTERM");
  await demo.ended();
  assert.not(existsSync(folder));
});

uploads.run();
