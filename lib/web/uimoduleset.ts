/**
 * The UI modules and methods of an application, out of its settings, and those of one handler.
 *
 * PageHandler makes a HandlerUI for a request that renders a template; what it holds of the application, a UIModuleSet,
 * is made once.
 */
import { describe, quote } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";
import { nearestName } from "../base/levenshtein.ts";
import { textOf } from "./templatestate.ts";
import {
  LinkifyModule,
  TemplateModule,
  UIModule,
  type UIModuleClass,
  type UIModuleHandler,
  XSRFFormModule,
} from "./uimodule.ts";

/** A function for templates: its first argument is the handler, the others are the template's. */
export type UIMethod = (handler: never, ...args: never[]) => unknown;

/** An object of modules or methods by name (a module's namespace is one), a class or function, or a list of these. */
export type UISource = object | readonly UISource[] | null;

/** The settings that it is made of. */
export interface UISettings {
  readonly uiModules: UISource;
  readonly uiMethods: UISource;
}

/** Most arrays in one another. */
const MOST_NESTED = 10;

export class UIModuleSet {
  readonly modules = new Map<string, UIModuleClass>([
    ["linkify", LinkifyModule],
    ["xsrfFormHtml", XSRFFormModule],
    ["Template", TemplateModule],
  ]);
  readonly methods = new Map<string, UIMethod>();

  /** Names of modules and methods that are neither are passed over, so that a whole JavaScript module may be given. */
  constructor({ uiModules, uiMethods }: UISettings) {
    for (const [name, value] of entriesOf(uiModules)) {
      if (isModuleClass(value)) this.modules.set(name, value);
    }
    for (const [name, value] of entriesOf(uiMethods)) {
      // Names of classes, and private ones.
      if (typeof value === "function" && /^[^_\p{Lu}]/u.test(name)) {
        this.methods.set(name, value as UIMethod);
      }
    }
  }
}

/** The modules and methods of one request. */
export class HandlerUI {
  /** Methods by name, bound to the handler; `modules`, which has each module as a function. */
  readonly names: Readonly<Record<string, unknown>>;
  /** The modules that templates have used, in the order of their first use. */
  readonly active = new Map<string, UIModule>();
  readonly #handler: UIModuleHandler;
  readonly #set: UIModuleSet;

  constructor(handler: UIModuleHandler, set: UIModuleSet) {
    this.#handler = handler;
    this.#set = set;
    const names: Record<string, unknown> = {};
    for (const [name, method] of set.methods) {
      const call = method as (handler: UIModuleHandler, ...args: unknown[]) => unknown;
      names[name] = (...args: unknown[]) => call(handler, ...args);
    }
    const modules = new Proxy(
      {},
      {
        get: (_, name) => (typeof name === "string" ? this.#renderer(name) : undefined),
        has: (_, name) => typeof name === "string" && set.modules.has(name),
      },
    );
    names._tt_modules = modules;
    names.modules = modules;
    this.names = names;
  }

  // Steps.

  #renderer(name: string): (...args: unknown[]) => string {
    const moduleClass = this.#set.modules.get(name);
    if (moduleClass === undefined) throw this.#unknown(name);
    return (...args) => {
      let module = this.active.get(name);
      if (module === undefined) {
        module = new moduleClass(this.#handler as never);
        this.active.set(name, module);
      }
      return textOf((module as { render(...args: unknown[]): unknown }).render(...args));
    };
  }

  #unknown(name: string): CodedError {
    const names = [...this.#set.modules.keys()];
    const nearest = nearestName(name, names);
    const hint = nearest === null ? `there are ${names.join(", ")}` : `did you mean "${nearest}"?`;
    return new CodedError("ERR_UI_MODULE", `no UI module is called ${quote(name)}; ${hint}`);
  }
}

function isModuleClass(value: unknown): value is UIModuleClass {
  return typeof value === "function" && value.prototype instanceof UIModule;
}

function* entriesOf(source: UISource, depth = 0): Generator<[string, unknown]> {
  if (source === null) return;
  if (typeof source === "function") {
    yield [(source as { name: string }).name, source];
  } else if (Array.isArray(source)) {
    if (depth === MOST_NESTED) {
      throw new CodedError(
        "ERR_OPTION_RANGE",
        "uiModules and uiMethods are lists in too many lists",
      );
    }
    for (const each of source) yield* entriesOf(each, depth + 1);
  } else if (typeof source === "object") {
    yield* Object.entries(source);
  } else {
    throw new CodedError(
      "ERR_OPTION_TYPE",
      `uiModules and uiMethods have ${describe(source)}; allowed are objects, classes or functions, and lists of them`,
    );
  }
}
