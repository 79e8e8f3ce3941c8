/**
 * The routing table of the demo app: which handler answers which path. First match wins; what none matches is 404.
 *
 * main.ts serves it. A new page is a handler in a file of its own and one line here (and one in home.ts, to be found).
 */
import type { RouteEntry } from "landspout";
import { Echo } from "./echo.ts";
import { Home } from "./home.ts";
import { Slow } from "./slow.ts";
import { User } from "./user.ts";

export const routes: readonly RouteEntry[] = [
  ["/", Home],
  ["/user/:id", User],
  ["/echo", Echo],
  ["/slow", Slow],
];
