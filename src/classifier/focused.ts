/**
 * A classifier that gives one number instead of its classes' scores: a function of its outputs. Every method explains it
 * like a class.
 *
 * @module
 */
import type { OpenClassifier } from "./open.ts";
import { functionText, type ScoreFunction, scoreValue } from "./score_function.ts";

/** The index of the only class of such a classifier. */
export const FOCUS = 0;

/**
 * The classifier with the function's value as its only score and probability. It shares the sessions of the classifier,
 * which stays the caller's.
 *
 * @throws {RangeError} When a class in the function does not exist.
 */
export function focusedOn(classifier: OpenClassifier, target: ScoreFunction): OpenClassifier {
  const { facts } = classifier;
  const at = (scores: Float32Array) => scoreValue(target, scores, facts);
  const row = (scores: Float32Array) => Float32Array.of(at(scores).value);
  const slope = (scores: Float32Array) => Float32Array.from(at(scores).gradient);
  const logits: OpenClassifier["logits"] = async (images, signal) =>
    (await classifier.logits(images, signal)).map(row);
  return {
    ...classifier,
    facts: {
      ...facts,
      classes: 1,
      labels: [functionText(target, facts.labels)],
      activation: "none",
      asked: "none",
    },
    logits,
    probabilities: logits,
    recognised: () => Promise.resolve(false),
    activations: async (image, signal) => {
      const pass = await classifier.activations(image, signal);
      return { ...pass, logits: row(pass.logits) };
    },
    tapped: async (image, _target, signal) => {
      const [scores] = await classifier.logits([image], signal);
      const pass = await classifier.tapped(image, slope(scores!), signal);
      return { ...pass, logits: row(pass.logits) };
    },
    tappedLayers: async (image, _target, signal) => {
      const [scores] = await classifier.logits([image], signal);
      const passes = await classifier.tappedLayers(image, slope(scores!), signal);
      return passes.map((pass) => ({ ...pass, logits: row(pass.logits) }));
    },
    async *withoutChannels(image, signal) {
      for await (const scores of classifier.withoutChannels(image, signal)) yield row(scores);
    },
    attention: async (kind, image, _target, signal) => {
      const [scores] = await classifier.logits([image], signal);
      return await classifier.attention(kind, image, slope(scores!), signal);
    },
    inputGradients: async (images, _target, signal, backward) => {
      const scores = await classifier.logits(images, signal);
      return await classifier.inputGradients(images, scores.map(slope), signal, backward);
    },
    // The sessions are the classifier's own.
    dispose: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
