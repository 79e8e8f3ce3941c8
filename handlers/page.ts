/**
 * Page: what the HTML pages of the demo have in common: who asks, a policy that lets nothing in from elsewhere, and an
 * error page in the same dress.
 *
 * A base class of one's own is how an app says such things once.
 */
import { type ErrorContext, HTTPError, RequestHandler } from "landspout";
import { newGuest, type Person, personOf, remember } from "./person.ts";

/** Scripts, styles, pictures and connections of our own alone; no inline script, no frame around us. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "media-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** What is said of an error beside its name. */
const sayings: Readonly<Record<number, string>> = {
  400: "The request is not one that this page understands.",
  403: "The request is not allowed: it came from another site, or its form is too old. Go back, load the page anew and try again.",
  404: "Nothing grows at this address.",
  405: "This address does not take requests of that kind.",
  413: "That is more than this page takes.",
  500: "Something broke on our side. It has been logged, and the loop goes on turning.",
};

export abstract class Page extends RequestHandler {
  override setDefaultHeaders(): void {
    this.setHeader("Content-Security-Policy", POLICY);
    this.setHeader("Referrer-Policy", "same-origin");
    this.setHeader("X-Content-Type-Options", "nosniff");
    // A page says who asks: no cache may give it to somebody else.
    this.setHeader("Cache-Control", "no-store");
  }

  override getCurrentUser(): Person | null {
    return personOf(this);
  }

  /** Who asks; a guest is made, and remembered, if nobody is known yet. */
  protected get person(): Person {
    const known = this.currentUser as Person | null;
    if (known !== null) return known;
    const guest = newGuest();
    remember(this, guest);
    this.currentUser = guest;
    return guest;
  }

  /** A page for readers; one line for scripts and curl. */
  override writeError(status: number, context: ErrorContext): unknown {
    this.setHeader("Vary", "Accept");
    const wantsPage = /\btext\/html\b/.test(this.request.headers.get("Accept") ?? "");
    if (!wantsPage || this.settings.serveTraceback) return super.writeError(status, context);
    const { error } = context;
    const reason = error instanceof HTTPError ? error.reason : null;
    const saying = reason ?? sayings[status] ?? "The request could not be answered.";
    return this.render("error.html", { status, saying, path: this.request.path });
  }
}
