/** RedirectHandler: sends every GET elsewhere, after Tornado's. */
import { describe } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";
import { qsToQsl, urlConcat } from "../http/urlconcat.ts";
import { HTTPError } from "./httperror.ts";
import { RedirectTemplate } from "./redirecttemplate.ts";
import { RequestHandler } from "./requesthandler.ts";
import type { InitArgs } from "./routing.ts";

/** One a route: init args are the route's, and the same object for all its requests. */
const templates = new WeakMap<InitArgs, RedirectTemplate>();

/**
 *     ["/old", RedirectHandler, { url: "/new" }]                     // 301
 *     ["/old", RedirectHandler, { url: "/new", permanent: false }]   // 302
 *     ["/(.*?)/(.*)", RedirectHandler, { url: "/{1}/{0}" }]          // groups by number
 *     ["/user/:name", RedirectHandler, { url: "/people/{name}" }]    // or by name
 *
 * Arguments of the request's query are added to those of `url`. Groups are percent-encoded where they must be. A request
 * whose groups would make an address on another host ("//evil.com") is answered with 404.
 */
export class RedirectHandler extends RequestHandler {
  #template: RedirectTemplate | null = null;
  #isPermanent = true;

  /**
   * @throws CodedError ERR_OPTION_TYPE if `url` is not given or `permanent` is not a boolean; ERR_OPTION_RANGE if `url`
   *   is malformed or leaves the host to a group
   */
  override initialize(initArgs: InitArgs): void {
    const { url, permanent = true } = initArgs;
    if (typeof permanent !== "boolean") {
      throw new CodedError(
        "ERR_OPTION_TYPE",
        `the init arg permanent of RedirectHandler is ${describe(permanent)}; allowed are true and false`,
      );
    }
    this.#isPermanent = permanent;
    let template = templates.get(initArgs);
    if (template === undefined) {
      if (typeof url !== "string") {
        throw new CodedError(
          "ERR_OPTION_TYPE",
          `RedirectHandler needs the init arg url, a string; it is ${describe(url)}`,
        );
      }
      template = new RedirectTemplate(url);
      templates.set(initArgs, template);
    }
    this.#template = template;
  }

  override get(): void {
    const url = this.#template?.fill(this.pathArgs, this.pathKwargs) ?? null;
    if (url === null) throw new HTTPError(404, "the redirect would lead to another host");
    this.redirect(this.#withQuery(url), { permanent: this.#isPermanent });
  }

  #withQuery(url: string): string {
    const query = this.request.queryArguments;
    if (query.size === 0) return url;
    const pairs: [name: string, value: Buffer][] = [];
    for (const [name, value] of qsToQsl(query)) pairs.push([name, Buffer.from(value, "latin1")]);
    return urlConcat(url, pairs);
  }
}
