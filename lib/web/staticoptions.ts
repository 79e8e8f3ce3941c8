/** The init args of StaticFileHandler, and what the framework must know of a class that extends it. */
import { MiB } from "../base/bytes.ts";
import { CodedError } from "../base/errors.ts";
import {
  boolean,
  custom,
  type Input,
  integer,
  oneOf,
  options,
  type Resolved,
  resolve,
  string,
} from "../base/options.ts";
import type { InitArgs } from "./routing.ts";
import { DEFAULT_HASH_LIMIT_BYTES } from "./staticversions.ts";

const LONGEST_MAX_AGE_MS = 315_360_000_000;

const isStringOrList = (value: unknown): boolean =>
  typeof value === "string" ||
  (Array.isArray(value) && value.every((item) => typeof item === "string"));

export const staticFileOptions = options({
  /** Folder of the files, absolute or relative to the working directory, or one file for a route whose group is empty: "/about()"; needed. "/" serves all that this process may read. */
  path: string({ default: "" }),
  /** File that is sent for a folder: "index.html"; null = folders are refused with 403. */
  defaultFilename: string({ default: null }),
  /** Folders outside of `path` that symbolic links in it may lead to. */
  allowedSymlinkDirectory: custom<string | readonly string[] | null>({
    type: "string or list",
    default: null,
    allowed: "a string or an array of strings",
    isAllowed: isStringOrList,
  }),
  /** Names that begin with a dot, of files and of folders on the way: "ignore" answers 404. */
  dotfiles: oneOf({ values: ["ignore", "allow"], default: "ignore" }),
  /** Send FILE.br, FILE.zst or FILE.gz, if it is there and not older than FILE, to clients that take that coding. */
  precompressed: boolean({ default: false }),
  /** How long a client may keep a file without asking again, in ms; a URL with ?v= may be kept for ten years. */
  cacheMaxAgeMs: integer({ default: 0, min: 0, max: LONGEST_MAX_AGE_MS }),
  /** Charset added to the types of texts: "utf-8"; null = none, as in Tornado. */
  charset: string({ default: null }),
  /** Largest file whose entity tag is the hash of its content; that of a larger one is made of its inode, size and times. */
  hashLimitBytes: integer({ default: DEFAULT_HASH_LIMIT_BYTES, min: 0, max: 1024 * 1024 * MiB }),
});

/** What a route to StaticFileHandler may say. */
export type StaticFileOptions = Input<typeof staticFileOptions>;

export type ResolvedStaticFileOptions = Resolved<typeof staticFileOptions>;

const resolved = new WeakMap<InitArgs, ResolvedStaticFileOptions>();

/**
 * The options that init args say, resolved once per route.
 *
 * @throws CodedError ERR_UNKNOWN_OPTION, ERR_OPTION_TYPE, ERR_OPTION_RANGE
 */
export function staticOptionsOf(args: InitArgs): ResolvedStaticFileOptions {
  let known = resolved.get(args);
  if (known === undefined) {
    known = resolve("StaticFileHandler", staticFileOptions, args as StaticFileOptions);
    if (known.path === "") {
      throw new CodedError(
        "ERR_OPTION_TYPE",
        "StaticFileHandler needs the init arg path, a folder",
      );
    }
    resolved.set(args, known);
  }
  return known;
}

/** Which hooks of StaticFileHandler a class has replaced; found out once per class. */
export interface StaticPlan {
  /** Path and file are found as the framework does. */
  readonly findsFiles: boolean;
  /** The head is made as the framework does. */
  readonly isPlain: boolean;
  readonly hasOwnContent: boolean;
  readonly hasOwnVersion: boolean;
}

/** A handler class: what of it is looked at. */
export interface PlannedStaticClass {
  readonly prototype: object;
}

const pathHooks = ["parseUrlPath", "validateAbsolutePath"];
const headHooks = [
  "computeEtag",
  "get",
  "getCacheTime",
  "getContentSize",
  "getContentType",
  "getModifiedTime",
  "head",
  "setEtagHeader",
  "setExtraHeaders",
  "setHeader",
  "setHeaders",
  "shouldReturn304",
];

const plans = new WeakMap<object, StaticPlan>();

/** @param base StaticFileHandler */
export function staticPlanOf(of: PlannedStaticClass, base: PlannedStaticClass): StaticPlan {
  let plan = plans.get(of);
  if (plan === undefined) {
    const isOurs = (name: string) =>
      Reflect.get(of.prototype, name) === Reflect.get(base.prototype, name);
    const isOursStatic = (name: string) => Reflect.get(of, name) === Reflect.get(base, name);
    const hasOwnContent = !isOursStatic("getContent");
    const hasOwnVersion = !isOursStatic("getContentVersion");
    plan = {
      findsFiles:
        pathHooks.every(isOurs) &&
        isOursStatic("getAbsolutePath") &&
        !hasOwnContent &&
        !hasOwnVersion,
      isPlain: headHooks.every(isOurs) && !hasOwnContent && !hasOwnVersion,
      hasOwnContent,
      hasOwnVersion,
    };
    plans.set(of, plan);
  }
  return plan;
}
