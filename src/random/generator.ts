/**
 * A seeded generator whose whole state is four numbers, so that a checkpoint can hold it: sfc32, the small fast
 * counting generator of PractRand, with its usual 12 rounds of warming up.
 *
 * @module
 */
import { SFC32 } from "@thi.ng/random/sfc32";

/** A stream of pseudo-random numbers; the same seed gives the same numbers everywhere. */
export interface Generator {
  /** Next number in [0, 1), 32 bits of it. */
  uniform(): number;
  /** Next whole number in [0, below). */
  below(below: number): number;
  /** Next number of the normal distribution N(0, 1), by Box and Muller. */
  normal(): number;
  /** State to continue from later; see `restoreGenerator`. */
  state(): readonly [number, number, number, number];
}

/** Starts a generator from a seed. */
export function createGenerator(seed: number): Generator {
  return warm([0, seed | 0, Math.floor(seed / 2 ** 32) | 0, 1]);
}

/** One of 2^32 streams of a seed, each as unlike the others as those of other seeds. */
export function createStream(seed: number, stream: number): Generator {
  return warm([Math.floor(seed / 2 ** 32) | 0, stream | 0, seed | 0, 1]);
}

function warm(state: readonly [number, number, number, number]): Generator {
  const generator = restoreGenerator(state);
  for (let i = 0; i < 12; i++) generator.uniform();
  return generator;
}

/** Continues from a generator's `state()`. */
export function restoreGenerator(state: readonly [number, number, number, number]): Generator {
  const source = new SFC32(state);
  const uniform = () => source.float();
  return {
    uniform,
    below: (below) => Math.floor(uniform() * below),
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    state: () => [...source.buffer] as [number, number, number, number],
  };
}
