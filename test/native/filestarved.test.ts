/** A file that has to wait when no descriptor is left to keep it by: its connection ends, and the loop goes on. */
import * as fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { LineChild } from "../support/linechild.ts";
import { RawClient } from "../support/rawclient.ts";
import { inFolder } from "./filetools.ts";

/** Enough to load the program; it takes the rest itself then. */
const DESCRIPTORS = 256;
const GiB = 1024 * 1024 * 1024;

const starved = suite("a file that waits without a descriptor left");

starved("ends its connection with EMFILE", () =>
  inFolder(async (folder) => {
    const file = path.join(folder, "file");
    fs.writeFileSync(file, "");
    fs.truncateSync(file, GiB);
    const module = new URL("filestarved.child.js", import.meta.url);
    const child = new LineChild(module, { args: [file, String(GiB)], descriptors: DESCRIPTORS });
    const clients: RawClient[] = [];
    try {
      const port = Number(await child.line());
      const first = await RawClient.connect({ port, paused: true });
      clients.push(first);
      void first.send("?");
      assert.is(Number(await child.line()), os.constants.errno.EMFILE);
      first.resume();
      await first.gone();
      const second = await RawClient.connect({ port });
      clients.push(second);
      await second.receives("\0".repeat(100));
      second.endSending();
      assert.is(await child.end(), 0);
    } finally {
      child.kill();
      for (const client of clients) client.destroy();
    }
  }),
);

starved.run();
