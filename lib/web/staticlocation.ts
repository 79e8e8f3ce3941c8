/**
 * From a path below a root to the open file: what may be served, of whom, under which name.
 *
 * StaticFileHandler.validateAbsolutePath() is this. Tornado's order and statuses: the text of the path first, then what
 * the file system says, then where the file really is.
 */
import { stat } from "node:fs/promises";
import * as path from "node:path";
import { HTTPError } from "./httperror.ts";
import type { StaticFile } from "./staticfile.ts";
import { notAFile, refusalOf, staticFiles } from "./staticfilecache.ts";
import { outside, type StaticSite } from "./staticsite.ts";

/** What is asked for. */
export interface LocationQuery {
  readonly site: StaticSite;
  readonly absolutePath: string;
  /** The request's path, undecoded. */
  readonly requestPath: string;
  /** null = folders are refused. */
  readonly defaultFilename: string | null;
  readonly dotfiles: "ignore" | "allow";
  readonly hashLimitBytes: number;
}

/**
 * Finds and opens the file.
 *
 * @returns "slash" if it is a folder that was asked for without the slash at its end: redirect to the path with it
 * @throws HTTPError 403 outside of the root, no file, not readable; 404 if there is none or it is hidden
 */
export async function locateFile(query: LocationQuery): Promise<StaticFile | "slash"> {
  const { site, absolutePath, requestPath, defaultFilename } = query;
  if (!site.holds(absolutePath)) throw outside(absolutePath);
  if (absolutePath.includes("\0")) throw new HTTPError(404);
  if (query.dotfiles === "ignore" && site.isHidden(absolutePath)) throw new HTTPError(404);
  let file = absolutePath;
  let stats = await statOf(file);
  if (stats.isDirectory() && defaultFilename !== null) {
    await site.judgeFolder(file);
    if (!requestPath.endsWith("/")) {
      // A browser would take "//host/.." for another host's, and reads "\" as "/". CVE-2023-28370
      if (/^\/[/\\]/.test(requestPath)) {
        throw new HTTPError(403, "cannot redirect a path that begins with two slashes");
      }
      return "slash";
    }
    file = path.join(file, defaultFilename);
    stats = await statOf(file);
  }
  // Before it is opened: opening a device may do something.
  if (!stats.isFile()) throw notAFile(file);
  return staticFiles.open(file, { site, hashLimitBytes: query.hashLimitBytes });
}

async function statOf(file: string): Promise<{ isFile(): boolean; isDirectory(): boolean }> {
  try {
    return await stat(file);
  } catch (error) {
    throw refusalOf(error, file);
  }
}
