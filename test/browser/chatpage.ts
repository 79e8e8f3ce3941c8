/** What the tests do with the chat of the page. */
import type { Page } from "playwright-core";

export const log = "#chat-log";

export async function isConnected(page: Page): Promise<void> {
  await page.locator("#chat-state[data-state=good]").waitFor();
}

export async function say(page: Page, text: string): Promise<void> {
  await page.fill("#chat-text", text);
  await page.press("#chat-text", "Enter");
}

/** Waits until a message is there, and confirmed. */
export async function hears(page: Page, text: string): Promise<void> {
  await page.locator(`${log} li:not(.pending) .text`, { hasText: text }).waitFor();
}

export const texts = (page: Page): Promise<string[]> =>
  page.locator(`${log} .text`).allInnerTexts();
