/**
 * Wilcoxon's signed-rank test of paired differences (Wilcoxon 1945), and Holm's correction for many tests (Holm 1979).
 *
 * @module
 */
import { tieRanks } from "../correlation.ts";
import { normalTail } from "./normal.ts";

/** Differences up to this many, without ties, get an exact probability, as in scipy. */
const EXACT = 50;

/** The result of a test. */
export interface SignedRankTest {
  /** Probability of ranks at least as uneven, if both methods are alike; two-sided. */
  readonly p: number;
  /** Positive if the differences above zero have the greater ranks, negative if those below have. */
  readonly direction: number;
}

/**
 * Tests whether paired differences lie around zero. Differences of zero are left out; ties share the mean of their ranks.
 * Up to 50 differences without ties the probability is exact, else it is the normal approximation with the correction for
 * ties and without one for continuity: scipy's `wilcoxon(x, method="exact" | "approx")`.
 */
export function signedRankTest(differences: readonly number[]): SignedRankTest {
  const left = differences.filter((value) => value !== 0);
  const count = left.length;
  if (count === 0) return { p: 1, direction: 0 };
  const sizes = left.map(Math.abs);
  const ranks = tieRanks(sizes);
  let above = 0;
  for (let i = 0; i < count; i++) if (left[i]! > 0) above += ranks[i]!;
  const total = count * (count + 1) / 2;
  const direction = 2 * above - total;
  const ties = tieTerm(ranks);
  const p = count <= EXACT && ties === 0
    ? exactProbability(count, Math.min(above, total - above))
    : normalProbability(direction / 2, count, ties);
  return { p: Math.min(1, p), direction };
}

/** Σ t³ − t over groups of t equal ranks; 0 without ties. */
function tieTerm(ranks: Float64Array): number {
  const sizes = new Map<number, number>();
  for (const rank of ranks) sizes.set(rank, (sizes.get(rank) ?? 0) + 1);
  let sum = 0;
  for (const size of sizes.values()) sum += size ** 3 - size;
  return sum;
}

/** Twice the share of the 2ⁿ choices of signs whose ranks sum to at most `least`. */
function exactProbability(count: number, least: number): number {
  const ways = new Float64Array(count * (count + 1) / 2 + 1);
  ways[0] = 1;
  for (let rank = 1; rank <= count; rank++) {
    for (let sum = ways.length - 1; sum >= rank; sum--) ways[sum]! += ways[sum - rank]!;
  }
  let below = 0;
  for (let sum = 0; sum <= least; sum++) below += ways[sum]!;
  return 2 * below / 2 ** count;
}

function normalProbability(distance: number, count: number, ties: number): number {
  const variance = count * (count + 1) * (2 * count + 1) / 24 - ties / 48;
  return 2 * normalTail(Math.abs(distance) / Math.sqrt(variance));
}

/**
 * Probabilities of many tests, corrected so that one false finding among all is as rare as the level: the smallest times
 * their number, the next times one less, and so on, never falling.
 */
export function holmCorrected(probabilities: readonly number[]): number[] {
  const count = probabilities.length;
  const order = probabilities.map((_, i) => i).sort((a, b) => probabilities[a]! - probabilities[b]!);
  const corrected = new Array<number>(count);
  let greatest = 0;
  order.forEach((test, place) => {
    greatest = Math.max(greatest, Math.min(1, (count - place) * probabilities[test]!));
    corrected[test] = greatest;
  });
  return corrected;
}
