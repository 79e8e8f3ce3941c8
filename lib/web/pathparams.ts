/**
 * PathParams: the object that a verb is given for a pattern, read from the pattern by the compiler.
 *
 *     class User extends RequestHandler {
 *       get({ id }: PathParams<"/user/:id">) { … }             // { id: string }
 *     }
 *     PathParams<"/page(?:/:number)?">                         // { number: string | undefined }
 *
 * Types only; routecheck.ts compares handlers with them. What is read: `/:name`, `(?<name>…)` and `(?P<name>…)`, and of
 * what is around them: escapes, classes, groups, alternatives and repeats. A group is certain to be there unless it, or a
 * group that it stands in, may be repeated no times, is one of several alternatives, or must not match. It is the grammar
 * of routepattern.ts, which is the one that counts at run time.
 */

/**
 * The object that a verb is given for a pattern with named groups; `{}` for one without, `Record<string, string>` for a
 * string that the compiler does not know.
 */
export type PathParams<Pattern extends string> =
  IsKnown<Pattern> extends true
    ? Pattern extends `${string}${"(" | "/:"}${string}`
      ? ParamsOf<Parse<Pattern>>
      : Record<never, never>
    : Record<string, string>;

/** Whether a string type stands for one text, or a few, and not for all that fit. */
export type IsKnown<Text extends string> =
  Record<never, never> extends Record<Text, 1> ? false : true;

type ParamsOf<Of extends Group> = {
  [Name in Of["certain"] | Of["optional"]]: Name extends Of["optional"]
    ? string | undefined
    : string;
};

/** What has been read of a group that is still open; the whole pattern is one. */
interface Group {
  /** Names that are there whenever the group is. */
  readonly certain: string;
  readonly optional: string;
  readonly hasAlternatives: boolean;
  /** Its own name; never = none. */
  readonly name: string;
  /** A lookahead or lookbehind that must not match: nothing in it is ever there. */
  readonly isNegative: boolean;
}

interface Read<
  Certain extends string,
  Optional extends string,
  HasAlternatives extends boolean,
  Name extends string,
  IsNegative extends boolean,
> {
  readonly certain: Certain;
  readonly optional: Optional;
  readonly hasAlternatives: HasAlternatives;
  readonly name: Name;
  readonly isNegative: IsNegative;
}

type Opened<Name extends string = never, IsNegative extends boolean = false> = Read<
  never,
  never,
  false,
  Name,
  IsNegative
>;

/** Goes through a pattern, a character or an opening at a time; tail-recursive, so that a thousand are no trouble. */
type Parse<
  Rest extends string,
  Top extends Group = Opened,
  Around extends readonly Group[] = [],
> = Rest extends `${infer Char}${infer After}`
  ? Char extends "\\"
    ? Parse<AfterEscape<After>, Top, Around>
    : Char extends "["
      ? Parse<AfterClass<After>, Top, Around>
      : Char extends "("
        ? ParseOpening<After, Top, Around>
        : Char extends ")"
          ? ParseClosing<After, Top, Around>
          : Char extends "|"
            ? Parse<After, WithAlternatives<Top>, Around>
            : Char extends "/"
              ? ParseSegment<After, Top, Around>
              : Parse<After, Top, Around>
  : Closed<Top>;

type ParseOpening<
  After extends string,
  Top extends Group,
  Around extends readonly Group[],
> = After extends `?P=${string})${infer Behind}`
  ? Parse<Behind, Top, Around>
  : After extends `?${"<" | ""}!${infer Inside}`
    ? Parse<Inside, Opened<never, true>, [Top, ...Around]>
    : After extends `?<=${infer Inside}`
      ? Parse<Inside, Opened, [Top, ...Around]>
      : After extends `?${"P" | ""}<${infer Name}>${infer Inside}`
        ? Parse<Inside, Opened<Name>, [Top, ...Around]>
        : Parse<After, Opened, [Top, ...Around]>;

type ParseClosing<
  After extends string,
  Top extends Group,
  Around extends readonly Group[],
> = Around extends readonly [infer Outer extends Group, ...infer Further extends readonly Group[]]
  ? Parse<After, Merged<Outer, Top, After>, Further>
  : Closed<Top>;

type ParseSegment<
  After extends string,
  Top extends Group,
  Around extends readonly Group[],
> = After extends `:${infer Text}`
  ? NameAt<Text> extends [infer Name extends string, infer Behind extends string]
    ? Name extends "" | `${Digit}${string}`
      ? Parse<After, Top, Around>
      : Parse<Behind, WithName<Top, Name>, Around>
    : never
  : Parse<After, Top, Around>;

/** A slash that is escaped may still begin a segment. */
type AfterEscape<After extends string> = After extends `/${string}`
  ? After
  : After extends `${string}${infer Behind}`
    ? Behind
    : "";

/** Behind the "]" of a class; one that comes first is a character of it. */
type AfterClass<After extends string> = After extends `${"^" | ""}]${infer Inside}`
  ? AfterBracket<Inside>
  : AfterBracket<After>;

type AfterBracket<Text extends string> = Text extends `${infer Char}${infer After}`
  ? Char extends "]"
    ? After
    : Char extends "\\"
      ? AfterBracket<After extends `${string}${infer Behind}` ? Behind : "">
      : AfterBracket<After>
  : "";

/** The name that a text begins with, and what is behind it. */
type NameAt<Text extends string, Name extends string = ""> = Text extends `${infer C}${infer After}`
  ? C extends WordCharacter
    ? NameAt<After, `${Name}${C}`>
    : [Name, Text]
  : [Name, Text];

type WithName<Of extends Group, Name extends string> = Read<
  Of["certain"] | Name,
  Of["optional"],
  Of["hasAlternatives"],
  Of["name"],
  Of["isNegative"]
>;

type WithAlternatives<Of extends Group> = Read<
  Of["certain"],
  Of["optional"],
  true,
  Of["name"],
  Of["isNegative"]
>;

/** A group with that of one inside of it, which ends where `After` begins. */
type Merged<Outer extends Group, Inner extends Group, After extends string> =
  MayBeAbsent<Inner, After> extends true
    ? Read<
        Outer["certain"],
        Outer["optional"] | Inner["certain"] | Inner["optional"] | Inner["name"],
        Outer["hasAlternatives"],
        Outer["name"],
        Outer["isNegative"]
      >
    : Read<
        Outer["certain"] | Closed<Inner>["certain"] | Inner["name"],
        Outer["optional"] | Closed<Inner>["optional"],
        Outer["hasAlternatives"],
        Outer["name"],
        Outer["isNegative"]
      >;

type MayBeAbsent<Of extends Group, After extends string> = After extends `${
  | "?"
  | "*"
  | "{0"}${string}`
  ? true
  : Of["isNegative"];

/** A group at its end: of several alternatives only one takes part. */
type Closed<Of extends Group> = Of["hasAlternatives"] extends true
  ? Read<never, Of["certain"] | Of["optional"], false, never, false>
  : Read<Of["certain"], Of["optional"], false, never, false>;

type Digit = "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9";
type Letter =
  | ("a" | "b" | "c" | "d" | "e" | "f" | "g" | "h" | "i" | "j" | "k" | "l" | "m")
  | ("n" | "o" | "p" | "q" | "r" | "s" | "t" | "u" | "v" | "w" | "x" | "y" | "z");
type WordCharacter = Letter | Uppercase<Letter> | Digit | "_";
