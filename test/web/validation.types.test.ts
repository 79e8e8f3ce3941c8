/**
 * Type tests of validation: what must compile stands plainly, what must not stands under @ts-expect-error, which is
 * itself an error if the line below it compiles. The suite only runs the file; tsc is what tests it.
 */
import { type } from "arktype";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import * as v from "valibot";
import * as z from "zod";
import type { OutputOf, StandardSchema } from "../../lib/web/standardschema.ts";
import {
  type ValidatedHandler,
  validateBody,
  validateBodyAsync,
  validatePath,
  validateQuery,
} from "../../lib/web/validation.ts";
import { RequestHandler } from "../../lib/index.ts";

type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles only if the two types are the same. */
function same<A, B>(_same: Same<A, B>): void {}

const ZodUser = z.object({ name: z.string(), age: z.number().default(1) });
const ValibotUser = v.object({ name: v.string(), age: v.optional(v.number(), 1) });
const ArkUser = type({ name: "string", age: "number = 1" });
const Trimmed: StandardSchema<unknown, number> = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (value) => (typeof value === "number" ? { value } : { issues: [{ message: "no" }] }),
  },
};

const types = suite("the type of what is valid");

types("is inferred from the schema, whoever made it", () => {
  same<OutputOf<typeof ZodUser>, { name: string; age: number }>(true);
  same<OutputOf<typeof ValibotUser>, { name: string; age: number }>(true);
  same<OutputOf<typeof ArkUser>, { name: string; age: number }>(true);
  same<OutputOf<typeof Trimmed>, number>(true);
});

types("is that of the methods' results", () => {
  const unused = (handler: ValidatedHandler) => {
    same<ReturnType<typeof validateBody<typeof ZodUser>>, { name: string; age: number }>(true);
    const user = validateBody(handler, ZodUser);
    const name: string = user.name;
    // @ts-expect-error age is a number
    const age: string = user.age;
    // @ts-expect-error there is no such property
    void user.email;
    const later: Promise<{ name: string }> = validateBodyAsync(handler, ValibotUser);
    // @ts-expect-error it must be awaited
    void validateBodyAsync(handler, ValibotUser).name;
    const page: number = validateQuery(handler, Trimmed);
    // @ts-expect-error no schema
    validatePath(handler, { parse: () => 1 });
    return [name, age, later, page];
  };
  assert.type(unused, "function");
});

types("is that of validated(): of the class, and of one verb", () => {
  class Users extends RequestHandler {
    static override readonly schemas = {
      path: z.object({ id: z.coerce.number() }),
      body: ZodUser,
      get: { query: ValibotUser },
      patch: { body: ArkUser, query: Trimmed },
    };
    override get() {
      const { path, query } = this.validated(Users, "get");
      same<typeof path, { id: number }>(true);
      same<typeof query, { name: string; age: number }>(true);
    }
    override post() {
      const { path, body } = this.validated(Users);
      same<typeof body, { name: string; age: number }>(true);
      same<typeof path, { id: number }>(true);
      // @ts-expect-error only get and patch have one of the query
      this.validated(Users).query;
    }
    override patch() {
      same<ReturnType<typeof this.validated<typeof Users>>["path"], { id: number }>(true);
      const { query } = this.validated(Users, "patch");
      same<typeof query, number>(true);
      // @ts-expect-error nothing is said of delete
      this.validated(Users, "delete");
      // @ts-expect-error that is no verb
      this.validated(Users, "body");
    }
  }
  class Plain extends RequestHandler {
    override get() {
      // @ts-expect-error it has no schemas
      this.validated(Plain);
    }
  }
  // @ts-expect-error what it has for bodies is no schema
  class Wrong extends RequestHandler {
    static override readonly schemas = { body: { name: "string" } };
  }
  assert.is([Users, Plain, Wrong].length, 3);
});

types.run();
