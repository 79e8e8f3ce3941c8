/** Suites of every vector of test/vectors, a suite a rule, run in one way. */
import { suite } from "uvu";
import { RawClient } from "../support/rawclient.ts";
import { startServer, stopServers } from "../support/servers.ts";
import { vectorRoutes } from "../support/vectorapp.ts";
import type { Connect } from "../support/vectorrunner.ts";
import { allVectors } from "../vectors/index.ts";
import type { Vector } from "../vectors/vector.ts";

/** @param way as it is told in the suites' names */
export function runVectors(
  way: string,
  run: (vector: Vector, connect: Connect) => Promise<void>,
): void {
  for (const [rule, vectors] of allVectors) {
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
