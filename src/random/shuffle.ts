/**
 * Numbers in random order.
 *
 * @module
 */
import type { Generator } from "./generator.ts";

/** The numbers 0 to `count - 1` in the generator's order (Fisher–Yates shuffle). */
export function shuffled(count: number, generator: Generator): Uint32Array<ArrayBuffer> {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = generator.below(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
