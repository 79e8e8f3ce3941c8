/**
 * Debian's Chromium, driven by playwright-core, for the tests of the demo's page. Each test has visitors of its own, and
 * none may have a complaint in its console at the end.
 *
 * Where there is no Chromium the tests are skipped, and say so; in CI that is a failure.
 */
import { existsSync } from "node:fs";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { suite } from "uvu";
import { type Demo, startDemo, stopDemos } from "../handlers/demo.ts";

/** Where it is looked for; CHROMIUM says another place. */
const EXECUTABLE = process.env.CHROMIUM || "/usr/bin/chromium";

const ARGUMENTS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** How long any one wait may take on a machine with much else to do. */
const PATIENCE_MS = 60_000;

/** A visitor of the page, with a browser profile of its own. */
export interface Visit {
  readonly page: Page;
  /** What its console may say all the same, that a connection was refused say. */
  mayComplain(of: RegExp): void;
}

/** What a test of the page works with. */
export interface Stage {
  /** Started before the suite. */
  readonly demo: Demo;
  /** Opens the page, or another path, in a new profile. */
  visit(path?: string, options?: BrowserContextOptions): Promise<Visit>;
}

/** Adds a test, which fails also for what a console says. */
export type AddTest = (name: string, test: () => Promise<void>) => void;

/**
 * A suite of tests in a browser. If there is none, its one test is skipped.
 *
 * @param define adds the tests; `stage` is usable within them alone
 */
export function browserSuite(name: string, define: (t: AddTest, stage: Stage) => void): void {
  const t = suite(name);
  if (!existsSync(EXECUTABLE)) {
    if (process.env.CI === "true") t(missing, () => failed(missing));
    else {
      console.log(missing);
      t.skip(missing, () => {});
    }
    t.run();
    return;
  }
  const theatre = new Theatre();
  t.before(() => theatre.open());
  t.after.each(() => theatre.clear());
  t.after(() => theatre.close());
  const add: AddTest = (title, test) =>
    void t(title, async () => {
      await test();
      theatre.checkConsoles();
    });
  define(add, theatre);
  t.run();
}

const missing = `skipped: no Chromium at ${EXECUTABLE} (apt-get install chromium, or set CHROMIUM)`;

function failed(message: string): never {
  throw new Error(message);
}

class Theatre implements Stage {
  #browser: Browser | null = null;
  #demo: Demo | null = null;
  #pages: Page[] = [];
  #complaints: string[] = [];

  get demo(): Demo {
    return this.#demo ?? failed("the demo has not been started");
  }

  async open(): Promise<void> {
    this.#demo = await startDemo();
    // A sanitizer that is preloaded into Node.js is not for the browser.
    const { LD_PRELOAD: _preloaded, ...env } = process.env as Record<string, string>;
    this.#browser = await chromium.launch({
      executablePath: EXECUTABLE,
      args: ARGUMENTS,
      env,
      timeout: PATIENCE_MS,
    });
  }

  async visit(path = "/", options: BrowserContextOptions = {}): Promise<Visit> {
    const browser = this.#browser ?? failed("the browser has not been started");
    const context = await browser.newContext({ baseURL: this.demo.base, ...options });
    context.setDefaultTimeout(PATIENCE_MS);
    const page = await context.newPage();
    const allowed: RegExp[] = [];
    const complain = (text: string) => {
      if (!allowed.some((pattern) => pattern.test(text))) this.#complaints.push(text);
    };
    // Warnings and worse, and what scripts have thrown.
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) complain(message.text());
    });
    page.on("pageerror", (error) => complain(String(error)));
    this.#pages.push(page);
    await page.goto(path);
    return { page, mayComplain: (of) => void allowed.push(of) };
  }

  /** Throws if a visitor has seen a complaint in this test. */
  checkConsoles(): void {
    if (this.#complaints.length === 0) return;
    failed(`the console says: ${this.#complaints.join("; ")}`);
  }

  /** After each test. */
  async clear(): Promise<void> {
    for (const page of this.#pages.splice(0)) await page.context().close();
    this.#complaints = [];
  }

  async close(): Promise<void> {
    await this.#browser?.close();
    stopDemos();
    await this.#demo?.ended();
  }
}
