/**
 * EtagSource: what a ResponseWriter needs of its handler, which stands above it.
 */
/** Who knows the entity tag of the response: its handler. */
export interface EtagSource {
  /** computeEtag is the user's own. */
  readonly hasOwnEtag: boolean;
  computeEtag(): string | null;
  setEtagHeader(): void;
  checkEtagHeader(): boolean;
  /** An output transform has made complete() take its time, and now all is out, or nothing more can be. */
  onResponseSent(): void;
  /** An output transform has failed after complete(). */
  onResponseFailed(error: unknown): void;
}
