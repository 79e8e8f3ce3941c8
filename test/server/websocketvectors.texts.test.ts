/** The vectors of texts: see test/vectors/websocket-text.ts. */
import { runWebSocketVectors } from "../support/websocketvectorrunner.ts";

runWebSocketVectors("texts");
