/**
 * HTTPValidationError: what a client sent is well formed, and not what the schema asks for.
 *
 * The functions of validation.ts throw it. RequestHandler.writeError answers it with
 * application/problem+json (RFC 9457), so that a client can show each problem beside its field:
 *
 *     {"type":"about:blank","title":"Bad Request","status":400,"detail":"the body has 1 problem",
 *      "issues":[{"in":"body","path":["user","age"],"message":"expected number"}]}
 */
import { quote } from "../base/describe.ts";
import { reasonPhrase } from "../http/httpstatus.ts";
import { HTTPError } from "./httperror.ts";
import type { StandardIssue } from "./standardschema.ts";

/** What was validated. */
export type ValidatedPart = "body" | "query" | "path";

/** One problem. */
export interface ValidationIssue {
  readonly in: ValidatedPart;
  /** Names and indices from the outside in; [] = the whole. */
  readonly path: readonly (string | number)[];
  /** The validator's. */
  readonly message: string;
}

/** The media type of problemText. RFC 9457 §3. */
export const PROBLEM_JSON = "application/problem+json";

/** Most issues that are listed: a list of a million wrong elements must not become an answer of 100 MB. */
export const MOST_ISSUES = 100;

const MOST_MESSAGE_CHARACTERS = 500;
const MOST_PATH_SEGMENTS = 32;
const MOST_SEGMENT_CHARACTERS = 100;

/** Answered with 400 and the list of its issues. */
export class HTTPValidationError extends HTTPError {
  static {
    HTTPValidationError.prototype.name = "HTTPValidationError";
  }

  /** At most MOST_ISSUES of them, shortened where they are very long. */
  readonly issues: readonly ValidationIssue[];
  /** What was validated, and how many problems it has. */
  readonly detail: string;

  /**
   * @param found  the validator's issues, at least one
   * @param others those of other parts of the same request
   */
  constructor(
    part: ValidatedPart,
    found: readonly StandardIssue[],
    others: readonly (readonly [ValidatedPart, readonly StandardIssue[]])[] = [],
  ) {
    const issues: ValidationIssue[] = [];
    for (const [of, list] of [[part, found] as const, ...others]) {
      const most = MOST_ISSUES - issues.length;
      issues.push(...list.slice(0, most).map((issue) => issueOf(of, issue)));
    }
    const details = others.map(([of, list]) => detailOf(of, list.length));
    const detail = [detailOf(part, found.length), ...details].join("; ");
    super(400, `${detail}${firstOf(issues)}`);
    this.issues = issues;
    this.detail = detail;
  }

  /** The body of the answer: JSON in which no "<" stands, so that it is safe inside HTML, too. */
  problemText(): string {
    const problem = {
      type: "about:blank",
      title: this.reason ?? reasonPhrase(this.statusCode),
      status: this.statusCode,
      detail: this.detail,
      issues: this.issues,
    };
    return JSON.stringify(problem).replaceAll("<", "\\u003c");
  }
}

function issueOf(part: ValidatedPart, { message, path = [] }: StandardIssue): ValidationIssue {
  return {
    in: part,
    path: path.slice(0, MOST_PATH_SEGMENTS).map(segmentOf),
    message: String(message).slice(0, MOST_MESSAGE_CHARACTERS),
  };
}

function segmentOf(segment: PropertyKey | { readonly key: PropertyKey }): string | number {
  const key = typeof segment === "object" ? segment.key : segment;
  return typeof key === "number" ? key : String(key).slice(0, MOST_SEGMENT_CHARACTERS);
}

function detailOf(part: ValidatedPart, count: number): string {
  const problems = count === 1 ? "1 problem" : `${count} problems`;
  const listed = count > MOST_ISSUES ? `, of which the first ${MOST_ISSUES} are listed` : "";
  return `the ${part} has ${problems}${listed}`;
}

/** For the log. */
function firstOf([first]: readonly ValidationIssue[]): string {
  return first === undefined ? "" : `; ${quote(first.path.join("."))}: ${quote(first.message)}`;
}
