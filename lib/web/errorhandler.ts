/** ErrorHandler: answers every method with one status. Routes that match nothing end at one with 404. */
import { CodedError } from "../base/errors.ts";
import { HTTPError } from "./httperror.ts";
import { RequestHandler } from "./requesthandler.ts";
import type { InitArgs } from "./routing.ts";

/**
 *     ["/gone", ErrorHandler, { statusCode: 410 }]
 */
export class ErrorHandler extends RequestHandler {
  #statusCode = 500;

  /** @throws CodedError ERR_OPTION_TYPE if `statusCode` is not given */
  override initialize({ statusCode }: InitArgs): void {
    if (typeof statusCode !== "number") {
      throw new CodedError(
        "ERR_OPTION_TYPE",
        "ErrorHandler needs the init arg statusCode, a number",
      );
    }
    this.#statusCode = statusCode;
    this.setStatus(statusCode);
  }

  override prepare(): void {
    throw new HTTPError(this.#statusCode);
  }

  // Nothing is changed here: the status is what a client is to see, whatever its token.
  override checkXsrfCookie(): void {}
  override checkCrossOrigin(): void {}
}
