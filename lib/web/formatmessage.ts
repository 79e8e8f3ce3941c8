/**
 * formatMessage: puts values into a message, in place of its named placeholders.
 *
 *     formatMessage(locale.translate("%(name)s liked this"), { name: "Ada" }) // "Ada liked this"
 *
 * It stands for Python's `%` operator, whose placeholders translations are written with. Values are put in as they are:
 * escape what goes into a page.
 */

/** Values by the names of their placeholders. */
export type MessageValues = Readonly<Record<string, string | number | bigint>>;

const PLACEHOLDER = /%(?:\((\w+)\)[sd]|%)/g;

/**
 * Replaces `%(name)s` and `%(name)d` by the values of those names, and `%%` by `%`. A placeholder without a value stays:
 * a slip in a translation is no reason to fail.
 */
export function formatMessage(message: string, values: MessageValues): string {
  return message.replace(PLACEHOLDER, (placeholder, name: string | undefined) => {
    if (name === undefined) return "%";
    return Object.hasOwn(values, name) ? String(values[name]) : placeholder;
  });
}
