/**
 * Methods that send something else than the gradient back from the score to the image: guided backpropagation
 * (src/gradient/guided.ts) and layer-wise relevance propagation (src/gradient/relevance.ts). A pixel's value is the sum
 * over its colours.
 *
 * @module
 */
import { imageSides } from "../../image/side.ts";
import type { Backward, OpenClassifier } from "../../classifier/open.ts";
import type { Attribute } from "../types.ts";

/**
 * What goes back to the image, summed over colours.
 *
 * @throws {TypeError} When a map is requested and an operator of the classifier has no rule.
 */
export function backpropagated(classifier: OpenClassifier, backward: Backward): Attribute {
  return async (pixels, target, { signal } = {}) => {
    const { width, height } = imageSides(pixels, classifier.facts.preprocessing.width);
    const [found] = await classifier.inputGradients([pixels], target, signal, backward);
    const area = width * height;
    const sums = new Float64Array(area);
    found!.forEach((value, i) => sums[i % area]! += value);
    const withoutGradient = found!.every((value) => value === 0);
    return { width, height, values: Float32Array.from(sums), withoutGradient };
  };
}
