/** What `landspout dev` and the process that runs the app say to each other, over the channel of child_process. */
import type { ServeCommand } from "./commandoptions.ts";

/** What the app's process is given, as JSON in its arguments. */
export interface DevTask {
  readonly file: string;
  readonly command: ServeCommand;
  /** The listening descriptor; null = there is none, the app is expected to listen by itself. */
  readonly fd: number | null;
}

/** From the app's process. */
export type ChildMessage =
  /** These were loaded, or are to be watched as folders. */
  | { readonly kind: "files"; readonly files: readonly string[] }
  | { readonly kind: "paths"; readonly paths: readonly string[] }
  /** The module is loaded: it exports an app, or it was a program. */
  | { readonly kind: "loaded"; readonly exportsApp: boolean; readonly isListening: boolean }
  | { readonly kind: "serving"; readonly where: string }
  /** It could not be loaded, and has said why; `code` is that of the error. */
  | { readonly kind: "failed"; readonly code: string | null };

/** To the app's process. */
export interface StopMessage {
  readonly kind: "stop";
  /** Another process takes over: WebSockets are told so. */
  readonly isRestart: boolean;
}
