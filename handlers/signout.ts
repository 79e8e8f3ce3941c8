/**
 * POST /sign-out: forgets who somebody was; they are a new guest from then on.
 *
 * It takes POST alone: a link could be followed by a browser that only looks ahead, or be put into a stranger's page.
 */
import { Page } from "./page.ts";
import { newGuest, remember } from "./person.ts";

export class SignOut extends Page {
  post(): void {
    remember(this, newGuest());
    this.redirect("/", { status: 303 });
  }
}
