/** What no route matches: 404, as a page. app.ts names it in the setting defaultHandlerClass. */
import { HTTPError } from "landspout";
import { Page } from "./page.ts";

export class NotFound extends Page {
  override prepare(): void {
    throw new HTTPError(404);
  }
}
