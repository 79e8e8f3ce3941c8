/**
 * GET /broken: a handler with a fault in it, to show what becomes of one: its stack is logged, the reader gets a page
 * that says nothing of it, and nobody else notices.
 */
import { Page } from "./page.ts";

export class Broken extends Page {
  get(): void {
    throw new Error("this handler is broken on purpose");
  }
}
