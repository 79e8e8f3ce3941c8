/**
 * GET /user/:id: a path parameter, answered as JSON.
 *
 * An object given to write() is sent as JSON. The parameter arrives percent-decoded; its type is read from the pattern,
 * which is the one in routes.ts.
 */
import { type PathParams, RequestHandler } from "landspout";

export class User extends RequestHandler {
  get({ id }: PathParams<"/user/:id">): void {
    this.write({ id, userAgent: this.request.headers.get("User-Agent") });
  }
}
