/**
 * The settings of an Application that the framework reads, each with its type, default and meaning.
 *
 * Names of the application's own may stand beside them: handlers find them in this.settings. A setting spelled as
 * Tornado spells it (cookie_secret) is refused with the right name; one that looks like a slip is warned of.
 */
import { MiB } from "../base/bytes.ts";
import { describe, quote } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";
import { editDistance, nearestName } from "../base/levenshtein.ts";
import { log } from "../base/log.ts";
import {
  boolean,
  custom,
  func,
  type Input,
  integer,
  list,
  oneOf,
  options,
  type Resolved,
  resolve,
  string,
} from "../base/options.ts";
import { watch } from "../base/watched.ts";
import type { CookieAttributes } from "../http/setcookie.ts";
import type { CookieSecret } from "../http/signedvalue.ts";
import type { CompressionOptions } from "./compressionoptions.ts";
import type { OutputTransformClass } from "./outputtransform.ts";
import type { HandlerClass, InitArgs } from "./routing.ts";
import type { TemplateEngine } from "./templateengine.ts";
import type { UISource } from "./uimoduleset.ts";
import type { WebSocketCompressionOptions } from "./websocketcompression.ts";

/** A name that is this near to one of ours was probably meant to be it. */
const SLIP_EDITS = 2;

const isObject = (value: unknown): boolean => typeof value === "object" && value !== null;
const anObject = { type: "object", allowed: "an object", isAllowed: isObject } as const;

const aUISource = {
  type: "object or list",
  allowed: "an object, a class or function, or a list of them",
  isAllowed: (value: unknown): boolean => isObject(value) || typeof value === "function",
} as const;

const aClass = () =>
  custom<HandlerClass | null>({
    type: "class",
    default: null,
    allowed: "a handler class",
    isAllowed: (value) => typeof value === "function",
  });

