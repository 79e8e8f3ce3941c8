/** Addresses and credentials put together; most cases are those of Tornado's tests. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { CodedError } from "../../lib/base/errors.ts";
import { parseQuery } from "../../lib/http/forms.ts";
import {
  encodeUsernamePassword,
  qsToQsl,
  type URLArguments,
  urlConcat,
} from "../../lib/http/urlconcat.ts";

const PATH = "https://localhost/path";

const concat = suite("an address with arguments added");

concat("has them in a query", () => {
  assert.is(urlConcat(PATH, { y: "y", z: "z" }), `${PATH}?y=y&z=z`);
  assert.is(urlConcat(PATH, [["y", "/y"]]), `${PATH}?y=%2Fy`);
  assert.is(urlConcat("", { y: "y" }), "?y=y");
});

concat("has them after those that it had", () => {
  const add: URLArguments = [["y", "y"]];
  assert.is(urlConcat(`${PATH}?`, add), `${PATH}?y=y`);
  assert.is(urlConcat(`${PATH}?x`, add), `${PATH}?x=&y=y`);
  assert.is(urlConcat(`${PATH}?x&`, add), `${PATH}?x=&y=y`);
  assert.is(urlConcat(`${PATH}?a=1&b=2`, add), `${PATH}?a=1&b=2&y=y`);
  assert.is(urlConcat(`${PATH}?r=1&r=2`, add), `${PATH}?r=1&r=2&y=y`);
  assert.is(urlConcat(`${PATH}?a==b&=c`, add), `${PATH}?a=%3Db&=c&y=y`);
});

concat("has them before its fragment", () => {
  assert.is(urlConcat(`${PATH}#tab`, { y: "y" }), `${PATH}?y=y#tab`);
  assert.is(urlConcat(`${PATH}?a=b#tab?c=d`, { y: "y" }), `${PATH}?a=b&y=y#tab?c=d`);
});

concat("has a name as often as it comes", () => {
  const twice: URLArguments = [
    ["y", "y1"],
    ["y", "y2"],
  ];
  assert.is(urlConcat(PATH, twice), `${PATH}?y=y1&y=y2`);
  assert.is(urlConcat(PATH, new Map([["y", "1"]])), `${PATH}?y=1`);
});

concat("is as it was without any", () => {
  assert.is(urlConcat(`${PATH}?%20#x`, null), `${PATH}?%20#x`);
  assert.is(urlConcat(`${PATH}?r=1&t=2`, []), `${PATH}?r=1&t=2`);
  assert.is(urlConcat(PATH, {}), PATH);
});

concat("cannot be led elsewhere by them", () => {
  assert.is(urlConcat("/p", { "a&b#": "c&d=e#\r\n" }), "/p?a%26b%23=c%26d%3De%23%0D%0A");
});

concat("has texts as UTF-8, bytes as they are, and numbers", () => {
  const args = { t: "\xe9", b: Buffer.of(0xe9), n: 5 };
  assert.is(urlConcat("/", args), "/?t=%C3%A9&b=%E9&n=5");
});

concat("keeps the bytes of what it had, UTF-8 or not", () => {
  assert.is(
    urlConcat("/?a=%E9&b=%c3%a9&c=\xe9&d=1+2%2B3%zz", []),
    "/?a=%E9&b=%C3%A9&c=%C3%A9&d=1+2%2B3%25zz",
  );
});

concat("is refused for what is no arguments", () => {
  const isType = (error: CodedError) => error.code === "ERR_ARGUMENT_TYPE";
  assert.throws(() => urlConcat("/", "a=b" as unknown as URLArguments), isType);
  assert.throws(() => urlConcat("/", { a: null } as unknown as URLArguments), isType);
});

concat.run();

const lists = suite("a parsed query");

lists("is listed by name and value", () => {
  const pairs = [
    ["a", "1"],
    ["a", "3"],
    ["b", "2"],
  ];
  assert.equal([...qsToQsl(parseQuery("a=1&b=2&a=3"))], pairs);
  assert.equal([...qsToQsl({ a: ["1", "3"], b: ["2"], c: [] })], pairs);
});

lists("goes into another address", () => {
  assert.is(urlConcat("/new?x=y", qsToQsl(parseQuery("a=1&b=2&a=3"))), "/new?x=y&a=1&a=3&b=2");
});

lists.run();

const credentials = suite("a user's name and password");

credentials("are joined by a colon, in UTF-8 of form NFC", () => {
  const encoded = (username: string, password: string) =>
    encodeUsernamePassword({ username, password }).toString("latin1");
  assert.is(encoded("Aladdin", "open: sesame"), "Aladdin:open: sesame");
  assert.is(encoded("jos\xe9", "jose\u0301"), "jos\xc3\xa9:jos\xc3\xa9");
  assert.is(encoded("", ""), ":");
});

credentials("may stand one after the other", () => {
  assert.is(encodeUsernamePassword("Aladdin", "open: sesame").toString(), "Aladdin:open: sesame");
});

credentials("are left as they are where they are bytes", () => {
  const bytes = encodeUsernamePassword({ username: Buffer.of(0xe9), password: Buffer.of(0xff) });
  assert.is(bytes.toString("hex"), "e93aff");
});

credentials("are refused if the name has a colon", () => {
  assert.throws(
    () => encodeUsernamePassword({ username: "a:b", password: "c" }),
    (error: CodedError) => error.code === "ERR_ARGUMENT_RANGE" && /colon/.test(error.message),
  );
});

credentials.run();
