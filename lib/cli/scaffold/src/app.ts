// The app: its routes and settings. `npm run dev` and `npm start` serve what this file exports.
import { Application, route } from "landspout";
import { Greeting } from "./handlers/greeting.ts";
import { Health } from "./handlers/health.ts";
import { Home } from "./handlers/home.ts";

export default new Application(
  [
    route("/", Home, null, "home"),
    route("/api/greeting/:name", Greeting),
    route("/healthz", Health),
  ],
  {
    // Relative to the folder the app is started in: this project's.
    templatePath: "templates",
    staticPath: "static",
    xsrfCookies: true,
    crossOriginProtection: true,
  },
);