export const applicationSettings = options({
  /** For development: serveTraceback, templates and static hashes are not cached, errors are shown with their source. Never in public. If it is not given: true under `landspout dev`, which sets LANDSPOUT_DEBUG=1. */
  debug: boolean({ default: false }),
  /** Error responses show the stack of what was thrown; null = as debug. */
  serveTraceback: boolean({ default: null }),
  /** Called with the handler after each response instead of logging it. */
  logFunction: func<(handler: never) => void>(),
  /** Answers what no route matches; null = 404. */
  defaultHandlerClass: aClass(),
  /** Init args of defaultHandlerClass. */
  defaultHandlerArgs: custom<InitArgs>({ ...anObject, default: Object.freeze({}) }),
  /** Host whose virtual hosts answer requests with a Host that no pattern fits. */
  defaultHost: string({ default: null }),

  /** Key of signed cookies: a text of at least 32 random characters, or several by number, of which keyVersion signs. */
  cookieSecret: custom<CookieSecret | null>({
    type: "string or object",
    default: null,
    allowed: "a string, bytes, or an object of them by number",
    isAllowed: (value) => typeof value === "string" || isObject(value),
  }),
  /** Which of several keys signs; needed exactly where cookieSecret has several. */
  keyVersion: integer({ default: null, min: 0, max: Number.MAX_SAFE_INTEGER }),
  /** Where @authenticated sends a client without a user. */
  loginUrl: string({ default: null }),
  /** Refuse POST, PUT, PATCH and DELETE without the XSRF token of the client's cookie. */
  xsrfCookies: boolean({ default: false }),
  /** Form of the XSRF token: 2 is masked anew for each response, against BREACH; 1 is plain. */
  xsrfCookieVersion: oneOf({ values: [1, 2], default: 2 }),
  /** Attributes of the XSRF cookie. */
  xsrfCookieKwargs: custom<CookieAttributes>({ ...anObject, default: Object.freeze({}) }),
  /** Name of the XSRF cookie; the argument of the form is always _xsrf. */
  xsrfCookieName: string({ default: "_xsrf" }),
  /** Refuse unsafe methods that a browser sends from another origin, told by Sec-Fetch-Site, or by Origin where that is missing. */
  crossOriginProtection: boolean({ default: false }),
  /** Origins ("https://app.example.com") whose pages crossOriginProtection lets through. */
  trustedOrigins: list({ default: [], of: string({ default: "" }) }),

  /** Folder of the templates: absolute, or relative to the working directory. */
  templatePath: string({ default: null }),
  /** The engine of templates; null = a Loader of templatePath, on eta. */
  templateLoader: custom<TemplateEngine | null>({
    type: "object",
    default: null,
    allowed: "an engine: an object with a method render(name, namespace)",
    isAllowed: (value) => isObject(value) && "render" in (value as object),
  }),
  /** Keep compiled templates; null = unless debug. Without, a changed file is seen at once. */
  compiledTemplateCache: boolean({ default: null }),
  /** Name of the function that escapes what templates show: "xhtmlEscape" or one in the namespace; null = none. */
  autoescape: custom<string | null>({
    type: "string",
    default: "xhtmlEscape",
    allowed: "the name of a function, or null",
    isAllowed: (value) => typeof value === "string" || value === null,
  }),
  /** Whitespace of templates: "all" as it is, "single" runs of it are made one, "oneline" line breaks too. */
  templateWhitespace: oneOf({ values: ["all", "single", "oneline"], default: "all" }),
  /** Tags of templates: "both" Tornado's and eta's, "eta" alone, as always in files called .eta. */
  templateSyntax: oneOf({ values: ["both", "eta"], default: "both" }),
  /** UI modules: classes by name, a class, or a list of these. */
  uiModules: custom<UISource>({ ...aUISource, default: null }),
  /** Functions for templates, given the handler first: by name, a function, or a list of these. */
  uiMethods: custom<UISource>({ ...aUISource, default: null }),
  /** Folder of static files; adds the routes staticUrlPrefix, /favicon.ico and /robots.txt. */
  staticPath: string({ default: null }),
  /** What the URLs of static files begin with. */
  staticUrlPrefix: string({ default: "/static/" }),
  /** The handler of static files; null = StaticFileHandler. */
  staticHandlerClass: aClass(),
  /** Further init args of the handler of static files. */
  staticHandlerArgs: custom<InitArgs>({ ...anObject, default: Object.freeze({}) }),
  /** Keep the hashes of static files that staticUrl() shows; null = unless debug. */
  staticHashCache: boolean({ default: null }),

  /** Classes of output transforms, which each response passes through in this order. */
  transforms: custom<readonly OutputTransformClass[]>({
    type: "list",
    default: Object.freeze([]),
    allowed: "an array of classes",
    isAllowed: (value) => Array.isArray(value) && value.every((each) => typeof each === "function"),
  }),
  /** Compress responses as the client's Accept-Encoding allows, after all other transforms; or how to. */
  compressResponse: custom<boolean | CompressionOptions>({
    type: "boolean or object",
    default: false,
    allowed: "true, false, or an object of options",
    isAllowed: (value) => typeof value === "boolean" || (isObject(value) && !Array.isArray(value)),
  }),

  /** Most bytes of a WebSocket message. Over it: close 1009. */
  websocketMaxMessageBytes: integer({ default: 10 * MiB, min: 1, max: 1024 * MiB }),
  /** Time from one ping of a WebSocket to the next, in ms; 0 = never. */
  websocketPingIntervalMs: integer({ default: 0, min: 0, max: 86_400_000 }),
  /** Time for the pong, in ms; null = the interval, 0 = for ever. Over it: close 1000. */
  websocketPingTimeoutMs: integer({ default: null, min: 0, max: 86_400_000 }),
  /** Most topics and patterns that one WebSocket is subscribed to. */
  websocketMaxTopics: integer({ default: 1_000, min: 1, max: 1_000_000 }),
  /** Most characters of a topic's name, or of a pattern. */
  websocketMaxTopicLength: integer({ default: 256, min: 1, max: 4_096 }),
  /** Most different patterns that all WebSockets together are subscribed to. */
  websocketMaxPatterns: integer({ default: 10_000, min: 0, max: 1_000_000 }),
  /** Compress messages of WebSockets if the client can, or how to (WebSocketHandler.getCompressionOptions). */
  websocketCompression: custom<boolean | WebSocketCompressionOptions>({
    type: "boolean or object",
    default: false,
    allowed: "true, false, or an object of options",
    isAllowed: (value) => typeof value === "boolean" || (isObject(value) && !Array.isArray(value)),
  }),
});

