/**
 * The profiles of an application's WebSockets: one for each handler class on each server, made when first needed.
 *
 * A profile has what the settings and the class say, once for all connections. Application has one of these.
 */
import { CodedError } from "../base/errors.ts";
import { log } from "../base/log.ts";
import { resolve } from "../base/options.ts";
import type { ExchangeServer } from "../server/exchange.ts";
import { type WebSocketOptions, webSocketOptions } from "../server/websocketoptions.ts";
import type { WebSocketListener, WebSocketProfile } from "../server/websocketprofile.ts";
import type { HandlerSettings } from "./applicationsettings.ts";

/** How the framework tells a handler that its connection has ended: a symbol, so that no method of a user's is in its way. */
export const CONNECTION_ENDED: unique symbol = Symbol("landspout.connectionEnded");

/** A handler, as a profile sees it. */
export interface WebSocketEnd extends WebSocketListener {
  [CONNECTION_ENDED](): void;
  logException(error: unknown): void;
}

/** A handler class with options of its own. */
export interface WebSocketClass {
  readonly name: string;
  readonly websocket: WebSocketOptions;
}

/** A server that counts its upgraded connections. */
interface UpgradingServer extends ExchangeServer {
  onUpgradeClosed(): void;
}

export class WebSocketProfiles {
  readonly #settings: HandlerSettings;
  readonly #byServer = new WeakMap<ExchangeServer, Map<object, WebSocketProfile>>();

  constructor(settings: HandlerSettings) {
    this.#settings = settings;
  }

  /** @throws CodedError ERR_UNKNOWN_OPTION, ERR_OPTION_TYPE, ERR_OPTION_RANGE if the class says what cannot be */
  of(server: ExchangeServer, handlerClass: WebSocketClass): WebSocketProfile {
    let profiles = this.#byServer.get(server);
    if (profiles === undefined) {
      profiles = new Map();
      this.#byServer.set(server, profiles);
    }
    let profile = profiles.get(handlerClass);
    if (profile === undefined) {
      profile = this.#make(server as UpgradingServer, handlerClass);
      profiles.set(handlerClass, profile);
    }
    return profile;
  }

  #make(server: UpgradingServer, handlerClass: WebSocketClass): WebSocketProfile {
    const { websocketMaxMessageBytes, websocketPingIntervalMs, websocketPingTimeoutMs } =
      this.#settings;
    const options = resolve(`${handlerClass.name}.websocket`, webSocketOptions, {
      maxMessageBytes: websocketMaxMessageBytes,
      pingIntervalMs: websocketPingIntervalMs,
      pingTimeoutMs: websocketPingTimeoutMs,
      ...handlerClass.websocket,
    });
    const { pingIntervalMs, pingTimeoutMs } = options;
    if (pingIntervalMs > 0 && (pingTimeoutMs ?? 0) > pingIntervalMs) {
      log.warn(
        `the ping timeout of ${handlerClass.name} is ${pingTimeoutMs} ms, longer than the interval; ${pingIntervalMs} ms is taken`,
      );
    }
    return {
      loop: server.loop,
      server,
      options,
      expectsMask: true,
      onEnded(listener) {
        server.onUpgradeClosed();
        (listener as WebSocketEnd)[CONNECTION_ENDED]();
      },
      onListenerError(listener, error) {
        if (error instanceof CodedError && error.code === "ERR_WEBSOCKET_CLOSED") {
          log.info(`a WebSocket was written to after its end: ${error.message}`);
        } else {
          logListenerError(listener as WebSocketEnd, error);
        }
      },
    };
  }
}

function logListenerError(listener: WebSocketEnd, error: unknown): void {
  try {
    listener.logException(error);
  } catch (inLog) {
    log.error("Uncaught exception in logException", inLog);
  }
}
