/**
 * A value in a few words, for the "what was got" of an error message. Never fails and never runs
 * the value's code.
 */

const MOST_CHARACTERS = 60;

/**
 * Names a value for a message: `"text"` (shortened past 60 characters, controls escaped), `12`,
 * `null`, `a function`, `an array of 3`, `an instance of Date`, `an object`.
 */
export function describe(value: unknown): string {
  switch (typeof value) {
    case "string":
      return quote(value);
    case "bigint":
      return `${value}n`;
    case "function":
      return "a function";
    case "symbol":
      return "a symbol";
    case "object":
      return value === null ? "null" : describeObject(value);
    default:
      return String(value);
  }
}

/** Puts a text in quotes for a message: one line, printable ASCII, shortened past 60 characters. */
export function quote(text: string): string {
  const short = text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;
  return JSON.stringify(short).replace(/[\x7f-\x9f]/g, escapeCharacter);
}

function describeObject(value: object): string {
  if (Array.isArray(value)) return `an array of ${value.length}`;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null || prototype === Object.prototype) return "an object";
  const maker = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
  return typeof maker === "function" && typeof maker.name === "string" && maker.name !== ""
    ? `an instance of ${maker.name}`
    : "an object";
}

function escapeCharacter(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
}
