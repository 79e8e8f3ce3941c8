/** The demo's pages for people: signing in and out, what is refused, pages for errors. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Demo, startDemo, stopDemos } from "./demo.ts";
import { Visitor } from "./visitor.ts";

let demo: Demo;

function pageSuite(name: string) {
  const t = suite(name);
  t.before(async () => {
    demo = await startDemo();
  });
  t.after(stopDemos);
  return t;
}

const nameOn = (page: string): string | undefined => /<span id="me"[^>]*>([^<]*)</.exec(page)?.[1];
const idOn = (page: string): string | undefined => /<span id="me" data-id="(\w+)"/.exec(page)?.[1];

const signing = pageSuite("a visitor of the demo");
signing("is a guest, and the same one the next time", async () => {
  const visitor = new Visitor(demo);
  const first = await visitor.page("/");
  assert.match(nameOn(first) ?? "", /^Guest \d{3}$/);
  assert.is(idOn(await visitor.page("/")), idOn(first));
});
signing("signs in by any name, and stays who they were", async () => {
  const visitor = new Visitor(demo);
  const guest = await visitor.page("/");
  const response = await visitor.post("/sign-in", { name: "  Ada <Lovelace> " });
  assert.is(response.status, 303);
  assert.is(response.headers.get("location"), "/");
  const page = await visitor.page("/");
  assert.is(nameOn(page), "Ada &lt;Lovelace&gt;");
  assert.is(idOn(page), idOn(guest));
});
signing("has a cookie that no script can read, and nobody can change", async () => {
  const visitor = new Visitor(demo);
  const response = await visitor.post("/sign-in", { name: "Ada" });
  const line = response.headers.getSetCookie().find((set) => set.startsWith("person=")) ?? "";
  assert.match(line, /; HttpOnly/i);
  assert.match(line, /; SameSite=Lax/i);
  // Another letter in the name, which is before the signature.
  const forged = visitor.cookie.replace(
    /(person="?(?:[^|]*\|){4}[^|]{10})(.)/,
    (_, ahead, letter) => ahead + (letter === "A" ? "B" : "A"),
  );
  assert.is.not(forged, visitor.cookie);
  const page = await (await fetch(demo.base, { headers: { Cookie: forged } })).text();
  assert.match(nameOn(page) ?? "", /^Guest/);
});
signing("signs out, and is somebody new", async () => {
  const visitor = new Visitor(demo);
  await visitor.post("/sign-in", { name: "Ada" });
  const before = await visitor.page("/");
  assert.is((await visitor.post("/sign-out", {})).status, 303);
  const after = await visitor.page("/");
  assert.match(nameOn(after) ?? "", /^Guest/);
  assert.is.not(idOn(after), idOn(before));
});
for (const [what, name] of [
  ["nothing", ""],
  ["spaces", " \t "],
  ["control characters", "\u0000\u200b"],
] as const) {
  signing(`is asked again for a name of ${what}`, async () => {
    const response = await new Visitor(demo).post("/sign-in", { name });
    assert.is(response.status, 400);
    assert.match(await response.text(), /role="alert">Say a name/);
  });
}
signing("has at most 24 characters of a name", async () => {
  const visitor = new Visitor(demo);
  await visitor.post("/sign-in", { name: "🌪".repeat(25) });
  assert.is(nameOn(await visitor.page("/")), "🌪".repeat(24));
});
signing.run();

const guarded = pageSuite("what changes something");
guarded("is refused without the token of a form", async () => {
  const visitor = new Visitor(demo);
  await visitor.page("/sign-in");
  const body = new URLSearchParams({ name: "Mallory" });
  assert.is((await visitor.ask("/sign-in", { method: "POST", body })).status, 403);
});
guarded("is refused with the token of somebody else", async () => {
  const [visitor, other] = [new Visitor(demo), new Visitor(demo)];
  await visitor.page("/sign-in");
  const body = new URLSearchParams({ name: "Mallory", _xsrf: await other.token() });
  assert.is((await visitor.ask("/sign-in", { method: "POST", body })).status, 403);
});
guarded("is refused from another site, token or not", async () => {
  const visitor = new Visitor(demo);
  const body = new URLSearchParams({ name: "Mallory", _xsrf: await visitor.token() });
  const foreign = [{ "Sec-Fetch-Site": "cross-site" }, { Origin: "http://evil.example" }];
  for (const headers of foreign) {
    assert.is((await visitor.ask("/sign-in", { method: "POST", body, headers })).status, 403);
    assert.is((await visitor.ask("/echo", { method: "POST", body, headers })).status, 403);
  }
});
guarded.run();

const failing = pageSuite("an error");
const html = { Accept: "text/html,*/*;q=0.8" };
failing("is a page for a browser, with the name of what is not there, escaped", async () => {
  const response = await fetch(`${demo.base}/no/%3Cb%3E`, { headers: html });
  const page = await response.text();
  assert.is(response.status, 404);
  assert.match(page, /<h1>Nothing grows at this address\.<\/h1>/);
  assert.match(page, /<code>\/no\/(%3Cb%3E|&lt;b&gt;)<\/code>/);
  assert.match(response.headers.get("vary") ?? "", /Accept/);
});
failing("is a line for anybody else", async () => {
  const page = await (await fetch(`${demo.base}/no`, { headers: { Accept: "*/*" } })).text();
  assert.is(page, "<html><title>404: Not Found</title><body>404: Not Found</body></html>");
});
failing("of a handler tells nothing of what went wrong", async () => {
  const response = await fetch(`${demo.base}/broken`, { headers: html });
  const page = await response.text();
  assert.is(response.status, 500);
  assert.match(page, /<h1>Something broke on our side/);
  assert.not.match(page, /on purpose|broken\.js/);
});
failing.run();
