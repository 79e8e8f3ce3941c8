/**
 * The values of a program's options: how a text of the command line becomes one, and which values of a file are taken.
 *
 * Pure functions of a definition and a value. OptionParser says where a value came from, these say what is wrong with it.
 */
import { describe } from "./describe.ts";
import { CodedError } from "./errors.ts";
import { nearestName } from "./levenshtein.ts";
import type { OptionDefinition, OptionKind, OptionType } from "./programoption.ts";

/** Why a value is not taken: what it was, and what is allowed. */
export class OptionValueFault extends Error {
  readonly code: "ERR_OPTION_TYPE" | "ERR_OPTION_RANGE";

  constructor(code: "ERR_OPTION_TYPE" | "ERR_OPTION_RANGE", message: string) {
    super(message);
    this.code = code;
  }
}

/** A kind, or a function of the user's. */
export type ValueType = OptionKind | ((text: string) => unknown);

/** Most numbers that one range, as `1:5`, may stand for. */
const MOST_OF_A_RANGE = 65_536;

const DATE =
  /^(\d{4})(-?)(\d\d)\2(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,3}))?)?(Z|[+-]\d\d:?\d\d)?)?$/;
const TIME = /^(\d\d):(\d\d)(?::(\d\d))?$/;
const DURATION_PART =
  /(\d+(?:\.\d+)?)(ms|sec|s|min|m|h|d|w|(?:millisecond|second|minute|hour|day|week)s?)(?![a-z])/y;

const unitsMs: Readonly<Record<string, number>> = {
  ms: 1,
  millisecond: 1,
  s: 1_000,
  sec: 1_000,
  second: 1_000,
  m: 60_000,
  min: 60_000,
  minute: 60_000,
  h: 3_600_000,
  hour: 3_600_000,
  d: 86_400_000,
  day: 86_400_000,
  w: 604_800_000,
  week: 604_800_000,
};

const booleans = new Map([
  ...["true", "1", "yes", "on", "y", "t"].map((text) => [text, true] as const),
  ...["false", "0", "no", "off", "n", "f"].map((text) => [text, false] as const),
]);

const sayings: Readonly<Record<OptionKind, string>> = {
  string: "a string",
  number: "a number",
  integer: "an integer",
  boolean: "true or false",
  date: "a date, as 2026-01-31 or 2026-01-31T12:00",
  duration: "a duration with its unit, as 500ms, 30s or 1h30m",
};

/**
 * The type of an option: as declared, or that of its default or its choices.
 *
 * @throws CodedError ERR_OPTION_TYPE if it is none
 */
export function valueTypeOf(name: string, definition: OptionDefinition): ValueType {
  const { type, choices } = definition;
  const sample = definition.default ?? choices?.[0];
  const declared = type ?? typeOfSample(Array.isArray(sample) ? sample[0] : sample);
  if (declared === String) return "string";
  if (declared === Number) return "number";
  if (declared === Boolean) return "boolean";
  if (declared === Date) return "date";
  if (typeof declared === "function") return declared as (text: string) => unknown;
  if (typeof declared === "string" && Object.hasOwn(sayings, declared)) {
    return declared as OptionKind;
  }
  throw new CodedError(
    "ERR_OPTION_TYPE",
    `the type of option "${name}" is ${describe(declared)}; allowed are String, Number, Boolean, Date, a function, ${Object.keys(sayings).map(describe).join(", ")}`,
  );
}

/** What is allowed, for messages: "an integer from 0 to 65535". */
export function allowedValues(type: ValueType, definition: OptionDefinition): string {
  const { choices, min, max } = definition;
  if (choices !== undefined) return choices.map(describe).join(", ");
  if (typeof type === "function") return "what the program takes";
  const unit = type === "duration" ? " ms" : "";
  const bounds =
    min !== undefined && max !== undefined
      ? ` from ${min} to ${max}${unit}`
      : min !== undefined
        ? ` from ${min}${unit} on`
        : max !== undefined
          ? ` up to ${max}${unit}`
          : "";
  return `${sayings[type]}${bounds}`;
}

/**
 * Makes the value, or the values, of a text.
 *
 * @throws OptionValueFault
 */
export function valueOfText(type: ValueType, definition: OptionDefinition, text: string): unknown {
  if (definition.multiple !== true) return single(type, definition, text);
  if (text === "") return [];
  return text.split(",").flatMap((part) => {
    const numbers = rangeOf(type, part);
    if (numbers === null) return [single(type, definition, part)];
    return numbers.map((number) => checked(type, definition, number));
  });
}

/**
 * Takes a value as a program or a file has it: of the right type, or a text to be read as on the command line.
 *
 * @throws OptionValueFault
 */
export function valueOfValue(
  type: ValueType,
  definition: OptionDefinition,
  value: unknown,
): unknown {
  if (definition.multiple !== true) return one(type, definition, value);
  if (typeof value === "string") return valueOfText(type, definition, value);
  if (!Array.isArray(value)) {
    throw new OptionValueFault(
      "ERR_OPTION_TYPE",
      `${describe(value)}; allowed is a list, each ${allowedValues(type, definition)}`,
    );
  }
  return value.map((each: unknown) => one(type, definition, each));
}

function one(type: ValueType, definition: OptionDefinition, value: unknown): unknown {
  if (typeof value === "string") return single(type, definition, value);
  if (typeof type === "function") return value;
  return checked(type, definition, value);
}

