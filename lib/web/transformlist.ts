/**
 * TransformList: the output transforms of an application, in the order a response passes through them.
 *
 * Application keeps one: made of the settings `transforms` and `compressResponse`, added to by addTransform().
 */
import { describe } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";
import { CompressionPlan, ContentCompression } from "./compression.ts";
import { type CompressionOptions, resolveCompression } from "./compressionoptions.ts";
import type { OutputTransformClass, TransformMaker } from "./outputtransform.ts";

export class TransformList {
  readonly #classes: OutputTransformClass[] = [];
  readonly #compression: TransformMaker | null;

  /** @throws CodedError ERR_OPTION_TYPE, ERR_OPTION_RANGE, ERR_UNKNOWN_OPTION, ERR_ARGUMENT_TYPE */
  constructor(
    transforms: readonly OutputTransformClass[],
    compressResponse: boolean | CompressionOptions,
  ) {
    const options = resolveCompression(compressResponse);
    const plan = options === null ? null : new CompressionPlan(options);
    this.#compression = plan === null ? null : (request) => new ContentCompression(request, plan);
    for (const each of transforms) this.add(each);
  }

  /** Adds a class after those that are there; compression stays last. @throws CodedError ERR_ARGUMENT_TYPE */
  add(transform: OutputTransformClass): void {
    const { prototype } = Object(transform) as { readonly prototype?: Partial<Transforms> };
    if (
      typeof prototype?.transformFirstChunk !== "function" ||
      typeof prototype.transformChunk !== "function"
    ) {
      throw new CodedError(
        "ERR_ARGUMENT_TYPE",
        `an output transform is ${describe(transform)}; allowed is a class with the methods transformFirstChunk and transformChunk`,
      );
    }
    this.#classes.push(transform);
  }

  /** What makes the transforms of a response; null if there are none. */
  makers(): readonly TransformMaker[] | null {
    const makers = this.#classes.map(
      (transform): TransformMaker =>
        (request) =>
          new transform(request),
    );
    if (this.#compression !== null) makers.push(this.#compression);
    return makers.length === 0 ? null : makers;
  }
}

/** The methods that every transform has. */
interface Transforms {
  readonly transformFirstChunk: unknown;
  readonly transformChunk: unknown;
}
