// Takes and gives what is larger than memory, on landspout: `node bench/servers/big.mjs PORT FOLDER`,
// FOLDER being where bodies are stored and what is downloaded lies.

import { open } from "node:fs/promises";
import path from "node:path";
import { Application, RequestHandler } from "../../dist/lib/index.js";

const [port, folder] = process.argv.slice(2);
const mostBytes = 2 ** 40;

/** A body of any type, to a file as it comes. */
class Stream extends RequestHandler {
  static streamRequestBody = true;
  #file = null;
  #bytes = 0;

  async prepare() {
    this.setMaxBodySize(mostBytes);
    this.#file = await open(path.join(folder, "stored"), "w");
  }

  async dataReceived(piece) {
    await this.#file.write(piece);
    this.#bytes += piece.length;
  }

  async post() {
    await this.#file.close();
    this.write(String(this.#bytes));
  }

  onConnectionClose() {
    this.#file?.close();
  }
}

/** A multipart form with a file. */
class Form extends RequestHandler {
  static uploads = { directory: folder, maxBodyBytes: mostBytes };

  async post() {
    const [file] = this.uploadedFiles("file");
    await file.moveTo(path.join(folder, "stored"));
    this.write(String(file.size));
  }
}

const app = new Application(
  [
    ["/stream", Stream],
    ["/form", Form],
  ],
  { staticPath: folder },
);
app.listen(Number(port), "127.0.0.1");
console.log("listening");
