/**
 * Ridge regression of several outputs on the same features, in closed form, with the strength chosen by leave-one-out.
 *
 * With X and Y the features and outputs about their means, the weights minimise |Y − X·Wᵀ|² + λ|W|², and one
 * eigendecomposition serves every λ. Let Z = X·V be the features along the eigenvectors of XᵀX, s its eigenvalues. Then
 *
 *     Wᵀ = V·diag(1 / (s + λ))·Zᵀ·Y,    h_i = 1/n + Σ_k Z_ik² / (s_k + λ),    e_i = (Y − X·Wᵀ)_i / (1 − h_i)
 *
 * and e_i is exactly the error on row i of a regression without row i (Hastie, Tibshirani, Friedman, The Elements of
 * Statistical Learning, 7.10; the intercept is not shrunk). With fewer rows than features the eigenvectors come from
 * X·Xᵀ, which is smaller.
 *
 * @module
 */
import { EigenvalueDecomposition, Matrix } from "ml-matrix";

/** A fitted regression. */
export interface RidgeFit {
  /** [outputs, features]. */
  readonly weights: Float32Array;
  /** The strength λ with the least error of leave-one-out. */
  readonly lambda: number;
  /** What the regression without row i says about row i, [rows, outputs]. */
  readonly leftOut: Float64Array;
  /**
   * 1 − Σe² / Σ(y − mean of the others)² of each output: 1 is perfect, 0 is as good as always saying the mean, and it
   * may be below 0. An output that never changes has 0.
   */
  readonly explained: readonly number[];
}

/** Strengths that are tried, as parts of the greatest eigenvalue: two of each power of ten. */
const STRENGTHS = Array.from({ length: 17 }, (_, i) => 10 ** (i / 2 - 7));
/** Eigenvalues below this part of the greatest are rounding. */
const RANK = 1e-10;

/**
 * Regresses outputs on features.
 *
 * @param features [rows, width of a row].
 * @param outputs [rows, number of outputs].
 * @param rows At least 3.
 * @throws {RangeError} When there are fewer rows, or a number is not finite.
 * @throws {TypeError} When the lengths do not fit the rows.
 *
 * @example A line without noise
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { ridgeRegression } from "./ridge.ts";
 *
 * const { weights, explained } = ridgeRegression([1, 2, 3, 4], [3, 5, 7, 9], 4);
 * assertAlmostEquals(weights[0]!, 2, 1e-4);
 * assertAlmostEquals(explained[0]!, 1, 1e-6);
 * ```
 */
export function ridgeRegression(
  features: ArrayLike<number>,
  outputs: ArrayLike<number>,
  rows: number,
): RidgeFit {
  if (rows < 3) throw new RangeError(`Cannot regress on ${rows} rows: at least 3 are needed`);
  const x = centred(features, rows);
  const y = centred(outputs, rows);
  const wide = x.columns > rows;
  const gram = wide ? x.mmul(x.transpose()) : x.transpose().mmul(x);
  const { realEigenvalues: all, eigenvectorMatrix } = new EigenvalueDecomposition(gram, {
    assumeSymmetric: true,
  });
  const greatest = Math.max(...all);
  if (!(greatest > 0)) throw new RangeError("Cannot regress: the features are the same on all rows");
  const kept = all.flatMap((value, index) => value > RANK * greatest ? [index] : []);
  const vectors = eigenvectorMatrix.subMatrixColumn(kept);
  const eigenvalues = kept.map((index) => all[index]!);
  const z = wide ? vectors.mulRowVector(eigenvalues.map(Math.sqrt)) : x.mmul(vectors);
  const zy = z.transpose().mmul(y);
  // The error of the mean of the other rows.
  const spread = squaresPerColumn(y).map((sum) => sum * (rows / (rows - 1)) ** 2);

  const tried = STRENGTHS.map((part) => {
    const lambda = part * greatest;
    const error = leaveOneOut({ z, zy, y, eigenvalues }, lambda);
    const explained = squaresPerColumn(error).map((sum, output) =>
      spread[output]! > 0 ? 1 - sum / spread[output]! : 0
    );
    return { lambda, error, explained, total: explained.reduce((sum, value) => sum + value, 0) };
  });
  const best = tried.reduce((a, b) => b.total > a.total ? b : a);
  const shrunk = zy.divColumnVector(eigenvalues.map((value) => value + best.lambda));
  // V = Xᵀ·Z / s where the eigenvectors were those of X·Xᵀ.
  const weights = wide
    ? x.transpose().mmul(z.mmul(shrunk.divColumnVector(eigenvalues)))
    : vectors.mmul(shrunk);
  return {
    weights: Float32Array.from(weights.transpose().to1DArray()),
    lambda: best.lambda,
    leftOut: Float64Array.from(best.error.to1DArray(), (error, i) => outputs[i]! - error),
    explained: best.explained,
  };
}

/** What a regression needs, whatever its strength. */
interface Decomposed {
  /** Features along the eigenvectors, [rows, kept]. */
  readonly z: Matrix;
  /** Zᵀ·Y, [kept, outputs]. */
  readonly zy: Matrix;
  /** Outputs about their means, [rows, outputs]. */
  readonly y: Matrix;
  readonly eigenvalues: readonly number[];
}

/** The errors e_i of leave-one-out, [rows, outputs]. */
function leaveOneOut({ z, zy, y, eigenvalues }: Decomposed, lambda: number): Matrix {
  const shrinking = eigenvalues.map((value) => value + lambda);
  const error = Matrix.sub(y, z.mmul(zy.clone().divColumnVector(shrinking)));
  const rows = z.rows;
  const left = Array.from({ length: rows }, (_, row) => {
    let leverage = 1 / rows;
    for (let k = 0; k < shrinking.length; k++) leverage += z.get(row, k) ** 2 / shrinking[k]!;
    return 1 - leverage;
  });
  return error.divColumnVector(left);
}

/** Numbers in rows, each column about its mean. */
function centred(numbers: ArrayLike<number>, rows: number): Matrix {
  const columns = numbers.length / rows;
  if (!Number.isInteger(columns) || columns === 0) {
    throw new TypeError(`Cannot regress: ${numbers.length} numbers are not ${rows} rows of the same length`);
  }
  const matrix = Matrix.from1DArray(rows, columns, Array.from(numbers));
  const means = matrix.mean("column");
  if (!means.every(Number.isFinite)) throw new RangeError("Cannot regress: a number is not finite");
  return matrix.subRowVector(means);
}

function squaresPerColumn(matrix: Matrix): number[] {
  return Matrix.pow(matrix, 2).sum("column");
}
