/**
 * StaticSite: a root folder and what may be served from it.
 *
 * StaticFileHandler has one per root. A path is judged twice: as text, before any file is touched, and as the place
 * where the opened file really is, which the kernel tells of the descriptor: no symbolic link can be swapped in between.
 */
import { readlink, realpath, stat } from "node:fs/promises";
import * as path from "node:path";
import { HTTPError } from "./httperror.ts";
import type { FileStamp } from "./staticfile.ts";

const SLASH = 0x2f;
const DOT = 0x2e;

/** Roots that are remembered; a handler may make up a root per request. */
const MOST_SITES = 256;

const sites = new Map<string, StaticSite>();
const none: readonly string[] = [];

export class StaticSite {
  /**
   * The site of a root.
   *
   * @param allowed further folders that symbolic links may lead to; null = none
   */
  static of(root: string, allowed: string | readonly string[] | null): StaticSite {
    const list = allowed === null ? none : typeof allowed === "string" ? [allowed] : allowed;
    const key = list.length === 0 ? root : [root, ...list].join("\0");
    let site = sites.get(key);
    if (site === undefined) {
      site = new StaticSite(root, list);
      if (sites.size >= MOST_SITES) sites.clear();
      sites.set(key, site);
    }
    return site;
  }

  /** Absolute, with a slash at its end. */
  readonly prefix: string;
  /** Without it: of a route to one file, `path` is that file. */
  readonly #root: string;
  readonly #allowed: readonly string[];

  private constructor(root: string, allowed: readonly string[]) {
    const absolute = path.resolve(root);
    this.#root = absolute;
    this.prefix = absolute.endsWith("/") ? absolute : `${absolute}/`;
    this.#allowed = allowed.map((folder) => path.resolve(folder));
  }

  /** Tells whether an absolute path is the root's or below it, as text. */
  holds(absolutePath: string): boolean {
    return `${absolutePath}/`.startsWith(this.prefix);
  }

  /** Tells whether a path below the root goes through a name that begins with a dot. */
  isHidden(absolutePath: string): boolean {
    return absolutePath.includes("/.", this.prefix.length - 1);
  }

  /**
   * Says where the opened file really is, and refuses it outside of the root and of the allowed folders.
   *
   * @param path what it was opened by, for the log and where /proc is missing
   * @throws HTTPError 403
   */
  async judge(fd: number, openedPath: string, stamp: FileStamp): Promise<void> {
    const place = await this.#placeOf(fd, openedPath, stamp);
    // The root may have been moved while the file was opened: a release that was switched to.
    if ((await this.#isInside(place)) || (await this.#isInside(place))) return;
    throw outside(openedPath);
  }

  /** As judge(), for a folder that is only redirected to. @throws HTTPError 403, 404 */
  async judgeFolder(folder: string): Promise<void> {
    const place = await realpath(folder).catch(() => null);
    if (place === null) throw new HTTPError(404);
    if (!(await this.#isInside(place))) throw outside(folder);
  }

  async #placeOf(fd: number, openedPath: string, stamp: FileStamp): Promise<string> {
    try {
      return await readlink(`/proc/self/fd/${fd}`);
    } catch {
      // Without /proc: the path's place, if that is the very file.
      const place = await realpath(openedPath).catch(() => null);
      const there = place === null ? null : await stat(place).catch(() => null);
      if (place === null || there === null) throw new HTTPError(404);
      if (there.ino !== stamp.ino || there.dev !== stamp.dev) throw outside(openedPath);
      return place;
    }
  }

  async #isInside(place: string): Promise<boolean> {
    for (const folder of [this.#root, ...this.#allowed]) {
      const real = await realpath(folder).catch(() => null);
      if (real !== null && (real === "/" || `${place}/`.startsWith(`${real}/`))) return true;
    }
    return false;
  }
}

/**
 * Tells whether a path of a URL names a file without any art: no empty name, none that begins with a dot, no NUL. It then
 * leads nowhere but below the folder it is appended to, and is not hidden.
 *
 * @hot bench/run.mjs: once per request; allocates nothing
 */
export function isPlainPath(urlPath: string): boolean {
  let isStart = true;
  for (let i = 0; i < urlPath.length; i++) {
    const unit = urlPath.charCodeAt(i);
    if (isStart && (unit === SLASH || unit === DOT)) return false;
    if (unit === 0) return false;
    isStart = unit === SLASH;
  }
  return !isStart;
}

/** The refusal of a path that leaves the root. */
export function outside(absolutePath: string): HTTPError {
  return new HTTPError(403, `${JSON.stringify(absolutePath)} is not in the root of static files`);
}
