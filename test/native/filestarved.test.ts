/** A file that has to wait when no descriptor is left to keep it by: its connection ends, and the loop goes on. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { RawClient, within } from "../support/rawclient.ts";
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
    const module = fileURLToPath(new URL("filestarved.child.js", import.meta.url));
    const words = [process.execPath, module, file, String(GiB)];
    const line = `ulimit -n ${DESCRIPTORS}; exec "$@"`;
    const child = spawn("/bin/sh", ["-c", line, "sh", ...words], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const exited = once(child, "exit");
    const clients: RawClient[] = [];
    try {
      const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
      const next = async () => Number((await within(lines.next(), "line", 30_000)).value);
      const port = await next();
      const first = await RawClient.connect({ port, paused: true });
      clients.push(first);
      assert.is(await next(), os.constants.errno.EMFILE);
      first.resume();
      await first.gone();
      const second = await RawClient.connect({ port });
      clients.push(second);
      await second.receives("\0".repeat(100));
      second.endSending();
      assert.is((await within(exited, "end of the child"))[0], 0);
    } finally {
      child.kill("SIGKILL");
      for (const client of clients) client.destroy();
    }
  }),
);

starved.run();
