/**
 * Accept-Encoding: which content coding a client wants most of those that can be had.
 *
 * Compression of responses asks it once per response that may be compressed; a static file that lies beside its
 * compressed siblings is chosen by it too. The field is read by `negotiator`.
 */
import Negotiator from "negotiator";

/** The content codings that landspout can make. RFC 9110 §8.4.1.3, RFC 7932, RFC 8878. */
export type ContentCoding = "br" | "zstd" | "gzip";

/** What is used of `negotiator`; its types do not know the options yet. */
interface EncodingNegotiator {
  /** Codings that are acceptable, best first; among equal ones those that are preferred. */
  encodings(available: string[], options: { readonly preferred: string[] }): string[];
}

/** RFC 9110 §8.4.1.3: recipients should take the old name for the new one. */
const OLD_GZIP = /\bx-gzip\b/gi;

/**
 * Chooses the content coding of a response.
 *
 * The highest q-value wins; among equal ones the order of `offered`, and identity last. A client that says nothing gets
 * identity: it may be a program that decodes nothing. So does one that refuses all that can be had, identity too: an
 * answer that it may be able to read is better than none.
 *
 * @param header  the field's value, lines joined with ","; null = no such field
 * @param offered the codings that can be had, best first
 * @returns null for identity: no coding
 * @see RFC 9110 §12.5.3
 */
export function negotiateEncoding<Coding extends ContentCoding>(
  header: string | null,
  offered: readonly Coding[],
): Coding | null {
  if (header === null || offered.length === 0) return null;
  const wanted = header.replace(OLD_GZIP, "gzip");
  const negotiator: EncodingNegotiator = new Negotiator({ headers: { "accept-encoding": wanted } });
  const [best] = negotiator.encodings([...offered, "identity"], { preferred: [...offered] });
  return offered.find((coding) => coding === best) ?? null;
}
