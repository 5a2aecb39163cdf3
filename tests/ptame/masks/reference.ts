/**
 * Budgeted masks by the formulas of src/ptame/masks/budget.ts, in float64.
 *
 * @module
 */

/** How a view masks: `soft` and `kept` are 1 or 0. */
export interface ReferenceView {
  readonly share: number;
  readonly soft: number;
  readonly kept: number;
  readonly width: number;
}

/** The masks and gates of one map before min–max, for each view. */
export function referenceMasks(
  z: Float64Array,
  views: readonly ReferenceView[],
): { readonly masks: Float64Array[]; readonly gates: Float64Array[] } {
  const [low, high] = [Math.min(...z), Math.max(...z)];
  const m = z.map((value) => (value - low) / (high - low));
  const found = views.map(({ share, soft, kept, width }) => {
    const gateAt = (q: number) => m.map((value) => 1 / (1 + Math.exp((q - value) / width)));
    let [below, above] = [-1, 2];
    for (let i = 0; i < 60; i++) {
      const q = (below + above) / 2;
      if (gateAt(q).reduce((sum, value) => sum + value, 0) > share * z.length) below = q;
      else above = q;
    }
    const g = gateAt((below + above) / 2);
    const shown = g.map((value, i) => soft ? value * m[i]! : value);
    return { g, mask: kept ? shown : shown.map((value) => 1 - value) };
  });
  return { masks: found.map(({ mask }) => mask), gates: found.map(({ g }) => g) };
}
