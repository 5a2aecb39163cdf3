/**
 * A target that is a function of the outputs: a number for an image, built from a few named operations. What can be built
 * is plain data, so it can be sent to a worker or kept in a file; its value and its gradient with respect to the scores
 * are worked out here, and methods get gradients of everything else from the classifier.
 *
 * @module
 */
import type { ClassifierFacts } from "./types.ts";
import { activationOfPlain, probabilitiesOfPlain } from "./prediction.ts";
import { resolveTarget, type Target } from "./target.ts";

/** A function of a classifier's outputs. */
export type ScoreFunction =
  | { readonly kind: "score" | "probability"; readonly class: Target }
  | { readonly kind: "entropy" }
  | { readonly kind: "sum" | "product" | "maximum"; readonly terms: readonly ScoreFunction[] }
  | { readonly kind: "scaled"; readonly by: number; readonly term: ScoreFunction }
  | { readonly kind: "logarithm"; readonly term: ScoreFunction };

/** Builds functions of a classifier's outputs, such as `targets.difference(targets.score("cat"), targets.score("dog"))`. */
export const targets = {
  /** The score of a class before softmax or sigmoid. */
  score: (of: Target): ScoreFunction => ({ kind: "score", class: of }),
  /** The probability of a class; of a regression, its value. */
  probability: (of: Target): ScoreFunction => ({ kind: "probability", class: of }),
  /** How undecided the classifier is: −Σ p·ln p over all classes. */
  entropy: (): ScoreFunction => ({ kind: "entropy" }),
  /** The sum of all terms. */
  sum: (...terms: ScoreFunction[]): ScoreFunction => ({ kind: "sum", terms }),
  /** `a − b`. */
  difference: (a: ScoreFunction, b: ScoreFunction): ScoreFunction => ({
    kind: "sum",
    terms: [a, { kind: "scaled", by: -1, term: b }],
  }),
  /** The product of all terms. */
  product: (...terms: ScoreFunction[]): ScoreFunction => ({ kind: "product", terms }),
  /** The greatest of all terms; its gradient is that of the first of them. */
  maximum: (...terms: ScoreFunction[]): ScoreFunction => ({ kind: "maximum", terms }),
  /** A multiple of a term. */
  scaled: (by: number, term: ScoreFunction): ScoreFunction => ({ kind: "scaled", by, term }),
  /** The natural logarithm of a term, which must be positive. */
  logarithm: (term: ScoreFunction): ScoreFunction => ({ kind: "logarithm", term }),
} as const;

/** Whether a target is a function. */
export function isScoreFunction(target: unknown): target is ScoreFunction {
  return typeof target === "object" && target !== null && "kind" in target;
}

/** Value and gradient of a function at some scores. */
export interface ScoreValue {
  readonly value: number;
  /** Derivative with respect to each score before softmax or sigmoid. */
  readonly gradient: Float64Array;
}

/**
 * Value and gradient of a function of a classifier's outputs.
 *
 * @param scores Plain scores, before softmax or sigmoid, one per class.
 * @throws {RangeError} When a class does not exist, or a logarithm is that of a number that is not positive.
 * @throws {TypeError} When it is built from nothing, or from an unknown operation.
 */
export function scoreValue(
  target: ScoreFunction,
  scores: Float32Array,
  facts: Pick<ClassifierFacts, "labels" | "activation" | "asked">,
): ScoreValue {
  const probabilities = probabilitiesOfPlain(scores, facts);
  const through = activationOfPlain(scores, facts);
  const none = () => new Float64Array(scores.length);

  /** ∂p_c/∂z, times `by`, added to a gradient. */
  const addProbability = (to: Float64Array, index: number, by: number) => {
    const p = probabilities[index]!;
    if (through === "softmax") {
      for (let k = 0; k < to.length; k++) to[k]! -= by * p * probabilities[k]!;
      to[index]! += by * p;
    } else to[index]! += by * (through === "sigmoid" ? p * (1 - p) : 1);
  };

  const work = (of: ScoreFunction): ScoreValue => {
    const gradient = none();
    switch (of.kind) {
      case "score": {
        const index = resolveTarget(of.class, facts.labels);
        gradient[index] = 1;
        return { value: scores[index]!, gradient };
      }
      case "probability": {
        const index = resolveTarget(of.class, facts.labels);
        addProbability(gradient, index, 1);
        return { value: probabilities[index]!, gradient };
      }
      case "entropy": {
        let value = 0;
        probabilities.forEach((p, index) => {
          if (p <= 0) return;
          value -= p * Math.log(p);
          addProbability(gradient, index, -Math.log(p) - 1);
        });
        return { value, gradient };
      }
      case "sum":
        return added(termsIn(of).map((term) => [1, work(term)]), none());
      case "scaled":
        return added([[of.by, work(of.term)]], gradient);
      case "product": {
        const factors = termsIn(of).map(work);
        const value = factors.reduce((product, factor) => product * factor.value, 1);
        const others = (which: ScoreValue) =>
          factors.reduce((product, factor) => factor === which ? product : product * factor.value, 1);
        return { value, gradient: added(factors.map((each) => [others(each), each]), gradient).gradient };
      }
      case "maximum":
        return termsIn(of).map(work).reduce((best, each) => each.value > best.value ? each : best);
      case "logarithm": {
        const { value, gradient: inner } = work(of.term);
        if (!(value > 0)) throw new RangeError(`Cannot explain the logarithm of ${value}`);
        return { value: Math.log(value), gradient: inner.map((slope) => slope / value) };
      }
      default:
        throw new TypeError(`Cannot explain ${JSON.stringify(of)}: it is not a function of the outputs`);
    }
  };
  return work(target);
}

function termsIn({ kind, terms }: { readonly kind: string; readonly terms: readonly ScoreFunction[] }) {
  if (terms.length > 0) return terms;
  throw new TypeError(`Cannot explain a ${kind} of nothing`);
}

/** Σ w·s. */
function added(parts: readonly (readonly [number, ScoreValue])[], gradient: Float64Array): ScoreValue {
  let sum = 0;
  for (const [weight, { value, gradient: own }] of parts) {
    sum += weight * value;
    for (let k = 0; k < gradient.length; k++) gradient[k]! += weight * own[k]!;
  }
  return { value: sum, gradient };
}

/** A function in words, for captions. */
export function functionText(target: ScoreFunction, labels: readonly string[]): string {
  const name = (of: Target) => labels[resolveTarget(of, labels)]!.split(",")[0]!;
  const text = (of: ScoreFunction): string => {
    switch (of.kind) {
      case "score":
        return name(of.class);
      case "probability":
        return `p(${name(of.class)})`;
      case "entropy":
        return "entropy";
      case "sum":
        return of.terms.map((term, i) => {
          const negative = term.kind === "scaled" && term.by < 0;
          const rest = negative ? text({ ...term, by: -term.by }) : text(term);
          return i === 0 ? (negative ? `−${rest}` : rest) : ` ${negative ? "−" : "+"} ${rest}`;
        }).join("");
      case "scaled":
        return of.by === 1 ? bracketed(of.term) : `${of.by}·${bracketed(of.term)}`;
      case "product":
        return of.terms.map(bracketed).join("·");
      case "maximum":
        return `max(${of.terms.map(text).join(", ")})`;
      case "logarithm":
        return `ln(${text(of.term)})`;
    }
  };
  const bracketed = (of: ScoreFunction) => of.kind === "sum" ? `(${text(of)})` : text(of);
  return text(target);
}
