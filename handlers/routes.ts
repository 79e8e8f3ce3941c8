/**
 * The routing table of the demo app: which handler answers which path. First match wins; what none matches is NotFound's.
 *
 * app.ts serves it. A new page is a handler in a file of its own and one line here.
 */
import { HealthHandler, MetricsHandler, type RouteEntry } from "landspout";
import { Broken } from "./broken.ts";
import { Chat } from "./chat.ts";
import { Comet } from "./comet.ts";
import { Echo } from "./echo.ts";
import { Home } from "./home.ts";
import { Live } from "./live.ts";
import type { LiveFeed } from "./livefeed.ts";
import { SignIn } from "./signin.ts";
import { SignOut } from "./signout.ts";
import { Slow } from "./slow.ts";
import { Upload } from "./upload.ts";
import { Uploads } from "./uploads.ts";
import type { UploadStore } from "./uploadstore.ts";
import { User } from "./user.ts";

/** What handlers share, and are given as init args. */
export interface Services {
  readonly feed: LiveFeed;
  readonly store: UploadStore;
}

export function routesOf({ feed, store }: Services): readonly RouteEntry[] {
  return [
    ["/", Home],
    ["/sign-in", SignIn],
    ["/sign-out", SignOut],

    ["/chat", Chat],
    ["/live", Live, { feed }],
    ["/comet", Comet],
    ["/uploads", Uploads, { store }],
    ["/uploads/(.*)", Upload, { path: store.folder }],

    ["/user/:id", User],
    ["/slow", Slow],
    ["/echo", Echo],
    ["/broken", Broken],

    ["/metrics", MetricsHandler],
    ["/healthz", HealthHandler],
    ["/readyz", HealthHandler, { ready: true, checks: { uploads: () => store.list() } }],
  ];
}
