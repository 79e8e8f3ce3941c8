/**
 * The names that every template of a handler has.
 *
 * Those that cost something are getters: a page that does not mention currentUser does not have it looked up. They are
 * enumerable properties of the object itself, so that an override may say `{ ...super.getTemplateNamespace(), more }`.
 */
import type { Locale } from "./locale.ts";
import { templateBuiltins } from "./templatebuiltins.ts";
import type { TemplateNamespace } from "./templateengine.ts";

/** What a namespace is made of. */
export interface NamespaceSource {
  readonly request: unknown;
  readonly currentUser: unknown;
  readonly locale: Locale;
  readonly ui: Readonly<Record<string, unknown>>;
  xsrfFormHtml(): string;
  reverseUrl(name: string, ...args: never[]): string;
  staticUrl(path: string, options?: never): string;
}

/** A translation, and one that depends on a context: as the methods of Locale. */
type Translate = Locale["translate"];
type ContextTranslate = Locale["pgettext"];

/** The namespace of a handler: Tornado's names, the functions for text, UI methods and modules. */
export function handlerNamespace(handler: NamespaceSource): TemplateNamespace {
  const translate: Translate = (...args) => handler.locale.translate(...args);
  const pgettext: ContextTranslate = (...args) => handler.locale.pgettext(...args);
  return {
    ...templateBuiltins,
    handler,
    get request() {
      return handler.request;
    },
    get currentUser() {
      return handler.currentUser;
    },
    get locale() {
      return handler.locale;
    },
    _: translate,
    pgettext,
    staticUrl: handler.staticUrl.bind(handler),
    xsrfFormHtml: handler.xsrfFormHtml.bind(handler),
    reverseUrl: handler.reverseUrl.bind(handler),
    ...handler.ui,
  };
}

/** A namespace with more names, for one page; neither of the two is changed. */
export function extendNamespace(base: TemplateNamespace, given: object): TemplateNamespace {
  // Not by assignment, which a getter of the same name would refuse.
  return { __proto__: base, ...given } as TemplateNamespace;
}

/** As extendNamespace(), with all names in the object itself; getters stay getters, and are not read. */
export function mergeNamespaces(base: TemplateNamespace, given: object): TemplateNamespace {
  return Object.create(null, {
    ...Object.getOwnPropertyDescriptors(base),
    ...Object.getOwnPropertyDescriptors(given),
  }) as TemplateNamespace;
}
