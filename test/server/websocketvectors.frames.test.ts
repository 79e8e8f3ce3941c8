/** The vectors of frames: see test/vectors/websocket-frames.ts. */
import { runWebSocketVectors } from "../support/websocketvectorrunner.ts";

runWebSocketVectors("frames");
