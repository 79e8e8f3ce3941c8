/** `static schemas` over a socket: what is validated when, what a verb finds, and what a client is told. */
import * as assert from "uvu/assert";
import * as z from "zod";
import { authenticated, RequestHandler, type RequestSchemas } from "../../lib/index.ts";
import { loggedErrors, serverSuite, startServer } from "../support/servers.ts";

const Id = z.object({ id: z.coerce.number("not a number") });
const Page = z.object({ page: z.coerce.number("not a number").default(1) });
const User = z.object({ name: z.string(), age: z.number().int().min(0) });

class Users extends RequestHandler {
  static override readonly schemas = { path: Id, get: { query: Page }, body: User };

  override prepare(): void {
    this.setHeader("X-Prepared", "yes");
  }
  override get(): void {
    const { path, query } = this.validated(Users, "get");
    this.write({ id: path.id, page: query.page });
  }
  override put(): void {
    const { path, body } = this.validated(Users);
    this.write({ id: path.id, name: body.name });
  }
  override delete(): void {
    this.write({ gone: this.validated(Users).path.id });
  }
}

const json = (target: string, body: string, method = "PUT"): string =>
  `${method} ${target} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

const problems = (text: string): unknown =>
  JSON.parse(text).issues.map((issue: { in: string; path: string[] }) => [issue.in, ...issue.path]);

const t = serverSuite("a class with schemas");

t("is called with what they make of path, query and body", async () => {
  const { connect } = await startServer([["/users/:id", Users]]);
  const client = await connect();
  assert.is((await client.get("/users/7?page=2")).text, '{"id":7,"page":2}');
  assert.is((await client.get("/users/7")).text, '{"id":7,"page":1}');
  await client.send(json("/users/8", '{"name":"Ann","age":3}'));
  assert.is((await client.readFinalResponse()).text, '{"id":8,"name":"Ann"}');
  await client.send("DELETE /users/9 HTTP/1.1\r\nHost: a\r\n\r\n");
  assert.is((await client.readFinalResponse()).text, '{"gone":9}');
  await client.send("HEAD /users/9?page=x HTTP/1.1\r\nHost: a\r\n\r\n");
  assert.is((await client.readResponse({ method: "HEAD" })).status, 400);
});

t(
  "is not called with what is wrong: each problem of each part is told, after prepare()",
  async () => {
    const { connect } = await startServer([["/users/:id", Users]]);
    const client = await connect();
    const response = await client.get("/users/x?page=y");
    assert.is(response.status, 400);
    assert.equal(problems(response.text), [
      ["path", "id"],
      ["query", "page"],
    ]);
    assert.is(JSON.parse(response.text).detail, "the path has 1 problem; the query has 1 problem");
    await client.send(json("/users/x", '{"name":1,"age":-1}'));
    const put = await client.readFinalResponse();
    assert.equal(problems(put.text), [
      ["path", "id"],
      ["body", "name"],
      ["body", "age"],
    ]);
    await client.send(json("/users/1", "{"));
    assert.is((await client.readFinalResponse()).status, 400);
    await client.send("PUT /users/1 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx");
    assert.is((await client.readFinalResponse()).status, 415);
    assert.is(loggedErrors().length, 0);
  },
);

t("may have schemas that must be waited for", async () => {
  const Later = z.object({ name: z.string().refine(async (name) => name !== "taken") });
  class Later1 extends RequestHandler {
    static override readonly schemas = { post: { body: Later, query: Page } };
    override post(): void {
      this.write(this.validated(Later1, "post").body.name);
    }
  }
  const { connect } = await startServer([["/", Later1]]);
  const client = await connect();
  await client.send(json("/", '{"name":"free"}', "POST"));
  assert.is((await client.readFinalResponse()).text, "free");
  await client.send(json("/?page=x", '{"name":"taken"}', "POST"));
  assert.equal(problems((await client.readFinalResponse()).text), [
    ["query", "page"],
    ["body", "name"],
  ]);
});

t("asks its decorators first: who may not come in is told of no problem", async () => {
  class Account extends RequestHandler {
    static override readonly schemas = { post: { body: User } };
    @authenticated
    override post(): void {
      this.write(this.validated(Account, "post").body.name);
    }
    override getCurrentUser(): unknown {
      return this.request.headers.get("X-User");
    }
  }
  const { connect } = await startServer([["/", Account]]);
  const client = await connect();
  await client.send(json("/", "{}", "POST"));
  assert.is((await client.readFinalResponse()).status, 403);
  await client.send(json("/", "{}", "POST").replace("Host", "X-User: Ann\r\nHost"));
  assert.is((await client.readFinalResponse()).status, 400);
  await client.send(
    json("/", '{"name":"Bob","age":1}', "POST").replace("Host", "X-User: Ann\r\nHost"),
  );
  assert.is((await client.readFinalResponse()).text, "Bob");
});

t("is not validated if prepare() has answered", async () => {
  class Closed extends RequestHandler {
    static override readonly schemas = { query: User };
    override prepare(): void {
      this.finish("closed");
    }
    override get(): void {}
  }
  const { connect } = await startServer([["/", Closed]]);
  assert.is((await (await connect()).get("/")).text, "closed");
});

t("that is misread or misspelt is a 500 that says so", async () => {
  class Misread extends Users {
    override put(): void {
      this.write(this.validated(Users, "get").query);
    }
    override get(): void {
      this.write(String((this.validated(Users) as { body?: unknown }).body));
    }
  }
  class Early extends RequestHandler {
    static override readonly schemas = { query: Page };
    override prepare(): void {
      this.validated(Early);
    }
    override get(): void {}
  }
  class Misspelt extends RequestHandler {
    static override readonly schemas = { quary: Page } as RequestSchemas;
    override get(): void {}
  }
  class NoSchema extends RequestHandler {
    static override readonly schemas = { get: { query: {} } } as unknown as RequestSchemas;
    override get(): void {}
  }
  const { connect } = await startServer([
    ["/misread/:id", Misread],
    ["/early", Early],
    ["/misspelt", Misspelt],
    ["/none", NoSchema],
  ]);
  const client = await connect();
  await client.send(json("/misread/1", '{"name":"Ann","age":3}'));
  assert.is((await client.readFinalResponse()).status, 500);
  for (const path of ["/misread/1", "/early", "/misspelt", "/none"]) {
    assert.is((await client.get(path)).status, 500, path);
  }
  const messages = loggedErrors()
    .map(({ error }) => String(error))
    .join("\n");
  for (const part of [
    "was validated for put()",
    "the body of this request was not validated",
    "has not been validated",
    'did you mean "query"?',
    "what is no schema",
  ]) {
    assert.ok(messages.includes(part), `${part} in ${messages}`);
  }
});

t.run();
