/**
 * GET /uploads/…: one of the uploads. A static file like any other, but a stranger's: a browser is to save it and never to
 * show it, for what it shows could run as a page of ours.
 */
import { StaticFileHandler } from "landspout";
import { nameOf } from "./uploadstore.ts";

export class Upload extends StaticFileHandler {
  override setExtraHeaders(path: string): void {
    const name = encodeURIComponent(nameOf(path)).replace(/['()*]/g, percentEncoded);
    // RFC 6266 §4.1, RFC 8187 §3.2.
    this.setHeader("Content-Disposition", `attachment; filename*=UTF-8''${name}`);
    this.setHeader("Content-Security-Policy", "default-src 'none'; sandbox");
    this.setHeader("Cache-Control", "no-store");
  }

  override getContentType(): string {
    return "application/octet-stream";
  }
}

function percentEncoded(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}
