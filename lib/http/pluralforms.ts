/**
 * Plural-Forms: which form of a message a number asks for, as a gettext catalogue says it.
 *
 *     Plural-Forms: nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 ? 1 : 2);
 *
 * mofile.ts compiles it once a catalogue. The expression is C and is made into functions here; nothing of it is ever run
 * as JavaScript. Its length and its depth are limited, so that no file can exhaust the stack.
 *
 * @see https://www.gnu.org/software/gettext/manual/html_node/Plural-forms.html
 */
import { quote } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";

/** How a language counts. */
export interface PluralForms {
  /** How many forms a message has. */
  readonly count: number;
  /** The form for a number: 0 to count - 1. The number's fraction and sign are ignored. */
  indexOf(n: number): number;
}

type Rule = (n: number) => number;

/** The longest in use, Arabic's, has about 120. */
const LONGEST_EXPRESSION = 1000;
const DEEPEST_EXPRESSION = 50;

/** The most in use, Arabic's, are 6. */
const MOST_FORMS = 16;

/** A rule is tried on the numbers up to this one when it is compiled. */
const LAST_TRIED = 1000;

const HEADER = /^\s*nplurals\s*=\s*(\d{1,3})\s*;\s*plural\s*=\s*([^;]*);?\s*$/;
const TOKEN = /\s*(\d{1,9}(?!\d)|n\b|\|\||&&|[=!<>]=|[-+*/%<>!?:()])/y;

/** How tightly the operators with two sides bind; as in C. */
const strengths: ReadonlyMap<string, number> = new Map([
  ["||", 1],
  ["&&", 2],
  ["==", 3],
  ["!=", 3],
  ["<", 4],
  [">", 4],
  ["<=", 4],
  [">=", 4],
  ["+", 5],
  ["-", 5],
  ["*", 6],
  ["/", 6],
  ["%", 6],
]);

/** One thing and many things: what a catalogue without the field means. */
export const germanicForms: PluralForms = { count: 2, indexOf: (n) => (wholeOf(n) === 1 ? 0 : 1) };

/**
 * Compiles the value of a Plural-Forms field.
 *
 * @throws CodedError ERR_TRANSLATIONS if it is malformed, too long or too deep, or if its result is no form for a number
 *   from 0 to 1000
 */
export function parsePluralForms(text: string): PluralForms {
  const header = HEADER.exec(text);
  if (header === null) throw malformed(text, "expected nplurals=NUMBER; plural=EXPRESSION;");
  const [, digits = "", expression = ""] = header;
  const count = Number(digits);
  if (count < 1 || count > MOST_FORMS) throw malformed(text, `nplurals may be 1 to ${MOST_FORMS}`);
  const rule = new RuleParser(expression).parse();
  for (let n = 0; n <= LAST_TRIED; n++) {
    const index = rule(n);
    if (index < 0 || index >= count) throw malformed(text, `${n} gives the form ${index}`);
  }
  return {
    count,
    // Beyond what was tried: a form that is not there is the last one.
    indexOf: (n) => Math.min(Math.max(rule(wholeOf(n)), 0), count - 1),
  };
}

function wholeOf(n: number): number {
  const whole = Math.floor(Math.abs(n));
  return Number.isFinite(whole) ? whole : 0;
}

/** Makes a function of an expression, by recursive descent. */
class RuleParser {
  readonly #text: string;
  readonly #tokens: readonly string[];
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = this.#split(text.trimEnd());
  }

  parse(): Rule {
    const rule = this.#choice();
    if (this.#at < this.#tokens.length) throw this.#unexpected();
    return rule;
  }

  #split(text: string): string[] {
    if (text.length > LONGEST_EXPRESSION) {
      throw malformed(text, `it has more than ${LONGEST_EXPRESSION} characters`);
    }
    const tokens: string[] = [];
    TOKEN.lastIndex = 0;
    while (TOKEN.lastIndex < text.length) {
      const at = TOKEN.lastIndex;
      const token = TOKEN.exec(text)?.[1];
      if (token === undefined) throw malformed(text, `offset ${at} has no operator, number or n`);
      tokens.push(token);
    }
    return tokens;
  }

  /** condition ? yes : no */
  #choice(): Rule {
    if (++this.#depth > DEEPEST_EXPRESSION) throw malformed(this.#text, "it is too deep");
    const condition = this.#binary(1);
    let rule = condition;
    if (this.#take("?")) {
      const yes = this.#choice();
      if (!this.#take(":")) throw this.#unexpected();
      const no = this.#choice();
      rule = (n) => (condition(n) !== 0 ? yes(n) : no(n));
    }
    this.#depth--;
    return rule;
  }

  #binary(weakest: number): Rule {
    let left = this.#unary();
    for (;;) {
      const operator = this.#tokens[this.#at] ?? "";
      const strength = strengths.get(operator) ?? 0;
      if (strength < weakest) return left;
      this.#at++;
      left = combined(operator, left, this.#binary(strength + 1));
    }
  }

  #unary(): Rule {
    let negations = 0;
    while (this.#take("!")) negations++;
    const operand = this.#operand();
    if (negations === 0) return operand;
    const whenZero = negations % 2;
    return (n) => (operand(n) === 0 ? whenZero : 1 - whenZero);
  }

  #operand(): Rule {
    const token = this.#tokens[this.#at] ?? "";
    this.#at++;
    if (token === "n") return (n) => n;
    if (/^\d/.test(token)) {
      const value = Number(token);
      return () => value;
    }
    if (token !== "(") {
      this.#at--;
      throw this.#unexpected();
    }
    const inner = this.#choice();
    if (!this.#take(")")) throw this.#unexpected();
    return inner;
  }

  #take(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false;
    this.#at++;
    return true;
  }

  #unexpected(): CodedError {
    const token = this.#tokens[this.#at];
    return malformed(this.#text, token === undefined ? "it ends early" : `unexpected "${token}"`);
  }
}

function combined(operator: string, left: Rule, right: Rule): Rule {
  switch (operator) {
    case "||":
      return (n) => Number(left(n) !== 0 || right(n) !== 0);
    case "&&":
      return (n) => Number(left(n) !== 0 && right(n) !== 0);
    case "==":
      return (n) => Number(left(n) === right(n));
    case "!=":
      return (n) => Number(left(n) !== right(n));
    case "<":
      return (n) => Number(left(n) < right(n));
    case ">":
      return (n) => Number(left(n) > right(n));
    case "<=":
      return (n) => Number(left(n) <= right(n));
    case ">=":
      return (n) => Number(left(n) >= right(n));
    case "+":
      return (n) => left(n) + right(n);
    case "-":
      return (n) => left(n) - right(n);
    case "*":
      return (n) => left(n) * right(n);
    case "/":
      return (n) => quotient(left(n), right(n));
    default:
      return (n) => remainder(left(n), right(n));
  }
}

// Division by zero is undefined in C; here it is 0.

function quotient(a: number, b: number): number {
  return b === 0 ? 0 : Math.trunc(a / b);
}

function remainder(a: number, b: number): number {
  return b === 0 ? 0 : a % b;
}

function malformed(text: string, why: string): CodedError {
  return new CodedError("ERR_TRANSLATIONS", `Plural-Forms ${quote(text)} is malformed: ${why}`);
}
