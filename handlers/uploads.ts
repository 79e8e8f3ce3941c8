/**
 * GET and POST /uploads: the list of uploads, and a form that adds to it.
 *
 * `uploads` of a handler class has files written to disk while they arrive, at the disk's pace: a file of 64 MiB takes no
 * more memory than one of 64 KiB. What is over a limit is refused as soon as that is seen. post() is called when the whole
 * form is there.
 */
import { HTTPError, RequestHandler, type UploadOptions } from "landspout";
import { MAX_FILE_BYTES, type UploadStore } from "./uploadstore.ts";

/** For what stands around the file in the form. */
const FORM_BYTES = 16 * 1024;

export class Uploads extends RequestHandler {
  static override readonly uploads: UploadOptions = {
    maxBodyBytes: MAX_FILE_BYTES + FORM_BYTES,
    maxFileBytes: MAX_FILE_BYTES,
    maxFiles: 1,
    maxFieldsBytes: FORM_BYTES,
  };

  #store: UploadStore | null = null;

  override initialize({ store }: { store: UploadStore }): void {
    this.#store = store;
  }

  async get(): Promise<void> {
    this.setHeader("Cache-Control", "no-store");
    this.write({ files: (await this.#store?.list()) ?? [] });
  }

  async post(): Promise<void> {
    const [file] = this.uploadedFiles("file");
    if (file === undefined || file.filename === "") {
      throw new HTTPError(400, null, { reason: "Choose a file first" });
    }
    await this.#store?.keep(file);
    // A form without a script wants a page; the script reads the list.
    if (this.request.headers.get("Accept")?.includes("text/html")) {
      this.redirect("/#upload", { status: 303 });
    } else {
      this.setStatus(201);
      await this.get();
    }
  }
}
