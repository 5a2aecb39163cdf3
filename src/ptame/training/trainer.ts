/**
 * Trains a head for a frozen classifier (Ntrougkas et al. 2025, section III): images without labels, masked by the
 * head's own maps and shown to the classifier again.
 *
 * @module
 */
import { sealedCheckpoint, type StepLoss, type Validation } from "./checkpoint.ts";
import { checkFinite, oneStep } from "./checked_step.ts";
import { writeHead } from "../head_file.ts";
import { type PreparedRun, seesTargets, startOf, withPreparedRun } from "./prepared_run.ts";
import { headRecord } from "./run_settings.ts";
import { createClock } from "./schedule.ts";
import type { TrainOptions, TrainResult } from "./train_options.ts";
import { createBatchReader, type ReadBatch, type SkippedImage } from "./training_images.ts";
import { extractHead } from "./training_state.ts";
import { openTrainingStep, type TrainingState } from "./training_step.ts";
import { validateHead } from "./validation.ts";
import { withoutUndefined } from "../../text/without_undefined.ts";

/**
 * Trains a head.
 *
 * @throws {TrainingError} When the loss is not finite, or a checkpoint is of another run.
 * @throws {ImageError} When no image can be read.
 * @throws {RangeError} When there are fewer images than a batch, or a name is unknown.
 *
 * @example A step on one image
 * ```ts
 * import { train } from "./trainer.ts";
 *
 * const { head, losses } = await train({
 *   backbone: "efficientnet_lite0",
 *   images: ["models/sample/chelsea.jpg"],
 *   batch: 1,
 *   steps: 1,
 *   device: "wasm",
 * });
 * console.assert(losses.length === 1 && head.length > 0);
 * ```
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  return await withPreparedRun(options, trainOn);
}

async function trainOn(run: PreparedRun): Promise<TrainResult> {
  const { options, images, networks, hyper, form, microBatch, crops, sources, steps, settings } = run;
  const { checkpoint, batch } = run;
  const { rowForm: rows } = form;
  const { seed = 0, checkpointEvery = 50, signal, onProgress } = options;
  const { backbone, auxiliary, shape, inputs } = networks;
  const { use, validation: heldOut, sorted } = sources;
  const record = checkpoint?.record;
  const losses: StepLoss[] = [...record?.losses ?? []];
  const validations: Validation[] = [...record?.validations ?? []];
  const skipped: SkippedImage[] = [...record?.skipped ?? []];
  let best = checkpoint?.best;
  let done = record?.step ?? 0;
  /** The reader's position after the last step's batch; the next batch may already be in progress. */
  let position = record?.position ?? 0;
  /** Whether anything is not yet in a checkpoint. */
  let unsaved = false;

  const batches = steps - done;
  const reader = createBatchReader({ images, use, batch, seed, inputs, position, crops, batches });
  const { state, rowStart, fittedRows, targets: choice, recorded } = await startOf(run);
  const step = await openTrainingStep({
    auxiliary,
    backbone,
    shape,
    weights: hyper,
    batch,
    microBatch,
    device: options.device ?? "auto",
    rows,
    ...withoutUndefined({ rowStart }),
    ...(form.masks === "area" ? {} : { budget: { views: form.views, each: form.viewsPerImage } }),
    targets: choice,
    ...withoutUndefined({ threads: options.threads }),
  }, state);

  const wholeState = async (): Promise<TrainingState> => {
    const present = await step.state();
    checkFinite(present, done);
    return present;
  };
  const headFile = async (): Promise<Uint8Array> =>
    await writeHead(
      await headRecord(options, networks, settings, done, sorted?.counts),
      [...extractHead(shape, await wholeState(), rows, rowStart), ...fittedRows],
    );
  const save = async () => {
    if (options.checkpoint === undefined) return;
    const record = { step: done, position, settings, losses, validations, skipped, ...recorded };
    const [classes, fitted] = [sorted?.classes, fittedRows[0]];
    const state = await wholeState();
    await options.checkpoint.save(await sealedCheckpoint({ record, state, best, classes, fitted }));
    unsaved = false;
    onProgress?.({ kind: "checkpoint", step: done });
  };
  const reportSkipped = (found: readonly SkippedImage[]) => {
    for (const each of found) {
      // A resumed run meets the same unreadable images again.
      if (skipped.some(({ image }) => image === each.image)) continue;
      skipped.push(each);
      onProgress?.({ kind: "skipped", skipped: each });
    }
  };
  const validate = async () => {
    const head = await headFile();
    const { device = "auto" } = options;
    const validation = await validateHead(head, done, heldOut, networks.pair, {
      device: device === "auto" ? step.device : device,
      ...withoutUndefined({ threads: options.threads, signal }),
    });
    const better = validations.every((earlier) => totalDrop(validation) < totalDrop(earlier));
    validations.push(validation);
    if (better) best = head;
    unsaved = true;
    onProgress?.({ kind: "validation", validation, best: better });
  };
  const validateEvery = options.validateEvery ?? Math.max(1, Math.ceil(steps / 5));
  const isDue = (every: number) => done > 0 && (done % every === 0 || done === steps);

  let coming: Promise<ReadBatch> | undefined;
  /** Reads a batch ahead. It may fail before anybody waits for it. */
  const readAhead = () => {
    coming = reader.next(signal);
    coming.catch(() => undefined);
    return coming;
  };
  try {
    const { seconds } = options;
    onProgress?.({
      kind: "start",
      device: step.device,
      images: use.length,
      ...(seconds === undefined ? { steps } : { seconds }),
      resumedAt: done,
    });
    reportSkipped(sources.skipped);
    // A run that is stopped early need not sort again.
    if (sorted?.fresh) await save();
    const first = done;
    const clock = createClock(run.secondsLeft(), steps, first);
    for (;;) {
      // Checked here and not after the step, so that a run that was stopped during validation resumes with it.
      const validated = validations.at(-1)?.step === done;
      if (heldOut.length > 0 && isDue(validateEvery) && !validated) await validate();
      if (unsaved && isDue(checkpointEvery)) await save();
      if (done >= steps || clock.isOver(done) || options.finish?.aborted) break;

      signal?.throwIfAborted();
      const { pixels: [pixels, auxiliaryPixels], images: taken } = await (coming ?? readAhead());
      const read = reader.position;
      // The next batch is read while the step runs, if the device leaves the program time for it.
      if (done + 1 < steps) readAhead();
      const cycle = clock.cycle(done, hyper.learningRate);
      const targets = seesTargets(run) ? undefined : sources.targetsOf(taken);
      const given = {
        images: pixels!,
        step: done,
        ...withoutUndefined({ auxiliaryImages: auxiliaryPixels, targets }),
      };
      const loss = await oneStep(step, given, {
        step: done,
        ...cycle,
        weightDecay: hyper.weightDecay,
      }, signal);
      done++;
      position = read;
      unsaved = true;
      losses.push(loss);
      reportSkipped(reader.skipped);
      onProgress?.({
        kind: "step",
        steps: clock.steps(done),
        loss,
        learningRate: cycle.learningRate,
        imagesPerSecond: batch / clock.secondsPerStep(done),
        secondsLeft: clock.secondsLeft(done),
      });
      // wasm never yields: let signals, timers and the page's events be handled here.
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    const last = await headFile();
    return { head: best ?? last, last, losses, validations, skipped };
  } catch (error) {
    // When stopped, it keeps the finished steps; an aborted step leaves the state unchanged.
    if (signal?.aborted && unsaved) await save();
    throw error;
  } finally {
    // Do not wait for images that are being read ahead.
    crops.close();
    await coming?.catch(() => undefined);
    await step.dispose();
  }
}

/** The criterion for the best head: the average drop with 50 % and with 15 % of the map kept. */
function totalDrop({ averageDrop: [, half, little] }: Validation): number {
  return half + little;
}
