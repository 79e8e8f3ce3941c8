/** Serves whatever can answer requests, by an HTTPServer of its own; cleaned up as every server of a serverSuite is. */
import { dispatcherOf, type RequestTarget } from "../../lib/server/dispatchers.ts";
import { type Application, HTTPServer } from "../../lib/index.ts";
import type { RawClient } from "./rawclient.ts";
import { type ServerOptions, type StartedServer, startApplication } from "./servers.ts";

/** Starts a server whose requests `target` answers. */
export function startTarget(
  target: RequestTarget,
  options: ServerOptions = {},
): Promise<StartedServer> {
  const listen = (port: number, address: string, given: ServerOptions) =>
    new HTTPServer(dispatcherOf(target), given).listen(port, address);
  // startApplication() uses nothing of an application but listen().
  return startApplication({ listen } as unknown as Application, options);
}

/** Bytes that tell where they belong: each is its offset, folded so that a shift of any size shows. */
export function pattern(length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  for (let i = 0; i < length; i++) bytes[i] = (i ^ (i >> 8) ^ (i >> 16)) & 0xff;
  return bytes;
}

export const MEBIBYTE = 1024 * 1024;

/** A request without a body, or the head of one with a body. */
export function ask(target: string, method = "GET", fields = "", version = "1.1"): string {
  return `${method} ${target} HTTP/${version}\r\nHost: a\r\n${fields}\r\n`;
}

/** A POST with a body of this type. */
export function withBody(target: string, type: string, body: string): Buffer {
  const bytes = Buffer.from(body);
  const fields = `Content-Type: ${type}\r\nContent-Length: ${bytes.length}\r\n`;
  return Buffer.concat([Buffer.from(ask(target, "POST", fields)), bytes]);
}

/** The texts of the responses to GETs of these targets, sent at once. */
export async function pipelined(client: RawClient, ...targets: string[]): Promise<string[]> {
  await client.send(targets.map((target) => ask(target)).join(""));
  const texts: string[] = [];
  for (const _ of targets) texts.push((await client.readFinalResponse()).text);
  return texts;
}
