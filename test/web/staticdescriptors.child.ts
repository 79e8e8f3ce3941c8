/**
 * A process with few descriptors (ulimit -n 250) that serves more files than that: it prints how many it could serve.
 * Started by staticchanges.test.ts.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { MOST_KEPT_BYTES } from "../../lib/web/staticfilecache.ts";
import { StaticFileHandler } from "../../lib/web/staticfilehandler.ts";
import { Application, setLogLevel } from "../../lib/index.ts";
import { RawClient } from "../support/rawclient.ts";

const COUNT = 500;

setLogLevel("warn");
const root = mkdtempSync(path.join(tmpdir(), "landspout-static-"));
try {
  for (let i = 0; i < COUNT; i++) {
    writeFileSync(path.join(root, `${i}.bin`), Buffer.alloc(MOST_KEPT_BYTES + 1));
  }
  const server = new Application([["/(.*)", StaticFileHandler, { path: root }]]).listen(
    0,
    "127.0.0.1",
  );
  const { address } = server;
  if (address === null || "path" in address) throw new Error("not listening on TCP");
  const client = await RawClient.connect({ port: address.port });
  let served = 0;
  for (let i = 0; i < COUNT; i++) {
    if ((await client.get(`/${i}.bin`)).status === 200) served++;
  }
  process.stdout.write(`${served} of ${COUNT}\n`);
  client.destroy();
  await server.stop();
} finally {
  rmSync(root, { recursive: true });
}