/** What an application may be given. */
export type SettingsInput = Input<typeof applicationSettings> & {
  readonly [name: string]: unknown;
};

/** What handlers find in this.settings: every setting, and the application's own. */
export type HandlerSettings = Resolved<typeof applicationSettings> & {
  readonly serveTraceback: boolean;
  readonly staticHashCache: boolean;
  readonly compiledTemplateCache: boolean;
  readonly [name: string]: unknown;
};

/**
 * Makes the settings of an application.
 *
 * @throws CodedError ERR_OPTION_TYPE, ERR_OPTION_RANGE; ERR_UNKNOWN_OPTION for a name in Tornado's spelling
 */
export function resolveSettings(given: SettingsInput): HandlerSettings {
  if (!isObject(given)) {
    throw new CodedError(
      "ERR_OPTION_TYPE",
      `the settings of Application are ${describe(given)}; allowed is an object`,
    );
  }
  const ours: Record<string, unknown> = {};
  const own: Record<string, unknown> = {};
  const names = Object.keys(applicationSettings);
  for (const [name, value] of Object.entries(given)) {
    if (Object.hasOwn(applicationSettings, name)) ours[name] = value;
    else {
      if (name === "autoreload" && value) warnOfAutoreload();
      else checkForeignName(name, names);
      own[name] = value;
    }
  }
  // Set by `landspout dev`.
  if (ours["debug"] === undefined && process.env["LANDSPOUT_DEBUG"] === "1") ours["debug"] = true;
  const resolved = resolve(
    "Application",
    applicationSettings,
    ours as Input<typeof applicationSettings>,
  );
  const { debug, templatePath, staticPath } = resolved;
  const settings = Object.freeze({
    ...own,
    ...resolved,
    serveTraceback: resolved.serveTraceback ?? debug,
    staticHashCache: resolved.staticHashCache ?? !debug,
    compiledTemplateCache: resolved.compiledTemplateCache ?? !debug,
  }) as HandlerSettings;
  // What is not kept is read again anyway.
  if (templatePath !== null && settings.compiledTemplateCache) watch(templatePath);
  if (staticPath !== null && settings.staticHashCache) watch(staticPath);
  return settings;
}

/** A process that loads its modules anew keeps the old ones; the whole of it has to be started again, from outside. */
function warnOfAutoreload(): void {
  log.warn(
    'the setting "autoreload" does nothing; run the application by `npx landspout dev`, which starts it again when a file changes',
  );
}

function checkForeignName(name: string, names: readonly string[]): void {
  if (name === "gzip") {
    throw new CodedError(
      "ERR_UNKNOWN_OPTION",
      'Application has no setting "gzip"; it is called "compressResponse" now',
    );
  }
  const camel = name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  if (camel !== name && names.includes(camel)) {
    throw new CodedError(
      "ERR_UNKNOWN_OPTION",
      `Application has no setting ${quote(name)}; did you mean "${camel}"?`,
    );
  }
  const nearest = nearestName(name, names);
  if (
    nearest !== null &&
    editDistance(name, nearest) <= SLIP_EDITS &&
    name.length > 2 * SLIP_EDITS
  ) {
    log.warn(
      `setting ${quote(name)} is not one of landspout's; if "${nearest}" was meant, it has no effect`,
    );
  }
}
