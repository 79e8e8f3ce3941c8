/** Every offer of permessage-deflate that can be made, to servers of every wish: the answer is one to it. RFC 7692 §7.1. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  type DeflateWishes,
  negotiateDeflate,
  parseExtensions,
  readDeflateAnswer,
} from "../../lib/websocket/extensions.ts";

const BITS = [8, 9, 10, 12, 15];
const SERVER = "server_max_window_bits";
const CLIENT = "client_max_window_bits";
const SERVER_FORGETS = "server_no_context_takeover";
const CLIENT_FORGETS = "client_no_context_takeover";

/** What a client may put into an offer, in two orders. */
const offers: string[][] = [];
for (const server of [[], ...BITS.map((bits) => [`${SERVER}=${bits}`])]) {
  for (const client of [[], [CLIENT], ...BITS.map((bits) => [`${CLIENT}=${bits}`])]) {
    for (const forgets of [
      [],
      [SERVER_FORGETS],
      [CLIENT_FORGETS],
      [SERVER_FORGETS, CLIENT_FORGETS],
    ]) {
      const parameters = [...server, ...client, ...forgets];
      offers.push(parameters);
      if (parameters.length > 1) offers.push([...parameters].reverse());
    }
  }
}

const wishes: DeflateWishes[] = [];
for (const serverMaxWindowBits of [9, 11, 15]) {
  for (const clientMaxWindowBits of [9, 11, 15]) {
    for (const serverNoContextTakeover of [false, true]) {
      for (const clientNoContextTakeover of [false, true]) {
        wishes.push({
          serverMaxWindowBits,
          clientMaxWindowBits,
          serverNoContextTakeover,
          clientNoContextTakeover,
        });
      }
    }
  }
}

/** The parameters of a field with one extension; null = without a value. */
function parametersOf(field: string): Map<string, number | null> {
  const [extension, ...more] = parseExtensions(field) ?? [];
  assert.is(extension?.name, "permessage-deflate", field);
  assert.is(more.length, 0, field);
  const entries = extension?.parameters ?? [];
  const found = new Map(entries.map(([name, value]) => [name, value && Number(value)] as const));
  assert.is(found.size, entries.length, `a name twice in ${field}`);
  return found as Map<string, number | null>;
}

const t = suite("an offer of permessage-deflate");

t("is declined if it asks for a window that zlib has not, and taken otherwise", () => {
  for (const offer of offers) {
    const field = ["permessage-deflate", ...offer].join("; ");
    for (const wish of wishes) {
      const agreed = negotiateDeflate(parseExtensions(field) ?? [], wish);
      assert.is(agreed === null, offer.includes(`${SERVER}=8`), field);
    }
  }
});

t("is answered with what it asks for, and nothing that it does not allow", () => {
  for (const offer of offers) {
    if (offer.includes(`${SERVER}=8`)) continue;
    const field = ["permessage-deflate", ...offer].join("; ");
    const asked = parametersOf(field);
    for (const wish of wishes) {
      const agreed = negotiateDeflate(parseExtensions(field) ?? [], wish);
      assert.ok(agreed !== null);
      const answer = parametersOf(agreed.field);
      const says = `${field} was answered with ${agreed.field}`;
      const serverBits = answer.get(SERVER) ?? 15;
      const clientBits = answer.get(CLIENT) ?? 15;
      assert.ok(serverBits <= (asked.get(SERVER) ?? 15), says);
      assert.ok(serverBits <= wish.serverMaxWindowBits && serverBits >= 9, says);
      assert.is(asked.has(SERVER) && !answer.has(SERVER), false, says);
      assert.is(asked.has(SERVER_FORGETS) && !answer.has(SERVER_FORGETS), false, says);
      assert.is(answer.has(CLIENT) && !asked.has(CLIENT), false, says);
      if (asked.has(CLIENT)) {
        const most = Math.min(asked.get(CLIENT) ?? 15, wish.clientMaxWindowBits);
        assert.is(clientBits, most, says);
      }
      assert.equal(
        {
          serverMaxWindowBits: agreed.serverMaxWindowBits,
          clientMaxWindowBits: agreed.clientMaxWindowBits,
          serverNoContextTakeover: agreed.serverNoContextTakeover,
          clientNoContextTakeover: agreed.clientNoContextTakeover,
        },
        {
          serverMaxWindowBits: serverBits,
          clientMaxWindowBits: clientBits,
          serverNoContextTakeover: answer.has(SERVER_FORGETS),
          clientNoContextTakeover: answer.has(CLIENT_FORGETS),
        },
        says,
      );
    }
  }
});

t("of ours is answered by a server of ours with what the client takes", () => {
  for (const wish of wishes) {
    for (const wishOfServer of wishes) {
      const offer = ["permessage-deflate", CLIENT];
      if (wish.serverNoContextTakeover) offer.push(SERVER_FORGETS);
      if (wish.clientNoContextTakeover) offer.push(CLIENT_FORGETS);
      if (wish.serverMaxWindowBits < 15) offer.push(`${SERVER}=${wish.serverMaxWindowBits}`);
      const agreed = negotiateDeflate(parseExtensions(offer.join("; ")) ?? [], wishOfServer);
      assert.ok(agreed !== null);
      const read = readDeflateAnswer(parseExtensions(agreed.field) ?? [], wish);
      assert.ok(read !== null && read !== "malformed", agreed.field);
      assert.is(read.serverMaxWindowBits, agreed.serverMaxWindowBits);
      assert.ok(read.clientMaxWindowBits <= agreed.clientMaxWindowBits);
      assert.is(read.serverNoContextTakeover, agreed.serverNoContextTakeover);
      assert.ok(read.clientNoContextTakeover || !agreed.clientNoContextTakeover);
    }
  }
});

t.run();