function single(type: ValueType, definition: OptionDefinition, text: string): unknown {
  let value: unknown;
  try {
    value = typeof type === "function" ? type(text) : readers[type](text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new OptionValueFault("ERR_OPTION_TYPE", `${describe(text)}: ${why}`);
  }
  if (value === undefined) throw wrong("ERR_OPTION_TYPE", type, definition, text);
  return checked(type, definition, value, text);
}

function checked(
  type: ValueType,
  definition: OptionDefinition,
  value: unknown,
  shown: unknown = value,
): unknown {
  if (!isOfType(type, value)) throw wrong("ERR_OPTION_TYPE", type, definition, shown);
  const { choices, min, max } = definition;
  const isOutside =
    (choices !== undefined && !choices.includes(value as string)) ||
    (typeof value === "number" &&
      ((min !== undefined && value < min) || (max !== undefined && value > max)));
  if (isOutside) throw wrong("ERR_OPTION_RANGE", type, definition, shown);
  return value;
}

function wrong(
  code: "ERR_OPTION_TYPE" | "ERR_OPTION_RANGE",
  type: ValueType,
  definition: OptionDefinition,
  shown: unknown,
): OptionValueFault {
  const texts = definition.choices?.map(String);
  const nearest = texts && typeof shown === "string" ? nearestName(shown, texts) : null;
  const hint = nearest === null ? "" : `; did you mean ${nearest}?`;
  return new OptionValueFault(
    code,
    `${describe(shown)}; allowed is ${allowedValues(type, definition)}${hint}`,
  );
}

function isOfType(type: ValueType, value: unknown): boolean {
  if (typeof type === "function") return true;
  switch (type) {
    case "date":
      return value instanceof Date && !Number.isNaN(value.getTime());
    case "integer":
      return Number.isSafeInteger(value);
    case "number":
    case "duration":
      return Number.isFinite(value);
    default:
      return typeof value === type;
  }
}

function typeOfSample(sample: unknown): OptionType {
  if (typeof sample === "number") return "number";
  if (typeof sample === "boolean") return "boolean";
  return sample instanceof Date ? "date" : "string";
}

/** The numbers of `1:5`, both ends included; null if the text is no range. */
function rangeOf(type: ValueType, text: string): number[] | null {
  if (type !== "integer" && type !== "number") return null;
  const found = /^([+-]?\d+):([+-]?\d+)$/.exec(text.trim());
  if (found === null) return null;
  const [first, last] = [Number(found[1]), Number(found[2])];
  if (last < first || last - first >= MOST_OF_A_RANGE) {
    throw new OptionValueFault(
      "ERR_OPTION_RANGE",
      `${describe(text)}; a range goes upwards and has at most ${MOST_OF_A_RANGE} numbers`,
    );
  }
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

/** Each makes a value of a text; undefined if it cannot. */
const readers: Readonly<Record<OptionKind, (text: string) => unknown>> = {
  string: (text) => text,
  number: numberOf,
  integer: (text) => (/^[+-]?\d+$/.test(text.trim()) ? numberOf(text) : undefined),
  boolean: (text) => booleans.get(text.toLowerCase()),
  date: dateOf,
  duration: durationOf,
};

function numberOf(text: string): number | undefined {
  const trimmed = text.trim();
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(trimmed) ? Number(trimmed) : undefined;
}

/** ms; without a unit there is no telling what was meant, but for 0. */
function durationOf(text: string): number | undefined {
  const trimmed = text.replaceAll(" ", "");
  if (trimmed === "0") return 0;
  let ms = 0;
  DURATION_PART.lastIndex = 0;
  while (DURATION_PART.lastIndex < trimmed.length) {
    const part = DURATION_PART.exec(trimmed);
    if (part === null) return undefined;
    ms += Number(part[1]) * (unitsMs[unitOf(part[2] ?? "")] ?? Number.NaN);
  }
  return trimmed === "" ? undefined : ms;
}

/** "minutes" is "minute"; the short ones have no plural. */
function unitOf(word: string): string {
  return word.length > "sec".length && word.endsWith("s") ? word.slice(0, -1) : word;
}

function dateOf(text: string): Date | undefined {
  const time = TIME.exec(text);
  if (time !== null) {
    const [hours, minutes, seconds] = time.slice(1).map((part) => Number(part ?? 0));
    const today = new Date();
    today.setHours(hours ?? 0, minutes, seconds, 0);
    return today.getHours() === hours && today.getMinutes() === minutes ? today : undefined;
  }
  const found = DATE.exec(text);
  if (found === null) return undefined;
  const [, year, , month, day, hours = "00", minutes = "00", seconds = "00", fraction = "0", zone] =
    found;
  const iso = `${year}-${month}-${day}T${hours}:${minutes}:${seconds}.${fraction.padEnd(3, "0")}`;
  // The date constructor takes February 30 for March 2.
  const isOnCalendar = new Date(`${year}-${month}-${day}T00:00:00Z`).getUTCDate() === Number(day);
  const date = new Date(zone === undefined ? iso : `${iso}${withColon(zone)}`);
  return isOnCalendar && !Number.isNaN(date.getTime()) ? date : undefined;
}

function withColon(zone: string): string {
  return zone.replace(/^([+-]\d\d)(\d\d)$/, "$1:$2");
}
