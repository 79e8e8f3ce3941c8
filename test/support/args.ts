/** A handler that answers with the arguments named "a", for the suites of arguments and of known requests. */
import { RequestHandler } from "../../lib/index.ts";

/** GET: stripped and raw; POST: of both, of the query, of the body; the last one of each, or null. */
export class Args extends RequestHandler {
  get() {
    this.write({
      all: this.getArguments("a"),
      raw: this.getArguments("a", { strip: false }),
    });
  }

  post() {
    this.write({
      all: this.getArguments("a"),
      q: this.getQueryArguments("a"),
      b: this.getBodyArguments("a"),
      one: this.getArgument("a", null),
      oneQ: this.getQueryArgument("a", null),
      oneB: this.getBodyArgument("a", null),
    });
  }
}

/** What it answers to a form "a=hello" posted with a query "a=bar". */
export const MERGED = {
  all: ["bar", "hello"],
  q: ["bar"],
  b: ["hello"],
  one: "hello",
  oneQ: "bar",
  oneB: "hello",
};
