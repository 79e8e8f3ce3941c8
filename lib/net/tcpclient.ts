/**
 * TCPClient: connects to hosts by name, after Tornado's.
 *
 *     const client = new TCPClient();
 *     const stream = await client.connect("example.com", 80, { timeoutMs: 5_000 });
 */
import { describe } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";
import { type Input, integer, oneOf, options, resolve, string } from "../base/options.ts";
import { IOLoop } from "../loop/ioloop.ts";
import { checkPort } from "./connectaddress.ts";
import { HappyEyeballs } from "./happyeyeballs.ts";
import type { IOStream } from "./iostream.ts";
import { ioStreamOptions } from "./iostreamoptions.ts";
import { type NameResolver, Resolver } from "./resolver.ts";

export const tcpConnectOptions = options({
  /** Which addresses of the host are used; null = any. */
  family: oneOf({ values: [4, 6], default: null }),
  /** Where the connection comes from, a numeric address of this machine; null = as the kernel chooses. */
  sourceAddress: string({ default: null }),
  /** And from which port; null = as the kernel chooses. */
  sourcePort: integer({ default: null, min: 0, max: 65_535 }),
  /** Time for finding the host's addresses and connecting, in ms; null = as long as the kernel tries. */
  timeoutMs: integer({ default: null, min: 1, max: 3_600_000 }),
});

const connectOptions = options({ ...ioStreamOptions, ...tcpConnectOptions });

/** Those of IOStream, too. */
export type TCPConnectOptions = Input<typeof connectOptions>;

export class TCPClient {
  readonly #resolver: NameResolver;
  readonly #ownsResolver: boolean;
  readonly #cancels = new Set<(error: Error) => void>();
  #isClosed = false;

  /** @param given.resolver who knows the names' addresses; none = the system. It stays the caller's to close */
  constructor(given: { readonly resolver?: NameResolver | undefined } = {}) {
    this.#resolver = given.resolver ?? new Resolver();
    this.#ownsResolver = given.resolver === undefined;
  }

  /**
   * Connects: the addresses of the host's first family are tried one by one, and those of the other family beside them
   * when the first has failed or 300 ms have passed (happy eyeballs).
   *
   * @param host a name, or a numeric address
   * @param port 1 to 65535
   * @returns rejects with StreamClosedError, whose realError is the refusal of the last address (ECONNREFUSED, …);
   *   SystemError ENOTFOUND, EAI_AGAIN, … if the host has no address; CodedError ERR_CONNECT_TIMEOUT; ERR_STREAM_CLOSED if
   *   the client is closed meanwhile
   * @throws CodedError ERR_ADDRESS, ERR_UNKNOWN_OPTION, …; ERR_STATE after close()
   */
  connect(host: string, port: number, given: TCPConnectOptions = {}): Promise<IOStream> {
    const settings = resolve("TCPClient.connect()", connectOptions, given);
    if (typeof host !== "string" || host === "" || host.includes("\0")) {
      throw new CodedError("ERR_ADDRESS", `the host is ${describe(host)}; allowed is a name`);
    }
    checkPort(port, 1, "port");
    if (this.#isClosed) throw new CodedError("ERR_STATE", "connect() after close()");
    const { family, sourceAddress, sourcePort, timeoutMs, ...stream } = settings;
    return this.#cancellable(host, timeoutMs, async (eyes) => {
      const addresses = await this.#resolver.resolve(host, port, family ?? 0);
      const source = {
        sourceAddress: sourceAddress ?? undefined,
        sourcePort: sourcePort ?? undefined,
      };
      return eyes(new HappyEyeballs(addresses, source, stream));
    });
  }

  /** Ends what is being connected; connections that were made go on. Again: nothing happens. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const cancel of [...this.#cancels]) {
      cancel(new CodedError("ERR_STREAM_CLOSED", "the TCPClient was closed"));
    }
    if (this.#ownsResolver) this.#resolver.close();
  }

  /** Runs `work` until it is done, or the time is up, or the client is closed. */
  #cancellable(
    host: string,
    timeoutMs: number | null,
    work: (eyes: (race: HappyEyeballs) => Promise<IOStream>) => Promise<IOStream>,
  ): Promise<IOStream> {
    const loop = IOLoop.current();
    const connected = new Promise<IOStream>((resolve, reject) => {
      let race: HappyEyeballs | null = null;
      let error: Error | null = null;
      let deadline = 0;
      const end = () => {
        this.#cancels.delete(cancel);
        loop.wheel.cancel(deadline);
      };
      const cancel = (why: Error) => {
        error = why;
        end();
        if (race === null) reject(why);
        else race.cancel(why);
      };
      this.#cancels.add(cancel);
      if (timeoutMs !== null) {
        const deadlineMs = loop.clock.now() + timeoutMs;
        deadline = loop.wheel.addCallback(deadlineMs, () =>
          cancel(
            new CodedError(
              "ERR_CONNECT_TIMEOUT",
              `no connection to ${host} within timeoutMs, ${timeoutMs} ms`,
            ),
          ),
        );
        loop.wheelChanged(deadlineMs);
      }
      const begin = (made: HappyEyeballs) => {
        // The name was resolved too late: nobody waits for the connection.
        if (error !== null) throw error;
        race = made;
        return made.connect();
      };
      work(begin).then(resolve, reject).finally(end);
    });
    connected.catch(ignore);
    return connected;
  }
}

function ignore(): void {}
