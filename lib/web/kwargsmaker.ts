/** Makes the functions that put the named groups of a path into an object; PathScanner has one for each pattern it needs. */
import type { PathKwargs } from "./routing.ts";

/** Slices the groups out of `path`; `bounds` has the start and end of each, in the order of the names. */
export type KwargsMaker = (path: string, bounds: Int32Array) => PathKwargs;

/**
 * Makes the function for these names.
 *
 * It is compiled from text, because an object literal with its names written out costs 60 ns less a name than stores by
 * computed name, which turn megamorphic as soon as an application has a few patterns (85 ns against 230 for two
 * names, bench/micro/routing.bench.mjs). Where Node forbids that (--disallow-code-generation-from-strings), the
 * names are stored one by one.
 *
 * @param names names of groups that a RegExp has accepted: identifiers, and never from a request
 */
export function kwargsMaker(names: readonly string[]): KwargsMaker {
  const properties = names.map(
    (name, i) => `${JSON.stringify(name)}: path.slice(bounds[${i * 2}], bounds[${i * 2 + 1}])`,
  );
  try {
    return new Function("path", "bounds", `return { ${properties.join(", ")} };`) as KwargsMaker;
  } catch {
    return (path, bounds) => namedSlices(path, bounds, names);
  }
}

/** The same without compiling, for where that is forbidden. */
export function namedSlices(
  path: string,
  bounds: Int32Array,
  names: readonly string[],
): PathKwargs {
  const kwargs: Record<string, string> = {};
  for (const [i, name] of names.entries()) {
    kwargs[name] = path.slice(bounds[i * 2], bounds[i * 2 + 1]);
  }
  return kwargs;
}
