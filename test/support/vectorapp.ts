/**
 * The application that vectors are run against; test/vectors/vector.ts lists its routes.
 *
 * It counts the requests that reach /hidden, which stands where no request may be seen: one hit is a
 * request smuggled past the framing.
 */
import { RequestHandler } from "../../lib/index.ts";
import type { Routes } from "./servers.ts";

let hits = 0;

/** Hits of /hidden since the last call. */
export function takeHiddenHits(): number {
  const count = hits;
  hits = 0;
  return count;
}

/** `GET, HEAD /` writes hello. */
export class Hello extends RequestHandler {
  get() {
    this.write("hello");
  }

  head() {
    this.write("hello");
  }
}

/** `POST, PUT /body` writes the body's length and the body. */
export class Body extends RequestHandler {
  post() {
    const { body } = this.request;
    this.setHeader("Content-Type", "application/octet-stream");
    this.write(Buffer.concat([Buffer.from(`${body.length}:`), body]));
  }

  put() {
    this.post();
  }
}

/** `GET /field?n=NAME` writes the request's field as JSON text. */
export class Field extends RequestHandler {
  get() {
    this.write(JSON.stringify(this.request.headers.get(this.getArgument("n"))));
  }
}

/** `GET /target…` writes what the server made of the target. */
export class Target extends RequestHandler {
  get() {
    const { uri, path, query, host } = this.request;
    this.write(JSON.stringify({ uri, path, query, host }));
  }
}

class Hidden extends RequestHandler {
  override prepare() {
    hits++;
  }

  get() {
    this.write("smuggled");
  }
}

export const vectorRoutes: Routes = [
  ["/", Hello],
  ["/body", Body],
  ["/field", Field],
  ["/target.*", Target],
  ["/hidden", Hidden],
];
