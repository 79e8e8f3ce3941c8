/** Servers of folders for the suites of StaticFileHandler; the folders are those of staticfolders.ts. */
import type { Test } from "uvu";
import { StaticFileHandler } from "../../lib/web/staticfilehandler.ts";
import type { RawClient } from "../support/rawclient.ts";
import {
  type Routes,
  type Settings,
  type StartedServer,
  serverSuite,
  startServer,
} from "../support/servers.ts";
import { removeFolders } from "./staticfolders.ts";

/** A suite of serverSuite() whose folders are removed, and whose files are closed, after each test. */
export function staticSuite(name: string): Test {
  const t = serverSuite(name);
  t.after.each(() => {
    StaticFileHandler.reset();
    removeFolders();
  });
  return t;
}

/** Serves a folder below /static/. */
export function serveFolder(
  root: string,
  args: Readonly<Record<string, unknown>> = {},
  { handler = StaticFileHandler, settings = {} }: ServeOptions = {},
): Promise<StartedServer> {
  const routes: Routes = [["/static/(.*)", handler, { path: root, ...args }]];
  return startServer(routes, {}, settings);
}

export interface ServeOptions {
  readonly handler?: typeof StaticFileHandler;
  readonly settings?: Settings;
}

/** Sends a HEAD and reads the response. */
export async function head(
  client: RawClient,
  target: string,
  fields = "",
): ReturnType<RawClient["readResponse"]> {
  void client.send(`HEAD ${target} HTTP/1.1\r\nHost: a\r\n${fields}\r\n`);
  return client.readFinalResponse({ method: "HEAD" });
}
