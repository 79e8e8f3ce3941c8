/**
 * Makes JavaScript out of a template's tree: inheritance and inclusion are resolved here, as Tornado does, so that a
 * block or an included file sees the variables of the place where it stands.
 *
 * Template (template.ts) calls it once per template and compiles what comes out. Statements become nodes of eta's syntax
 * tree, eta writes the whole. Before each tag `__eta.line` is set to the number of its position, for errors.
 */

import { templateError } from "./templateerror.ts";
import { type EtaNode, readEta, writeEta } from "./templateeta.ts";
import { hasBareComma } from "./templatescanner.ts";
import type { TemplateClause, TemplateFile, TemplateNode } from "./templatetree.ts";

/** A template as code, and what is needed to run it. */
export interface TemplateCode {
  /** Statements that append to `__eta.res`. */
  readonly body: string;
  /** Every word of the code that may be a variable. */
  readonly words: ReadonlySet<string>;
  /** Names that the template sets. */
  readonly setNames: ReadonlySet<string>;
  /** What the numbers in `__eta.line` stand for. */
  readonly positions: readonly TemplatePosition[];
}

export interface TemplatePosition {
  readonly file: TemplateFile;
  readonly line: number;
}

/** Finds the file that another one names. @throws CodedError ERR_TEMPLATE_NAME, ERR_TEMPLATE_MISSING, ERR_TEMPLATE */
export type FileFinder = (name: string, from: TemplateFile) => TemplateFile;

/** A word that is no property of something before it. */
const WORD = /(?<!(?:^|[^.])\.\s*)[\p{ID_Start}$_][\p{ID_Continue}$]*/gu;

/** A statement of eta's that cannot have another one before it. */
const NO_STATEMENT_BEFORE = /^\s*(?:(?:case|default|else|catch|finally)\b|[.,)\]:?&|+*/%=<>])/;

const ASSIGNMENT = /^([A-Za-z_$][\w$]*(?:\s*,\s*[A-Za-z_$][\w$]*)*)\s*=(?![=>])([\s\S]+)$/;
const UPDATE = /^([A-Za-z_$][\w$]*)\s*(?:\*\*|<<|>>>?|&&|\|\||\?\?|[-+*/%&|^])=/;
const LOOP = /^(?:(?:const|let|var)\s+)?([\s\S]+?)\s+(?:in|of)\s+([\s\S]+)$/;
const EXCEPTION = /^([\s\S]*?)(?:\s*\bas\s+([A-Za-z_$][\w$]*))?$/;

/** @throws CodedError ERR_TEMPLATE, and what `find` throws */
export function generateTemplate(file: TemplateFile, find: FileFinder): TemplateCode {
  return new CodeWriter(find).write(file);
}

type Block = Extract<TemplateNode, { kind: "block" | "apply" }>;

class CodeWriter {
  readonly #find: FileFinder;
  readonly #nodes: EtaNode[] = [];
  readonly #positions: TemplatePosition[] = [];
  readonly #setNames = new Set<string>();
  /** Blocks by name, each of the file nearest to the one asked for. */
  readonly #blocks = new Map<string, { readonly block: Block; readonly file: TemplateFile }>();
  /** What is being written: files, and blocks. */
  readonly #stack: (TemplateFile | Block)[] = [];
  /** The loops around, innermost last: the label to break to, or null. */
  readonly #loops: (string | null)[] = [];
  #count = 0;

  constructor(find: FileFinder) {
    this.#find = find;
  }

