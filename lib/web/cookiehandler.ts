/**
 * CookieHandler: the part of RequestHandler that knows who asks: cookies, signed cookies, the user, the XSRF check.
 *
 * RequestHandler extends it through PageHandler. The formats are lib/http's; here they meet the application's settings,
 * the request and the clock. What is set survives clear(), so that an error page still signs a client out.
 */
import { CodedError } from "../base/errors.ts";
import {
  type ClearCookieAttributes,
  type CookieAttributes,
  clearCookieLine,
  setCookieLine,
} from "../http/setcookie.ts";
import {
  type CookieSecret,
  createSignedValue,
  decodeSignedValue,
  getSignatureKeyVersion,
  type SignedValueVersion,
} from "../http/signedvalue.ts";
import {
  decodeXSRFToken,
  encodeXSRFToken,
  isSameXSRFToken,
  makeXSRFToken,
  type XSRFToken,
  xsrfFormHTML,
} from "../http/xsrftoken.ts";
import { HTTPError } from "./httperror.ts";
import { ResponseHandler } from "./responsehandler.ts";
import { RESPONSE } from "./responsewriter.ts";
import type { SignOptions, UnsignOptions } from "./signedvalues.ts";

/** How long a signed cookie and the XSRF cookie of a user last, in days. */
const COOKIE_DAYS = 30;

/** How setSignedCookie() signs, and what the cookie is like. */
export interface SignedCookieOptions extends CookieAttributes {
  /** Version of the signature's format. Default 2. */
  readonly version?: SignedValueVersion | undefined;
}

/** How getSignedCookie() reads. */
export interface GetSignedCookieOptions extends Omit<UnsignOptions, "nowMs"> {
  /** The signed text, if it is not in the request's cookie. */
  readonly value?: string | null | undefined;
}

export abstract class CookieHandler extends ResponseHandler {
  // Cookies.

  /** The cookies of the request by name. */
  get cookies(): ReadonlyMap<string, string> {
    return this.request.cookies;
  }

  /** A cookie of the request; null, or the fallback, if the client has none of this name. */
  getCookie(name: string): string | null;
  getCookie<T>(name: string, fallback: T): string | T;
  getCookie(name: string, fallback: unknown = null): unknown {
    return this.request.cookies.get(name) ?? fallback;
  }

  /**
   * Has the client keep a cookie. Setting the same name again replaces the earlier one with its attributes.
   *
   * @param attributes domain, expires, path (default "/"), expiresDays, maxAge (seconds), httpOnly, secure, sameSite
   * @throws CodedError ERR_HTTP_COOKIE, ERR_UNKNOWN_OPTION, ERR_ARGUMENT_TYPE, ERR_ARGUMENT_RANGE
   */
  setCookie(name: string, value: string, attributes: CookieAttributes = {}): void {
    this[RESPONSE].setCookie(name, setCookieLine(name, value, attributes, Date.now()));
  }

  /** Has the client forget a cookie; `attributes` are those it was set with. @throws as setCookie() */
  clearCookie(name: string, attributes: ClearCookieAttributes = {}): void {
    this[RESPONSE].setCookie(name, clearCookieLine(name, attributes, Date.now()));
  }

  /** Has the client forget every cookie it has sent. @throws as setCookie() */
  clearAllCookies(attributes: ClearCookieAttributes = {}): void {
    for (const name of this.request.cookies.keys()) this.clearCookie(name, attributes);
  }

  // Signed cookies.

  /**
   * Signs a value with the setting cookieSecret.
   *
   * @throws CodedError ERR_SETTING_REQUIRED without cookieSecret
   */
  createSignedValue(
    name: string,
    value: string | Uint8Array,
    { version, keyVersion = this.settings.keyVersion, nowMs = Date.now() }: SignOptions = {},
  ): string {
    return createSignedValue({
      secret: CookieHandler.#secret(this),
      name,
      value,
      version,
      keyVersion,
      nowMs,
    });
  }

  /**
   * Sets a cookie that the client cannot change, for 30 days unless `expiresDays` says otherwise (null: until the
   * browser ends). It is signed, not encrypted.
   *
   * @throws CodedError as createSignedValue() and setCookie()
   */
  setSignedCookie(
    name: string,
    value: string | Uint8Array,
    { version, ...attributes }: SignedCookieOptions = {},
  ): void {
    const signed = this.createSignedValue(name, value, { version });
    this.setCookie(name, signed, { expiresDays: COOKIE_DAYS, ...attributes });
  }

  /**
   * The value of a signed cookie.
   *
   * @param options.maxAgeDays oldest that is taken. Default 31
   * @returns its bytes; null if there is none, it was forged, it is too old or malformed
   * @throws CodedError ERR_SETTING_REQUIRED without cookieSecret
   */
  getSignedCookie(
    name: string,
    { value = this.getCookie(name), maxAgeDays, minVersion }: GetSignedCookieOptions = {},
  ): Buffer | null {
    const secret = CookieHandler.#secret(this);
    return decodeSignedValue({ secret, name, value, maxAgeDays, minVersion, nowMs: Date.now() });
  }

  /** The number of the key that signed a cookie; null if there is none, or it is not signed. */
  getSignedCookieKeyVersion(name: string, value = this.getCookie(name)): number | null {
    CookieHandler.#secret(this);
    return value === null ? null : getSignatureKeyVersion(value);
  }

