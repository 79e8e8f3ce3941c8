/**
 * Files and folders whose change restarts the app under `landspout dev`, besides the modules it imports.
 *
 * loadTranslations() and the settings name theirs; a program names others, as by Tornado's autoreload.watch():
 *
 *     const prices = JSON.parse(readFileSync("prices.json", "utf8"));
 *     watch("prices.json");
 *
 * In any other process nothing is watched, and a name costs its place in a set.
 */
import path from "node:path";

const watched = new Set<string>();
let listener: ((path: string) => void) | null = null;

/** Has a change of this file, or of anything in this folder, restart the app under `landspout dev`. */
export function watch(fileOrFolder: string): void {
  const absolute = path.resolve(fileOrFolder);
  if (watched.has(absolute)) return;
  watched.add(absolute);
  listener?.(absolute);
}

/** @internal What is to be watched; `onMore` hears of what is added later. */
export function watchedPaths(onMore: (path: string) => void): string[] {
  listener = onMore;
  return [...watched];
}
