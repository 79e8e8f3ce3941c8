/**
 * The profiles of an application's WebSockets: one for each handler class on each server, made when first needed.
 *
 * A profile has what the settings and the class say, once for all connections. Application has one of these.
 */
import { log } from "../base/log.ts";
import { resolve } from "../base/options.ts";
import { IOLoop } from "../loop/ioloop.ts";
import type { ExchangeServer } from "../server/exchange.ts";
import { WebSocketHub } from "../server/websockethub.ts";
import { type WebSocketOptions, webSocketHandlerOptions } from "../server/websocketoptions.ts";
import type { WebSocketListener, WebSocketProfile } from "../server/websocketprofile.ts";
import type { HandlerSettings } from "./applicationsettings.ts";
import { runHook } from "./runhook.ts";

/** How the framework tells a handler that its connection has ended: a symbol, so that no method of a user's is in its way. */
export const CONNECTION_ENDED: unique symbol = Symbol("landspout.connectionEnded");

/** A handler, as a profile sees it. */
export interface WebSocketEnd extends WebSocketListener {
  [CONNECTION_ENDED](): void;
  logException(error: unknown): unknown;
}

/** A handler class with options of its own. */
export interface WebSocketClass {
  readonly name: string;
  readonly websocket: WebSocketOptions;
}

/** A server that counts its upgraded connections. */
interface UpgradingServer extends ExchangeServer {
  onUpgradeClosed(slot: number): void;
}

export class WebSocketProfiles {
  readonly #settings: HandlerSettings;
  readonly #byServer = new WeakMap<ExchangeServer, Map<object, WebSocketProfile>>();

  #hub: WebSocketHub | null = null;

  constructor(settings: HandlerSettings) {
    this.#settings = settings;
  }

  /** The topics of the application. */
  get hub(): WebSocketHub {
    const { websocketMaxTopics, websocketMaxTopicLength, websocketMaxPatterns } = this.#settings;
    this.#hub ??= new WebSocketHub(
      {
        maxTopics: websocketMaxTopics,
        maxTopicLength: websocketMaxTopicLength,
        maxPatterns: websocketMaxPatterns,
      },
      () => IOLoop.current().clock.now(),
    );
    return this.#hub;
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
    const options = resolve(`${handlerClass.name}.websocket`, webSocketHandlerOptions, {
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
      frames: server.loop.outbox,
      server,
      options,
      expectsMask: true,
      lendsMessages: options.lendsMessages,
      onEnded(listener, slot) {
        server.onUpgradeClosed(slot);
        (listener as WebSocketEnd)[CONNECTION_ENDED]();
      },
      onListenerError(listener, error) {
        runHook(
          () => (listener as WebSocketEnd).logException(error),
          () => "logException",
        );
      },
    };
  }
}
