/**
 * Somebody who visits the demo without a browser: keeps cookies, and sends the token of the forms back. The tests of
 * handlers/ use it.
 */
import type { Demo } from "./demo.ts";

export class Visitor {
  readonly #base: string;
  readonly #cookies = new Map<string, string>();

  constructor(demo: Demo) {
    this.#base = demo.base;
  }

  /** As the field Cookie. */
  get cookie(): string {
    return Array.from(this.#cookies, ([name, value]) => `${name}=${value}`).join("; ");
  }

  /** Asks; no redirect is followed. */
  async ask(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = { Cookie: this.cookie, ...(init.headers as Record<string, string>) };
    const response = await fetch(this.#base + path, { ...init, headers, redirect: "manual" });
    for (const line of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      this.#cookies.set(name, value);
    }
    return response;
  }

  /** The text of a page. */
  async page(path: string): Promise<string> {
    return await (await this.ask(path)).text();
  }

  /** The token that the forms of a page have. */
  async token(path = "/sign-in"): Promise<string> {
    return /name="_xsrf" value="([^"]+)"/.exec(await this.page(path))?.[1] ?? "";
  }

  /** Sends a form with its token. */
  async post(path: string, fields: Readonly<Record<string, string>>): Promise<Response> {
    const _xsrf = await this.token();
    return await this.ask(path, {
      method: "POST",
      body: new URLSearchParams({ ...fields, _xsrf }),
    });
  }

  /** Sends a file, as the form of the page does. */
  async upload(name: string, bytes: Uint8Array, token?: string): Promise<Response> {
    const form = new FormData();
    form.append("_xsrf", token ?? (await this.token()));
    form.append("file", new Blob([bytes]), name);
    return await this.ask("/uploads", { method: "POST", body: form });
  }
}
