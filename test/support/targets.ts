/** Serves whatever can answer requests, by an HTTPServer of its own; cleaned up as every server of a serverSuite is. */
import { dispatcherOf, type RequestTarget } from "../../lib/server/dispatchers.ts";
import { type Application, HTTPServer } from "../../lib/index.ts";
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
