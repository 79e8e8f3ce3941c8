/** How readable colours are, by WCAG 2.2: contrast of text to what is behind it, computed from a page. */
import type { Page } from "playwright-core";

/** A text, and its contrast. */
export interface Shown {
  readonly text: string;
  readonly ratio: number;
  /** What AA asks for: 4.5, for large text 3. */
  readonly needed: number;
}

/** The contrast of every text of a page that is seen. @see https://www.w3.org/TR/WCAG22/#contrast-minimum */
export async function contrasts(page: Page): Promise<Shown[]> {
  const found = await page.evaluate(() => {
    // Runs in the page, whose types this program does not know.
    const { document, getComputedStyle, NodeFilter } = globalThis as unknown as PageGlobals;
    const texts: { text: string; color: string; behind: string[]; px: number; weight: number }[] =
      [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode() !== null) {
      const { textContent, parentElement } = walker.currentNode;
      const text = (textContent ?? "").trim();
      if (text === "" || parentElement === null || !parentElement.checkVisibility()) continue;
      const { color, fontSize, fontWeight } = getComputedStyle(parentElement);
      const behind: string[] = [];
      for (let at: PageElement | null = parentElement; at !== null; at = at.parentElement) {
        behind.push(getComputedStyle(at).backgroundColor);
      }
      texts.push({
        text,
        color,
        behind,
        px: Number.parseFloat(fontSize),
        weight: Number(fontWeight),
      });
    }
    return texts;
  });
  return found.map(({ text, color, behind, px, weight }) => {
    const ground = behind.find((one) => parse(one)[3] === 1) ?? "rgb(255, 255, 255)";
    const isLarge = px >= 24 || (px >= 18.66 && weight >= 700);
    return { text, ratio: ratioOf(color, ground), needed: isLarge ? 3 : 4.5 };
  });
}

interface PageElement {
  readonly parentElement: PageElement | null;
  checkVisibility(): boolean;
}

interface PageGlobals {
  readonly NodeFilter: { readonly SHOW_TEXT: number };
  readonly document: {
    readonly body: PageElement;
    createTreeWalker(
      root: PageElement,
      what: number,
    ): {
      readonly currentNode: {
        readonly textContent: string | null;
        readonly parentElement: PageElement | null;
      };
      nextNode(): unknown;
    };
  };
  getComputedStyle(element: PageElement): {
    readonly color: string;
    readonly backgroundColor: string;
    readonly fontSize: string;
    readonly fontWeight: string;
  };
}

function ratioOf(one: string, other: string): number {
  const [darker = 0, lighter = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

function luminance(color: string): number {
  const [r = 0, g = 0, b = 0] = parse(color).map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** "rgb(1, 2, 3)", "rgba(1, 2, 3, 0.5)": red, green, blue to 255, and how opaque. */
function parse(color: string): [number, number, number, number] {
  const [r = 0, g = 0, b = 0, a = 1] = (color.match(/[\d.]+/g) ?? []).map(Number);
  return [r, g, b, a];
}
