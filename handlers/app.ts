/**
 * The demo's Application: its routes with their settings. main.ts makes it and serves it.
 *
 * Templates, scripts, styles and pictures are files of the package, and are found from its root: the compiled program is
 * in another folder than its source.
 */
import { fileURLToPath } from "node:url";
import { Application } from "landspout";
import { NotFound } from "./notfound.ts";
import { openRooms } from "./rooms.ts";
import { routesOf, type Services } from "./routes.ts";

export interface AppOptions extends Services {
  /** What signed cookies are signed with: at least 32 random characters. */
  readonly cookieSecret: string;
}

const packageRoot = new URL(".", import.meta.resolve("landspout/package.json"));

export function makeApp({ cookieSecret, ...services }: AppOptions): Application {
  const app = new Application(routesOf(services), {
    cookieSecret,
    staticPath: folder("handlers/static/"),
    templatePath: folder("handlers/templates/"),
    templateWhitespace: "single",
    defaultHandlerClass: NotFound,
    // Whatever changes something needs the token of our own form, and must not come from another site.
    xsrfCookies: true,
    xsrfCookieKwargs: { httpOnly: true, sameSite: "Lax" },
    crossOriginProtection: true,
    compressResponse: true,
    websocketCompression: true,
  });
  openRooms(app);
  return app;
}

function folder(path: string): string {
  return fileURLToPath(new URL(path, packageRoot));
}
