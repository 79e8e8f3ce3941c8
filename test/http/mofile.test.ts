/** Catalogues of gettext, sound ones and others. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { CodedError } from "../../lib/base/errors.ts";
import { parseMoFile } from "../../lib/http/mofile.ts";
import { french, frenchHeader, moFile, moHeader } from "../support/mofiles.ts";

function refuses(bytes: Uint8Array, message: RegExp): void {
  assert.throws(
    () => parseMoFile(bytes, "fr/shop.mo"),
    (error: unknown) =>
      error instanceof CodedError &&
      error.code === "ERR_TRANSLATIONS" &&
      error.message.startsWith("fr/shop.mo cannot be read: ") &&
      message.test(error.message),
    String(message),
  );
}

const sound = suite("a catalogue");

sound("has messages, contexts and plurals, in either byte order", () => {
  for (const isBigEndian of [false, true]) {
    const catalogue = parseMoFile(moFile({ pairs: french, isBigEndian }), "f");
    assert.is(catalogue.size, 6);
    assert.is(catalogue.find("school"), "école");
    assert.is(catalogue.find("law\u0004right"), "le droit");
    assert.is(catalogue.find("right"), null);
    assert.is(catalogue.find("%(n)d file", 0), "%(n)d fichier");
    assert.is(catalogue.find("%(n)d file", 2), "%(n)d fichiers");
    assert.is(catalogue.find("stick\u0004club", 2), "les bâtons");
    assert.is(catalogue.headers.get("plural-forms"), "nplurals=2; plural=(n > 1);");
  }
});

sound(
  "gives the form for 1 where no count is asked for, and none for a count where it has no plural",
  () => {
    const catalogue = parseMoFile(moFile({ pairs: french }), "f");
    assert.is(catalogue.find("%(n)d file"), "%(n)d fichier");
    assert.is(catalogue.find("school", 2), null);
  },
);

sound("may be a view into other bytes", () => {
  const bytes = moFile({ pairs: french });
  const shifted = Buffer.concat([Buffer.alloc(3), bytes]).subarray(3);
  assert.is(parseMoFile(new Uint8Array(shifted), "f").find("school"), "école");
  assert.is(parseMoFile(shifted, "f").find("school"), "école");
});

sound("may have no header, no message, or an empty translation", () => {
  assert.is(parseMoFile(moFile({ pairs: [] }), "f").size, 0);
  const catalogue = parseMoFile(
    moFile({
      pairs: [
        ["a", ""],
        ["b\0bs", "b1\0"],
      ],
    }),
    "f",
  );
  assert.is(catalogue.find("a"), null);
  assert.is(catalogue.find("b", 1), "b1");
  assert.is(catalogue.find("b", 2), null);
});

sound("may be in another encoding that it names", () => {
  const header = moHeader({ "Content-Type": "text/plain; charset=ISO-8859-1" });
  const pairs = [
    ["", header],
    ["school", Buffer.from("école", "latin1")],
  ] as const;
  assert.is(parseMoFile(moFile({ pairs }), "f").find("school"), "école");
});

sound("may have a header that nobody filled in", () => {
  const header = moHeader({
    "Content-Type": "text/plain; charset=CHARSET",
    "Plural-Forms": "nplurals=INTEGER; plural=EXPRESSION;",
  });
  const catalogue = parseMoFile(
    moFile({
      pairs: [
        ["", header],
        ["a\0as", "é\0és"],
      ],
    }),
    "f",
  );
  assert.is(catalogue.find("a", 2), "és");
});

sound(
  "may have tables that depend on the system, revision 0.1 or 1.1, which are passed over",
  () => {
    for (const revision of [1, 0x10000, 0x10001]) {
      assert.is(parseMoFile(moFile({ pairs: french, revision }), "f").find("school"), "école");
    }
  },
);

sound.run();

const broken = suite("a file that is no catalogue");

broken("is refused if it is short, or begins otherwise", () => {
  refuses(Buffer.alloc(0), /0 bytes/);
  refuses(moFile({ pairs: [] }).subarray(0, 19), /19 bytes/);
  refuses(Buffer.from('msgid ""\nmsgstr ""\n#, and more'), /magic number/);
  refuses(moFile({ pairs: [], revision: 0x20000 }), /revision 2/);
});

broken("is refused wherever it is cut", () => {
  const whole = moFile({ pairs: french });
  for (let length = 0; length < whole.length; length++) {
    refuses(whole.subarray(0, length), /bytes|past its end/);
  }
});

broken("is refused if it says that it has more messages than it can hold", () => {
  for (const count of [8, 1_000, 0xffffffff]) {
    refuses(moFile({ pairs: french, count }), /past its end/);
  }
});

broken("is refused if a text has no NUL after it, or lies outside", () => {
  const noNul = moFile({ pairs: [["a", "b"]] });
  noNul[noNul.length - 1] = 1;
  refuses(noNul, /no NUL/);
  const outside = moFile({ pairs: [["a", "b"]] });
  outside.writeUInt32LE(0xfffffff0, 28 + 4);
  refuses(outside, /past its end/);
});

broken("is refused if its texts overlap, so that it would decode to more than it is", () => {
  const pairs = Array.from({ length: 50 }, (_, i) => [`m${i}`, "x".repeat(100)] as const);
  const bytes = moFile({ pairs });
  const first = bytes.readUInt32LE(28 + 4);
  for (let i = 0; i < 100; i++) {
    bytes.writeUInt32LE(bytes.length - first - 1, 28 + i * 8);
    bytes.writeUInt32LE(first, 28 + i * 8 + 4);
  }
  refuses(bytes, /overlap/);
});

broken("is refused if it is not in its encoding, or that is not known", () => {
  const latin1 = Buffer.from("école", "latin1");
  refuses(
    moFile({
      pairs: [
        ["", frenchHeader],
        ["school", latin1],
      ],
    }),
    /not in its encoding, utf-8/,
  );
  const odd = moHeader({ "Content-Type": "text/plain; charset=klingon" });
  refuses(moFile({ pairs: [["", odd]] }), /"klingon" is not known/);
});

broken("is refused if its Plural-Forms makes no sense", () => {
  const odd = moHeader({ "Plural-Forms": "nplurals=2; plural=process.exit();" });
  refuses(moFile({ pairs: [["", odd]] }), /Plural-Forms .* is malformed/);
});

broken.run();
