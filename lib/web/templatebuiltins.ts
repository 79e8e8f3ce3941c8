/**
 * The functions that every template has: those of tornado.template, under their names here, and formatMessage(), for what
 * Python's `%` does after `_()`.
 */
import { jsonEncode, squeeze, urlEscape, xhtmlEscape } from "../http/escape.ts";
import { linkify } from "../http/linkify.ts";
import { formatMessage } from "./formatmessage.ts";
import { escapeValue } from "./templatestate.ts";

/** Names that a template finds if its namespace does not have them. */
export const templateBuiltins: Readonly<Record<string, unknown>> = Object.freeze({
  escape: escapeValue,
  xhtmlEscape,
  urlEscape,
  jsonEncode,
  squeeze,
  linkify,
  formatMessage,
  datetime: Date,
});