  write(file: TemplateFile): TemplateCode {
    const line = [file];
    for (let child = file; child.parent !== null; ) {
      const { name, line: at } = child.parent;
      const parent = this.#find(name, child);
      if (line.some((known) => known.name === parent.name)) {
        throw templateError(child, at, `"${name}" extends this template itself`);
      }
      line.push(parent);
      child = parent;
    }
    const root = line.at(-1) ?? file;
    for (const each of line.reverse()) this.#collectBlocks(each.nodes, each, [each.name]);
    this.#writeFile(root);
    const body = writeEta(this.#nodes);
    const words = new Set<string>();
    for (const node of this.#nodes) {
      if (typeof node === "string") continue;
      for (const [word] of node.val.matchAll(WORD)) words.add(word);
    }
    return { body, words, setNames: this.#setNames, positions: this.#positions };
  }

  // Steps.

  #collectBlocks(nodes: readonly TemplateNode[], file: TemplateFile, path: string[]): void {
    for (const node of nodes) {
      if (node.kind === "block") this.#blocks.set(node.name, { block: node, file });
      if (node.kind === "block" || node.kind === "apply") {
        this.#collectBlocks(node.body, file, path);
      } else if (node.kind === "control") {
        for (const { body } of node.clauses) this.#collectBlocks(body, file, path);
      } else if (node.kind === "include") {
        const included = this.#find(node.name, file);
        if (path.includes(included.name)) {
          const chain = [...path, included.name].join(" → ");
          throw templateError(file, node.line, `a template includes itself: ${chain}`);
        }
        this.#collectBlocks(included.nodes, included, [...path, included.name]);
      }
    }
  }

  #writeFile(file: TemplateFile): void {
    this.#writeNodes(file.nodes, file);
  }

