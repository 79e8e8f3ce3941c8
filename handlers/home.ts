/**
 * GET /: the live page. It is put together from templates/home.html; what moves on it is in static/*.js, and asks the
 * other handlers.
 */
import { Page } from "./page.ts";
import { rooms } from "./rooms.ts";

export class Home extends Page {
  get(): Promise<void> {
    return this.render("home.html", { person: this.person, rooms });
  }
}
