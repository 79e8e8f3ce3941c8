/** The spellings of an option's name: `maxBodyBytes` is `--max-body-bytes`, and `PREFIX_MAX_BODY_BYTES` in the environment. */

/** As the command line and --help spell it: words in lower case, with dashes. */
export function dashed(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1-$2")
    .replace(/([A-Z]+)([A-Z][a-z])/g, "$1-$2")
    .replaceAll("_", "-")
    .toLowerCase();
}

/** As the environment spells it, behind its prefix. */
export function screaming(name: string): string {
  return dashed(name).replaceAll("-", "_").toUpperCase();
}

/** Two spellings of one name have the same key: case, dashes and underscores do not count. */
export function nameKey(name: string): string {
  return name.replace(/[-_]/g, "").toLowerCase();
}
