/**
 * HTTPFile: a file of a multipart form, and the form as a whole.
 *
 * parseMultipart makes files whose bytes are in memory; a handler class with `uploads` gets files
 * that are on disk (UploadedFile of the web floor), for nothing here does I/O. Both are this
 * interface.
 */
import type { Arguments } from "./forms.ts";

/** A file of a multipart form. */
export interface HTTPFile {
  /** As the client named it, directories and all: never to be used as a path. */
  readonly filename: string;
  /** "application/unknown" if the client said nothing. It is what the client says, nothing more. */
  readonly contentType: string;
  /** In bytes. */
  readonly size: number;
  /**
   * What is in it. @throws CodedError ERR_STATE if the file is on disk: read it from its path
   */
  readonly body: Buffer;
  /** Where it is on disk; null if it is in memory. */
  readonly path: string | null;
}

/** Files by the name of their field, in the order they came. */
export type HTTPFiles = ReadonlyMap<string, readonly HTTPFile[]>;

/** What the body of a form was parsed into. */
export interface ParsedForm {
  /** Values as latin1 texts, one character a byte. */
  readonly arguments: Arguments;
  readonly files: HTTPFiles;
}
