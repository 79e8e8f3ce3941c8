/** Files of translations: CSV, JSON and gettext, and files that are none. */
import { promises as fs } from "node:fs";
import os from "node:os";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { CodedError } from "../../lib/base/errors.ts";
import { setLogger } from "../../lib/base/log.ts";
import { CSVLocale } from "../../lib/web/csvlocale.ts";
import { GettextLocale } from "../../lib/web/gettextlocale.ts";
import { JSONLocale } from "../../lib/web/jsonlocale.ts";
import { getLocale, getSupportedLocales, useTranslations } from "../../lib/web/locale.ts";
import { loadGettextTranslations, loadTranslations } from "../../lib/web/translations.ts";
import { french, moFile } from "../support/mofiles.ts";

type Files = Readonly<Record<string, string | Uint8Array>>;

const folders: string[] = [];
const lines: string[] = [];

/** Writes files into a new folder. */
async function folder(files: Files): Promise<string> {
  const directory = await fs.mkdtemp(path.join(os.tmpdir(), "landspout-translations-"));
  folders.push(directory);
  for (const [name, text] of Object.entries(files)) {
    await fs.mkdir(path.dirname(path.join(directory, name)), { recursive: true });
    await fs.writeFile(path.join(directory, name), text);
  }
  return directory;
}

function translationSuite(name: string) {
  const t = suite(name);
  t.before.each(() => {
    lines.length = 0;
    const keep = (message: string) => {
      lines.push(message);
    };
    setLogger({ debug: () => {}, info: keep, warn: keep, error: keep });
  });
  t.after.each(async () => {
    setLogger(null);
    useTranslations(new Map());
    for (const directory of folders.splice(0)) await fs.rm(directory, { recursive: true });
  });
  return t;
}

async function refuses(loading: Promise<void>, message: RegExp, code = "ERR_TRANSLATIONS") {
  const error = await loading.then(
    () => null,
    (reason: unknown) => reason,
  );
  assert.instance(error, CodedError);
  assert.is((error as CodedError).code, code);
  assert.match((error as CodedError).message, message);
}

const csv = translationSuite("translations in CSV");

csv("are found by message, and by singular and plural", async () => {
  const rows = [
    '"I love you","Te amo"',
    '"%(name)s liked this","A %(name)s les gustó esto","plural"',
    '"%(name)s liked this","A %(name)s le gustó esto","singular"',
    '"Sign out"," Cerrar, salir ",unknown',
    "",
  ];
  await loadTranslations(await folder({ "es_LA.csv": rows.join("\n") }));
  const locale = getLocale("es-LA");
  assert.instance(locale, CSVLocale);
  assert.is(locale.translate("I love you"), "Te amo");
  assert.is(locale.translate("Sign out"), "Cerrar, salir");
  const liked = "%(name)s liked this";
  assert.is(locale.translate(liked, liked, 1), "A %(name)s le gustó esto");
  assert.is(locale.translate(liked, liked, 2), "A %(name)s les gustó esto");
  assert.is(locale.translate("missing"), "missing");
  assert.is(locale.translate("__proto__"), "__proto__");
  assert.is(locale.translate("cat", "cats", 2), "cats");
  assert.equal([...getSupportedLocales()].sort(), ["en_US", "es_LA"]);
  assert.equal(lines, []);
});

csv("may be UTF-8 with a mark, or UTF-16 in either order", async () => {
  const text = '"school","école"\n';
  const utf16 = Buffer.from(`\ufeff${text}`, "utf16le");
  const files = [`\ufeff${text}`, utf16, Buffer.from(utf16).swap16()];
  for (const bytes of files) {
    await loadTranslations(await folder({ "fr_FR.csv": bytes, "aa.csv": '"school","x"' }));
    assert.is(getLocale("fr_FR").translate("school"), "école");
    assert.is(getLocale("aa").translate("school"), "x");
  }
});

csv("may be in an encoding that is named", async () => {
  const directory = await folder({ "fr_FR.csv": Buffer.from("school,école", "latin1") });
  await loadTranslations(directory, "iso-8859-1");
  assert.is(getLocale("fr_FR").translate("school"), "école");
  await refuses(loadTranslations(directory), /fr_FR\.csv is malformed: it is not utf-8/);
  await refuses(loadTranslations(directory, "klingon"), /"klingon"/, "ERR_ARGUMENT_RANGE");
  await loadTranslations(await folder({ "fr.csv": "\ufeffschool,école" }), "utf-8-sig");
  assert.is(getLocale("fr").translate("school"), "école");
});

