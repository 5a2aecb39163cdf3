/**
 * Masks with a budget: training shows the classifier what the measures show it, the map's top share of the pixels, so
 * the loss needs no area term. For a map z of n pixels and a share:
 *
 *     m = (z − min z) / (max z − min z)
 *     g = σ((m − q)/τ),  q such that Σ g = share·n         a soft gate around the top pixels
 *     soft mask: e = m·g          hard mask: e = g
 *     kept: mask = e              removed: mask = 1 − e
 *
 * q is found by bisection, which cannot be differentiated, but Σ g = share·n determines how q moves. With w = g(1 − g)
 * and G = ∂L/∂g for fixed q,
 *
 *     ∂L/∂m = ∂L/∂m (g fixed) + w/τ · (G − Σ w·G / Σ w)
 *
 * The last term keeps Σ g constant. Reverse mode continues from m to z, including the minimum and maximum.
 *
 * @module
 */
import type { Builder } from "../../graph/builder.ts";
import type { Value } from "../../graph/types.ts";

/** Default τ, the softness of the gate, as a fraction of the map's range. */
export const GATE_WIDTH = 0.05;

/** Halvings of q's interval: 3 to 3·2⁻²⁶, the limit of float32. */
const HALVINGS = 26;
/** Search interval of q: at −1 the whole map passes the gate, at 2 nothing does. */
const [LOWEST, HIGHEST] = [-1, 2];

/** Masking of each view of an image; every value is [batch, views, 1, 1]. */
export interface BudgetInputs {
  /** Share of the pixels that pass the gate, above 0 and up to 1. */
  readonly shares: Value;
  /** 1 for soft masks, 0 for hard ones. */
  readonly soft: Value;
  /** 1 if the share is kept, 0 if it is removed. */
  readonly kept: Value;
  /** τ of the gate, above 0. */
  readonly widths: Value;
}

/** Adds the inputs "shares", "soft", "kept" and "widths". */
export function budgetInputs(b: Builder, batch: number, views: number): BudgetInputs {
  const input = (name: keyof BudgetInputs) => b.input(name, "float32", [batch, views, 1, 1]);
  return { shares: input("shares"), soft: input("soft"), kept: input("kept"), widths: input("widths") };
}

/**
 * g of each view.
 *
 * @param m Maps in [0, 1], [batch, 1, S, S]: `minMaxMask` of head.ts.
 * @returns [batch, views, S, S].
 */
export function gates(
  b: Builder,
  m: Value,
  { shares, widths }: Pick<BudgetInputs, "shares" | "widths">,
): Value {
  const gateAt = (q: Value) => b.sigmoid(b.div(b.sub(m, q), widths));
  const everywhere = (value: number) => b.add(b.mul(shares, 0), value);
  let [low, high] = [everywhere(LOWEST), everywhere(HIGHEST)];
  const middle = () => b.mul(b.add(low, high), 0.5);
  for (let i = 0; i < HALVINGS; i++) {
    const q = middle();
    const passed = b.reduceMean(b.reduceMean(gateAt(q), [3]), [2, 3]);
    const tooMuch = b.greater(passed, shares);
    [low, high] = [b.where(tooMuch, q, low), b.where(tooMuch, high, q)];
  }
  return gateAt(middle());
}

/** The masks that the classifier sees through, [batch, views, S, S], from m [batch, 1, S, S] and `gates`. */
export function budgetMasks(b: Builder, m: Value, g: Value, { soft, kept }: BudgetInputs): Value {
  const shown = b.mul(g, b.add(b.mul(soft, m), b.sub(1, soft)));
  // kept·e + (1 − kept)·(1 − e)
  const direction = b.sub(b.mul(kept, 2), 1);
  return b.add(b.mul(direction, shown), b.sub(1, kept));
}

/**
 * ∂L/∂m, summed over the views of each image: [batch, 1, S, S].
 *
 * @param gradient ∂L/∂mask of each view, [batch, views, S, S].
 */
export function budgetGradient(
  b: Builder,
  m: Value,
  g: Value,
  { soft, kept, widths }: BudgetInputs,
  gradient: Value,
): Value {
  const toShown = b.mul(gradient, b.sub(b.mul(kept, 2), 1));
  const direct = b.mul(b.mul(toShown, soft), g);
  const toGate = b.mul(toShown, b.add(b.mul(soft, m), b.sub(1, soft)));
  const w = b.mul(g, b.sub(1, g));
  const total = (x: Value) => b.reduceSum(b.reduceSum(x, [3]), [2, 3]);
  // A fully open gate has no slope to divide by.
  const mean = b.div(total(b.mul(w, toGate)), b.max(total(w), 1e-12));
  const throughGate = b.mul(b.div(w, widths), b.sub(toGate, mean));
  return b.reduceSum(b.add(direct, throughGate), [1]);
}
