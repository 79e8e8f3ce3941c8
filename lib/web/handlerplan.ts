/**
 * HandlerPlan: what a handler class can do, found out once per class and not per request.
 *
 * RequestHandler asks it for the method to call. HEAD is answered by get() without its body where the class has no
 * head(), and OPTIONS with Allow where it has no options(): two deliberate differences from Tornado.
 */
import { METHOD_OTHER, methodNames } from "../server/methods.ts";
import { type RequestSchemas, schemaVerb } from "./requestschemas.ts";

/** A method of a handler: takes path arguments. */
export type Verb = (this: object, ...args: unknown[]) => unknown;

/** What is looked at of a handler class. */
export interface PlannedClass {
  readonly SUPPORTED_METHODS: readonly string[];
  readonly streamRequestBody: boolean;
  readonly schemas: RequestSchemas | null;
  readonly prototype: object;
}

const AsyncFunction = (async () => {}).constructor;

export class HandlerPlan {
  /** Its requests' bodies are given to dataReceived() as they come. */
  readonly isStreaming: boolean;
  /**
   * Its requests run in an asynchronous context of their own, which costs: an AsyncLocalStorage entered in prepare() is
   * there until onFinish(), and not in the next request of the same turn. A class without hooks and promises needs none.
   */
  readonly isIsolated: boolean;
  /** The Allow field of a 405 and of OPTIONS: "GET, HEAD, OPTIONS". */
  readonly allow: string;
  /** By the addon's number of a method; undefined = not supported. */
  readonly #byIndex: readonly (Verb | undefined)[];
  readonly #byName = new Map<string, Verb>();
  readonly #supported: ReadonlySet<string>;

  /** @param base the prototype whose verbs mean "not supported" */
  constructor(handler: PlannedClass, base: object, answerOptions: Verb) {
    const isOwn = (key: string) => Reflect.get(handler.prototype, key) !== Reflect.get(base, key);
    this.isStreaming = handler.streamRequestBody;
    let isIsolated = this.isStreaming || isOwn("prepare") || isOwn("initialize");
    for (const name of handler.SUPPORTED_METHODS) {
      const key = name.toLowerCase();
      const verb: unknown = Reflect.get(handler.prototype, key);
      if (typeof verb !== "function" || !isOwn(key)) continue;
      const { schemas } = handler;
      this.#byName.set(
        name,
        schemas === null ? (verb as Verb) : schemaVerb(verb as Verb, key, schemas),
      );
      isIsolated ||= verb instanceof AsyncFunction;
    }
    this.isIsolated = isIsolated;
    const get = this.#byName.get("GET");
    const supports = new Set(handler.SUPPORTED_METHODS);
    this.#supported = supports;
    if (get !== undefined && supports.has("HEAD") && !this.#byName.has("HEAD"))
      this.#byName.set("HEAD", get);
    if (supports.has("OPTIONS") && !this.#byName.has("OPTIONS"))
      this.#byName.set("OPTIONS", answerOptions);
    this.allow = handler.SUPPORTED_METHODS.filter((name) => this.#byName.has(name)).join(", ");
    this.#byIndex = methodNames.map((name) => this.#byName.get(name));
  }

  /** The plan of a request that has failed before its handler was made: whatever its method, its verb throws `error`. */
  failing(error: Error): HandlerPlan {
    const verb = (): never => {
      throw error;
    };
    return Object.create(this, { verb: { value: verb } });
  }

  /** @hot bench/run.mjs: once per request */
  verb(methodIndex: number, nameOf: { readonly method: string }): Verb | undefined {
    return methodIndex === METHOD_OTHER
      ? this.#byName.get(nameOf.method)
      : this.#byIndex[methodIndex];
  }

  /** The method is one of SUPPORTED_METHODS, whether or not the class has a verb for it. */
  supports(method: string): boolean {
    return this.#supported.has(method);
  }
}
