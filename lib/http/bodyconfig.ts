/**
 * How the bodies of requests are parsed: the limits of forms and of JSON, for the whole process, after Tornado's
 * ParseBodyConfig.
 *
 *     setParseBodyConfig({ multipart: { maxParts: 500 }, urlencoded: { maxArguments: 5000 } });
 *
 * HTTPServerRequest asks parseBodyConfig() when it parses a form. A handler class with `uploads` has
 * limits of its own.
 */
import { KiB, MiB } from "../base/bytes.ts";
import { boolean, type Input, integer, options, type Resolved, resolve } from "../base/options.ts";
import { MOST_ARGUMENTS } from "./forms.ts";
import { MOST_JSON_DEPTH } from "./jsonbody.ts";

const MOST_COUNT = 1_000_000;
const MOST_BYTES = Number.MAX_SAFE_INTEGER;

/** How a multipart form is parsed. */
export const parseMultipartOptions = options({
  /** Parse multipart forms; false = refuse them with 400. */
  enabled: boolean({ default: true }),
  /** Most parts of a form, fields and files together. Over it: 400. */
  maxParts: integer({ default: 100, min: 1, max: MOST_COUNT }),
  /** Most bytes of the header of one part. Over it: 400. */
  maxPartHeaderBytes: integer({ default: 10 * KiB, min: 64, max: 1 * MiB }),
  /** Most bytes of one field that is no file. Over it: 413. */
  maxFieldBytes: integer({ default: 1 * MiB, min: 1, max: MOST_BYTES }),
  /** Most bytes of one file. Over it: 413. null = as many as the body may have. */
  maxFileBytes: integer({ default: null, min: 1, max: MOST_BYTES }),
});

/** How queries and urlencoded forms are parsed. */
export const parseUrlEncodedOptions = options({
  /** Most arguments of one query or one form. Over it: 400. */
  maxArguments: integer({ default: MOST_ARGUMENTS, min: 1, max: MOST_COUNT }),
});

/** How JSON is parsed. */
export const parseJsonOptions = options({
  /** Most arrays and objects in one another. Over it: 400. */
  maxDepth: integer({ default: MOST_JSON_DEPTH, min: 1, max: MOST_COUNT }),
});

export type ParseJsonOptions = Input<typeof parseJsonOptions>;
export type ResolvedJsonConfig = Resolved<typeof parseJsonOptions>;
export type ParseMultipartOptions = Input<typeof parseMultipartOptions>;
export type ParseUrlEncodedOptions = Input<typeof parseUrlEncodedOptions>;
export type ResolvedMultipartConfig = Resolved<typeof parseMultipartOptions>;
export type ResolvedUrlEncodedConfig = Resolved<typeof parseUrlEncodedOptions>;

/** Limits of multipart forms, checked. Options will do in its place; Tornado's name for them. */
export class ParseMultipartConfig implements ResolvedMultipartConfig {
  readonly enabled: boolean;
  readonly maxParts: number;
  readonly maxPartHeaderBytes: number;
  readonly maxFieldBytes: number;
  readonly maxFileBytes: number | null;

  /** @throws CodedError ERR_UNKNOWN_OPTION, ERR_OPTION_TYPE, ERR_OPTION_RANGE */
  constructor(given: ParseMultipartOptions = {}) {
    const all = resolve("ParseMultipartConfig", parseMultipartOptions, given);
    this.enabled = all.enabled;
    this.maxParts = all.maxParts;
    this.maxPartHeaderBytes = all.maxPartHeaderBytes;
    this.maxFieldBytes = all.maxFieldBytes;
    this.maxFileBytes = all.maxFileBytes;
  }
}

/** Limits of urlencoded forms and of queries, checked. */
export class ParseUrlEncodedConfig implements ResolvedUrlEncodedConfig {
  readonly maxArguments: number;

  /** @throws CodedError ERR_UNKNOWN_OPTION, ERR_OPTION_TYPE, ERR_OPTION_RANGE */
  constructor(given: ParseUrlEncodedOptions = {}) {
    const all = resolve("ParseUrlEncodedConfig", parseUrlEncodedOptions, given);
    this.maxArguments = all.maxArguments;
  }
}

/** Limits of JSON, checked. */
export class ParseJsonConfig implements ResolvedJsonConfig {
  readonly maxDepth: number;

  /** @throws CodedError ERR_UNKNOWN_OPTION, ERR_OPTION_TYPE, ERR_OPTION_RANGE */
  constructor(given: ParseJsonOptions = {}) {
    this.maxDepth = resolve("ParseJsonConfig", parseJsonOptions, given).maxDepth;
  }
}

/** What a ParseBodyConfig is made of; each part is a config or its options. */
export interface ParseBodyOptions {
  readonly multipart?: ParseMultipartOptions | undefined;
  readonly urlencoded?: ParseUrlEncodedOptions | undefined;
  readonly json?: ParseJsonOptions | undefined;
}

/** How bodies are parsed. */
export class ParseBodyConfig {
  readonly multipart: ParseMultipartConfig;
  readonly urlencoded: ParseUrlEncodedConfig;
  readonly json: ParseJsonConfig;

  /** @throws CodedError as the configs do; ERR_UNKNOWN_OPTION for a name that is none of them */
  constructor(given: ParseBodyOptions = {}) {
    const { multipart, urlencoded, json, ...others } = given;
    resolve("ParseBodyConfig", {}, others);
    this.multipart = new ParseMultipartConfig(multipart);
    this.urlencoded = new ParseUrlEncodedConfig(urlencoded);
    this.json = new ParseJsonConfig(json);
  }
}

let current = new ParseBodyConfig();

/** The limits in force. */
export function parseBodyConfig(): ParseBodyConfig {
  return current;
}

/**
 * Sets the limits for all requests of this process that are parsed from now on; what is not given
 * has its default again.
 *
 * @throws CodedError as ParseBodyConfig does; nothing has changed then
 */
export function setParseBodyConfig(config: ParseBodyOptions): void {
  current = new ParseBodyConfig(config);
}
