/**
 * Promises of other people's functions: a hook, a handler or a validator may return one, or not.
 */

/** Tells whether a value is to be waited for. */
export function isPromise<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof (value as { readonly then?: unknown }).then === "function"
  );
}
