/** RedirectHandler: where it sends, and where it will not. */
import * as assert from "uvu/assert";
import { CodedError } from "../../lib/base/errors.ts";
import { RedirectHandler } from "../../lib/web/redirecthandler.ts";
import { RedirectTemplate } from "../../lib/web/redirecttemplate.ts";
import { loggedErrors, serverSuite, startServer } from "../support/servers.ts";

/** The Location that a request is answered with; null if there is none. */
async function location(
  pattern: string,
  initArgs: Readonly<Record<string, unknown>>,
  target: string,
): Promise<string | null> {
  const { connect, stop } = await startServer([[pattern, RedirectHandler, initArgs]]);
  const response = await (await connect()).get(target);
  assert.is(response.status >= 300 && response.status < 400, response.header("Location") !== null);
  await stop();
  return response.header("Location");
}

const redirect = serverSuite("a redirect");

redirect("is permanent unless that is denied", async () => {
  const { connect } = await startServer([
    ["/old", RedirectHandler, { url: "/new" }],
    ["/tmp", RedirectHandler, { url: "/new", permanent: false }],
  ]);
  const client = await connect();
  const old = await client.get("/old");
  assert.is(old.status, 301);
  assert.is(old.header("Location"), "/new");
  assert.is(old.text, "");
  assert.is((await client.get("/tmp")).status, 302);
});

redirect("answers GET and HEAD, and no other method", async () => {
  const { connect } = await startServer([["/old", RedirectHandler, { url: "/new" }]]);
  const client = await connect();
  await client.send("HEAD /old HTTP/1.1\r\nHost: a\r\n\r\n");
  const head = await client.readResponse({ method: "HEAD" });
  assert.is(head.status, 301);
  assert.is(head.header("Location"), "/new");
  for (const method of ["POST", "PUT", "DELETE", "PATCH"]) {
    await client.send(`${method} /old HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n`);
    const response = await client.readResponse();
    assert.is(response.status, 405);
    assert.is(response.header("Location"), null);
  }
});

redirect("puts groups in their places, by number, by name and by count", async () => {
  assert.is(await location("/(.*?)/(.*?)/(.*)", { url: "/{1}/{0}/{2}" }, "/a/b/c"), "/b/a/c");
  assert.is(await location("/(.*?)/(.*)", { url: "/{}-{}" }, "/a/b"), "/a-b");
  assert.is(await location("/user/:name", { url: "/people/{name}" }, "/user/ada"), "/people/ada");
  assert.is(await location("/a(b)?", { url: "/x{0}y" }, "/a"), "/xy");
  assert.is(await location("/(.*)", { url: "/{{{0}}}" }, "/a"), "/{a}");
  assert.is(
    await location("/(.*)", { url: "https://example.org/{0}" }, "/a/b"),
    "https://example.org/a/b",
  );
});

redirect("adds the arguments of the query, repeated ones and other bytes too", async () => {
  const url = "/new";
  assert.is(await location("/old", { url }, "/old?a=1&b=2&a=3"), "/new?a=1&a=3&b=2");
  assert.is(await location("/old", { url: "/new?x=y#z" }, "/old?a=1"), "/new?x=y&a=1#z");
  assert.is(
    await location("/old", { url }, "/old?a=%C3%A9&b=%FF&c=%0D%0A"),
    "/new?a=%C3%A9&b=%FF&c=%0D%0A",
  );
  assert.is(await location("/old", { url }, "/old?"), "/new");
  assert.is(await location("/(.*)", { url: "/s?q={0}" }, "/a&b=c?d=e"), "/s?q=a%26b%3Dc&d=e");
});

redirect("never lets a group lead to another host", async () => {
  for (const target of [
    "/rd//evil.com",
    "/rd/%2Fevil.com",
    "/rd/%2F%2Fevil.com",
    "/rd/%2f/evil.com",
  ]) {
    const { connect, stop } = await startServer([["/rd/(.*)", RedirectHandler, { url: "/{0}" }]]);
    const response = await (await connect()).get(target);
    assert.is(response.status, 404, target);
    assert.is(response.header("Location"), null, target);
    assert.equal(loggedErrors(), []);
    await stop();
  }
  const harmless = { url: "/{0}" };
  assert.is(await location("/rd/(.*)", harmless, "/rd/%5Cevil.com"), "/%5Cevil.com");
  assert.is(await location("/rd/(.*)", harmless, "/rd/%09/evil.com"), "/%09/evil.com");
  assert.is(await location("/rd/(.*)", harmless, "/rd/evil.com//x"), "/evil.com//x");
  assert.is(await location("/rd/(.*)", harmless, "/rd/@evil.com"), "/@evil.com");
});

