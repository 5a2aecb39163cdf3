/**
 * Which output of an .onnx file has the scores, and how its rows are read.
 *
 * @module
 */
import { givesScores, type OnnxSummary, type OpenOutput } from "../../graph/onnx_file.ts";

/** Operators that make something of scores: an output behind them is not a row of scores. */
const SUMMARIES = new Set(["TopK", "ArgMax", "ReduceMax", "Max", "NonZero", "Hardmax"]);

/** What exporters call scores, and what is an output next to them. */
const SCORES = /logit|prob|score|pred|class|softmax/i;
const NOT_SCORES = /aux|feat|embed|hidden|pool|repr|atten|loss/i;

/**
 * The index of the output with the scores: the one that the caller names, else the most probable.
 *
 * The first of these that holds for only one of two decides: one row of at least two floats per image, as many classes as
 * there are labels, a name that does not speak of features, a name that speaks of scores, and that no other such output
 * is computed from it (features that the scores are made of are often an output, too). Of equals it is the first.
 *
 * @param called Name of the classifier in errors.
 * @param asked Name of the output that the caller wants.
 * @param labels Number of labels, if some are given.
 * @throws {RangeError} When it has no output of the requested name.
 * @throws {TypeError} When no output gives scores, or the requested one gives none.
 */
export function chooseOutput(
  called: string,
  { outputs }: Pick<OnnxSummary, "outputs">,
  asked?: string,
  labels?: number,
): number {
  if (asked !== undefined) {
    const index = outputs.findIndex((output) => output.name === asked);
    if (index < 0) {
      const names = outputs.map((output) => output.name).join(", ");
      throw new RangeError(`Cannot explain ${called}: it has no output ${asked} (${names})`);
    }
    if (givesScores(outputs[index]!)) return index;
    const rather = outputs.filter(givesScores).map(({ name }) => name).join(", ");
    throw new TypeError(
      `Cannot explain ${called}: its output ${outputText(outputs[index]!)}, not scores` +
        (rather === "" ? `; ${EXPORT_SCORES}` : `; outputs with scores: ${rather}`),
    );
  }
  const candidates = outputs.filter(givesScores);
  if (candidates.length === 0) {
    const all = outputs.map(outputText).join(", ");
    throw new TypeError(`Cannot explain ${called}: it gives no scores (${all}); ${EXPORT_SCORES}`);
  }
  const rows = new Set(candidates.filter(isRow).map(({ name }) => name));
  const likeliness = (output: OpenOutput) => [
    isRow(output),
    labels !== undefined && classesDeclared(output) === labels,
    !NOT_SCORES.test(output.name),
    SCORES.test(output.name),
    !output.feeds.some((name) => rows.has(name)),
  ];
  const best = candidates.reduce((found, each) =>
    isAbove(likeliness(each), likeliness(found)) ? each : found
  );
  return outputs.indexOf(best);
}

const EXPORT_SCORES = "export the network without its last step, so that it gives a score for each class";

/** Whether the first difference of two lists is in favour of `a`. */
function isAbove(a: readonly boolean[], b: readonly boolean[]): boolean {
  const first = a.findIndex((value, index) => value !== b[index]);
  return first >= 0 && a[first]!;
}

/** Whether an output may be one row of at least two scores per image. */
function isRow(output: OpenOutput): boolean {
  if (SUMMARIES.has(output.operator)) return false;
  const { shape } = output;
  const many = shape.slice(1).filter((size) => size !== 1);
  // [N, C], with further sizes of 1, or [C]. A shape that is not declared reads like a number alone.
  return many.length === 0 ? shape.length === 1 && shape[0] !== 1 : many.length === 1;
}

/** The number of classes that an output declares. */
function classesDeclared({ shape }: OpenOutput): number | undefined {
  const last = shape.filter((size) => size !== 1).at(-1);
  return typeof last === "number" ? last : undefined;
}

function outputText({ name, type, kind, operator }: OpenOutput): string {
  if (type === undefined) return `${name} is a ${kind}`;
  return `${name} is ${type}${operator === "ArgMax" ? ", the index of a class" : ""}`;
}

/**
 * Whether an output has no axis for the images, [C] or [C, 1, 1], or one that is fixed to 1: the file takes one image.
 */
export function givesOneImage({ shape }: Pick<OpenOutput, "shape">): boolean {
  const [first, ...rest] = shape;
  if (typeof first !== "number") return false;
  return first === 1 || (rest.length !== 1 && rest.every((size) => size === 1));
}

/**
 * The number of classes of an output [N, classes], which may have further dimensions of 1, or no N for one image.
 *
 * @throws {TypeError} When it is not a row of scores per image.
 */
export function classesOfShape(called: string, shape: readonly number[], batch: number): number {
  const classes = shape.reduce((product, size) => product * size, 1) / batch;
  const others = shape.filter((size) => size !== 1);
  const wanted = [batch, classes].filter((size) => size !== 1);
  if (others.join() === wanted.join()) return classes;
  throw new TypeError(
    `Cannot explain ${called}: its output [${
      shape.join(", ")
    }] is not one row of scores for each of ${batch} image(s)`,
  );
}
