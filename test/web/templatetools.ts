/** Pages for the suites of templates and locales: a handler that renders what a path names, and one question to a server. */
import type { Test } from "uvu";
import { RequestHandler } from "../../lib/index.ts";
import type { RawResponse } from "../support/rawresponse.ts";
import { type Routes, type Settings, serverSuite, startServer } from "../support/servers.ts";
import { removeTemplateFolders, templateFolder } from "../support/templatefolder.ts";

/** Text that HTML would take for more. */
export const HOSTILE = `<i>&"'`;

/** Renders the template that the path names, with x and m. */
export class Page extends RequestHandler {
  get(name: string) {
    return this.render(name, { x: HOSTILE, m: "http://example.com" });
  }
}

export const routes: NonNullable<Routes> = [["/t/(.*)", Page]];

/** What a handler answers to GET path. */
export async function get(
  settings: Settings,
  target = "/t/a.html",
  table: Routes = routes,
  fields: readonly string[] = [],
): Promise<RawResponse> {
  const { connect } = await startServer(table, {}, settings);
  const client = await connect();
  await client.send(
    `GET ${target} HTTP/1.1\r\n${["Host: 127.0.0.1", ...fields].join("\r\n")}\r\n\r\n`,
  );
  return client.readResponse();
}

/** The setting for a folder of these templates. */
export function templates(files: Record<string, string>): Settings {
  return { templatePath: templateFolder(files) };
}

/** A suite whose servers and folders are gone after each test. */
export function pageSuite(name: string): Test {
  const t = serverSuite(name);
  t.after.each(removeTemplateFolders);
  return t;
}
