/** The vectors of closing and of compressed messages; and that every rule for a server has a vector, or a suite. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { runWebSocketVectors } from "../support/websocketvectorrunner.ts";
import { elsewhere, webSocketVectors } from "../vectors/websocket.ts";

runWebSocketVectors("closing", "compressed messages");

/** Sections that have a MUST for an endpoint that is a server. */
const SECTIONS: Readonly<Record<string, readonly string[]>> = {
  "RFC 6455": [
    "5.1",
    "5.2",
    "5.3",
    "5.4",
    "5.5",
    "5.5.1",
    "5.5.2",
    "5.5.3",
    "5.6",
    "6.1",
    "6.2",
    "7.1.1",
    "7.1.5",
    "7.1.7",
    "7.4.1",
    "7.4.2",
    "8.1",
  ],
  "RFC 7692": [
    "5.1",
    "6",
    "6.1",
    "6.2",
    "7.1",
    "7.1.1",
    "7.1.1.1",
    "7.1.2.1",
    "7.2",
    "7.2.1",
    "7.2.3",
  ],
};

const covering = suite("vectors of WebSockets: the standards");

covering("have a vector, or a suite that is there, for each section with a MUST", () => {
  const musts = webSocketVectors.flatMap(([, vectors]) => vectors.map(({ must }) => must));
  for (const [must, file] of elsewhere) {
    assert.ok(existsSync(file), `${file} is not there`);
    musts.push(must);
  }
  for (const [rfc, sections] of Object.entries(SECTIONS)) {
    for (const section of sections) {
      const named = new RegExp(`${rfc}[^:]*§${section.replaceAll(".", "\\.")}(?![.\\d])`);
      assert.ok(
        musts.some((must) => named.test(must)),
        `${rfc} §${section} has no vector`,
      );
    }
  }
});

covering("have all their vectors run", () => {
  const files = readdirSync("test/server").filter((name) => name.startsWith("websocketvectors."));
  const texts = files.map((name) => readFileSync(`test/server/${name}`, "utf8")).join("\n");
  for (const [what] of webSocketVectors) {
    assert.match(texts, new RegExp(`runWebSocketVectors\\([^)]*"${what}"`));
  }
});

covering.run();
