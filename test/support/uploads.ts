/**
 * A server whose multipart forms go to a directory of the test's own, and clients for them.
 *
 *     const t = uploadSuite("an upload");
 *     t("…", async ({ directory }) => { … });
 *
 * After each test the directory must be empty: no upload may leave a file behind, however it ended.
 */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import type { Test } from "uvu";
import * as assert from "uvu/assert";
import type { Exchange } from "../../lib/server/exchange.ts";
import type { UploadOptions } from "../../lib/web/uploadoptions.ts";
import { receiveUploads } from "../../lib/web/uploadreader.ts";
import { HTTPServer } from "../../lib/index.ts";
import { until } from "./deferred.ts";
import { RawClient } from "./rawclient.ts";
import { serverSuite } from "./servers.ts";

let directory = "";
const stops: (() => Promise<void>)[] = [];

/** The directory of the running test. */
export function uploadDirectory(): string {
  return directory;
}

/** Names of the files that are there. */
export function uploadsLeft(): string[] {
  return readdirSync(directory);
}

/** Waits until `holds` does; files are made and removed in other threads. */
export async function eventually(what: string, holds: () => boolean): Promise<void> {
  await until(holds, what).catch((error: unknown) => {
    throw new Error(`it never came that ${what}; there are ${uploadsLeft().join(", ")}`, {
      cause: error,
    });
  });
}

/** A suite whose tests each have an empty directory, and must leave it empty. */
export function uploadSuite(name: string): Test {
  const t = serverSuite(name);
  t.before.each(() => {
    directory = mkdtempSync(path.join(tmpdir(), "landspout-uploads-"));
  });
  t.after.each(async () => {
    try {
      for (const stop of stops.splice(0)) await stop();
      await eventually("no file was left", () => uploadsLeft().length === 0);
      assert.equal(uploadsLeft(), []);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
  return t;
}

/** Serves uploads; `answer` gives the text of the response when the body is there. */
export async function serveUploads(
  options: UploadOptions,
  answer: (exchange: Exchange) => unknown = () => "ok",
): Promise<RawClient> {
  const server = new HTTPServer({
    startBody(exchange: Exchange) {
      receiveUploads(exchange, { directory, ...options });
    },
    async startRequest(exchange: Exchange) {
      const text = String(await answer(exchange));
      exchange.sendHead(200, "OK", "", Buffer.byteLength(text));
      exchange.write(text);
      exchange.finish();
      await exchange.bodyReader?.release?.();
    },
  }).listen(0, "127.0.0.1");
  const { address } = server;
  const port = address !== null && "port" in address ? address.port : 0;
  const client = await RawClient.connect({ port });
  stops.push(async () => {
    client.destroy();
    server.closeAllConnections();
    await server.stop();
  });
  return client;
}
