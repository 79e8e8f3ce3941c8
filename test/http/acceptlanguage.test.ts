/** Which languages a client wants. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { parseAcceptLanguage } from "../../lib/http/acceptlanguage.ts";

const languages = suite("Accept-Language");

languages("lists languages, the highest weight first, equals in their order", () => {
  const text = "da, en-GB;q=0.8, fr;q=0.9, de, en;q=0.8";
  assert.equal(parseAcceptLanguage(text), ["da", "de", "fr", "en-GB", "en"]);
  assert.equal(parseAcceptLanguage("pt-BR"), ["pt-BR"]);
  assert.equal(parseAcceptLanguage("*;q=0.5,fr"), ["fr", "*"]);
});

languages("leaves out weight 0 and weights that are no number", () => {
  const text = "a;q=0, b;q=0.000, c;q=x, d;q=, e;q=-1, f;q=0x1, g;q=1e3, h;q=nan, i;q=.5, j;q=1.";
  assert.equal(parseAcceptLanguage(text), ["j", "i"]);
});

languages("reads a weight after other parameters, spaces and in any case", () => {
  assert.equal(parseAcceptLanguage("a ; q=0.1 , b;x=1;Q=0.9"), ["b", "a"]);
});

languages("finds nothing in nothing", () => {
  for (const text of ["", " ", ",", ",,;q=1,", ";q=1", "\t"]) {
    assert.equal(parseAcceptLanguage(text), [], JSON.stringify(text));
  }
});

languages("reads 64 languages and no more, and none with a name over 64 characters", () => {
  const many = Array.from({ length: 65 }, (_, i) => `x${i}`);
  assert.is(parseAcceptLanguage(many.slice(0, 63).join()).length, 63);
  assert.is(parseAcceptLanguage(many.slice(0, 64).join()).length, 64);
  assert.is(parseAcceptLanguage(many.join()).length, 64);
  assert.equal(parseAcceptLanguage(`${"a".repeat(64)},b`).length, 2);
  assert.equal(parseAcceptLanguage(`${"a".repeat(65)},b`), ["b"]);
});

languages.run();