  #writeNodes(nodes: readonly TemplateNode[], file: TemplateFile): void {
    for (const node of nodes) this.#writeNode(node, file);
  }

  #writeNode(node: TemplateNode, file: TemplateFile): void {
    switch (node.kind) {
      case "text":
        this.#writeText(node.text, node.line, file);
        break;
      case "output":
        this.#mark(file, node.line);
        this.#output(node.raw ? `__eta.s(${node.code}\n)` : escaped(node.code, file));
        break;
      case "module":
        this.#mark(file, node.line);
        this.#output(`__eta.s(__it._tt_modules.${node.code}\n)`);
        break;
      case "set":
        this.#mark(file, node.line);
        this.#code(this.#assignment(node.code));
        break;
      case "jump": {
        const label = node.word === "break" ? (this.#loops.at(-1) ?? null) : null;
        this.#code(label === null ? `${node.word};` : `break ${label};`);
        break;
      }
      case "include": {
        this.#writeFile(this.#find(node.name, file));
        break;
      }
      case "block":
        this.#writeBlock(node, file);
        break;
      case "apply":
        this.#mark(file, node.line);
        // Not inside the call: what is appended to is read before the call is made.
        this.#code(`{const __s=__eta.capture(()=>{`);
        this.#writeNodes(node.body, file);
        this.#code(`});__eta.res+=__eta.s(${node.name}(__s));}`);
        break;
      case "control":
        this.#writeControl(node.clauses, file);
        break;
    }
  }

  #writeText(text: string, line: number, file: TemplateFile): void {
    for (const node of readEta(text, line, file)) {
      if (typeof node !== "string") {
        if (node.t !== "e" || !NO_STATEMENT_BEFORE.test(node.val)) {
          this.#mark(file, node.lineNo ?? line);
        }
        // A line comment ends here, and not what eta writes behind the code.
        node.val += "\n";
      }
      this.#nodes.push(node);
    }
  }

  #writeBlock(own: Block, ownFile: TemplateFile): void {
    const { block, file } = this.#blocks.get(own.name) ?? { block: own, file: ownFile };
    if (this.#stack.includes(block)) {
      throw templateError(ownFile, own.line, `block "${own.name}" contains itself`);
    }
    this.#stack.push(block);
    this.#writeNodes(block.body, file);
    this.#stack.pop();
  }

  #writeControl(clauses: readonly TemplateClause[], file: TemplateFile): void {
    const [first, ...others] = clauses;
    if (first === undefined) return;
    if (first.word === "try") {
      this.#writeTry(first, others, file);
      return;
    }
    this.#mark(file, first.line);
    if (first.word === "if") {
      this.#code(`if(${first.code}\n){`);
      this.#writeNodes(first.body, file);
      for (const { word, code, body } of others) {
        this.#code(word === "elif" ? `}else if(${code}\n){` : "}else{");
        this.#writeNodes(body, file);
      }
      this.#code("}");
      return;
    }
    const otherwise = others[0];
    const label = otherwise === undefined ? null : `__loop${++this.#count}`;
    if (label !== null) this.#code(`${label}:{`);
    this.#code(first.word === "while" ? `while(${first.code}\n){` : this.#forHead(first, file));
    this.#loops.push(label);
    this.#writeNodes(first.body, file);
    this.#loops.pop();
    this.#code("}");
    if (otherwise !== undefined) {
      this.#writeNodes(otherwise.body, file);
      this.#code("}");
    }
  }

  #forHead({ code, line }: TemplateClause, file: TemplateFile): string {
    const bare = /^\((?:const|let|var)\s[\s\S]*\)$/.test(code) ? code.slice(1, -1) : code;
    const [, target, values] = LOOP.exec(bare) ?? [];
    if (target === undefined || values === undefined) {
      throw templateError(file, line, `"for ${code}" is not of the form "for name in values"`);
    }
    const isPattern = /^[[{]/.test(target);
    const list = target.replaceAll("(", "[").replaceAll(")", "]");
    const names = isPattern
      ? target
      : target.includes(",") && !/^\(.*\)$/.test(target)
        ? `[${list}]`
        : list;
    return `for(let ${names} of __eta.i(${listed(values)})){`;
  }

  #writeTry(first: TemplateClause, others: readonly TemplateClause[], file: TemplateFile): void {
    const number = ++this.#count;
    const caught = `__error${number}`;
    const excepts = others.filter(({ word }) => word === "except");
    const otherwise = others.find(({ word }) => word === "else");
    const last = others.find(({ word }) => word === "finally");
    this.#mark(file, first.line);
    this.#code(`{let __ok${number}=false;try{${excepts.length > 0 ? "try{" : ""}`);
    this.#writeNodes(first.body, file);
    this.#code(`__ok${number}=true;`);
    if (excepts.length > 0) {
      this.#code(`}catch(${caught}){`);
      for (const { code, body, line } of excepts) {
        const [, types = "", name] = EXCEPTION.exec(code) ?? [];
        const classes = /^\(.*\)$/s.test(types) ? types.slice(1, -1) : types;
        this.#code(classes === "" ? "if(true){" : `if(__eta.is(${caught},[${classes}\n])){`);
        this.#mark(file, line);
        if (name !== undefined) this.#code(`let ${name}=${caught};`);
        this.#writeNodes(body, file);
        this.#code("}else ");
      }
      this.#code(`throw ${caught};}`);
    }
    if (otherwise !== undefined) {
      this.#code(`if(__ok${number}){`);
      this.#writeNodes(otherwise.body, file);
      this.#code("}");
    }
    this.#code("}finally{");
    if (last !== undefined) this.#writeNodes(last.body, file);
    this.#code("}}");
  }

  #assignment(code: string): string {
    const [, target, value] = ASSIGNMENT.exec(code) ?? [];
    if (target === undefined || value === undefined) {
      const [, name] = UPDATE.exec(code) ?? [];
      if (name !== undefined) this.#setNames.add(name);
      return `${code}\n;`;
    }
    const names = target.split(",").map((name) => name.trim());
    for (const name of names) this.#setNames.add(name);
    return names.length === 1 ? `${names[0]}=${listed(value)};` : `[${names}]=${listed(value)};`;
  }

  #mark(file: TemplateFile, line: number): void {
    const last = this.#positions.at(-1);
    if (last === undefined || last.file !== file || last.line !== line) {
      this.#positions.push({ file, line });
    }
    this.#code(`__eta.line=${this.#positions.length - 1};`);
  }

  #code(code: string): void {
    this.#nodes.push({ t: "e", val: code });
  }

  #output(code: string): void {
    this.#nodes.push({ t: "r", val: code });
  }
}

function escaped(code: string, { autoescape }: TemplateFile): string {
  if (autoescape === undefined) return `__eta.e(${code}\n)`;
  if (autoescape === null) return `__eta.s(${code}\n)`;
  return `__eta.s(${autoescape}(__eta.s(${code}\n)))`;
}

/** A value; several with commas between them are a list. */
function listed(code: string): string {
  return hasBareComma(code) ? `[${code}\n]` : `(${code}\n)`;
}