csv("are read without the rows that make no sense, which are logged", async () => {
  const text = 'a,A,odd\nonly one\n\n"b","B",plural,more\nc,C,\n,\n';
  await loadTranslations(await folder({ "fr.csv": text }));
  const locale = getLocale("fr");
  assert.is(locale.translate("a"), "a");
  assert.is(locale.translate("x", "b", 2), "B");
  assert.is(locale.translate("c"), "C");
  assert.is(lines.length, 2);
  assert.match(lines[0] ?? "", /^Unrecognized plural indicator "odd" in .*fr\.csv line 1$/);
  assert.match(lines[1] ?? "", /^No translation in .*fr\.csv line 2/);
});

csv("log twenty rows of a file that is no CSV, and count the rest", async () => {
  await loadTranslations(await folder({ "fr.csv": "nonsense\n".repeat(1_000) }));
  assert.is(lines.length, 21);
  assert.match(lines.at(-1) ?? "", /1000 rows were skipped/);
});

csv("are not looked for in files with other names", async () => {
  const files = { "fr.txt": "a,b", "FR.csv": "a,b", "fr.fr.csv": "a,b", ".csv": "a,b" };
  await loadTranslations(await folder(files));
  assert.equal([...getSupportedLocales()], ["en_US"]);
  assert.is(lines.filter((line) => line.startsWith("Unrecognized locale")).length, 2);
});

csv("have no contexts, which is said once", async () => {
  await loadTranslations(await folder({ "fr.csv": "right,droit" }));
  const locale = getLocale("fr");
  assert.is(locale.pgettext("law", "right"), "droit");
  assert.is(locale.pgettext("good", "right"), "droit");
  assert.is(lines.length, 1);
});

csv("replace those before, and stay when the next cannot be read", async () => {
  await loadTranslations(await folder({ "fr.csv": "a,A" }));
  await refuses(loadTranslations(path.join(os.tmpdir(), "landspout-no-such")), /cannot be read/);
  await refuses(loadTranslations(await folder({ "de.csv/x": "" })), /de\.csv cannot be read/);
  assert.is(getLocale("fr").translate("a"), "A");
  await loadTranslations(await folder({ "de.csv": "a,B" }));
  assert.is(getLocale("fr").code, "en_US");
  assert.is(getLocale("de").translate("a"), "B");
});

csv("are read up to 16 MiB, and refused above", async () => {
  const directory = await folder({});
  const file = path.join(directory, "fr.csv");
  await fs.writeFile(file, "a,A\n");
  await fs.truncate(file, 16 * 1024 * 1024 + 1);
  await refuses(loadTranslations(directory), /16777217 bytes; at most 16777216/);
  await fs.truncate(file, 16 * 1024 * 1024);
  await loadTranslations(directory);
  assert.is(getLocale("fr").translate("a"), "A");
});

csv.run();

const json = translationSuite("translations in JSON");

json("are texts and plurals, and taken before CSV", async () => {
  const ru = {
    "Sign out": "Выйти",
    "%(n)d file": { one: "%(n)d файл", few: "%(n)d файла", many: "%(n)d файлов", other: "-" },
  };
  const text = `\ufeff${JSON.stringify(ru)}`;
  await loadTranslations(await folder({ "ru.json": text, "ru.csv": "a,A", "fr.csv": "a,A" }));
  const locale = getLocale("ru_RU");
  assert.instance(locale, JSONLocale);
  assert.is(locale.translate("Sign out"), "Выйти");
  assert.is(locale.translate("%(n)d file", "%(n)d files", 22), "%(n)d файла");
  assert.instance(getLocale("fr"), CSVLocale);
  assert.match(lines.join(), /ru has a CSV and a JSON file/);
});

json("are refused in any other shape", async () => {
  const texts: readonly [string, RegExp][] = [
    ["", /ru\.json is malformed: .*JSON/],
    ["{", /ru\.json is malformed/],
    ["[]", /no object of messages/],
    ["null", /no object of messages/],
    ['{"a": 1}', /translation of "a" is 1/],
    ['{"a": null}', /translation of "a" is null/],
    ['{"a": ["b"]}', /an array of 1/],
    ['{"a": {}}', /an object/],
    ['{"a": {"one": "b"}}', /with "other"/],
    ['{"a": {"other": 1}}', /with "other"/],
    ['{"a": {"other": "x", "lots": "y"}}', /with "other"/],
    ['{"a": "\xff"}', /it is not utf-8/],
  ];
  for (const [text, message] of texts) {
    const directory = await folder({ "ru.json": Buffer.from(text, "latin1") });
    await refuses(loadTranslations(directory), message);
  }
});

