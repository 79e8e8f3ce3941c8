/**
 * Types that read a pattern: which named groups it has, and whether a handler's verbs ask for others.
 *
 *     class User extends RequestHandler {
 *       get({ id }: PathParams<"/user/:id">) { … }
 *     }
 *     const table = [route("/user/:id", User), route("/people/:name", User)];
 *     //                                                              ^ error: the pattern has no group "id"
 *
 * Types only. A pattern that is not a literal (a `string`, a RegExp) is never refused. What is read: `/:name`,
 * `(?<name>…)` and `(?P<name>…)`; a group that may be absent is typed as if it were always there.
 */
import type { HandlerClass } from "./routing.ts";

/** The object that a verb is given for a pattern with named groups: `{ id: string; tab: string }`. */
export type PathParams<Pattern extends string> = string extends Pattern
  ? Record<string, string>
  : { [Name in ParamNames<Pattern>]: string };

/** Names of the groups of a pattern as a union; never if there are none. */
export type ParamNames<Pattern extends string> =
  | SegmentNames<Pattern>
  | GroupNames<Pattern, "(?<">
  | GroupNames<Pattern, "(?P<">;

/**
 * `Handler` if its verbs ask for no named group that the pattern lacks, else a type that no class is and whose one
 * property says what is wrong. Verbs that take strings are for positional groups and are fine with a pattern without names.
 */
export type FittingHandler<
  Pattern extends string,
  Handler extends HandlerClass,
> = string extends Pattern
  ? Handler
  : MisfitVerbs<PathParams<Pattern>, InstanceType<Handler>> extends infer Misfit
    ? [Misfit] extends [never]
      ? Handler
      : { readonly __routeError: `${Misfit & string}() asks for other groups than ${Pattern} has` }
    : never;

type Verb = "get" | "head" | "post" | "put" | "delete" | "patch" | "options" | "open";

/** The verbs of a handler whose first parameter cannot be what the pattern gives. */
type MisfitVerbs<Params, Instance> = {
  [V in Verb & keyof Instance]: Instance[V] extends (...args: infer Args) => unknown
    ? FitsArgs<Params, Args> extends true
      ? never
      : V
    : never;
}[Verb & keyof Instance];

type FitsArgs<Params, Args extends readonly unknown[]> =
  // Verbs without parameters take every pattern. Unnamed groups arrive as strings, and how many there are cannot be read
  // from a type, so a pattern without names fits whatever does not ask for an object.
  Args extends readonly []
    ? true
    : [Args[0]] extends [never]
      ? true // RequestHandler's own, not overridden
      : keyof Params extends never
        ? AsksForObject<Args[0]> extends true
          ? false
          : true
        : Params extends Args[0]
          ? true
          : false;

/** True for an object type with at least one required property; false for string, unknown, any and the like. */
type AsksForObject<Parameter> = unknown extends Parameter
  ? false
  : [Parameter] extends [object]
    ? Record<never, never> extends Parameter
      ? false
      : true
    : false;

/** Names of segments `/:name`: what stands after each slash, as far as it is a name. */
type SegmentNames<Pattern extends string> = Pattern extends `${string}/${infer Rest}`
  ? FirstSegmentName<Rest> | SegmentNames<Rest>
  : never;

type FirstSegmentName<Rest extends string> = Rest extends `:${infer Name}`
  ? Before<Before<Before<Before<Before<Name, "/">, ")">, "|">, "$">, "\\">
  : never;

type Before<Text extends string, End extends string> = Text extends `${infer Head}${End}${string}`
  ? Head
  : Text;

/** Names of groups that open with `Open`; lookbehinds open alike and are left out. */
type GroupNames<
  Pattern extends string,
  Open extends string,
> = Pattern extends `${string}${Open}${infer Rest}`
  ? Rest extends `${"=" | "!"}${string}`
    ? GroupNames<Rest, Open>
    : Rest extends `${infer Name}>${infer After}`
      ? Name | GroupNames<After, Open>
      : never
  : never;
