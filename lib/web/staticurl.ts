/** URLs of static files, for templates: made at once, with the version of the file. StaticFileHandler's class methods. */
import { CodedError } from "../base/errors.ts";
import { log } from "../base/log.ts";

/** The settings that such URLs are made of. */
export interface StaticSettings {
  readonly staticPath?: string | null | undefined;
  readonly staticUrlPrefix?: string | undefined;
}

/** Who knows the versions of files: a StaticFileHandler class. */
export interface VersionSource {
  getAbsolutePath(root: string, urlPath: string): string;
  getContentVersion(absolutePath: string): string | Promise<string>;
}

const DEFAULT_PREFIX = "/static/";

/** A path that is not below staticPath. */
const ABSOLUTE = /^(?:\/|https?:)/;

/** Tells whether a path of a script or a style sheet is a URL already: it begins with "/", "http:" or "https:". */
export function isAbsolute(path: string): boolean {
  return ABSOLUTE.test(path);
}

/** @param version null = none */
export function staticUrlOf(
  settings: StaticSettings,
  urlPath: string,
  version: string | null,
): string {
  const url = (settings.staticUrlPrefix ?? DEFAULT_PREFIX) + urlPath;
  return version === null || version === "" ? url : `${url}?v=${version}`;
}

/**
 * The version of a file below the setting staticPath.
 *
 * @returns null if it cannot be read, which is logged: a page without a picture is better than none; or if the class's
 *   getContentVersion() returns a promise
 * @throws CodedError ERR_SETTING_REQUIRED without staticPath
 */
export function versionForUrl(
  source: VersionSource,
  { staticPath }: StaticSettings,
  urlPath: string,
): string | null {
  if (staticPath === undefined || staticPath === null) {
    throw new CodedError(
      "ERR_SETTING_REQUIRED",
      "the URL of a static file needs the setting staticPath",
    );
  }
  try {
    const version = source.getContentVersion(source.getAbsolutePath(staticPath, urlPath));
    if (typeof version === "string") return version;
    version.catch(() => {});
    return null;
  } catch (error) {
    log.error(`Could not open static file ${JSON.stringify(urlPath)}`, error);
    return null;
  }
}
