/**
 * What a template engine is to a handler: the one small interface behind render() and renderString().
 *
 * Loader and DictLoader (templateloader.ts, on eta) are the engines that come with the framework. Any other is the
 * setting templateLoader, or what a handler's createTemplateLoader() returns:
 *
 *     const engine: TemplateEngine = { render: (name, names) => nunjucks.render(name, names) };
 *     new Application(routes, { templateLoader: engine });
 */

/** The names that a template may use. Some are getters, computed when the template asks for them. */
export type TemplateNamespace = Record<string, unknown>;

/** Makes pages out of templates. */
export interface TemplateEngine {
  /**
   * Renders one template.
   *
   * @param name      of the template, as the engine understands it; the framework's engines take a path below their folder
   * @param namespace names for this one page; the engine may keep it, and change it
   * @returns HTML. A promise is fine for RequestHandler.render() and renderStringAsync(), not for renderString()
   */
  render(name: string, namespace: TemplateNamespace): string | PromiseLike<string>;
  /**
   * The engine finds names that the namespace inherits, too. Without, it is given an object that has all of them itself,
   * which takes longer to make than a small page.
   */
  readonly readsInherited?: boolean;
  /** Forgets what it has compiled, so that changed files are read again. */
  reset?(): void;
}