redirect("never lets a group be a scheme or a host by itself", async () => {
  for (const target of [
    "/http://evil.com",
    "/javascript:alert(1)",
    "/data:text/html,x",
    "///evil.com",
  ]) {
    assert.is(await location("/(.*)", { url: "{0}" }, target), null, target);
  }
  assert.is(await location("/(.*)", { url: "{0}" }, "/a"), "a");
  assert.is(await location("/(.*?)/(.*)", { url: "/{0}/{1}" }, "//evil.com"), null);
});

redirect(
  "percent-encodes what would break the field or leave its part of the address",
  async () => {
    const { connect } = await startServer([["/(.*)", RedirectHandler, { url: "/x/{0}" }]]);
    const client = await connect();
    const injected = await client.get("/a%0D%0ASet-Cookie:%20b=c%00%7F");
    assert.is(injected.status, 301);
    assert.is(injected.header("Location"), "/x/a%0D%0ASet-Cookie:%20b=c%00%7F");
    assert.is(injected.header("Set-Cookie"), null);
    assert.is(
      (await client.get("/%C3%A9%E2%82%AC%20%22%3C")).header("Location"),
      "/x/%C3%A9%E2%82%AC%20%22%3C",
    );
    assert.is((await client.get("/100%25%3Fa%3Db%23c")).header("Location"), "/x/100%25%3Fa=b%23c");
    assert.is((await client.get("/%FF")).status, 400);
  },
);

redirect("writes an address of the application's own so that it can be sent", async () => {
  assert.is(await location("/old", { url: "/é/ x\r\nA: b" }, "/old"), "/%C3%A9/%20x%0D%0AA:%20b");
});

redirect("whose init args make no sense is an error of the application", async () => {
  const bad: readonly Readonly<Record<string, unknown>>[] = [
    {},
    { url: 1 },
    { url: "/new", permanent: "yes" },
    { url: "/{" },
    { url: "/{0!r}" },
    { url: "/{1}" },
    { url: "/{name}" },
    { url: "https://{0}/" },
  ];
  for (const initArgs of bad) {
    const { connect, stop } = await startServer([["/(.*)", RedirectHandler, initArgs]]);
    const response = await (await connect()).get("/a");
    assert.is(response.status, 500, JSON.stringify(initArgs));
    assert.is(response.header("Location"), null);
    await stop();
  }
});

redirect.run();

const host = serverSuite("a host in an address");

host("may have a label of a group below a domain that is written out", () => {
  const template = new RedirectTemplate("https://{0}.example.com/{1}");
  assert.is(template.fill(["www", "x"], {}), "https://www.example.com/x");
  assert.is(template.fill(["a.b-c", "x"], {}), "https://a.b-c.example.com/x");
  for (const label of [
    "",
    "evil.com/",
    "evil.com#",
    "evil.com?",
    "a@b",
    "a:1",
    "é",
    ".",
    "a.",
    "-a",
    "a\\",
  ]) {
    assert.is(template.fill([label, "x"], {}), null, label);
  }
});

host("may not be left to a group", () => {
  for (const url of [
    "https://{0}/",
    "https://{0}",
    "//{0}/x",
    "https://{0}.com/",
    "https://{0}example.com/",
    "https://{0}-x.co.uk/",
    "https://example.com{0}",
    "https://example.com:{0}/",
    "\\\\{0}/x",
    "https://{0}.{1}/",
  ]) {
    assert.throws(
      () => new RedirectTemplate(url),
      (error: unknown) => error instanceof CodedError && error.code === "ERR_OPTION_RANGE",
      url,
    );
  }
});

host("that is written out stays, whatever the groups are", () => {
  const template = new RedirectTemplate("//example.com/{0}?q={0}#{0}");
  assert.is(template.fill(["//evil.com"], {}), "//example.com///evil.com?q=//evil.com#//evil.com");
  assert.is(
    template.fill(["\\@evil.com"], {}),
    "//example.com/%5C@evil.com?q=%5C@evil.com#%5C@evil.com",
  );
});

host.run();
