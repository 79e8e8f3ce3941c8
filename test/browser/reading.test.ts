/** The demo's page for all readers: by keyboard alone, light and dark, on a phone; and how much of it goes over the wire. */

import type { Page } from "playwright-core";
import * as assert from "uvu/assert";
import { browserSuite } from "./browser.ts";
import { contrasts } from "./contrast.ts";

const MOST_BYTES = 100 * 1024;

const focused = (page: Page): Promise<string> =>
  page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()");

/** Presses Tab until something has the focus. @returns what had it on the way */
async function tabTo(page: Page, wanted: string): Promise<string[]> {
  const passed: string[] = [];
  for (let i = 0; i < 60; i++) {
    await page.keyboard.press("Tab");
    const now = await focused(page);
    if (now === wanted) return passed;
    passed.push(now);
  }
  throw new Error(`no Tab leads to ${wanted}: ${passed.join(", ")}`);
}

async function isDrawn(page: Page): Promise<void> {
  await page.locator("#chat-state[data-state=good]").waitFor();
  await page.locator("#loop-workers tr").waitFor();
}

/** How far the page is wider than the window, in px. */
const overflow = (page: Page): Promise<number> =>
  page.evaluate("document.documentElement.scrollWidth - innerWidth");

browserSuite("the page, for every reader,", (t, stage) => {
  t("can be used without a mouse", async () => {
    const { page } = await stage.visit();
    await isDrawn(page);
    await page.keyboard.press("Tab");
    assert.is(await focused(page), "Skip to the page");
    await page.keyboard.press("Enter");
    assert.is(await focused(page), "main");
    await tabTo(page, "storms");
    await page.keyboard.press("Enter");
    await tabTo(page, "chat-text");
    await page.keyboard.type("by keyboard");
    await page.keyboard.press("Enter");
    await page.locator("#chat-log .own:not(.pending) .text", { hasText: "by keyboard" }).waitFor();
    assert.is(await focused(page), "chat-text");
    await tabTo(page, "comet-text");
    await page.keyboard.type("up");
    await page.keyboard.press("Enter");
    await page.locator("#comet-posts li", { hasText: "up" }).waitFor();
    const passed = await tabTo(page, "upload-send");
    assert.ok(passed.includes("upload-file"), passed.join(", "));
    await tabTo(page, "video");
  });

  t("shows what has the focus", async () => {
    const { page } = await stage.visit();
    await isDrawn(page);
    for (let i = 0; i < 12; i++) {
      await page.keyboard.press("Tab");
      const width = await page.evaluate("getComputedStyle(document.activeElement).outlineWidth");
      assert.ok(Number.parseFloat(String(width)) >= 2, `${await focused(page)}: ${width}`);
    }
  });

  t("has a name for every field, and a text for every picture", async () => {
    const { page } = await stage.visit();
    const nameless = await page.evaluate(`[
      ...[...document.querySelectorAll("input:not([type=hidden])")].filter((e) => e.labels.length === 0),
      ...[...document.querySelectorAll("img:not([alt]), video:not([aria-label])")],
      ...[...document.querySelectorAll("button, a")].filter((e) => !(e.textContent.trim() || e.ariaLabel || e.querySelector("img[alt]"))),
    ].map((e) => e.outerHTML)`);
    assert.equal(nameless, []);
  });

  t("has text that can be read: contrast AA, light and dark", async () => {
    const { page } = await stage.visit();
    await isDrawn(page);
    await page.fill("#chat-text", "a word");
    await page.press("#chat-text", "Enter");
    await page.locator("#chat-log .own:not(.pending)").waitFor();
    for (const path of ["/", "/sign-in"]) {
      if (path !== "/") await page.goto(path);
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        const shown = await contrasts(page);
        assert.ok(shown.length >= 5, `${shown.length} texts`);
        const faint = shown.filter(({ ratio, needed }) => ratio < needed);
        assert.equal(faint, [], `${path}, ${colorScheme}`);
      }
    }
  });

  t("is dark for those who like it dark", async () => {
    const { page } = await stage.visit("/sign-in");
    const shade = async (colorScheme: "light" | "dark") => {
      await page.emulateMedia({ colorScheme });
      const color = await page.evaluate("getComputedStyle(document.body).backgroundColor");
      return Number(/\d+/.exec(String(color))?.[0]);
    };
    assert.ok((await shade("dark")) < 64);
    assert.ok((await shade("light")) > 192);
  });

  t("is never wider than the window", async () => {
    const { page } = await stage.visit();
    await isDrawn(page);
    for (const width of [320, 390, 768, 1024, 1600]) {
      await page.setViewportSize({ width, height: 800 });
      assert.is(await overflow(page), 0, `${width} px`);
    }
  });

  t("has on a phone one thing below the other, large enough for a finger", async () => {
    const viewport = { width: 390, height: 844 };
    const { page } = await stage.visit("/", { viewport, isMobile: true, hasTouch: true });
    await isDrawn(page);
    const lefts = await page.evaluate(
      "[...document.querySelectorAll('.card')].map((e) => e.getBoundingClientRect().left)",
    );
    assert.is(new Set(lefts as number[]).size, 1);
    const small =
      await page.evaluate(`[...document.querySelectorAll("button, .button, input:not([type=hidden])")]
      .filter((e) => e.checkVisibility() && e.getBoundingClientRect().height < 36).map((e) => e.outerHTML)`);
    assert.equal(small, []);
    await page.locator("[data-room=coffee]").tap();
    await page.locator("[data-room=coffee][aria-pressed=true]").waitFor();
  });

  t("is less than 100 KiB, the video apart, and comes from nowhere else", async () => {
    const { page } = await stage.visit("/healthz");
    const session = await page.context().newCDPSession(page);
    await session.send("Network.enable");
    const urls = new Map<string, string>();
    let bytes = 0;
    session.on("Network.requestWillBeSent", ({ requestId, request }) => {
      urls.set(requestId, request.url);
    });
    session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
      if (urls.get(requestId)?.includes(".mp4") !== true) bytes += encodedDataLength;
    });
    await page.goto("/");
    await isDrawn(page);
    await page.locator("#more").scrollIntoViewIfNeeded();
    await page.evaluate("Promise.all([...document.images].map((image) => image.decode()))");
    assert.ok(bytes > 10_000 && bytes < MOST_BYTES, `${bytes} bytes`);
    // The buttons of the video are pictures of the browser's own.
    const isOurs = (url: string) => url.startsWith(stage.demo.base) || url.startsWith("data:");
    const foreign = [...urls.values()].filter((url) => !isOurs(url));
    assert.equal(foreign, []);
  });
});
