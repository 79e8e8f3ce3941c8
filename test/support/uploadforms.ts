/** Multipart forms as bytes, for the suites of uploads. */

/** The head of a request with a form of this many bytes. */
export function uploadHead(bytes: number, type = "multipart/form-data; boundary=b"): string {
  return `POST / HTTP/1.1\r\nHost: a\r\nContent-Type: ${type}\r\nContent-Length: ${bytes}\r\n\r\n`;
}

/** A part of a form whose boundary is "b". */
export function partOfForm(parameters: string, body = "v", fields = ""): string {
  return `--b\r\nContent-Disposition: form-data; ${parameters}\r\n${fields}\r\n${body}\r\n`;
}

/** Behind the last part of such a form. */
export const END = "--b--\r\n";
