/**
 * Types that compare a table of routes with its handlers: a verb that asks for a group which its pattern has not is a
 * compile error where the table is written.
 *
 *     new Application([["/user/:id", User], ["/people/:name", User]]);
 *     //                                                      ^ get() asks for "id", which the pattern /people/:name has not
 *
 * Types only; the constructors and functions that take routes intersect their parameters with these. What the compiler
 * cannot know is not refused: a pattern that is a `string` or a RegExp, a table of type RouteEntry[], what is behind a
 * matcher of one's own. How many groups without names a pattern has is not compared either.
 */
import type { IsKnown, PathParams } from "./pathparams.ts";
import type { HandlerClass } from "./routing.ts";

/** Takes every table but one with a handler that does not fit its pattern. */
// Where nothing is wrong it is unknown: to compare a long table with one that is made of it costs seconds.
export type CheckedRoutes<Routes> = [AllMisfits<Routes>] extends [never]
  ? unknown
  : { readonly [Index in keyof Routes]: CheckedEntry<Routes[Index]> };

/** Takes every target but a handler that does not fit the pattern; of a nested table each of its handlers. */
export type CheckedTarget<Pattern, Target> = Target extends HandlerClass
  ? Pattern extends string
    ? FittingHandler<Pattern, Target>
    : unknown
  : CheckedRoutes<Target>;

/** What is wrong in a table, as texts; never = nothing. */
type AllMisfits<Routes> = Routes extends readonly unknown[]
  ? number extends Routes["length"]
    ? never
    : { [Index in keyof Routes]: EntryMisfits<Routes[Index]> }[number]
  : never;

type EntryMisfits<Entry> = Entry extends readonly [infer Pattern, infer Target, ...unknown[]]
  ? Target extends HandlerClass
    ? Pattern extends string
      ? HandlerMisfits<Pattern, Target>
      : never
    : AllMisfits<Target>
  : never;

type HandlerMisfits<Pattern extends string, Handler extends HandlerClass> =
  IsKnown<Pattern> extends true
    ? Misfits<Pattern, PathParams<Pattern>, InstanceType<Handler>>
    : never;

/**
 * `Handler` if its verbs ask for no named group that the pattern lacks, else a type that no class is and whose one
 * property says what is wrong. Verbs that take strings are for groups without names, and are fine with a pattern that has
 * no others.
 */
export type FittingHandler<Pattern extends string, Handler extends HandlerClass> =
  HandlerMisfits<Pattern, Handler> extends infer Misfit
    ? [Misfit] extends [never]
      ? Handler
      : { readonly routeError: Misfit }
    : never;

type CheckedEntry<Entry> = Entry extends readonly [infer Pattern, infer Target, ...unknown[]]
  ? readonly [unknown, CheckedTarget<Pattern, Target>, ...unknown[]]
  : unknown;

type Verb = "get" | "head" | "post" | "put" | "delete" | "patch" | "options" | "open";

/** What is wrong with each verb whose first parameter cannot be what the pattern gives; never = nothing. */
type Misfits<Pattern extends string, Params, Instance> = {
  [V in Verb & keyof Instance]: Instance[V] extends (...args: infer Args) => unknown
    ? Misfit<Pattern, V, Params, Args>
    : never;
}[Verb & keyof Instance];

type Misfit<
  Pattern extends string,
  V extends string,
  Params,
  Args extends readonly unknown[],
> = Args extends readonly []
  ? never // takes every pattern
  : [Args[0]] extends [never]
    ? never // RequestHandler's own, not overridden
    : AsksForObject<Args[0]> extends true
      ? Params extends Args[0]
        ? never
        : ObjectMisfit<Pattern, V, Exclude<RequiredKeys<Args[0]>, keyof Params>>
      : keyof Params extends never
        ? never // groups without names come as strings
        : Params extends Args[0]
          ? never
          : `${V}() takes no object, but the pattern ${Pattern} gives it one, with ${keyof Params & string}`;

type ObjectMisfit<Pattern extends string, V extends string, Missing> = [Missing] extends [never]
  ? `${V}() asks for a parameter of another type than the pattern ${Pattern} has: string, or string | undefined where it may be absent`
  : `${V}() asks for "${Missing & string}", which the pattern ${Pattern} has not`;

/** True for an object type with at least one required property; false for string, unknown, any and the like. */
type AsksForObject<Parameter> = unknown extends Parameter
  ? false
  : [Parameter] extends [object]
    ? Record<never, never> extends Parameter
      ? false
      : true
    : false;

type RequiredKeys<T> = {
  [Key in keyof T]-?: Record<never, never> extends Pick<T, Key> ? never : Key;
}[keyof T];
