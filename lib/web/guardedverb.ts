/**
 * Verbs behind a question: what a decorator such as authenticated() makes of a method, taken apart again.
 *
 * decorators.ts makes them. requestschemas.ts asks the questions before it looks at what a request carries: whoever may
 * not come in is not told what is wrong with what he sent.
 */

/** @returns false = the request has been answered */
type MayEnter = (handler: object) => boolean;

type Method = (this: never, ...args: never[]) => unknown;

interface Guarded {
  readonly mayEnter: MayEnter;
  readonly method: Method;
}

const guarded = new WeakMap<Method, Guarded>();

/** Remembers that `whole` asks `mayEnter` and then calls `method`. */
export function rememberGuard(whole: Method, mayEnter: MayEnter, method: Method): void {
  guarded.set(whole, { mayEnter, method });
}

/** The questions that a verb asks, in their order, and what it does then. */
export function guardsOf(verb: Method): { readonly guards: MayEnter[]; readonly method: Method } {
  const guards: MayEnter[] = [];
  let method = verb;
  for (let found = guarded.get(method); found !== undefined; found = guarded.get(method)) {
    guards.push(found.mayEnter);
    method = found.method;
  }
  return { guards, method };
}
