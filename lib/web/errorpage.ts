/** The bodies of error responses. */
import { inspect } from "node:util";
import { xhtmlEscape } from "../http/escape.ts";

/** What a client is told of an error: its status. */
export function errorPage(status: number, reason: string): string {
  const title = `${status}: ${xhtmlEscape(reason)}`;
  return `<html><title>${title}</title><body>${title}</body></html>`;
}

/** What a developer is told, with the setting serveTraceback: the error with its stack and causes. */
export function tracebackPage(error: unknown): string {
  return error instanceof Error ? `${inspect(error)}\n` : `${inspect(error)} was thrown\n`;
}
