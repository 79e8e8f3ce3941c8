/**
 * The eta package, loaded when the first template is compiled.
 *
 * eta reads its own tags and turns a syntax tree into JavaScript; the tags of Tornado's syntax are put into the same tree
 * (templatecode.ts). One instance reads, with line numbers; another writes, without: the lines are marked by us, since
 * a tree may be made of several files.
 */
import { createRequire } from "node:module";
import type { Eta } from "eta";
import { type TemplateSource, templateError } from "./templateerror.ts";

/** A node of eta's syntax tree: literal text, escaped for a string in quotes, or a tag. */
export type EtaNode = string | { t: string; val: string; lineNo?: number };

interface Instances {
  readonly reader: Eta;
  readonly writer: Eta;
}

let instances: Instances | null = null;

/**
 * Reads a piece of a template that has no tags but eta's.
 *
 * @param line of the template where the piece begins; nodes have the line of the whole
 * @throws CodedError ERR_TEMPLATE if a tag, string or comment is not closed
 */
export function readEta(text: string, line: number, source: TemplateSource): EtaNode[] {
  const { reader } = load();
  try {
    const nodes = reader.parse(text);
    for (const node of nodes) {
      if (typeof node !== "string") node.lineNo = (node.lineNo ?? 1) + line - 1;
    }
    return nodes;
  } catch (error) {
    const [message = "", place = ""] = String((error as Error).message).split(/ at line (?=\d)/);
    const offset = Number.parseInt(place, 10) || 1;
    throw templateError(source, line + offset - 1, message, error);
  }
}

/** Turns a tree into statements that append to `__eta.res`; `__eta.e` escapes. */
export function writeEta(nodes: EtaNode[]): string {
  return load().writer.compileBody(nodes);
}

function load(): Instances {
  if (instances === null) {
    const { Eta: EtaClass } = createRequire(import.meta.url)("eta") as { Eta: typeof Eta };
    instances = { reader: new EtaClass({ debug: true }), writer: new EtaClass({ debug: false }) };
  }
  return instances;
}
