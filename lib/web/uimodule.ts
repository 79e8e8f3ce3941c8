/**
 * UIModule: a piece of page that is used in many templates, with the CSS and JavaScript it needs; after Tornado's.
 *
 *     class Entry extends UIModule {
 *       render(entry: Post) { return this.renderString("entry.html", { entry }); }
 *       cssFiles() { return "entry.css"; }
 *     }
 *     new Application(routes, { uiModules: { Entry } });      // {% module Entry(post) %}, <%~ modules.Entry(post) %>
 *
 * One is made per request for each name that a template uses. When the page is complete, RequestHandler.render() asks
 * each for its resources and puts them into the page once (uimoduleresources.ts).
 */
import { describe } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";
import type { HTTPServerRequest } from "../http/httpserverrequest.ts";
import { type LinkifyOptions, linkify } from "../http/linkify.ts";
import type { Locale } from "./locale.ts";

/** One text or several: paths of files, absolute or below staticPath. */
export type ResourcePaths = string | readonly string[] | null;

/** What a module needs of its handler. */
export interface UIModuleHandler {
  readonly request: HTTPServerRequest;
  readonly currentUser: unknown;
  readonly locale: Locale;
  readonly ui: Readonly<Record<string, unknown>>;
  renderString(name: string, namespace?: object): string;
  xsrfFormHtml(): string;
}

export class UIModule<Handler extends UIModuleHandler = UIModuleHandler> {
  readonly handler: Handler;

  /** Called by the framework alone; a subclass that has a constructor passes the handler on. */
  constructor(handler: Handler) {
    this.handler = handler;
  }

  get request(): HTTPServerRequest {
    return this.handler.request;
  }

  get currentUser(): unknown {
    return this.handler.currentUser;
  }

  get locale(): Locale {
    return this.handler.locale;
  }

  get ui(): Readonly<Record<string, unknown>> {
    return this.handler.ui;
  }

  /** Makes the module's HTML out of the arguments of `{% module Name(…) %}`. It stands in the page unescaped. Override it. */
  render(..._args: never[]): string {
    throw new CodedError(
      "ERR_UI_MODULE",
      `${this.constructor.name} has no method render(); a UI module needs one`,
    );
  }

  /** JavaScript for the end of the body. */
  embeddedJavascript(): string | null {
    return null;
  }

  /** Scripts for the end of the body. */
  javascriptFiles(): ResourcePaths {
    return null;
  }

  /** CSS for the head. */
  embeddedCss(): string | null {
    return null;
  }

  /** Style sheets for the head. */
  cssFiles(): ResourcePaths {
    return null;
  }

  /** HTML for the end of the head. */
  htmlHead(): string | null {
    return null;
  }

  /** HTML for the end of the body. */
  htmlBody(): string | null {
    return null;
  }

  /** Renders a template with the handler's namespace. @throws as RequestHandler.renderString() */
  renderString(name: string, namespace: object = {}): string {
    return this.handler.renderString(name, namespace);
  }
}

/** A UI module's class. */
export type UIModuleClass = new (handler: never) => UIModule;

/** `{% module linkify(text, options) %}`: escapes a text and makes links of the addresses in it. */
export class LinkifyModule extends UIModule {
  override render(text: string, options?: LinkifyOptions): string {
    return linkify(text, options);
  }
}

/** `{% module xsrfFormHtml() %}`: the hidden field of a form. */
export class XSRFFormModule extends UIModule {
  override render(): string {
    return this.handler.xsrfFormHtml();
  }
}

/** What a template adds to the page, told by setResources(). */
export interface TemplateResources {
  readonly embeddedJavascript?: string;
  readonly javascriptFiles?: ResourcePaths;
  readonly embeddedCss?: string;
  readonly cssFiles?: ResourcePaths;
  readonly htmlHead?: string;
  readonly htmlBody?: string;
}

/**
 * `{% module Template("entry.html", { entry }) %}`: renders a template as a module, in a namespace of its own.
 *
 * In it, `{{ setResources({ cssFiles: "entry.css" }) }}` adds to the page, and must say the same each time.
 */
export class TemplateModule extends UIModule {
  readonly #resources = new Map<string, TemplateResources>();

  override render(name: string, namespace: object = {}): string {
    const setResources = (resources: TemplateResources): string => {
      this.#keep(name, resources);
      return "";
    };
    return this.renderString(name, { setResources, ...namespace });
  }

  override embeddedJavascript(): string {
    return this.#texts("embeddedJavascript").join("\n");
  }

  override javascriptFiles(): string[] {
    return this.#paths("javascriptFiles");
  }

  override embeddedCss(): string {
    return this.#texts("embeddedCss").join("\n");
  }

  override cssFiles(): string[] {
    return this.#paths("cssFiles");
  }

  override htmlHead(): string {
    return this.#texts("htmlHead").join("");
  }

  override htmlBody(): string {
    return this.#texts("htmlBody").join("");
  }

  // Steps.

  #keep(name: string, resources: TemplateResources): void {
    if (typeof resources !== "object" || resources === null) {
      throw new CodedError(
        "ERR_UI_MODULE",
        `setResources() of ${name} was given ${describe(resources)}; allowed is an object such as { cssFiles: "a.css" }`,
      );
    }
    const known = this.#resources.get(name);
    if (known === undefined) this.#resources.set(name, resources);
    else if (JSON.stringify(known) !== JSON.stringify(resources)) {
      throw new CodedError(
        "ERR_UI_MODULE",
        `setResources() was called with different resources for the same template, ${name}`,
      );
    }
  }

  #texts(kind: "embeddedJavascript" | "embeddedCss" | "htmlHead" | "htmlBody"): string[] {
    return [...this.#resources.values()].flatMap((each) => each[kind] ?? []);
  }

  #paths(kind: "javascriptFiles" | "cssFiles"): string[] {
    return [...this.#resources.values()].flatMap((each) => each[kind] ?? []);
  }
}
