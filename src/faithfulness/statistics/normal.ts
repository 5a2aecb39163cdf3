/**
 * The tail of the normal distribution.
 *
 * @module
 */

/** Above this, the continued fraction converges faster than the series. */
const FAR = 3;

/**
 * Probability that a standard normal number is above `z`, to about 14 digits.
 *
 * @param z Not negative.
 */
export function normalTail(z: number): number {
  const density = Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI);
  if (z < FAR) {
    // 1/2 − φ(z) · (z + z³/3 + z⁵/(3 · 5) + …)
    let [sum, term] = [z, z];
    for (let odd = 3; term > 1e-17 * sum; odd += 2) sum += term *= z * z / odd;
    return 0.5 - density * sum;
  }
  // φ(z) / (z + 1 / (z + 2 / (z + 3 / …)))
  let fraction = z;
  for (let k = 200; k > 0; k--) fraction = z + k / fraction;
  return density / fraction;
}

/** The numbers that a standard normal one exceeds with probability 0.025 and 0.2. */
export const [UPPER_40TH, UPPER_5TH] = [1.959963984540054, 0.8416212335729143] as const;
