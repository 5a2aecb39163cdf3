/**
 * Errors of explaining and training that callers are meant to catch. They are in a module of their own, so that a page
 * can recognise them without loading the library.
 *
 * @module
 */

/** No head is given, none is shipped and none can start, so one must be trained. */
export class NoHeadError extends TypeError {
  /** Its class, for programs. */
  override name = "NoHeadError";

  /**
   * Says what is missing and which command trains a head.
   *
   * @param backbone The backbone as `--backbone` of `train` takes it.
   * @param auxiliary The auxiliary that the head would read.
   * @param why What is missing.
   * @param more Further options for `train`.
   */
  constructor(
    /** The backbone as `--backbone` of `train` takes it. */
    readonly backbone: string,
    /** The auxiliary that the head would read. */
    readonly auxiliary: string,
    /** What is missing. */
    readonly why: string,
    more: readonly string[] = [],
  ) {
    const options = [`--backbone ${backbone}`, `--auxiliary ${auxiliary}`, ...more];
    const quick = /\.onnx'?$/i.test(backbone)
      ? `, make one in a minute (deno task explain IMAGE --model ${backbone} --photos FOLDER)`
      : "";
    super(
      `Cannot explain ${backbone}: ${why}; use a method without a head (--method gradcam), name a head with ` +
        `--head${quick}, or train one: ` +
        `deno task train ${options.join(" ")} --images FOLDER --out head.safetensors`,
    );
  }
}

/** The backbone of a checkpoint is unknown; the caller must name it. */
export class UnknownBackboneError extends Error {
  /** Name of the class. */
  override name = "UnknownBackboneError";
}

/** Training failed in a way that more steps would not repair. */
export class TrainingError extends Error {
  /** The name that tells it from other errors. */
  override name = "TrainingError";
}