json("may have any message, those of Object's prototype among them", async () => {
  await loadTranslations(await folder({ "ru.json": '{"__proto__": "x", "toString": "y"}' }));
  const locale = getLocale("ru");
  assert.is(locale.translate("__proto__"), "x");
  assert.is(locale.translate("toString"), "y");
  assert.is(locale.translate("constructor"), "constructor");
});

json.run();

const gettext = translationSuite("translations of gettext");

gettext("have messages, plurals and contexts", async () => {
  const bytes = moFile({ pairs: french });
  const directory = await folder({
    "fr_FR/LC_MESSAGES/shop.mo": bytes,
    "fr_FR/LC_MESSAGES/other.mo": "not read",
    "de_DE/LC_MESSAGES/other.mo": "not read",
    README: "not a folder",
    "not a code/LC_MESSAGES/shop.mo": "not read",
  });
  await loadGettextTranslations(directory, "shop");
  const locale = getLocale("fr_FR");
  assert.instance(locale, GettextLocale);
  assert.is(locale.translate("school"), "école");
  assert.is(locale.translate("missing"), "missing");
  assert.is(locale.translate("%(n)d file", "%(n)d files", 0), "%(n)d fichier");
  assert.is(locale.translate("%(n)d file", "%(n)d files", 2), "%(n)d fichiers");
  assert.is(locale.translate("cat", "cats", 2), "cats");
  assert.is(locale.pgettext("law", "right"), "le droit");
  assert.is(locale.pgettext("good", "right"), "le bien");
  assert.is(locale.pgettext("hand", "right"), "right");
  assert.is(locale.pgettext("organization", "club", "clubs", 1), "le club");
  assert.is(locale.pgettext("organization", "club", "clubs", 2), "les clubs");
  assert.is(locale.pgettext("stick", "club", "clubs", 1), "le bâton");
  assert.is(locale.pgettext("x", "%(n)d file", "%(n)d files", 2), "%(n)d fichiers");
  assert.equal([...getSupportedLocales()].sort(), ["en_US", "fr_FR"]);
});

gettext("of a country's own language are found by the tags of browsers", async () => {
  const bytes = moFile({ pairs: french });
  const files = { "fr/LC_MESSAGES/shop.mo": bytes, "pt-BR/LC_MESSAGES/shop.mo": bytes };
  await loadGettextTranslations(await folder(files), "shop");
  assert.is(getLocale("fr-CA", "en").translate("school"), "école");
  assert.is(getLocale("pt-BR").code, "pt_BR");
});

gettext("that are not there are told of: a domain or a folder may be mistyped", async () => {
  const directory = await folder({ "fr/LC_MESSAGES/shop.mo": moFile({ pairs: french }) });
  await loadGettextTranslations(directory, "shoop");
  await loadTranslations(directory);
  assert.equal(lines, [
    `no translations in ${directory}: looked for files such as "de/LC_MESSAGES/shoop.mo"`,
    `no translations in ${directory}: looked for files such as "de_DE.csv" or "de.json"`,
  ]);
});

gettext("that are malformed are refused with the file's name, and change nothing", async () => {
  await loadTranslations(await folder({ "fr.csv": "a,A" }));
  const directory = await folder({
    "de/LC_MESSAGES/shop.mo": moFile({ pairs: french }),
    "fr/LC_MESSAGES/shop.mo": moFile({ pairs: french }).subarray(0, 100),
  });
  await refuses(loadGettextTranslations(directory, "shop"), /fr\/LC_MESSAGES\/shop\.mo cannot be/);
  await refuses(loadGettextTranslations("/no/such/folder", "shop"), /cannot be read/);
  assert.is(getLocale("fr").translate("a"), "A");
});

gettext("have a domain that is a name and no path", async () => {
  for (const domain of ["", "../x", "a/b", "a\0"]) {
    await refuses(loadGettextTranslations(os.tmpdir(), domain), /the domain/, "ERR_ARGUMENT_RANGE");
  }
});

gettext.run();
