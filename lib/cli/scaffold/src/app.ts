// The app: its routes and settings. `npm run dev` and `npm start` serve what this file exports.
import { Application, HealthHandler, route } from "landspout";
import { Greeting } from "./handlers/greeting.ts";
import { Home } from "./handlers/home.ts";

export default new Application(
  [
    route("/", Home, null, "home"),
    route("/api/greeting/:name", Greeting),
    // For containers and load balancers: whether the process lives, and whether it wants requests.
    route("/healthz", HealthHandler),
    route("/readyz", HealthHandler, { ready: true }),
  ],
  {
    // Relative to the folder the app is started in: this project's.
    templatePath: "templates",
    staticPath: "static",
    xsrfCookies: true,
    crossOriginProtection: true,
  },
);
