/**
 * The id of a request: a name by which the lines of several logs are found to be about the same request.
 *
 * HTTPServerRequest.id asks here. A proxy's X-Request-Id is kept if the proxy is trusted and the id is one that no log, field or
 * shell can be broken with; otherwise one is made. A request that is not asked for its id has none, and costs nothing.
 */
import { randomUUID } from "node:crypto";
import type { HTTPHeaders } from "./httpheaders.ts";

const SAFE = /^[A-Za-z0-9._:~+/=@-]{1,128}$/;

/** Ids that were asked for; a field of each request would cost those that are not. */
const ids = new WeakMap<object, string>();

/**
 * @param isTrusted fields of the request are a proxy's, not the client's
 * @returns 1 to 128 letters, digits and `._:~+/=@-`; for one request always the same
 */
export function requestId(request: { readonly headers: HTTPHeaders }, isTrusted: boolean): string {
  let id = ids.get(request);
  if (id === undefined) {
    const sent = isTrusted ? request.headers.get("x-request-id") : null;
    id = sent !== null && SAFE.test(sent) ? sent : randomUUID();
    ids.set(request, id);
  }
  return id;
}

/** The id of a request that was asked for it; null if it was not. */
export function knownRequestId(request: object): string | null {
  return ids.get(request) ?? null;
}
