/** StreamOwner: what the loop calls for the slot of an IOStream, so that the stream itself shows its users none of it. */
import { QuietOwner } from "../loop/slotowner.ts";

/** What happens to a stream, as functions of it: one object for all streams. */
export interface StreamEvents<Stream> {
  /** Bytes have arrived: `[start, end)` of the loop's arena. */
  data(stream: Stream, start: number, end: number): void;
  eof(stream: Stream): void;
  connected(stream: Stream): void;
  drained(stream: Stream): void;
  closed(stream: Stream, errno: number): void;
}

export class StreamOwner<Stream> extends QuietOwner {
  readonly #stream: Stream;
  readonly #events: StreamEvents<Stream>;

  constructor(stream: Stream, events: StreamEvents<Stream>) {
    super();
    this.#stream = stream;
    this.#events = events;
  }

  override onData(_slot: number, start: number, end: number): void {
    this.#events.data(this.#stream, start, end);
  }

  override onEof(): void {
    this.#events.eof(this.#stream);
  }

  override onConnected(): void {
    this.#events.connected(this.#stream);
  }

  override onDrained(): void {
    this.#events.drained(this.#stream);
  }

  override onClosed(_slot: number, errno: number): void {
    this.#events.closed(this.#stream, errno);
  }
}
