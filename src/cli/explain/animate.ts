/**
 * `explain --animate`: erases an image from the strongest part of its map to the weakest, asks the classifier at each step,
 * and writes what it says as an animation. Where a map is right, the probability falls at once.
 *
 * @module
 */
import { captionText, type MapExplainer } from "../../explanation/map_explanation.ts";
import { maskedImage } from "../../baselines/perturbation/masked_image.ts";
import { enlarge } from "../../faithfulness/probe.ts";
import { markRemoved, topCount } from "../../faithfulness/threshold.ts";
import { renderErasingFrame } from "../../image/erasing_frame.ts";
import { animationFormat, encodeAnimation } from "../../image/animation.ts";
import type { Frame } from "../../image/types.ts";
import { cropSize, preprocess } from "../../image/preprocess.ts";
import { toRgb } from "../evaluation/gallery.ts";
import { writeFile } from "../files.ts";
import type { ExplainedFile } from "./image.ts";

/** An animation as printed by `--json`. */
export interface WrittenAnimation {
  /** Path of the file. */
  readonly out: string;
  /** Percent of the pixels that are erased, and the probability of the class then. */
  readonly steps: readonly { readonly erased: number; readonly probability: number }[];
}

/** Percent of the pixels that each frame erases. */
const PERCENTS: readonly number[] = Array.from({ length: 21 }, (_, i) => 5 * i);
const STEP_MILLISECONDS = 250;
/** The whole image and the last frame stay longer. */
const REST_MILLISECONDS = 1500;

/** Erases the image of the first explained class step by step and writes the animation. */
export async function animate(
  explainer: MapExplainer,
  { explanation }: ExplainedFile,
  out: string,
  onStep: (done: number, total: number) => void,
  signal: AbortSignal,
): Promise<WrittenAnimation> {
  const { preprocessing } = explainer.backbone;
  const { pixels } = preprocess(explanation.image, preprocessing);
  const { width } = cropSize(preprocessing);
  const [{ index, label, probability, measured }] = explanation.targets as [
    (typeof explanation.targets)[number],
  ];
  const { order } = enlarge({ pixels, width, map: measured, target: index, probability });
  const steps: { erased: number; probability: number }[] = [];
  const frames = async function* (): AsyncGenerator<Frame> {
    for (const percent of PERCENTS) {
      signal.throwIfAborted();
      onStep(steps.length, PERCENTS.length);
      // The mean colour: the classifier's own input is 0 there, as in the measure deletion.
      const erased = markRemoved(order, topCount(order.length, percent), "morf");
      const input = maskedImage(pixels, Float32Array.from(erased, (gone) => 1 - gone), preprocessing);
      const now = (await explainer.probabilities(input, signal))[index]!;
      steps.push({ erased: percent, probability: now });
      const image = await renderErasingFrame({
        image: toRgb({ pixels: input, width }),
        label,
        shown: captionText({ label: "", probability: now }, explanation.reading).trim(),
        erased: `${percent} % erased, the strongest of the map first`,
        probabilities: steps.map((each) => each.probability),
        steps: PERCENTS.length,
      });
      const rests = percent === 0 || percent === 100;
      yield { image, milliseconds: rests ? REST_MILLISECONDS : STEP_MILLISECONDS };
    }
  };
  await writeFile(out, await encodeAnimation(frames(), animationFormat(out)!));
  return { out, steps };
}
