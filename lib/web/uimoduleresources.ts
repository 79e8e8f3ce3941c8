/**
 * Puts what UI modules add to a page into it: scripts before `</body>`, style sheets before `</head>`.
 *
 * RequestHandler.render() calls it with the finished page. The markup is the handler's to make (renderLinkedJs and so
 * on), and the places are Tornado's.
 */
import { CodedError } from "../base/errors.ts";
import type { ResourcePaths, UIModule } from "./uimodule.ts";

/** Who makes the markup. */
export interface ResourceMarkup {
  renderLinkedJs(paths: readonly string[]): string;
  renderEmbedJs(scripts: readonly string[]): string;
  renderLinkedCss(paths: readonly string[]): string;
  renderEmbedCss(styles: readonly string[]): string;
}

/**
 * Adds the resources of the modules that a page has used.
 *
 * @throws CodedError ERR_UI_MODULE if the page has no `</head>` or `</body>` to put them before
 */
export function insertResources(
  page: string,
  modules: Iterable<UIModule>,
  markup: ResourceMarkup,
): string {
  const scripts: string[] = [];
  const scriptFiles: string[] = [];
  const styles: string[] = [];
  const styleFiles: string[] = [];
  const heads: string[] = [];
  const bodies: string[] = [];
  for (const module of modules) {
    add(scripts, module.embeddedJavascript());
    add(scriptFiles, module.javascriptFiles());
    add(styles, module.embeddedCss());
    add(styleFiles, module.cssFiles());
    add(heads, module.htmlHead());
    add(bodies, module.htmlBody());
  }
  let html = page;
  if (scriptFiles.length > 0) html = before("body", markup.renderLinkedJs(scriptFiles), html);
  if (scripts.length > 0) html = before("body", markup.renderEmbedJs(scripts), html);
  if (styleFiles.length > 0) html = before("head", markup.renderLinkedCss(styleFiles), html);
  if (styles.length > 0) html = before("head", markup.renderEmbedCss(styles), html);
  if (heads.length > 0) html = before("head", heads.join(""), html);
  if (bodies.length > 0) html = before("body", bodies.join(""), html);
  return html;
}

function add(list: string[], resources: ResourcePaths): void {
  if (typeof resources === "string") {
    if (resources !== "") list.push(resources);
  } else if (resources !== null && resources !== undefined) {
    list.push(...resources);
  }
}

/** The first end of the head, since scripts may have the words; the last end of the body. */
function before(element: "head" | "body", addition: string, html: string): string {
  const places = [...html.matchAll(element === "head" ? /<\/head\s*>/gi : /<\/body\s*>/gi)];
  const place = places.at(element === "head" ? 0 : -1);
  if (place === undefined) {
    throw new CodedError(
      "ERR_UI_MODULE",
      `UI modules add to the page, which has no </${element}> to put it before; give the template one`,
    );
  }
  return `${html.slice(0, place.index)}${addition}\n${html.slice(place.index)}`;
}
