/**
 * Reads HTTP/1.1 responses out of received bytes, strictly: what is not well-formed is an error, not
 * a guess, because the suites use it to judge a server.
 *
 * Called by rawclient.ts, and by whoever holds the bytes of a whole connection (`parseResponses`).
 */

/** One response as it stood on the wire. */
export interface RawResponse {
  readonly version: string;
  readonly status: number;
  readonly reason: string;
  /** Status line and fields, without the blank line. */
  readonly head: string;
  /** Fields in order, names as sent. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** How the end of the body was found. */
  readonly framing: "none" | "length" | "chunked" | "end of connection";
  readonly body: Buffer;
  /** The body as UTF-8. */
  readonly text: string;
  /** The data of each chunk, when the body was chunked. */
  readonly chunks: readonly Buffer[];
  /** Values of the field joined with ", ", or null when there is none. */
  header(name: string): string | null;
  /** Every value of the field, in order. */
  headers(name: string): readonly string[];
}

/** Bytes received and not yet consumed: appended at the end, taken from the front. */
export class ByteQueue {
  #bytes = Buffer.alloc(4096);
  #start = 0;
  #end = 0;

  get size(): number {
    return this.#end - this.#start;
  }

  append(bytes: Uint8Array): void {
    if (this.#end + bytes.length > this.#bytes.length) {
      const room = Buffer.alloc(Math.max(this.#bytes.length, 2 * (this.size + bytes.length)));
      this.#bytes.copy(room, 0, this.#start, this.#end);
      this.#end = this.size;
      this.#start = 0;
      this.#bytes = room;
    }
    this.#bytes.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** The unread bytes, not consumed; valid until the next `append`. */
  peek(): Buffer {
    return this.#bytes.subarray(this.#start, this.#end);
  }

  text(): string {
    return this.peek().toString("latin1");
  }

  /** Consumes the first `count` bytes and returns a copy of them. */
  take(count: number): Buffer {
    const taken = Buffer.from(this.#bytes.subarray(this.#start, this.#start + count));
    this.#start += count;
    return taken;
  }
}

/** What cannot be read off the response itself. */
export interface TakeOptions {
  /** The request was HEAD. */
  readonly head: boolean;
  /** No byte will follow. */
  readonly ended: boolean;
}

/**
 * Takes one whole response from the front of `queue`, or returns undefined when more bytes are needed.
 *
 * @throws Error when what is there is not the beginning of a well-formed response.
 */
export function takeResponse(queue: ByteQueue, options: TakeOptions): RawResponse | undefined {
  const bytes = queue.peek();
  if (bytes.length >= 5 && bytes.toString("latin1", 0, 5) !== "HTTP/") {
    throw new Error("what came is not a response");
  }
  const headEnd = bytes.indexOf("\r\n\r\n");
  if (headEnd < 0) return undefined;
  const head = bytes.toString("latin1", 0, headEnd);
  const start = parseHead(head);
  const bodyStart = headEnd + 4;
  const framing = framingOf(start, options.head);
  const body = readBody(bytes, bodyStart, framing, options.ended);
  if (body === undefined) return undefined;
  const response = respond(start, head, framing.kind, body);
  queue.take(body.end);
  return response;
}

/**
 * Reads all of a connection that has ended as a sequence of responses.
 *
 * @throws Error when the last one is cut off, or when bytes follow that are no response.
 */
export function parseResponses(bytes: Uint8Array, methods: readonly string[] = []): RawResponse[] {
  const queue = new ByteQueue();
  queue.append(bytes);
  const responses: RawResponse[] = [];
  while (queue.size > 0) {
    const head = methods[responses.length] === "HEAD";
    const response = takeResponse(queue, { head, ended: true });
    if (response === undefined) {
      throw new Error(`a response is cut off: ${JSON.stringify(queue.text().slice(0, 400))}`);
    }
    responses.push(response);
  }
  return responses;
}

interface Start {
  readonly version: string;
  readonly status: number;
  readonly reason: string;
  readonly fields: readonly (readonly [string, string])[];
}

type Framing =
  | { readonly kind: "none" }
  | { readonly kind: "length"; readonly length: number }
  | { readonly kind: "chunked" }
  | { readonly kind: "end of connection" };

interface Body {
  readonly bytes: Buffer;
  readonly chunks: readonly Buffer[];
  /** Offset just after the response. */
  readonly end: number;
}

function parseHead(head: string): Start {
  const lines = head.split("\r\n");
  const line = /^(HTTP\/1\.1) ([1-9][0-9]{2}) ([\t\x20-\x7e\x80-\xff]*)$/.exec(lines[0] ?? "");
  if (line === null) throw new Error(`not a status line: ${JSON.stringify(lines[0])}`);
  const fields = lines.slice(1).map((text) => {
    const field = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+): ?([\t\x20-\x7e\x80-\xff]*)$/.exec(text);
    if (field === null) throw new Error(`not a field line: ${JSON.stringify(text)}`);
    return [field[1] ?? "", (field[2] ?? "").trim()] as const;
  });
  return { version: line[1] ?? "", status: Number(line[2]), reason: line[3] ?? "", fields };
}

function valuesOf(start: Start, name: string): string[] {
  const wanted = name.toLowerCase();
  return start.fields.filter(([n]) => n.toLowerCase() === wanted).map(([, value]) => value);
}

function framingOf(start: Start, isHead: boolean): Framing {
  const lengths = valuesOf(start, "content-length");
  const codings = valuesOf(start, "transfer-encoding");
  if (lengths.length > 1) throw new Error("a response with more than one Content-Length");
  if (lengths.length > 0 && codings.length > 0) {
    throw new Error("a response with both Content-Length and Transfer-Encoding");
  }
  if (lengths[0] !== undefined && !/^[0-9]+$/.test(lengths[0])) {
    throw new Error(`a response with Content-Length ${JSON.stringify(lengths[0])}`);
  }
  const { status } = start;
  if (isHead || status < 200 || status === 204 || status === 304) return { kind: "none" };
  if (codings.length > 0) {
    if (codings.join() !== "chunked") throw new Error(`a response with coding ${codings}`);
    return { kind: "chunked" };
  }
  return lengths[0] === undefined
    ? { kind: "end of connection" }
    : { kind: "length", length: Number(lengths[0]) };
}

function readBody(
  bytes: Buffer,
  start: number,
  framing: Framing,
  ended: boolean,
): Body | undefined {
  switch (framing.kind) {
    case "none":
      return { bytes: Buffer.alloc(0), chunks: [], end: start };
    case "length": {
      const end = start + framing.length;
      if (bytes.length < end) return undefined;
      return { bytes: Buffer.from(bytes.subarray(start, end)), chunks: [], end };
    }
    case "end of connection":
      if (!ended) return undefined;
      return { bytes: Buffer.from(bytes.subarray(start)), chunks: [], end: bytes.length };
    case "chunked":
      return readChunks(bytes, start);
  }
}

function readChunks(bytes: Buffer, start: number): Body | undefined {
  // Spans first, copies when all is there: this is tried again whenever bytes have come.
  const spans: [number, number][] = [];
  let at = start;
  for (;;) {
    const lineEnd = bytes.indexOf("\r\n", at);
    if (lineEnd < 0) return undefined;
    const line = bytes.toString("latin1", at, lineEnd);
    if (!/^[0-9a-fA-F]{1,13}$/.test(line))
      throw new Error(`a chunk of size ${JSON.stringify(line)}`);
    const size = Number.parseInt(line, 16);
    const dataStart = lineEnd + 2;
    const dataEnd = dataStart + size;
    if (bytes.length < dataEnd + 2) return undefined;
    if (bytes.toString("latin1", dataEnd, dataEnd + 2) !== "\r\n") {
      throw new Error(`a chunk of ${size} bytes that no CRLF follows`);
    }
    at = dataEnd + 2;
    if (size === 0) {
      const chunks = spans.map(([from, to]) => Buffer.from(bytes.subarray(from, to)));
      return { bytes: Buffer.concat(chunks), chunks, end: at };
    }
    spans.push([dataStart, dataEnd]);
  }
}

function respond(start: Start, head: string, framing: Framing["kind"], body: Body): RawResponse {
  return {
    ...start,
    head,
    framing,
    body: body.bytes,
    text: body.bytes.toString("utf8"),
    chunks: body.chunks,
    headers: (name) => valuesOf(start, name),
    header: (name) => {
      const values = valuesOf(start, name);
      return values.length === 0 ? null : values.join(", ");
    },
  };
}
