/**
 * PageHandler: the part of RequestHandler that makes pages: templates, UI modules, locale, URLs of static files.
 *
 *     class Home extends RequestHandler {
 *       get() { return this.render("home.html", { posts }); }
 *     }
 *
 * RequestHandler extends it. The engine is templateloader.ts's unless the setting templateLoader names another; engines
 * are kept for as long as the application.
 */
import { CodedError } from "../base/errors.ts";
import { xhtmlEscape } from "../http/escape.ts";
import { CookieHandler } from "./cookiehandler.ts";
import { getLocale, Locale } from "./locale.ts";
import { RESPONSE } from "./responsewriter.ts";
import { isAbsolute } from "./staticurl.ts";
import type { TemplateEngine, TemplateNamespace } from "./templateengine.ts";
import { Loader } from "./templateloader.ts";
import { extendNamespace, handlerNamespace, mergeNamespaces } from "./templatenamespace.ts";
import { insertResources } from "./uimoduleresources.ts";
import { HandlerUI, UIModuleSet } from "./uimoduleset.ts";

/** How staticUrl() makes a URL. */
export interface StaticURLOptions {
  /** With protocol and host. Default: the handler's includeHost. */
  readonly includeHost?: boolean | undefined;
  /** With `?v=` and the hash of the file, so that it may be cached for ever. Default true. */
  readonly includeVersion?: boolean | undefined;
}

/** What staticUrl() needs of the class in the setting staticHandlerClass. */
interface StaticURLMaker {
  makeStaticUrl(settings: object, path: string, includeVersion?: boolean): string;
}

/** What is kept of an application: its UI modules, and its engines by the function that made them and their folder. */
interface PageCache {
  readonly ui: UIModuleSet;
  readonly engines: Map<unknown, Map<string | null, TemplateEngine>>;
}

const caches = new WeakMap<object, PageCache>();

export abstract class PageHandler extends CookieHandler {
  /** URLs of staticUrl() have protocol and host. Default false. */
  declare includeHost?: boolean;

  // Hooks: what a user overrides.

  /** Finds out the user's language; null: the browser's is taken. Called at most once, by `locale`. */
  getUserLocale(): Locale | null {
    return null;
  }

  /** The folder of the templates: the setting templatePath. */
  getTemplatePath(): string | null {
    return this.settings.templatePath;
  }

  /** The names that every template has; an override adds to them. */
  getTemplateNamespace(): TemplateNamespace {
    return handlerNamespace(this);
  }

  /**
   * Makes the engine for a folder: the setting templateLoader, or a Loader. Called once for each folder.
   *
   * @param path what getTemplatePath() returned
   * @throws CodedError ERR_SETTING_REQUIRED if there is neither
   */
  createTemplateLoader(path: string | null): TemplateEngine {
    const { templateLoader, autoescape, templateWhitespace, templateSyntax } = this.settings;
    if (templateLoader !== null) return templateLoader;
    if (path === null) {
      throw new CodedError(
        "ERR_SETTING_REQUIRED",
        'render() needs the setting "templatePath", the folder of the templates, or "templateLoader": ' +
          'new Application(routes, { templatePath: "templates" }); a handler may override getTemplatePath() instead',
      );
    }
    const cache = this.settings.compiledTemplateCache;
    return new Loader(path, {
      autoescape,
      whitespace: templateWhitespace,
      syntax: templateSyntax,
      cache,
    });
  }

  /** Makes the links to scripts. Each path stands once; relative ones go through staticUrl(). */
  renderLinkedJs(paths: readonly string[]): string {
    return PageHandler.#linked(this, paths)
      .map((path) => `<script src="${path}" type="text/javascript"></script>`)
      .join("");
  }

  /** Makes the element of the modules' own scripts. */
  renderEmbedJs(scripts: readonly string[]): string {
    return `<script type="text/javascript">\n//<![CDATA[\n${scripts.join("\n")}\n//]]>\n</script>`;
  }

  /** Makes the links to style sheets. @see renderLinkedJs */
  renderLinkedCss(paths: readonly string[]): string {
    return PageHandler.#linked(this, paths)
      .map((path) => `<link href="${path}" type="text/css" rel="stylesheet"/>`)
      .join("");
  }

  /** Makes the element of the modules' own CSS. */
  renderEmbedCss(styles: readonly string[]): string {
    return `<style type="text/css">\n${styles.join("\n")}\n</style>`;
  }

  // Locale.

  /** The language of the response: getUserLocale()'s, else the browser's; or what was assigned. */
  get locale(): Locale {
    const { extras } = this[RESPONSE];
    if (!(extras.locale instanceof Locale)) {
      extras.locale = this.getUserLocale() ?? this.getBrowserLocale();
    }
    return extras.locale as Locale;
  }

  set locale(value: Locale) {
    this[RESPONSE].extras.locale = value;
  }

  /**
   * The locale closest to what the client's Accept-Language asks for.
   *
   * @param fallback code of a locale for a client that asks for none
   * @see RFC 9110 §12.5.4
   */
  getBrowserLocale(fallback = "en_US"): Locale {
    const wanted = wantedLanguages(this.request.headers.get("Accept-Language") ?? "");
    return wanted.length > 0 ? getLocale(...wanted) : getLocale(fallback);
  }

