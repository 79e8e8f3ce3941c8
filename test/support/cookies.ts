/** A handler that sets cookies of each kind, for the suites of cookies and of known responses. */
import { RequestHandler } from "../../lib/index.ts";

/** Sets one cookie twice, then one with every attribute, one that needs quotes, one for another domain. */
export class SetCookies extends RequestHandler {
  get() {
    this.setCookie("a", "b", { domain: "example.com" });
    this.setCookie("a", "e");
    this.setCookie("m", "1", { maxAge: 10, httpOnly: true, secure: true, sameSite: "Lax" });
    this.setCookie("q", "a;b");
    this.setCookie("d", "1", { domain: "foo.com", path: "/foo" });
  }
}
