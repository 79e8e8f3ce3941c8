/**
 * Exact bytes out, exact answers in: what the suites of known requests (test/web/cases.*.test.ts) share.
 *
 *     const { ask, refused } = await serving([["/", Hello]]);
 *     assert.is((await ask("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")).text, "hello");
 *     await refused("GET / HTTP/1.0\r\nasdf\r\n\r\n");
 */
import * as assert from "uvu/assert";
import type { RawClient } from "./rawclient.ts";
import type { RawResponse } from "./rawresponse.ts";
import {
  type Routes,
  type ServerOptions,
  type Settings,
  type StartedServer,
  startServer,
} from "./servers.ts";

/** The fields that nearly every request has. */
export const HOST = "Host: 127.0.0.1\r\n";

/** Fields of an urlencoded form. */
export const FORM = "Content-Type: application/x-www-form-urlencoded\r\n";

/** Fields of a multipart form whose boundary is 1234. */
export const MULTIPART = "Content-Type: multipart/form-data; boundary=1234\r\n";

/** A server, and what is asked of it. */
export interface Served extends StartedServer {
  /** Sends bytes (latin1) on a connection of their own; reads one response. */
  ask(bytes: string): Promise<RawResponse>;
  /** As ask(), and the connection must then end without another byte. */
  askLast(bytes: string): Promise<RawResponse>;
  /** The JSON of a 200. */
  json(bytes: string): Promise<unknown>;
  /** The bytes are answered with 400 and nothing else, and the connection ends. */
  refused(bytes: string): Promise<void>;
}

/** A GET of `target` with further field lines. */
export function get(target: string, fields = ""): string {
  return `GET ${target} HTTP/1.1\r\n${HOST}${fields}\r\n`;
}

/** Serves routes. */
export async function serving(
  routes: Routes,
  settings: Settings = {},
  options: ServerOptions = {},
): Promise<Served> {
  return served(await startServer(routes, options, settings));
}

/** Adds to a server what is asked of it. */
export function served(started: StartedServer): Served {
  const one = async (bytes: string): Promise<[RawClient, RawResponse]> => {
    const client = await started.connect();
    void client.send(bytes);
    const method = /^[A-Z]+/.exec(bytes)?.[0] ?? "GET";
    return [client, await client.readFinalResponse({ method })];
  };
  const askLast = async (bytes: string): Promise<RawResponse> => {
    const [client, response] = await one(bytes);
    await client.closed();
    return response;
  };
  return {
    ...started,
    askLast,
    ask: async (bytes) => (await one(bytes))[1],
    async json(bytes) {
      const [, response] = await one(bytes);
      assert.is(response.status, 200, response.text);
      return JSON.parse(response.text);
    },
    async refused(bytes) {
      const response = await askLast(bytes);
      assert.is(response.status, 400, JSON.stringify(bytes.slice(0, 200)));
      assert.is(response.header("Connection"), "close");
    },
  };
}