  // Pages.

  /** UI methods by name, and `modules`. */
  get ui(): Readonly<Record<string, unknown>> {
    return PageHandler.#ui(this).names;
  }

  /**
   * Renders a template, adds what its UI modules need, and finishes the response.
   *
   * @param namespace names for the template, beside those of getTemplateNamespace()
   * @returns as finish(); to be awaited, or returned, if the engine is asynchronous
   * @throws CodedError ERR_HTTP_FINISHED; ERR_SETTING_REQUIRED; ERR_TEMPLATE_NAME, ERR_TEMPLATE_MISSING, ERR_TEMPLATE;
   *   ERR_UI_MODULE. At once, unless the engine is asynchronous
   */
  render(name: string, namespace: object = {}): Promise<void> {
    if (this.isFinished) {
      throw new CodedError(
        "ERR_HTTP_FINISHED",
        "render() after finish(): the response is already complete",
      );
    }
    const page = PageHandler.#renderPage(this, name, namespace);
    if (typeof page === "string") return PageHandler.#finishPage(this, page);
    return Promise.resolve(page).then((html) => PageHandler.#finishPage(this, html));
  }

  /**
   * Renders a template.
   *
   * @throws CodedError as render(); ERR_TEMPLATE if the engine is asynchronous
   */
  renderString(name: string, namespace: object = {}): string {
    const page = PageHandler.#renderPage(this, name, namespace);
    if (typeof page === "string") return page;
    throw new CodedError(
      "ERR_TEMPLATE",
      `the template engine answers ${name} with a promise; use render() or renderStringAsync()`,
    );
  }

  /** As renderString(), with an engine of either kind. */
  async renderStringAsync(name: string, namespace: object = {}): Promise<string> {
    return PageHandler.#renderPage(this, name, namespace);
  }

  /**
   * The URL of a file below the setting staticPath.
   *
   * @param path relative to staticPath
   * @throws CodedError ERR_SETTING_REQUIRED
   */
  staticUrl(path: string, { includeHost, includeVersion = true }: StaticURLOptions = {}): string {
    this.requireSetting("staticPath", "staticUrl()");
    this.requireSetting("staticHandlerClass", "staticUrl()");
    const maker = this.settings.staticHandlerClass as unknown as StaticURLMaker;
    const url = maker.makeStaticUrl(this.settings, path, includeVersion);
    const isWhole = includeHost ?? this.includeHost ?? false;
    return isWhole ? `${this.request.protocol}://${this.request.host}${url}` : url;
  }

  // Steps.

  static #renderPage(
    self: PageHandler,
    name: string,
    namespace: object,
  ): string | PromiseLike<string> {
    const engine = PageHandler.#engine(self);
    if (!self.settings.compiledTemplateCache) engine.reset?.();
    const base = self.getTemplateNamespace();
    const names =
      engine.readsInherited === true
        ? extendNamespace(base, namespace)
        : mergeNamespaces(base, namespace);
    return engine.render(name, names);
  }

  static #finishPage(self: PageHandler, page: string): Promise<void> {
    const { ui } = self[RESPONSE].extras;
    const active = ui instanceof HandlerUI ? ui.active : null;
    const isPlain = active === null || active.size === 0;
    return self.finish(isPlain ? page : insertResources(page, active.values(), self));
  }

  static #engine(self: PageHandler): TemplateEngine {
    const { engines } = PageHandler.#cache(self);
    const maker = self.createTemplateLoader;
    let byPath = engines.get(maker);
    if (byPath === undefined) {
      byPath = new Map();
      engines.set(maker, byPath);
    }
    const path = self.getTemplatePath();
    let engine = byPath.get(path);
    if (engine === undefined) {
      engine = self.createTemplateLoader(path);
      byPath.set(path, engine);
    }
    return engine;
  }

  static #ui(self: PageHandler): HandlerUI {
    const { extras } = self[RESPONSE];
    if (extras.ui instanceof HandlerUI) return extras.ui;
    const ui = new HandlerUI(self, PageHandler.#cache(self).ui);
    extras.ui = ui;
    return ui;
  }

  static #cache(self: PageHandler): PageCache {
    let cache = caches.get(self.application);
    if (cache === undefined) {
      cache = { ui: new UIModuleSet(self.settings), engines: new Map() };
      caches.set(self.application, cache);
    }
    return cache;
  }

  static #linked(self: PageHandler, paths: readonly string[]): string[] {
    const urls = paths.map((path) => (isAbsolute(path) ? path : self.staticUrl(path)));
    return [...new Set(urls)].map((url) => xhtmlEscape(url));
  }
}

/** The languages of an Accept-Language field, the most wanted first; those with a weight of 0 or none are not wanted. */
function wantedLanguages(field: string): string[] {
  const wanted: { readonly code: string; readonly weight: number }[] = [];
  for (const part of field.split(",")) {
    const [code = "", parameter = ""] = part.split(";").map((piece) => piece.trim());
    const given = /^q=(.+)$/i.exec(parameter)?.[1];
    const weight = given === undefined ? (parameter.startsWith("q=") ? 0 : 1) : Number(given);
    if (code !== "" && weight > 0) wanted.push({ code, weight });
  }
  return wanted.sort((a, b) => b.weight - a.weight).map(({ code }) => code);
}
