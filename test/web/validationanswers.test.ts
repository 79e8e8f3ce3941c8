/** Validation over a socket: what a client is answered. */
import * as assert from "uvu/assert";
import * as z from "zod";
import { RequestHandler } from "../../lib/index.ts";
import { loggedErrors, serverSuite, startServer } from "../support/servers.ts";

const User = z.object({ name: z.string(), age: z.number().int().min(0) });

class Users extends RequestHandler {
  post() {
    const { name, age } = this.validateBody(User);
    this.write({ name, next: age + 1 });
  }
}

class Page extends RequestHandler {
  get() {
    const { id } = this.validatePath(z.object({ id: z.coerce.number() }));
    const { page } = this.validateQuery(z.object({ page: z.coerce.number().default(1) }));
    this.write({ id, page });
  }
}

class Plain extends Users {
  override writeError(status: number, { error }: { error?: unknown }) {
    this.write(`${status} ${(error as Error).name}`);
  }
}

async function client() {
  const { connect } = await startServer([
    ["/users", Users],
    ["/page/:id", Page],
    ["/plain", Plain],
  ]);
  return connect();
}

async function post(body: string, type = "application/json", target = "/users") {
  const connected = await client();
  await connected.send(
    `POST ${target} HTTP/1.1\r\nHost: a\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  return connected.readFinalResponse();
}

const answers = serverSuite("a request whose handler validates it");

answers("is served if it is valid", async () => {
  const response = await post('{"name":"Ann","age":3,"x":1}');
  assert.is(response.status, 200);
  assert.equal(JSON.parse(response.text), { name: "Ann", next: 4 });
  const connected = await client();
  assert.equal(JSON.parse((await connected.get("/page/7?page=2")).text), { id: 7, page: 2 });
});

answers("is answered with 400 and each problem", async () => {
  const response = await post('{"name":1,"age":-1}');
  assert.is(response.status, 400);
  assert.is(response.header("content-type"), "application/problem+json");
  const { status, issues } = JSON.parse(response.text);
  assert.is(status, 400);
  assert.equal(
    issues.map((issue: { in: string; path: string[] }) => [issue.in, ...issue.path]),
    [
      ["body", "name"],
      ["body", "age"],
    ],
  );
  assert.is(loggedErrors().length, 0);
  const connected = await client();
  const page = await connected.get("/page/x?page=y");
  assert.is(page.status, 400);
  assert.is(JSON.parse(page.text).issues[0].in, "path");
});

answers("is answered by a writeError of its own, if it has one", async () => {
  const response = await post("{}", "application/json", "/plain");
  assert.is(response.text, "400 HTTPValidationError");
});

answers("is answered with 400 if its JSON is malformed, 415 if it is none", async () => {
  assert.is((await post("{")).status, 400);
  assert.is((await post("[".repeat(100_000))).status, 400);
  assert.is((await post("[".repeat(50_000) + "]".repeat(50_000))).status, 400);
  assert.is((await post("{}", "text/plain")).status, 415);
  assert.is(loggedErrors().length, 0);
});

answers("may be a form", async () => {
  const response = await post("name=Ann&age=3", "application/x-www-form-urlencoded");
  assert.equal(
    JSON.parse(response.text).issues.map((issue: { path: string[] }) => issue.path),
    [["age"]],
  );
});

answers.run();
