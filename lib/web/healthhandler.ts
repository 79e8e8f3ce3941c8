/**
 * HealthHandler: whether the process lives, and whether it should be sent requests; for load balancers and orchestrators.
 *
 *     ["/healthz", HealthHandler]                                              // lives: 200
 *     ["/readyz", HealthHandler, { ready: true }]                              // 503 while the server stops
 *     ["/readyz", HealthHandler, { ready: true, checks: { db: () => db.ping() }, timeoutMs: 500 }]
 *
 * The answer is JSON: {"status":"ok","checks":{"db":"ok"}}; "draining" while the server stops, "failing" if a check fails.
 * Why a check failed is for the log: the page may be public.
 */
import { describe } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";
import { log } from "../base/log.ts";
import { boolean, integer, options, resolve } from "../base/options.ts";
import { isShuttingDown } from "../process/shutdown.ts";
import { RequestHandler } from "./requesthandler.ts";
import { RESPONSE } from "./responsewriter.ts";
import type { InitArgs } from "./routing.ts";

/** Says that something the process needs is there: by returning, true or nothing. False, or what it throws, says no. */
export type HealthCheck = () => unknown;

/** What became of a check. */
export type CheckOutcome = "ok" | "failing" | "timeout";

const OK = 200;
const UNAVAILABLE = 503;

/** The init args of HealthHandler, besides `checks`: functions by name. */
export const healthOptions = options({
  /** Say whether requests are welcome, not just whether the process lives: 503 while the server stops. */
  ready: boolean({ default: false }),
  /** Time for the checks, which run side by side, in ms. Over it: failing. */
  timeoutMs: integer({ default: 2_000, min: 1, max: 60_000 }),
});

export class HealthHandler extends RequestHandler {
  #isReadiness = false;
  #timeoutMs = 0;
  #checks: readonly (readonly [name: string, check: HealthCheck])[] = [];

  /** @throws CodedError ERR_OPTION_TYPE, ERR_OPTION_RANGE, ERR_UNKNOWN_OPTION */
  override initialize(initArgs: InitArgs): void {
    const { checks = {}, ...others } = initArgs;
    const { ready, timeoutMs } = resolve("HealthHandler", healthOptions, others);
    this.#isReadiness = ready;
    this.#timeoutMs = timeoutMs;
    this.#checks = Object.entries(checks as Record<string, unknown>).map(([name, check]) => {
      if (typeof check === "function") return [name, check as HealthCheck];
      throw new CodedError(
        "ERR_OPTION_TYPE",
        `the check ${name} of HealthHandler is ${describe(check)}; allowed is a function`,
      );
    });
  }

  override async get(): Promise<void> {
    const isDraining = isShuttingDown() || this[RESPONSE].exchange.server.isStopping;
    this.setHeader("Cache-Control", "no-store");
    if (this.#isReadiness && isDraining) {
      this.setStatus(UNAVAILABLE);
      this.finish({ status: "draining" });
      return;
    }
    const outcomes = await Promise.all(this.#checks.map(([name, check]) => this.#run(name, check)));
    const isOk = outcomes.every(([, outcome]) => outcome === "ok");
    this.setStatus(isOk ? OK : UNAVAILABLE);
    const checks = outcomes.length === 0 ? {} : { checks: Object.fromEntries(outcomes) };
    this.finish({ status: isOk ? "ok" : "failing", ...checks });
  }

  override computeEtag(): string | null {
    return null;
  }

  async #run(name: string, check: HealthCheck): Promise<[name: string, outcome: CheckOutcome]> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<"timeout">((settle) => {
      timer = setTimeout(() => settle("timeout"), this.#timeoutMs);
    });
    try {
      // In a promise's callback, so that one that throws is one that rejects.
      const result = await Promise.race([Promise.resolve().then(check), late]);
      if (result === "timeout") {
        log.warn(`the health check ${name} took longer than ${this.#timeoutMs} ms`);
        return [name, "timeout"];
      }
      return [name, result === false ? "failing" : "ok"];
    } catch (error) {
      log.warn(`the health check ${name} failed`, error);
      return [name, "failing"];
    } finally {
      clearTimeout(timer);
    }
  }
}
