/**
 * Errors of explaining and training that callers are meant to catch. They stand alone, so that a page can tell them
 * apart without loading the library.
 *
 * @module
 */

/** No head is given, none is shipped, and none can start: one has to be trained. */
export class NoHeadError extends TypeError {
  /** Its class, for programs. */
  override name = "NoHeadError";

  /**
   * Says what is missing and which command mends it.
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
    super(
      `Cannot explain ${backbone}: ${why}; name a head with --head, or train one: ` +
        `deno task train ${options.join(" ")} --images FOLDER --out head.safetensors`,
    );
  }
}

/** The backbone of a checkpoint is not known: ask for it. */
export class UnknownBackboneError extends Error {
  /** Name of the class. */
  override name = "UnknownBackboneError";
}

/** Training went wrong in a way that more of it would not mend. */
export class TrainingError extends Error {
  /** The name that tells it from other errors. */
  override name = "TrainingError";
}
