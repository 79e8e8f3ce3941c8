/**
 * What the processes of the demo have in common: the key of signed cookies, and a folder of temporary files. The first
 * process makes them; the workers that it forks find them in their environment.
 */
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The variable that a person may set: cookies are then still good when the server is started again. */
const SECRET_VARIABLE = "COOKIE_SECRET";
const FOLDER_VARIABLE = "LANDSPOUT_DEMO_FOLDER";

/** Fewer characters could be guessed. */
const SHORTEST_SECRET = 32;

export interface Shared {
  readonly cookieSecret: string;
  /** Of uploads; it is there. */
  readonly uploadFolder: string;
  /** Of the Unix socket between the processes. */
  readonly busPath: string;
}

/** Finds what is there, or makes it; what this process makes goes with it. @throws RangeError for a bad key */
export function sharedState(): Shared {
  const folder = process.env[FOLDER_VARIABLE] ?? makeFolder();
  const cookieSecret = process.env[SECRET_VARIABLE] || randomBytes(32).toString("base64url");
  if (cookieSecret.length < SHORTEST_SECRET) {
    throw new RangeError(
      `${SECRET_VARIABLE} has ${cookieSecret.length} characters; needed are ${SHORTEST_SECRET} random ones or more, or none: a key is made then`,
    );
  }
  process.env[FOLDER_VARIABLE] = folder;
  process.env[SECRET_VARIABLE] = cookieSecret;
  return { cookieSecret, uploadFolder: join(folder, "uploads"), busPath: join(folder, "bus") };
}

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), `landspout-demo-${process.pid}-`));
  mkdirSync(join(folder, "uploads"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
