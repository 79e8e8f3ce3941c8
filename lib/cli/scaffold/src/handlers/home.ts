// The page at "/".
import { RequestHandler } from "landspout";

export class Home extends RequestHandler {
  get() {
    const name = this.getQueryArgument("name", "world");
    return this.render("home.html", { name });
  }
}
