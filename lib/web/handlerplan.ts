/**
 * HandlerPlan: what a handler class can do, found out once per class and not per request.
 *
 * RequestHandler asks it for the method to call. HEAD is answered by get() without its body where the class has no
 * head(), and OPTIONS with Allow where it has no options(): two deliberate differences from Tornado.
 */
import { METHOD_OTHER, methodNames } from "../server/methods.ts";

/** A method of a handler: takes path arguments. */
export type Verb = (this: object, ...args: unknown[]) => unknown;

/** A class with SUPPORTED_METHODS. */
export interface PlannedClass {
  readonly SUPPORTED_METHODS: readonly string[];
  readonly prototype: object;
}

export class HandlerPlan {
  /** The Allow field of a 405 and of OPTIONS: "GET, HEAD, OPTIONS". */
  readonly allow: string;
  /** By the addon's number of a method; undefined = not supported. */
  readonly #byIndex: readonly (Verb | undefined)[];
  readonly #byName = new Map<string, Verb>();

  /** @param base the prototype whose verbs mean "not supported" */
  constructor(handler: PlannedClass, base: object, answerOptions: Verb) {
    for (const name of handler.SUPPORTED_METHODS) {
      const key = name.toLowerCase();
      const verb: unknown = Reflect.get(handler.prototype, key);
      if (typeof verb === "function" && verb !== Reflect.get(base, key))
        this.#byName.set(name, verb as Verb);
    }
    const get = this.#byName.get("GET");
    const supports = new Set(handler.SUPPORTED_METHODS);
    if (get !== undefined && supports.has("HEAD") && !this.#byName.has("HEAD"))
      this.#byName.set("HEAD", get);
    if (supports.has("OPTIONS") && !this.#byName.has("OPTIONS"))
      this.#byName.set("OPTIONS", answerOptions);
    this.allow = handler.SUPPORTED_METHODS.filter((name) => this.#byName.has(name)).join(", ");
    this.#byIndex = methodNames.map((name) => this.#byName.get(name));
  }

  /** @hot bench/run.mjs: once per request */
  verb(methodIndex: number, nameOf: { readonly method: string }): Verb | undefined {
    return methodIndex === METHOD_OTHER
      ? this.#byName.get(nameOf.method)
      : this.#byIndex[methodIndex];
  }
}
