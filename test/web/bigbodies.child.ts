/**
 * A server of large bodies, for bigbodies.test.ts: `node … FOLDER`. Prints its port; takes bodies at /stream by
 * dataReceived() and at /form by `uploads`, stores them in the folder, and gives what is in it under /static/.
 */
import { type FileHandle, open } from "node:fs/promises";
import * as path from "node:path";
import { Application, RequestHandler, type UploadOptions } from "../../lib/index.ts";

const folder = process.argv[2] ?? "";
const MOST_BYTES = 2 ** 40;

class Stream extends RequestHandler {
  static override readonly streamRequestBody = true;
  #file: FileHandle | null = null;
  #bytes = 0;

  override async prepare(): Promise<void> {
    this.setMaxBodySize(MOST_BYTES);
    this.#file = await open(path.join(folder, "stored"), "w");
  }
  override async dataReceived(piece: Buffer): Promise<void> {
    await this.#file?.write(piece);
    this.#bytes += piece.length;
  }
  async post(): Promise<void> {
    await this.#file?.close();
    this.write(String(this.#bytes));
  }
}

class Form extends RequestHandler {
  static override readonly uploads: UploadOptions = { directory: folder, maxBodyBytes: MOST_BYTES };

  async post(): Promise<void> {
    const [file] = this.uploadedFiles("file");
    await file?.moveTo(path.join(folder, "stored"));
    this.write(String(file?.size));
  }
}

const app = new Application(
  [
    ["/stream", Stream],
    ["/form", Form],
  ],
  { staticPath: folder, logFunction: () => {} },
);
const { address } = app.listen(0, "127.0.0.1");
if (address === null || "path" in address) throw new Error("not listening on TCP");
console.log(address.port);
process.stdin.on("end", () => process.exit(0)).resume();
