/**
 * The nearest name: what "did you mean …?" is made of.
 *
 * Option specs, routes and settings call it after a name was not found, so it may take its time.
 */

/**
 * A candidate is no suggestion when more than this share of the wanted name would have to change.
 */
const MOST_CHANGED = 0.45;

/**
 * Finds the candidate that most resembles `name`.
 *
 * Case, `_` and `-` do not count, so that Tornado's `max_header_bytes` finds `maxHeaderBytes`.
 *
 * @returns the candidate, the first of those equally near; null when none is near enough to be
 *   worth saying
 */
export function nearestName(name: string, candidates: Iterable<string>): string | null {
  const wanted = simplified(name);
  let nearest: string | null = null;
  let leastDistance = Math.max(2, Math.floor(wanted.length * MOST_CHANGED)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(wanted, simplified(candidate));
    if (distance < leastDistance) {
      nearest = candidate;
      leastDistance = distance;
    }
  }
  return nearest;
}

/**
 * Counts the insertions, deletions and replacements of one character that turn `from` into `to`.
 *
 * @returns 0 for equal texts; at most the length of the longer one
 */
export function editDistance(from: string, to: string): number {
  // One row of the table of distances between prefixes, rolled forward over the characters of
  // `from`.
  const row = new Uint32Array(to.length + 1).map((_, column) => column);
  for (let i = 1; i <= from.length; i++) {
    let diagonal = i - 1;
    row[0] = i;
    for (let j = 1; j <= to.length; j++) {
      const above = row[j] ?? 0;
      const left = row[j - 1] ?? 0;
      const replaced = diagonal + (from[i - 1] === to[j - 1] ? 0 : 1);
      row[j] = Math.min(above + 1, left + 1, replaced);
      diagonal = above;
    }
  }
  return row[to.length] ?? 0;
}

function simplified(name: string): string {
  return name.replace(/[_-]/g, "").toLowerCase();
}
