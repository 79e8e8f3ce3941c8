/** Addresses made into links; most cases are those of Tornado's tests. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { xhtmlEscape } from "../../lib/http/escape.ts";
import { type LinkifyOptions, linkify } from "../../lib/http/linkify.ts";

/** Expects links of exactly what stands between ⟦ and ⟧. */
function links(marked: string, options: LinkifyOptions = {}): void {
  assert.is(linkify(marked.replace(/[⟦⟧]/g, ""), options), withLinks(marked));
}

function withLinks(marked: string): string {
  return xhtmlEscape(marked).replace(
    /⟦(.*?)⟧/g,
    (_, url: string) => `<a href="${url.startsWith("www.") ? "http://" : ""}${url}">${url}</a>`,
  );
}

const ends = suite("a link");

ends("ends before the punctuation of its sentence", () => {
  links("hello ⟦http://world.com/⟧!");
  links("⟦http://foo.com/blah_blah⟧.");
  links("⟦http://foo.com/blah_blah/⟧.");
  links("⟦http://foo.com/blah_blah⟧,");
  links("⟦http://www.example.com/wpstyle/?p=364⟧.");
  links("<⟦http://foo.com/blah_blah⟧>");
  links("<tag>⟦http://example.com⟧</tag>");
  links('"⟦http://example.com/⟧"');
});

ends("has the parentheses that are its own", () => {
  links("(Something like ⟦http://foo.com/blah_blah⟧)");
  links("⟦http://foo.com/blah_blah_(wikipedia)⟧");
  links("⟦http://foo.com/blah_(blah)_(wikipedia)_blah⟧");
  links("(Something like ⟦http://foo.com/blah_blah_(wikipedia)⟧)");
  links("⟦http://a.com/(b)⟧).");
});

ends("may have a user, a port, a query and any letters", () => {
  links("⟦http://userid:password@example.com:8080⟧");
  links("⟦http://userid@example.com⟧");
  links("hello ⟦http://world.com/with?param=true&stuff=yes⟧");
  links('⟦http://a.com/"b"c⟧');
  links("⟦http://\u27a1.ws/\u4a39⟧ ⟦http://\u{1d504}⟧");
});

ends("is made of an address that begins with www.", () => {
  links("Just a ⟦www.example.com⟧ link.");
  links("x-⟦www.example.com⟧, xwww.example.com");
  links("Just a www.example.com link. ⟦http://a.b⟧", { requireProtocol: true });
});

ends("is not made of a protocol alone, or of a piece of a word", () => {
  links("http:. www. www.. --://x ://x http:x \xe9http://x");
  links("-⟦http://x⟧");
});

ends.run();

const protocols = suite("a protocol");

protocols("is http or https unless others are permitted", () => {
  links("A file:///passwords.txt and ⟦http://web.com⟧ link, javascript:/x, HTTP://x");
  links("A ⟦file:///passwords.txt⟧ and http://web.com link", { permittedProtocols: ["file"] });
  links("⟦rdar://1234⟧ ⟦rdar:/1234⟧", { permittedProtocols: new Set(["http", "rdar"]) });
  links("⟦message://%3c330e7f@mail.gmail.com%3e⟧", { permittedProtocols: ["message"] });
});

protocols.run();

const attributes = suite("a link's attributes");

attributes("are those given", () => {
  assert.is(
    linkify("www.external-link.com", { extraParams: ' rel="nofollow" class="external"' }),
    '<a href="http://www.external-link.com" rel="nofollow" class="external">www.external-link.com</a>',
  );
});

attributes("are those a function gives for its address", () => {
  const extraParams = (href: string) =>
    href.startsWith("http://www.internal.com") ? 'class="internal"' : '  rel="nofollow"  ';
  assert.is(
    linkify("www.external.com and www.internal.com/blogs extra", { extraParams }),
    '<a href="http://www.external.com" rel="nofollow">www.external.com</a> and ' +
      '<a href="http://www.internal.com/blogs" class="internal">www.internal.com/blogs</a> extra',
  );
});

attributes("cannot be added to by the text", () => {
  assert.is(
    linkify('http://x"onclick="alert(1)"y'),
    '<a href="http://x&quot;onclick=&quot;alert(1)&quot;y">http://x&quot;onclick=&quot;alert(1)&quot;y</a>',
  );
  assert.not.match(linkify("http://x'onclick='<script>"), /'|<script/);
});

attributes.run();

const shortening = suite("a shortened link");

shortening("shows the host and the first of the path", () => {
  const url = "http://reallylong.com/link/that/exceedsthelenglimit.html";
  assert.is(
    linkify(`A ${url}`, { shorten: true, requireProtocol: true }),
    `A <a href="${url}" title="${url}">http://reallylong.com/link...</a>`,
  );
  assert.is(
    linkify("www.reallylong.com/index.html?a=b", { shorten: true }),
    '<a href="http://www.reallylong.com/index.html?a=b" ' +
      'title="http://www.reallylong.com/index.html?a=b">www.reallylong.com/index...</a>',
  );
});

shortening("shows the first of a long host", () => {
  const url = "http://reallylongdomainnamethatwillbetoolong.com/hi";
  assert.is(
    linkify(`A ${url}!`, { shorten: true }),
    `A <a href="${url}" title="${url}">http://reallylongdomainnametha...</a>!`,
  );
});

shortening("is whole if it would not become shorter", () => {
  for (const url of [
    "http://short.com/",
    "http://abcdefghijklmnopqrs.com",
    `http://${"a".repeat(25)}`,
  ]) {
    assert.is(linkify(url, { shorten: true }), `<a href="${url}">${url}</a>`);
  }
});

shortening("has no half of an entity or of a character", () => {
  const entity = linkify(`http://a.com${"\u4a39".repeat(15)}&${"b".repeat(30)}`, { shorten: true });
  assert.match(entity, `>http://a.com${"\u4a39".repeat(15)}...</a>`);
  const astral = linkify(`http://a.com${"x".repeat(17)}\u{1d504}${"b".repeat(30)}`, {
    shorten: true,
  });
  assert.match(astral, `>http://a.com${"x".repeat(17)}...</a>`);
});

shortening.run();

const hostile = suite("a text made to take long");

hostile("is walked through all the same", () => {
  for (const marked of [
    `⟦http://url.com/w⟧(${"a".repeat(45)}`,
    `⟦http://url.com/withmany⟧${".".repeat(100_000)}`,
    `⟦http://url.com/withmany⟧${"(".repeat(100_000)}a)`,
    "a-".repeat(100_000),
    "www.<".repeat(50_000),
    `⟦http://${"x(a)".repeat(50_000)}⟧`,
  ]) {
    // Not assert.is(): what it would print is as long as the texts.
    assert.ok(linkify(marked.replace(/[⟦⟧]/g, "")) === withLinks(marked), marked.slice(0, 30));
  }
});

hostile.run();

const bytes = suite("bytes");

bytes("are read as UTF-8", () => {
  assert.is(linkify(Buffer.from("<\xe9>")), "&lt;\xe9&gt;");
});

bytes.run();
