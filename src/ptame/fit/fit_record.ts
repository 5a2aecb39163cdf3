/**
 * How well a classifier's scores could be regressed on an auxiliary's features: kept in the record of the head that
 * starts from it.
 *
 * @module
 */

/** How well a regression fits; see fit_rows.ts. */
export interface FitRecord {
  /** Number of photographs that it was made from. */
  readonly photos: number;
  /** Strength λ of the ridge, chosen by leave-one-out. */
  readonly lambda: number;
  /**
   * Share of each class's variance that the regression explains on photographs that it has not seen (R² of
   * leave-one-out); 1 is perfect, 0 and below is nothing.
   */
  readonly explained: readonly number[];
  /** Their mean, each class weighted by the variance of its score. */
  readonly explainedInAll: number;
  /** Share of the photographs for which it names the classifier's own top class, without having seen them. */
  readonly agreement: number;
  /** The same of always naming the most frequent top class. */
  readonly chance: number;
}

/** Below this share of explained variance, maps from the regression are not to be trusted (docs/own-classifier.md). */
export const LEAST_EXPLAINED = 0.1;

/**
 * A sentence that warns of a bad fit; `undefined` for a usable one.
 *
 * A fit is bad when it explains less than a tenth of the variance of the scores on photographs that it has not seen, or
 * names the classifier's top class no more often than one class for all would, by more than two standard errors of that
 * share: with few photographs, a small lead is luck.
 */
export function fitWarning(fit: FitRecord | undefined): string | undefined {
  if (fit === undefined) return undefined;
  const { explainedInAll, agreement, chance, photos, explained } = fit;
  const least = chance + 2 * Math.sqrt(chance * (1 - chance) / photos);
  // If nearly all photographs have the same top class, their share says nothing.
  const agrees = explained.length === 1 || least >= 1 || agreement > least;
  if (explainedInAll >= LEAST_EXPLAINED && agrees) return undefined;
  return `The map may mean nothing: on photographs that it has not seen, the regression of the classifier on ` +
    `${photos} photographs explains ${percent(explainedInAll)} of its scores and names its top class for ` +
    `${percent(agreement)} (always the same class: ${percent(chance)}); more or other photographs may help`;
}

/** One line that says how well a regression fits. */
export function fitSentence({ photos, explained, explainedInAll, agreement, chance }: FitRecord): string {
  const sorted = [...explained].sort((a, b) => a - b);
  const range = `${percent(sorted[0]!)} to ${percent(sorted.at(-1)!)}`;
  return `The regression on ${photos} photographs explains ${percent(explainedInAll)} of the scores ` +
    `(classes: ${range}) and names the top class for ${percent(agreement)} ` +
    `(always the same: ${percent(chance)}), on photographs that it has not seen`;
}

function percent(share: number): string {
  return `${Math.round(100 * Math.max(share, 0))} %`;
}

/** Whether a value read from a file is a record of a fit. */
export function isFitRecord(value: unknown): value is FitRecord {
  if (typeof value !== "object" || value === null) return false;
  const { explained, ...rest } = value as Record<string, unknown>;
  const numbers = ["photos", "lambda", "explainedInAll", "agreement", "chance"].map((name) => rest[name]);
  return Array.isArray(explained) && explained.length > 0 &&
    [...explained, ...numbers].every(Number.isFinite);
}
