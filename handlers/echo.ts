/**
 * POST /echo: sends the posted body back under the Content-Type that it came with.
 *
 * Whoever may post here has changed nothing, so that no XSRF token is asked for: curl has none.
 *
 * By the time a verb is called its body is there, whole and within maxBodyBytes. It is bytes: nothing here decodes it.
 */
import { RequestHandler } from "landspout";

const FALLBACK_TYPE = "text/plain; charset=UTF-8";

export class Echo extends RequestHandler {
  post(): void {
    const type = this.request.headers.get("Content-Type");
    this.setHeader("Content-Type", type === null || type === "" ? FALLBACK_TYPE : type);
    // A browser is to show what we say it is, not what the bytes look like.
    this.setHeader("X-Content-Type-Options", "nosniff");
    this.write(this.request.body);
  }

  override checkXsrfCookie(): void {}
}
