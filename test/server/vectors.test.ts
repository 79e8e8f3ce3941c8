/** Every vector of test/vectors, run whole, byte by byte, and cut in two at every point. */
import { suite } from "uvu";
import { RawClient } from "../support/rawclient.ts";
import { startServer, stopServers } from "../support/servers.ts";
import { vectorRoutes } from "../support/vectorapp.ts";
import { type Connect, runByteByByte, runCut, runWhole } from "../support/vectorrunner.ts";
import { allVectors } from "../vectors/index.ts";
import type { Vector } from "../vectors/vector.ts";

const ways: readonly (readonly [string, (vector: Vector, connect: Connect) => Promise<void>])[] = [
  ["whole", runWhole],
  ["byte by byte", runByteByByte],
  ["cut in two at every point", runCut],
];

for (const [rule, vectors] of allVectors) {
  for (const [way, run] of ways) {
    const t = suite(`vectors: ${rule}, ${way}`);
    let port = 0;
    t.before(async () => {
      port = (await startServer(vectorRoutes)).port;
    });
    t.after(stopServers);
    for (const vector of vectors)
      t(vector.name, () => run(vector, () => RawClient.connect({ port })));
    t.run();
  }
}
