/**
 * Comma-separated values, as spreadsheets write them: files of translations.
 *
 * Cells are separated by commas and rows by line ends. A cell in double quotes may have both in it, and a double quote
 * written twice. Nothing is refused: a quote that is never closed runs to the end of the text, and what follows a closing
 * quote belongs to the cell, as in Python's csv module, which Tornado uses.
 *
 * @see RFC 4180
 */

/** One row. */
export interface CSVRow {
  /** The line that the row begins on, from 1. */
  readonly line: number;
  /** [""] for an empty line. */
  readonly cells: readonly string[];
}

const QUOTE = '"';

/** Where a plain piece of a cell ends. */
const PLAIN_END = /[,\r\n]/g;

/**
 * Reads a text of comma-separated values; each character is looked at a fixed number of times.
 *
 * @param text without byte-order mark; line ends are LF, CRLF or CR
 */
export function parseCSV(text: string): CSVRow[] {
  const rows: CSVRow[] = [];
  let cells: string[] = [];
  let cell = "";
  let line = 1;
  let rowLine = 1;
  let at = 0;
  while (at < text.length) {
    if (cell === "" && text[at] === QUOTE) {
      const end = quotedEnd(text, at + 1);
      const quoted = text.slice(at + 1, end);
      cell = quoted.replaceAll('""', QUOTE);
      line += countLines(quoted);
      at = end + 1;
    }
    PLAIN_END.lastIndex = at;
    const stop = PLAIN_END.exec(text)?.index ?? text.length;
    cell += text.slice(at, stop);
    at = stop;
    if (at >= text.length) break;
    cells.push(cell);
    cell = "";
    const separator = text[at];
    at += separator === "\r" && text[at + 1] === "\n" ? 2 : 1;
    if (separator === ",") {
      // A comma at the very end has an empty cell behind it.
      if (at >= text.length) cells.push("");
      continue;
    }
    rows.push({ line: rowLine, cells });
    cells = [];
    line++;
    rowLine = line;
  }
  if (cell !== "" || cells.length > 0) {
    if (cell !== "" || text.at(-1) !== ",") cells.push(cell);
    rows.push({ line: rowLine, cells });
  }
  return rows;
}

/** The offset of the quote that closes a cell, or the end of the text. */
function quotedEnd(text: string, start: number): number {
  let at = start;
  for (;;) {
    const quote = text.indexOf(QUOTE, at);
    if (quote === -1) return text.length;
    if (text[quote + 1] !== QUOTE) return quote;
    at = quote + 2;
  }
}

function countLines(text: string): number {
  return text.match(/\r\n|\r|\n/g)?.length ?? 0;
}
