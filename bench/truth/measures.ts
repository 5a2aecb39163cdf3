/**
 * How much of a map lies on the parts that decide the class (Arras et al. 2022, "CLEVR-XAI", section 3.3).
 *
 * @module
 */
import { SHOWN, SIDE } from "./scenes.ts";

/** An edge belongs to what it separates: pixels this near to a part count as the part. */
export const MARGIN = 2;

/** The pixels that count for a scene. */
export interface Regions {
  /** 1 on hat and mark, and up to `MARGIN` pixels around them. */
  readonly parts: Uint8Array;
  /** 1 on what is drawn to distract: figures and feet, without `parts`. */
  readonly distractors: Uint8Array;
}

/** What a map scores. */
export interface TruthScores {
  /** Relevance mass accuracy: the share of the map's sum on the parts. */
  readonly mass: number;
  /** Relevance rank accuracy: of the K greatest values, the share on the parts, K being their number of pixels. */
  readonly rank: number;
  /** The share of the map's sum on distractors. */
  readonly distractor: number;
}

/** The regions of what a scene's pixels show. */
export function findRegions(shown: Uint8Array): Regions {
  const parts = shown.map((_, i) => {
    const [x, y] = [i % SIDE, Math.floor(i / SIDE)];
    for (let v = Math.max(0, y - MARGIN); v <= Math.min(SIDE - 1, y + MARGIN); v++) {
      for (let u = Math.max(0, x - MARGIN); u <= Math.min(SIDE - 1, x + MARGIN); u++) {
        const kind = shown[v * SIDE + u]!;
        if (kind === SHOWN.hat || kind === SHOWN.mark) return 1;
      }
    }
    return 0;
  });
  const distractors = shown.map((kind, i) =>
    parts[i] === 0 && (kind === SHOWN.figure || kind === SHOWN.feet) ? 1 : 0
  );
  return { parts, distractors };
}

/**
 * The scores of a map. One that is 0 everywhere has no mass, and the rank accuracy of chance.
 *
 * @param values A value of at least 0 for each pixel.
 */
export function scoreMap(values: Float32Array, { parts, distractors }: Regions): TruthScores {
  let [total, onParts, onDistractors] = [0, 0, 0];
  values.forEach((value, i) => {
    total += value;
    if (parts[i] === 1) onParts += value;
    if (distractors[i] === 1) onDistractors += value;
  });
  const share = (sum: number) => total > 0 ? sum / total : 0;
  return { mass: share(onParts), rank: rankAccuracy(values, parts), distractor: share(onDistractors) };
}

/** Values that tie for the last places share them, so that no order of pixels decides. */
function rankAccuracy(values: Float32Array, parts: Uint8Array): number {
  const count = parts.reduce((sum, one) => sum + one, 0);
  const last = values.toSorted()[values.length - count]!;
  let [above, aboveOnParts, ties, tiesOnParts] = [0, 0, 0, 0];
  values.forEach((value, i) => {
    if (value > last) {
      above++;
      aboveOnParts += parts[i]!;
    } else if (value === last) {
      ties++;
      tiesOnParts += parts[i]!;
    }
  });
  return (aboveOnParts + (count - above) * tiesOnParts / ties) / count;
}
