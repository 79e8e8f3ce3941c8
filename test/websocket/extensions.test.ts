/** The grammar of Sec-WebSocket-Extensions; what is answered to offers of permessage-deflate, and to our own. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  type DeflateWishes,
  deflateOffer,
  negotiateDeflate,
  parseExtensions,
  readDeflateAnswer,
} from "../../lib/websocket/extensions.ts";

const wishes: DeflateWishes = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
};

const grammar = suite("a list of extensions");

for (const [field, wanted] of [
  ["a", [["a", []]]],
  [
    "a, b",
    [
      ["a", []],
      ["b", []],
    ],
  ],
  [
    'a; x; y=1; z="q"',
    [
      [
        "a",
        [
          ["x", null],
          ["y", "1"],
          ["z", "q"],
        ],
      ],
    ],
  ],
  [
    "a;x=1,b ; y = 2",
    [
      ["a", [["x", "1"]]],
      ["b", [["y", "2"]]],
    ],
  ],
  [
    ", ,a,,b,",
    [
      ["a", []],
      ["b", []],
    ],
  ],
  ['a; x="\\1\\0"', [["a", [["x", "10"]]]]],
  ["", []],
  [" ", []],
] as const) {
  grammar(`${JSON.stringify(field)} is read`, () => {
    const offers = parseExtensions(field)?.map(({ name, parameters }) => [name, parameters]);
    assert.equal(offers, wanted);
  });
}

for (const field of [
  "a;",
  "a;;b",
  ";a",
  "a b",
  "a=1",
  "a; =1",
  "a; x=",
  'a; x="',
  'a; x="a b"',
  'a; x=""',
  "a; x=1 2",
  "a; x/y",
  "ä",
  "a; x=\u0001",
  "a,;b",
]) {
  grammar(`${JSON.stringify(field)} is refused`, () => assert.is(parseExtensions(field), null));
}

grammar("of a hundred thousand bytes is judged at once", () => {
  // CPU time: what else the machine is doing does not count.
  const start = process.cpuUsage();
  for (const part of [",", " ", "a,", "a;", "a; x=1,", '"', '\\"', 'a; x="\\a', "\t"]) {
    parseExtensions(part.repeat(100_000 / part.length));
  }
  assert.ok(process.cpuUsage(start).user < 2_000_000);
});

grammar.run();

const deflate = suite("permessage-deflate");

function answerTo(field: string, given: Partial<DeflateWishes> = {}): string | null {
  return negotiateDeflate(parseExtensions(field) ?? [], { ...wishes, ...given })?.field ?? null;
}

deflate("is answered with what was asked for and can be", () => {
  assert.is(answerTo("permessage-deflate"), "permessage-deflate");
  assert.is(answerTo("Permessage-Deflate"), "permessage-deflate");
  assert.is(answerTo("x, permessage-deflate; y, permessage-deflate"), "permessage-deflate");
  assert.is(
    answerTo("permessage-deflate; server_max_window_bits=9; client_max_window_bits=8"),
    "permessage-deflate; client_max_window_bits=8; server_max_window_bits=9",
  );
  assert.is(
    answerTo("permessage-deflate; client_max_window_bits", { clientMaxWindowBits: 9 }),
    "permessage-deflate; client_max_window_bits=9",
  );
  // A client that has not named it cannot be told.
  assert.is(answerTo("permessage-deflate", { clientMaxWindowBits: 9 }), "permessage-deflate");
});

deflate("is declined if a parameter is unknown, repeated, or cannot have its value", () => {
  for (const parameter of [
    "x",
    "x=1",
    "server_max_window_bits",
    "server_max_window_bits=8",
    "server_max_window_bits=7",
    "server_max_window_bits=16",
    "server_max_window_bits=08",
    "server_max_window_bits=+9",
    "client_max_window_bits=7",
    "client_max_window_bits=16",
    "client_max_window_bits=x",
    "server_no_context_takeover=1",
    "client_no_context_takeover=x",
    "client_no_context_takeover; client_no_context_takeover",
  ]) {
    assert.is(answerTo(`permessage-deflate; ${parameter}`), null, parameter);
  }
});

deflate("is offered with what we wish, and the answer is judged", () => {
  assert.is(deflateOffer(wishes), "permessage-deflate; client_max_window_bits");
  assert.is(
    deflateOffer({
      serverNoContextTakeover: true,
      clientNoContextTakeover: true,
      serverMaxWindowBits: 10,
      clientMaxWindowBits: 15,
    }),
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10; client_max_window_bits",
  );
  const read = (field: string) => readDeflateAnswer(parseExtensions(field) ?? [], wishes);
  assert.is(read(""), null);
  for (const field of [
    "x",
    "permessage-deflate; x",
    "permessage-deflate, permessage-deflate",
    "permessage-deflate; client_max_window_bits",
    "permessage-deflate; server_max_window_bits=16",
  ]) {
    assert.is(read(field), "malformed", field);
  }
  for (const [wish, missing, granted] of [
    [
      { serverMaxWindowBits: 10 },
      "permessage-deflate",
      "permessage-deflate; server_max_window_bits=10",
    ],
    [
      { serverNoContextTakeover: true },
      "permessage-deflate; client_no_context_takeover",
      "permessage-deflate; server_no_context_takeover",
    ],
  ] as const) {
    const judge = (field: string) =>
      readDeflateAnswer(parseExtensions(field) ?? [], { ...wishes, ...wish });
    assert.is(judge(missing), "malformed", missing);
    assert.type(judge(granted), "object", granted);
  }
  const answer = read(
    "permessage-deflate; server_no_context_takeover; client_max_window_bits=8; server_max_window_bits=12",
  );
  assert.equal(answer, {
    field: "",
    serverNoContextTakeover: true,
    clientNoContextTakeover: false,
    serverMaxWindowBits: 12,
    clientMaxWindowBits: 8,
  });
});

deflate.run();
