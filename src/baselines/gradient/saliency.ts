/**
 * Saliency (Simonyan et al. 2014, "Deep Inside Convolutional Networks: Visualising Image Classification Models and
 * Saliency Maps", section 3.1), and Input × Gradient (Shrikumar et al. 2016, "Not Just a Black Box"), with y the class's
 * score before softmax and x the pixels in [0, 1]:
 *
 *     saliency = max_colour |∂y/∂x|        input × gradient = Σ_colour x · ∂y/∂x
 *
 * Captum gives both for each colour. Black pixels have no input × gradient, whatever they do to the score.
 *
 * Beside them, methods that send something else than the gradient back from the score: guided backpropagation
 * (src/gradient/guided.ts) and layer-wise relevance propagation (src/gradient/relevance.ts). A pixel's value is the sum
 * over its colours.
 *
 * @module
 */
import { imageSides } from "../../image/side.ts";
import type { Backward, OpenClassifier } from "../../classifier/open.ts";
import type { Attribute } from "../types.ts";

/** Joins a pixel's three colours into a value. */
type Joined = (total: number, gradient: number, level: number) => number;

/** A map of what goes back to the image once, by default the gradient. */
function oneGradient(classifier: OpenClassifier, joined: Joined, backward?: Backward): Attribute {
  return async (pixels, target, { signal } = {}) => {
    const { width, height } = imageSides(pixels, classifier.facts.preprocessing.width);
    const [gradient] = await classifier.inputGradients([pixels], target, signal, backward);
    const area = width * height;
    const totals = new Float64Array(area);
    gradient!.forEach((value, i) => totals[i % area] = joined(totals[i % area]!, value, pixels[i]!));
    return {
      width,
      height,
      values: Float32Array.from(totals),
      withoutGradient: gradient!.every((value) => value === 0),
    };
  };
}

/** Saliency of a classifier that can be differentiated. */
export function saliency(classifier: OpenClassifier): Attribute {
  return oneGradient(classifier, (most, gradient) => Math.max(most, Math.abs(gradient)));
}

/** Input × Gradient of a classifier that can be differentiated. */
export function inputTimesGradient(classifier: OpenClassifier): Attribute {
  return oneGradient(classifier, (sum, gradient, level) => sum + gradient * level);
}

/**
 * What goes back to the image, summed over colours.
 *
 * @throws {TypeError} When a map is requested and an operator of the classifier has no rule.
 */
export function backpropagated(classifier: OpenClassifier, backward: Backward): Attribute {
  return oneGradient(classifier, (sum, value) => sum + value, backward);
}