  /** Tornado's older name of setSignedCookie(). */
  setSecureCookie(name: string, value: string | Uint8Array, options?: SignedCookieOptions): void {
    this.setSignedCookie(name, value, options);
  }

  /** Tornado's older name of getSignedCookie(). */
  getSecureCookie(name: string, options?: GetSignedCookieOptions): Buffer | null {
    return this.getSignedCookie(name, options);
  }

  /** Tornado's older name of getSignedCookieKeyVersion(). */
  getSecureCookieKeyVersion(name: string, value?: string | null): number | null {
    return this.getSignedCookieKeyVersion(name, value);
  }

  // The user.

  /** Finds out who asks; called at most once, by currentUser. Override it. */
  getCurrentUser(): unknown {
    return null;
  }

  /** Who asks: what getCurrentUser() returned, or what was assigned, in an asynchronous prepare() for one. */
  get currentUser(): unknown {
    const { extras } = this[RESPONSE];
    extras.user ??= { value: this.getCurrentUser() ?? null };
    return extras.user.value;
  }

  set currentUser(value: unknown) {
    this[RESPONSE].extras.user = { value: value ?? null };
  }

  /** Where a client without a user is sent: the setting loginUrl. @throws CodedError ERR_SETTING_REQUIRED */
  getLoginUrl(): string {
    const url = this.settings.loginUrl;
    if (url === null) throw missingSetting("loginUrl", "@authenticated");
    return url;
  }

  /** Checks that a setting is there. @throws CodedError ERR_SETTING_REQUIRED */
  requireSetting(name: string, feature = "this feature"): void {
    if (!this.settings[name]) throw missingSetting(name, feature);
  }

  // XSRF.

  /** The token that a form must bring back. Reading it sets the cookie if the client has none. */
  get xsrfToken(): string {
    const { extras } = this[RESPONSE];
    extras.xsrfToken ??= CookieHandler.#issueXsrfToken(this);
    return extras.xsrfToken;
  }

  /** The hidden field of a form that carries xsrfToken. */
  xsrfFormHtml(): string {
    return xsrfFormHTML(this.xsrfToken);
  }

  /**
   * Checks that the request carries the token of its cookie: argument _xsrf, or field X-Xsrftoken or X-Csrftoken. Called
   * before prepare() with the setting xsrfCookies, for methods that change something; override it to check otherwise.
   *
   * @throws HTTPError 403
   */
  checkXsrfCookie(): void {
    const { headers } = this.request;
    const given =
      this.getArgument("_xsrf", null) ?? headers.get("X-Xsrftoken") ?? headers.get("X-Csrftoken");
    if (!given) throw new HTTPError(403, "'_xsrf' argument missing from POST");
    const nowMs = Date.now();
    const token = decodeXSRFToken(given, nowMs);
    if (token === null) throw new HTTPError(403, "'_xsrf' argument has invalid format");
    const expected = CookieHandler.#cookieToken(this, nowMs);
    if (expected === null || !isSameXSRFToken(token, expected)) {
      throw new HTTPError(403, "XSRF cookie does not match POST argument");
    }
  }

  /**
   * Checks that a request that changes something comes from a page of this origin, or from no page. Called before
   * prepare() with the setting crossOriginProtection.
   *
   * @throws HTTPError 403
   * @see https://www.w3.org/TR/fetch-metadata/
   */
  checkCrossOrigin(): void {
    const { headers, host } = this.request;
    const origin = headers.get("Origin");
    if (origin !== null && this.settings.trustedOrigins.includes(origin)) return;
    const site = headers.get("Sec-Fetch-Site");
    if (site !== null) {
      if (site === "same-origin" || site === "none") return;
      throw new HTTPError(403, `cross-origin request: Sec-Fetch-Site is ${JSON.stringify(site)}`);
    }
    // No browser of today leaves both out; what is no browser has no cookies of a victim.
    if (origin === null) return;
    const authority = /^https?:\/\/([^/?#]+)$/i.exec(origin)?.[1];
    if (authority?.toLowerCase() !== host.toLowerCase()) {
      throw new HTTPError(403, `cross-origin request: Origin is ${JSON.stringify(origin)}`);
    }
  }

  // Steps.

  static #secret(self: CookieHandler): CookieSecret {
    const { cookieSecret } = self.settings;
    if (cookieSecret === null) throw missingSetting("cookieSecret", "signed cookies");
    return cookieSecret;
  }

  static #cookieToken(self: CookieHandler, nowMs: number): XSRFToken | null {
    return decodeXSRFToken(self.getCookie(self.settings.xsrfCookieName, ""), nowMs);
  }

  static #issueXsrfToken(self: CookieHandler): string {
    const { xsrfCookieVersion: version, xsrfCookieName, xsrfCookieKwargs } = self.settings;
    const nowMs = Date.now();
    const known = CookieHandler.#cookieToken(self, nowMs);
    const token = encodeXSRFToken(known ?? makeXSRFToken(nowMs), { version });
    if (known === null) {
      const lasting = self.currentUser !== null && !("expires" in xsrfCookieKwargs);
      const days = lasting ? { expiresDays: COOKIE_DAYS } : {};
      self.setCookie(xsrfCookieName, token, { ...days, ...xsrfCookieKwargs });
    }
    return token;
  }
}

function missingSetting(name: string, feature: string): CodedError {
  return new CodedError(
    "ERR_SETTING_REQUIRED",
    `${feature} needs the setting "${name}": new Application(routes, { ${name}: … })`,
  );
}
