/** Locales: which one is closest, and how dates, lists and numbers are written. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { CodedError } from "../../lib/base/errors.ts";
import { CSVLocale } from "../../lib/web/csvlocale.ts";
import { formatMessage } from "../../lib/web/formatmessage.ts";
import { JSONLocale } from "../../lib/web/jsonlocale.ts";
import {
  getLocale,
  getSupportedLocales,
  Locale,
  setDefaultLocale,
  useTranslations,
} from "../../lib/web/locale.ts";

const NOW = Date.UTC(2013, 3, 28, 18, 35, 10);
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const english = new Locale("en_US");

function coded(code: string): (error: unknown) => boolean {
  return (error) => error instanceof CodedError && error.code === code;
}

const closest = suite("the closest locale");
closest.after.each(() => {
  useTranslations(new Map());
  setDefaultLocale("en_US");
});
function have(...codes: string[]): void {
  useTranslations(new Map(codes.map((code) => [code, new Locale(code)])));
}

closest("is the default one where there is nothing else", () => {
  assert.is(getLocale("de").code, "en_US");
  assert.is(getLocale().code, "en_US");
  assert.equal([...getSupportedLocales()], ["en_US"]);
  setDefaultLocale("pt-BR");
  assert.is(getLocale("de").code, "pt_BR");
  assert.equal([...getSupportedLocales()], ["pt_BR"]);
});
closest("is the same object each time", () => {
  have("fr");
  assert.is(getLocale("fr"), getLocale("fr_CA"));
  assert.is(getLocale("xx"), getLocale("en_US"));
});
closest("is that of language and region, in any spelling, else that of the language", () => {
  have("pt", "pt_BR", "fr_FR");
  assert.is(getLocale("pt-BR").code, "pt_BR");
  assert.is(getLocale("PT-br").code, "pt_BR");
  assert.is(getLocale("pt_PT").code, "pt");
  assert.is(getLocale("PT").code, "pt");
  assert.is(getLocale("fr").code, "en_US");
});
closest("follows the order of the codes, and passes over what is none", () => {
  have("de", "fr_FR");
  assert.is(getLocale("xx", "fr-FR", "de").code, "fr_FR");
  assert.is(getLocale("", null, undefined, "*", "a_b_c_d", "de").code, "de");
  assert.is(getLocale("__proto__", "constructor").code, "en_US");
});
closest("passes over a script", () => {
  have("zh_CN", "sr_Latn_RS");
  assert.is(getLocale("zh-Hans-CN").code, "zh_CN");
  assert.is(getLocale("sr-Latn-RS").code, "sr_Latn_RS");
});
closest("is not there for Locale.get(), which wants the very one", () => {
  have("fr");
  assert.is(Locale.get("fr").code, "fr");
  assert.throws(() => Locale.get("fr_FR"), coded("ERR_ARGUMENT_RANGE"));
  assert.throws(() => setDefaultLocale("not a code"), coded("ERR_ARGUMENT_RANGE"));
  assert.throws(() => setDefaultLocale(""), coded("ERR_ARGUMENT_RANGE"));
});
closest.run();

const attributes = suite("a locale");
attributes("has a name in its own language", () => {
  const names: Record<string, string> = {
    en_US: "English (US)",
    en_GB: "English (UK)",
    es_LA: "Español",
    es_ES: "Español (España)",
    fr_FR: "Français",
    fr_CA: "Français (Canada)",
    pt_BR: "Português (Brasil)",
    de_DE: "Deutsch",
    ru_RU: "Русский",
    zh_CN: "中文(简体)",
    ja_JP: "日本語",
    xx_XX: "Unknown",
  };
  for (const [code, name] of Object.entries(names)) assert.is(new Locale(code).name, name);
});
attributes("knows which way it is written", () => {
  for (const code of ["fa_IR", "ar", "ar_AR", "he_IL", "ur_PK"]) assert.ok(new Locale(code).rtl);
  for (const code of ["en_US", "arn", "hr_HR", "fi"]) assert.not(new Locale(code).rtl);
});
attributes("has a tag that Intl takes, whatever its code is", () => {
  const tags = ["pt_BR", "ca@valencia", "sr_Latn_RS", "xx_XX", "a_b@@", ""];
  assert.equal(
    tags.map((code) => new Locale(code).tag),
    ["pt-BR", "ca", "sr-Latn-RS", "en", "en", "en"],
  );
});
attributes("without translations says what it is given", () => {
  assert.is(english.translate("Sign out"), "Sign out");
  assert.is(english.translate("one", "many", 1), "one");
  assert.is(english.translate("one", "many", 0), "many");
  assert.is(english.pgettext("law", "right"), "right");
  assert.is(english.pgettext("x", "one", "many", 2), "many");
  assert.throws(() => english.translate("one", "many"), coded("ERR_ARGUMENT_TYPE"));
});
attributes.run();

const dates = suite("a date in English");
function ago(ms: number, options: Parameters<Locale["formatDate"]>[1] = {}): string {
  return english.formatDate(NOW - ms, { now: NOW, ...options });
}
dates("of the last day says how long ago it is", () => {
  assert.is(ago(0), "0 seconds ago");
  assert.is(ago(999), "0 seconds ago");
  assert.is(ago(SECOND), "1 second ago");
  assert.is(ago(2 * SECOND), "2 seconds ago");
  assert.is(ago(49 * SECOND), "49 seconds ago");
  assert.is(ago(50 * SECOND), "1 minute ago");
  assert.is(ago(2 * MINUTE), "2 minutes ago");
  assert.is(ago(49 * MINUTE + 59 * SECOND), "50 minutes ago");
  assert.is(ago(50 * MINUTE), "1 hour ago");
  assert.is(ago(2 * HOUR), "2 hours ago");
  assert.is(ago(DAY - SECOND), "24 hours ago");
});
dates("is rounded half to even, as in Python", () => {
  assert.is(ago(90 * SECOND), "2 minutes ago");
  assert.is(ago(150 * SECOND), "2 minutes ago");
  assert.is(ago(210 * SECOND), "4 minutes ago");
  assert.is(ago(150 * MINUTE), "2 hours ago");
});
dates("names yesterday, the weekday, the month and the year, as far back as it must", () => {
  assert.is(ago(DAY), "yesterday at 6:35 pm");
  assert.is(ago(DAY + HOUR), "yesterday at 5:35 pm");
  assert.is(ago(DAY + 19 * HOUR), "Friday at 11:35 pm");
  assert.is(ago(2 * DAY), "Friday at 6:35 pm");
  assert.is(ago(5 * DAY - SECOND), "Tuesday at 6:35 pm");
  assert.is(ago(5 * DAY), "April 23 at 6:35 pm");
  assert.is(ago(334 * DAY - SECOND), "May 29 at 6:35 pm");
  assert.is(ago(334 * DAY), "May 29, 2012 at 6:35 pm");
});
dates("may be shorter, absolute or full", () => {
  assert.is(ago(DAY, { shorter: true }), "yesterday");
  assert.is(ago(2 * DAY, { shorter: true }), "Friday");
  assert.is(ago(30 * DAY, { shorter: true }), "March 29");
  assert.is(ago(500 * DAY, { shorter: true }), "December 15, 2011");
  assert.is(ago(HOUR, { relative: false }), "5:35 pm");
  assert.is(ago(DAY, { relative: false }), "Saturday at 6:35 pm");
  assert.is(ago(0, { fullFormat: true }), "April 28, 2013 at 6:35 pm");
  assert.is(ago(0, { fullFormat: true, shorter: true }), "April 28, 2013");
});
dates("in the future is full, but for a minute that clocks may differ", () => {
  assert.is(ago(-59_999), "0 seconds ago");
  assert.is(ago(-60_000), "April 28, 2013 at 6:36 pm");
  assert.is(ago(-30 * SECOND, { relative: false }), "April 28, 2013 at 6:35 pm");
  assert.is(ago(-DAY - 30 * SECOND), "April 29, 2013 at 6:35 pm");
});
dates("is in the reader's time", () => {
  assert.is(ago(0, { fullFormat: true, gmtOffset: 300 }), "April 28, 2013 at 1:35 pm");
  assert.is(ago(0, { fullFormat: true, gmtOffset: -345 }), "April 29, 2013 at 12:20 am");
  assert.is(ago(DAY, { gmtOffset: -360 }), "yesterday at 12:35 am");
});
dates("has noon and midnight at 12, and a 24-hour clock in other English", () => {
  const noon = { now: Date.UTC(2013, 0, 1, 23), relative: false };
  assert.is(english.formatDate(Date.UTC(2013, 0, 1, 12, 5), noon), "12:05 pm");
  assert.is(english.formatDate(Date.UTC(2013, 0, 1, 0, 5), noon), "12:05 am");
  assert.is(new Locale("en_GB").formatDate(Date.UTC(2013, 0, 1, 0, 5), noon), "0:05");
  assert.is(new Locale("zh_CN").formatDate(Date.UTC(2013, 0, 1, 12, 5), noon), "下午12:05");
});
dates("may be a Date, but no invalid one", () => {
  assert.is(english.formatDate(new Date(NOW), { now: new Date(NOW + 2_000) }), "2 seconds ago");
  for (const date of [new Date(Number.NaN), Number.NaN, Number.POSITIVE_INFINITY, 9e15]) {
    assert.throws(() => english.formatDate(date), coded("ERR_ARGUMENT_RANGE"));
    assert.throws(() => english.formatDay(date), coded("ERR_ARGUMENT_RANGE"));
  }
  assert.throws(() => english.formatDate("today" as never), coded("ERR_ARGUMENT_RANGE"));
});
dates("counts from now where nothing else is said", () => {
  assert.is(english.formatDate(Date.now() - 2 * HOUR), "2 hours ago");
});
dates("as a day has its weekday or not", () => {
  assert.is(english.formatDay(NOW), "Sunday, April 28");
  assert.is(english.formatDay(new Date(NOW), { dow: false }), "April 28");
  assert.is(english.formatDay(NOW, { gmtOffset: -600 }), "Monday, April 29");
});
dates.run();

const elsewhere = suite("another language without translations");
elsewhere("writes dates as Intl does", () => {
  const german = new Locale("de_DE");
  const now = NOW;
  assert.is(german.formatDate(now - 2 * SECOND, { now }), "vor 2 Sekunden");
  assert.is(german.formatDate(now - 2 * HOUR, { now }), "vor 2 Stunden");
  assert.is(german.formatDate(now - DAY, { now }), "gestern 18:35");
  assert.is(german.formatDate(now - DAY, { now, shorter: true }), "gestern");
  assert.is(german.formatDate(now - 2 * DAY, { now, shorter: true }), "Freitag");
  assert.is(german.formatDate(now, { now, shorter: true, fullFormat: true }), "28. April 2013");
  assert.match(german.formatDate(now - 30 * DAY, { now }), /^29\. März .*18:35$/);
  assert.is(german.formatDay(now), "Sonntag, 28. April");
  assert.is(new Locale("ru_RU").formatDate(now - 5 * MINUTE, { now }), "5 минут назад");
});
elsewhere("writes lists and numbers as Intl does", () => {
  assert.is(new Locale("de_DE").list(["A", "B", "C"]), "A, B und C");
  assert.is(new Locale("de_DE").friendlyNumber(1_234_567), "1.234.567");
  assert.is(new Locale("hi_IN").friendlyNumber(12_345_678), "1,23,45,678");
});
elsewhere(
  "is English where Intl does not know it, whatever language the server's system is in",
  () => {
    const unknown = new Locale("xx_XX");
    assert.is(unknown.formatDate(NOW - DAY, { now: NOW }), "yesterday at 18:35");
    assert.is(unknown.list(["A", "B", "C"]), "A, B and C");
  },
);
elsewhere("uses the words that a translation has, and Intl's for the rest", () => {
  const spanish = new CSVLocale("es_ES", {
    unknown: new Map([
      [
        "%(month_name)s %(day)s, %(year)s at %(time)s",
        "%(day)s de %(month_name)s de %(year)s, %(time)s",
      ],
      ["yesterday at %(time)s", "ayer a las %(time)s"],
      ["%(commas)s and %(last)s", "%(commas)s y %(last)s"],
    ]),
    singular: new Map([["1 minute ago", "hace un minuto"]]),
    plural: new Map([["%(minutes)d minutes ago", "hace %(minutes)d minutos"]]),
  });
  const now = NOW;
  assert.is(spanish.formatDate(now, { now, fullFormat: true }), "28 de abril de 2013, 18:35");
  assert.is(spanish.formatDate(now - DAY, { now }), "ayer a las 18:35");
  assert.is(spanish.formatDate(now - MINUTE, { now }), "hace un minuto");
  assert.is(spanish.formatDate(now - 2 * MINUTE, { now }), "hace 2 minutos");
  assert.is(spanish.formatDate(now - 2 * SECOND, { now }), "hace 2 segundos");
  assert.is(spanish.list(["A", "B", "C"]), "A, B y C");
});
elsewhere.run();

const texts = suite("lists, numbers and messages");
texts("are written as in English", () => {
  assert.is(english.list([]), "");
  assert.is(english.list(["A"]), "A");
  assert.is(english.list(["A", "B"]), "A and B");
  assert.is(english.list(["A", "B", "C"]), "A, B and C");
  assert.is(english.list(["%(last)s", "%s"]), "%(last)s and %s");
  assert.is(english.friendlyNumber(1_000_000), "1,000,000");
  assert.is(english.friendlyNumber(-123_456), "-123,456");
  assert.is(english.friendlyNumber(2n ** 64n), "18,446,744,073,709,551,616");
  assert.is(english.formatNumber(0.256, { style: "percent" }), "26%");
  assert.is(english.formatNumber(1234), "1,234");
});
texts("of Persian have its comma once translated", () => {
  const persian = new CSVLocale("fa_IR", {
    unknown: new Map([["%(commas)s and %(last)s", "%(commas)s و %(last)s"]]),
  });
  assert.is(persian.list(["A", "B", "C"]), "A و B و C");
});
texts("take values by name, and keep what has none", () => {
  assert.is(formatMessage("%(a)s, %(n)d of 100%%", { a: "x", n: 5 }), "x, 5 of 100%");
  assert.is(formatMessage("%(b)s %s % %(a)", { a: "x" }), "%(b)s %s % %(a)");
  assert.is(formatMessage("%(constructor)s", {}), "%(constructor)s");
  assert.is(formatMessage("%(a)s", { a: "$& %(a)s" }), "$& %(a)s");
});
texts.run();

const json = suite("JSON translations");
json("have the plurals of Russian, Polish and Arabic", () => {
  const files = { one: "one", two: "two", few: "few", many: "many", zero: "zero", other: "other" };
  const forms = (code: string, counts: number[]) => {
    const locale = new JSONLocale(code, new Map([["file", files]]));
    return counts.map((count) => locale.translate("file", "files", count)).join(" ");
  };
  assert.is(forms("ru_RU", [1, 2, 5, 11, 21, 1.5]), "one few many many one other");
  assert.is(forms("pl_PL", [1, 2, 5, 12, 22, 21]), "one few many many few many");
  assert.is(forms("ar", [0, 1, 2, 3, 11, 100]), "zero one two few many other");
  assert.is(forms("ja", [0, 1, 2]), "other other other");
});
json("use other for a form that is missing, and one text for every count", () => {
  const locale = new JSONLocale(
    "ru",
    new Map<string, string | { one: string; other: string }>([
      ["file", { one: "файл", other: "файлы" }],
      ["person", "чел."],
    ]),
  );
  assert.is(locale.translate("file", "files", 5), "файлы");
  assert.is(locale.translate("file"), "файл");
  assert.is(locale.translate("person", "people", 7), "чел.");
  assert.is(locale.translate("cat", "cats", 7), "cats");
});
json("have contexts", () => {
  const locale = new JSONLocale(
    "fr",
    new Map([
      ["law\u0004right", "le droit"],
      ["club", "le club"],
    ]),
  );
  assert.is(locale.pgettext("law", "right"), "le droit");
  assert.is(locale.pgettext("good", "right"), "right");
  assert.is(locale.pgettext("x", "club", "clubs", 1), "le club");
});
json.run();
