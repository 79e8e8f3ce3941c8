/**
 * NDJSONStream: a response of one JSON value a line, each sent when there is one.
 *
 *     class Export extends RequestHandler {
 *       async get() {
 *         const lines = this.ndjson();
 *         await lines.sendAll(db.query("select …"));
 *       }
 *     }
 *
 * A row is asked for when the client has taken those before: an export of any length takes no memory to speak of. If the
 * source fails halfway the connection is closed, so that what is there is not taken for the whole.
 *
 * @see https://github.com/ndjson/ndjson-spec
 */
import { type Input, resolve } from "../base/options.ts";
import {
  checkUnsent,
  jsonLine,
  type PushHandler,
  PushStream,
  pushStreamOptions,
} from "./pushstream.ts";
import { RESPONSE } from "./responsewriter.ts";

export type NDJSONStreamOptions = Input<typeof pushStreamOptions>;

const CONTENT_TYPE = "application/x-ndjson; charset=utf-8";

export class NDJSONStream extends PushStream<unknown> {
  /**
   * Sends the head: the stream is open.
   *
   * @throws CodedError ERR_HTTP_HEADERS_SENT if the response has begun; ERR_OPTION_TYPE, ERR_OPTION_RANGE,
   *   ERR_UNKNOWN_OPTION
   */
  constructor(handler: PushHandler, given: NDJSONStreamOptions = {}) {
    const resolved = resolve("NDJSONStream", pushStreamOptions, given);
    const response = handler[RESPONSE];
    checkUnsent(response, "an NDJSON stream");
    super(handler, response, resolved);
    handler.setHeader("Content-Type", CONTENT_TYPE);
    if (response.lines("Cache-Control").length === 0)
      handler.setHeader("Cache-Control", "no-store");
    handler.setHeader("X-Accel-Buffering", "no");
    this.open("");
  }

  /** Sends one value as a line of JSON. @throws CodedError ERR_ARGUMENT_TYPE at once for what has no JSON */
  override send(value: unknown): Promise<void> {
    return this.push(`${jsonLine(value)}\n`);
  }
}
