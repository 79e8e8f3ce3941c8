/** HostMatches and DefaultHostMatches: which hosts they take. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { DefaultHostMatches } from "../../lib/web/defaulthostmatches.ts";
import { HostMatches } from "../../lib/web/hostmatches.ts";

const request = (hostName: string, ...fields: string[]) => ({
  path: "/",
  hostName,
  headers: { has: (name: string) => fields.includes(name) },
});

const hosts = suite("HostMatches");

hosts("matches the whole host name", () => {
  const matcher = new HostMatches("www\\.example\\.com");
  assert.equal(matcher.match(request("www.example.com")), {});
  assert.is(matcher.match(request("www.example.com.evil.org")), null);
  assert.is(matcher.match(request("a.www.example.com")), null);
  assert.is(matcher.match(request("wwwxexample.com")), null);
});

hosts("knows no case and takes a RegExp", () => {
  assert.equal(new HostMatches("WWW\\.Example\\.com").match(request("www.example.com")), {});
  assert.equal(new HostMatches(/(.*\.)?example\.com/).match(request("a.example.com")), {});
  assert.is(new HostMatches(/example\.com/).match(request("example.com.org")), null);
});

hosts("matches an IPv6 address in brackets", () => {
  assert.equal(new HostMatches("\\[::1\\]").match(request("[::1]")), {});
});

hosts("has no path", () => {
  assert.is(new HostMatches("a").reverse(), null);
});

hosts.run();

const defaults = suite("DefaultHostMatches");
const { hostPattern } = new HostMatches("www\\.example\\.com");

defaults("matches any request if the default host fits", () => {
  const matcher = new DefaultHostMatches({ defaultHost: "www.example.com" }, hostPattern);
  assert.equal(matcher.match(request("127.0.0.1")), {});
});

defaults("never matches a request that a proxy forwarded", () => {
  const matcher = new DefaultHostMatches({ defaultHost: "www.example.com" }, hostPattern);
  assert.is(matcher.match(request("127.0.0.1", "x-real-ip")), null);
});

defaults("never matches without a default host, or with another", () => {
  assert.is(new DefaultHostMatches({ defaultHost: null }, hostPattern).match(request("a")), null);
  assert.is(new DefaultHostMatches({ defaultHost: "b" }, hostPattern).match(request("a")), null);
});

defaults.run();
