/** Plural-Forms: the rules of languages, and expressions that are none. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { CodedError } from "../../lib/base/errors.ts";
import { germanicForms, parsePluralForms } from "../../lib/http/pluralforms.ts";

function forms(text: string, numbers: readonly number[]): number[] {
  const plurals = parsePluralForms(text);
  return numbers.map((n) => plurals.indexOf(n));
}

function refuses(text: string, message: RegExp): void {
  assert.throws(
    () => parsePluralForms(text),
    (error: unknown) =>
      error instanceof CodedError &&
      error.code === "ERR_TRANSLATIONS" &&
      message.test(error.message),
    text,
  );
}

const rules = suite("plural rules");

rules("of Russian", () => {
  const text =
    "nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);";
  assert.equal(
    forms(text, [0, 1, 2, 4, 5, 11, 12, 14, 20, 21, 22, 25, 101, 111, 112, 1001]),
    [2, 0, 1, 1, 2, 2, 2, 2, 2, 0, 1, 2, 0, 2, 2, 0],
  );
});

rules("of Polish", () => {
  const text =
    "nplurals=3; plural=n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2";
  assert.equal(forms(text, [0, 1, 2, 4, 5, 12, 21, 22, 101]), [2, 0, 1, 1, 2, 2, 2, 1, 2]);
});

rules("of Arabic", () => {
  const text =
    "nplurals=6; plural=n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5;";
  assert.equal(
    forms(text, [0, 1, 2, 3, 10, 11, 99, 100, 102, 103, 111]),
    [0, 1, 2, 3, 3, 4, 4, 5, 5, 3, 4],
  );
});

rules("of Japanese, French and, without the field, English", () => {
  assert.equal(forms("nplurals=1; plural=0;", [0, 1, 5]), [0, 0, 0]);
  assert.equal(forms("nplurals=2; plural=(n > 1);", [0, 1, 2]), [0, 0, 1]);
  assert.equal(
    [0, 1, 2].map((n) => germanicForms.indexOf(n)),
    [1, 0, 1],
  );
});

rules("ignore sign and fraction, and survive what is no number", () => {
  const numbers = [-1, 1.9, -2.5, Number.NaN, Number.POSITIVE_INFINITY];
  assert.equal(forms("nplurals=2; plural=n!=1;", numbers), [0, 0, 1, 1, 1]);
});

rules("have C's precedence and associativity", () => {
  assert.equal(forms("nplurals=16; plural=(1+2*3-4)%16;", [0]), [3]);
  assert.equal(forms("nplurals=16; plural=20-3-2;", [0]), [15]);
  assert.equal(forms("nplurals=16; plural=7/2;", [0]), [3]);
  assert.equal(forms("nplurals=2; plural=!n;", [0, 1]), [1, 0]);
  assert.equal(forms("nplurals=2; plural=!!n || n<0;", [0, 7]), [0, 1]);
  assert.equal(forms("nplurals=3; plural=0 ? 1 : 0 ? 1 : 2;", [0]), [2]);
  assert.equal(forms("nplurals=2; plural=1 || 0 && 0;", [0]), [1]);
  assert.equal(forms("nplurals=2; plural=n%0 + n/0;", [5]), [0]);
});

rules("beyond the numbers tried stay within the forms", () => {
  const plurals = parsePluralForms("nplurals=2; plural=n>1000 ? n : 0;");
  assert.is(plurals.indexOf(5_000), 1);
});

rules.run();

const refused = suite("a Plural-Forms that is none");

refused("is refused with what is wrong", () => {
  refuses("", /expected nplurals/);
  refuses("nplurals=2", /expected nplurals/);
  refuses("nplurals=x; plural=0;", /expected nplurals/);
  refuses("nplurals=0; plural=0;", /1 to 16/);
  refuses("nplurals=17; plural=0;", /1 to 16/);
  for (const expression of [
    "",
    "n n",
    "n ?",
    "n ? 1",
    "(n",
    "n)",
    "* n",
    "n +",
    "m",
    "nn",
    "n = 1",
  ]) {
    refuses(`nplurals=2; plural=${expression};`, /ends early|unexpected|no operator/);
  }
  for (const code of ["process.exit()", "n, 1", "`1`", "n=>1", "1e3", "0x1", "1.5", "n[0]"]) {
    refuses(`nplurals=2; plural=${code};`, /unexpected|no operator/);
  }
});

refused("is refused if a number has no form", () => {
  refuses("nplurals=2; plural=n;", /2 gives the form 2/);
  refuses("nplurals=2; plural=0-1;", /0 gives the form -1/);
  refuses("nplurals=2; plural=n==1000 ? 2 : 0;", /1000 gives the form 2/);
});

refused("is refused if it is long or deep, and taken just below", () => {
  const padded = (length: number) => `nplurals=2; plural=${"0+".repeat((length - 1) / 2)}0;`;
  assert.is(parsePluralForms(padded(999)).indexOf(1), 0);
  refuses(`nplurals=2; plural=${"0+".repeat(500)}0;`, /more than 1000/);
  const nested = (depth: number) => `nplurals=2; plural=${"(".repeat(depth)}0${")".repeat(depth)};`;
  assert.is(parsePluralForms(nested(49)).indexOf(1), 0);
  refuses(nested(50), /too deep/);
  refuses(nested(400), /too deep/);
  refuses(`nplurals=2; plural=${"n?".repeat(300)}0;`, /too deep/);
  assert.is(parsePluralForms(`nplurals=2; plural=${"!".repeat(900)}n;`).indexOf(1), 1);
});

refused.run();
