/** Lays out what --help prints: usage, then the options under the headings of their groups. */
import { dashed } from "./optionnames.ts";
import { allowedValues, type ValueType } from "./optionvalue.ts";
import type { OptionDefinition } from "./programoption.ts";

/** One option as --help shows it. */
export interface HelpedOption {
  readonly name: string;
  readonly type: ValueType;
  readonly definition: OptionDefinition;
}

/** The heading of options that name no group. */
export const DEFAULT_GROUP = "Options";

/** Where the explanations begin, at most. */
const MOST_INDENT = 34;
const LEAST_WIDTH = 40;

/**
 * @param usage what stands behind "Usage: "
 * @param width columns of the terminal
 * @returns lines, with a final newline
 */
export function helpText(options: readonly HelpedOption[], usage: string, width = 80): string {
  const groups = new Map<string, HelpedOption[]>();
  for (const option of options) {
    const group = option.definition.group ?? DEFAULT_GROUP;
    groups.set(group, [...(groups.get(group) ?? []), option]);
  }
  const longest = Math.max(0, ...options.map((option) => leftOf(option).length));
  const indent = Math.min(longest + 4, MOST_INDENT);
  let text = `Usage: ${usage}\n`;
  for (const [group, members] of groups) {
    text += `\n${group}:\n`;
    for (const option of members) text += entry(option, indent, Math.max(width, LEAST_WIDTH));
  }
  return text;
}

function entry(option: HelpedOption, indent: number, width: number): string {
  const left = `  ${leftOf(option)}`;
  const lines = wrapped(rightOf(option), Math.max(20, width - indent));
  const first = left.length + 2 <= indent ? left.padEnd(indent) : `${left}\n${" ".repeat(indent)}`;
  return `${(first + lines.join(`\n${" ".repeat(indent)}`)).trimEnd()}\n`;
}

function leftOf({ name, type, definition }: HelpedOption): string {
  const { short, metavar, multiple } = definition;
  const kind = typeof type === "function" ? "value" : type;
  const value = `${metavar ?? kind.toUpperCase()}${multiple === true ? ",…" : ""}`;
  const isFlag = type === "boolean" && multiple !== true && metavar === undefined;
  return `${short === undefined ? "" : `-${short}, `}--${dashed(name)}${isFlag ? "" : `=${value}`}`;
}

function rightOf({ type, definition }: HelpedOption): string {
  const { help = "", choices } = definition;
  const notes: string[] = [];
  if (choices !== undefined) notes.push(allowedValues(type, definition).replaceAll('"', ""));
  const shown = shownDefault(type, definition.default);
  if (shown !== null) notes.push(`default ${shown}`);
  if (notes.length === 0) return help;
  return `${help}${help === "" ? "" : " "}(${notes.join("; ")})`;
}

function shownDefault(type: ValueType, value: unknown): string | null {
  if (value === undefined || value === null || value === "" || value === false) return null;
  if (Array.isArray(value)) return value.length === 0 ? null : value.join(",");
  if (value instanceof Date) return value.toISOString();
  if (type === "duration") return `${String(value)} ms`;
  return String(value);
}

function wrapped(text: string, width: number): string[] {
  const lines: string[] = [""];
  for (const word of text.split(/\s+/)) {
    const line = lines.at(-1) ?? "";
    if (line !== "" && line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
  }
  return lines;
}
