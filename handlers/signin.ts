/**
 * GET and POST /sign-in: a form that asks for a name, and the signed cookie that keeps it.
 *
 * There is no password: this shows cookies and forms, not how to know who somebody is. The setting xsrfCookies has the
 * form's token checked before post() is called.
 */
import { Page } from "./page.ts";
import { cleanName, LONGEST_NAME, named, remember } from "./person.ts";

export class SignIn extends Page {
  get(): Promise<void> {
    return this.#form("");
  }

  post(): Promise<void> | undefined {
    const name = cleanName(this.getBodyArgument("name", ""));
    if (name === "") {
      this.setStatus(400);
      return this.#form("Say a name: a letter will do.");
    }
    remember(this, named(this.getCurrentUser(), name));
    // 303: what follows is a GET, and reloading it posts nothing. RFC 9110 §15.4.4.
    this.redirect("/", { status: 303 });
    return undefined;
  }

  #form(problem: string): Promise<void> {
    const { person } = this;
    const name = person.isGuest ? "" : person.name;
    return this.render("signin.html", { name, problem, longest: LONGEST_NAME });
  }
}
