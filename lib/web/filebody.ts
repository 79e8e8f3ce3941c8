/**
 * FileBody: a body that is not written by the handler but lies in a file: spans of it, and texts between them.
 *
 * StaticFileHandler gives one to ResponseWriter.setFile(), which sends it by sendfile(2) when the response is complete.
 */

/** What a FileBody is sent to: an Exchange. */
export interface FileBodySink {
  write(chunk: string | Uint8Array): void;
  /** Sends `lengthBytes` bytes of an open file from `offset` on; the descriptor must stay open until the turn is over. */
  writeFile(fd: number, offset: number, lengthBytes: number): void;
}

export interface FileBody {
  /** Content-Length. */
  readonly bytes: number;
  /** Writes all of it, in the place of write(). */
  send(sink: FileBodySink): void;
  /** Called when a response takes it: the file stays open until release(), which is called once for each retain(). */
  retain(): void;
  release(): void;
}
