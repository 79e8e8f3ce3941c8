/**
 * IncomingRequest: a request on its way in: its head, whom it comes from, its body while that arrives.
 *
 * Exchange extends it with the response. What most requests do not need (a body has limits, a reader, a time) is in the
 * one BodyIntake of those that have one.
 */
import { describe } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";
import type { IOLoop } from "../loop/ioloop.ts";
import type { ParsedForm } from "../http/multipartfile.ts";
import type { BodyIntake } from "./bodyintake.ts";
import type { BodyReader } from "./bodyreader.ts";
import { RequestHead } from "./requesthead.ts";
import type { RequestOrigin } from "./requestorigin.ts";

/** What a request needs of its server. */
export interface RequestServer {
  readonly options: { readonly maxBodyBytes: number };
  readonly origin: RequestOrigin;
  /** The address of the connection's other end. */
  remoteIpOf(slot: number, generation: number): string;
}

export abstract class IncomingRequest extends RequestHead {
  readonly slot: number;
  readonly generation: number;
  /** The request's body has not arrived whole, or its reader has not taken all of it. */
  isBodyPending = false;
  /** @internal The request's body; null if it has none. */
  intake: BodyIntake | null = null;
  /** What the dispatcher found out about the request before startRequest(); null = nothing. */
  routed: unknown = null;

  constructor(loop: IOLoop, slot: number, generation: number, at: number) {
    super(loop, at);
    this.slot = slot;
    this.generation = generation;
  }

  abstract get server(): RequestServer;

  get remoteIp(): string {
    const ip = this.server.remoteIpOf(this.slot, this.generation);
    const { origin } = this.server;
    return origin.isForwarded ? origin.ip(this.headers, ip) : ip;
  }

  /** Fields of the request are believed: a proxy sets them. */
  get isForwarded(): boolean {
    return this.server.origin.isForwarded;
  }

  get protocol(): "http" | "https" {
    const { origin } = this.server;
    return origin.isForwarded ? origin.scheme(this.headers) : origin.protocol;
  }

  // The request's body on its way.

  /** Who takes the body as it arrives; null: it is kept whole in `body`. May be set in startBody(). */
  get bodyReader(): BodyReader | null {
    return this.intake?.reader ?? null;
  }

  set bodyReader(reader: BodyReader | null) {
    if (this.intake === null || this.intake.isOpen) {
      throw new CodedError("ERR_STATE", "the request has no body, or it is already being read");
    }
    this.intake.reader = reader;
  }

  /** What the body's reader has made of a form; null if there is none. */
  get form(): ParsedForm | null {
    return this.intake?.reader?.form ?? null;
  }

  /** Whoever sets this in startBody() has started the request: startRequest is not called when the body is there. */
  get isStarted(): boolean {
    return this.intake?.isStarted ?? false;
  }

  set isStarted(isStarted: boolean) {
    if (this.intake !== null) this.intake.isStarted = isStarted;
  }

  /** Most bytes of this request's body, decoded: the server's maxBodyBytes, or what setMaxBodyBytes() has said. */
  get maxBodyBytes(): number {
    return this.intake?.maxBytes ?? this.server.options.maxBodyBytes;
  }

  /**
   * Allows this request's body another size, while it is on its way; without a body nothing happens.
   *
   * @param bytes 0 or more. In startBody() it may also be more than the server takes; later, what has been declared or
   *   has arrived is judged at once
   * @throws CodedError ERR_ARGUMENT_RANGE
   */
  setMaxBodyBytes(bytes: number): void {
    checkCount("setMaxBodyBytes()", "bytes", bytes);
    if (this.intake !== null) this.intake.maxBytes = bytes;
  }

  /**
   * Allows this request's body another time, from when the server began to wait for it; see the option bodyTimeoutMs.
   *
   * @param ms 0 = for ever
   * @throws CodedError ERR_ARGUMENT_RANGE
   */
  setBodyTimeoutMs(ms: number): void {
    checkCount("setBodyTimeoutMs()", "ms", ms);
    if (this.intake !== null) this.intake.timeoutMs = ms;
  }
}

function checkCount(call: string, unit: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 0) return;
  throw new CodedError(
    "ERR_ARGUMENT_RANGE",
    `${call} was given ${describe(value)}; allowed is a whole number of ${unit} from 0 on`,
  );
}
