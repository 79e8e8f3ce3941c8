/**
 * Takes a command line apart, by parseArgs() of Node.js: which options are given, with which texts, and what is none.
 *
 * `--name=value`, `--name value`, `--flag`, `--no-flag`, `-p value`; what follows `--` is left alone. OptionParser makes values
 * of the texts.
 */
import { parseArgs } from "node:util";
import { CodedError } from "./errors.ts";
import { dashed, nameKey } from "./optionnames.ts";
import type { ValueType } from "./optionvalue.ts";
import type { OptionDefinition } from "./programoption.ts";

/** An option as far as its arguments go. */
export interface ArgumentOption {
  readonly name: string;
  readonly type: ValueType;
  readonly definition: OptionDefinition;
}

/** One option that is given. */
export interface GivenOption<Option> {
  readonly option: Option;
  readonly text: string;
  /** As it was spelled: "--max_bytes", "-p". */
  readonly rawName: string;
}

/** A token of parseArgs(). */
interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
}

/**
 * @param options by nameKey() of their names
 * @param find    the option of a name; throws if there is none
 * @throws CodedError ERR_OPTION_TYPE if a value is missing; what `find` throws
 */
export function readArguments<Option extends ArgumentOption>(
  args: readonly string[],
  options: ReadonlyMap<string, Option>,
  find: (name: string, rawName: string) => Option,
): { given: GivenOption<Option>[]; rest: string[] } {
  const { tokens } = parseArgs({
    args: [...args],
    options: spellings(args, options),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const given: GivenOption<Option>[] = [];
  const rest: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") rest.push(token.value);
    if (token.kind === "option") given.push(givenOption(token, options, find));
  }
  return { given, rest };
}

/** Names as this command line spells them: parseArgs() has to know which take a value. */
function spellings(args: readonly string[], options: ReadonlyMap<string, ArgumentOption>) {
  const found: Record<string, { type: "boolean" | "string"; multiple: true; short?: string }> = {};
  for (const { name, type, definition } of options.values()) {
    const { short } = definition;
    found[dashed(name)] = {
      type: type === "boolean" ? "boolean" : "string",
      multiple: true,
      ...(short === undefined ? {} : { short }),
    };
  }
  for (const arg of args) {
    if (arg === "--") break;
    const name = /^--([^=]+)/.exec(arg)?.[1];
    if (name === undefined || Object.hasOwn(found, name)) continue;
    const type = options.get(nameKey(name))?.type ?? "boolean";
    found[name] = { type: type === "boolean" ? "boolean" : "string", multiple: true };
  }
  return found;
}

function givenOption<Option extends ArgumentOption>(
  { name, rawName, value, inlineValue }: OptionToken,
  options: ReadonlyMap<string, Option>,
  find: (name: string, rawName: string) => Option,
): GivenOption<Option> {
  const negated = /^no-?(.+)$/.exec(name)?.[1];
  if (!options.has(nameKey(name)) && negated !== undefined && value === undefined) {
    const option = options.get(nameKey(negated));
    if (option?.type === "boolean") return { option, text: "false", rawName };
  }
  const option = find(name, rawName);
  if (value === undefined && option.type === "boolean") return { option, text: "true", rawName };
  // The next option is not the value of this one; a negative number may be.
  if (value === undefined || (inlineValue !== true && /^--?[a-z]/i.test(value))) {
    const { type, definition } = option;
    const wanted = definition.metavar ?? (typeof type === "string" ? type.toUpperCase() : "VALUE");
    const separator = rawName.startsWith("--") ? "=" : " ";
    throw new CodedError(
      "ERR_OPTION_TYPE",
      `${rawName} needs a value: ${rawName}${separator}${wanted}`,
    );
  }
  return { option, text: value, rawName };
}
