import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { infidelityProbe, removalSquares, scaledError } from "../../src/faithfulness/infidelity.ts";
import { describeValue } from "../../src/faithfulness/measures.ts";
import { type InfidelityProtocol, presetNamed } from "../../src/faithfulness/presets.ts";
import type { Square } from "../../src/faithfulness/removal.ts";
import { enlarge } from "../../src/faithfulness/probe.ts";
import { createOutcome } from "../../src/faithfulness/scoring.ts";
import { answers, map, NORMALIZATION, run, sample, SIDE } from "./fixture.ts";

const square = (side: number) => ({ width: side, height: side });

const PAPER = presetNamed("infidelity-neurips19").infidelity!;
/** Every square that there is, as the paper's program takes them. */
const ALL: InfidelityProtocol = { ...PAPER, samples: Infinity };

/** What infidelity measures.json was given by Captum. */
interface InfidelityCase {
  readonly seed: number;
  readonly target: number;
  readonly infidelity: { readonly squares: number; readonly normalized: number; readonly unit: number };
}

for (const { seed, target, infidelity } of answers<{ measures: InfidelityCase[] }>().measures) {
  Deno.test(`infidelityProbe() agrees with Captum on picture ${seed}, removed to the mean colour and to black`, () => {
    const of = sample(seed);
    const probe = infidelityProbe(of, ALL, NORMALIZATION, 0);
    assertEquals(probe.count, infidelity.squares);
    const toMean = run(probe, target).values["infidelity"]!;
    const toBlack = run(infidelityProbe(of, { ...ALL, space: "unit" }, undefined, 0), target)
      .values["infidelity"]!;
    assertAlmostEquals(toMean / infidelity.normalized, 1, 1e-6);
    assertAlmostEquals(toBlack / infidelity.unit, 1, 1e-6);
  });
}

/**
 * 4 × 4 pixels, 0.8 on the left and 0.4 on the right, and a classifier whose probability is the mean of the two left
 * columns. All nine squares of 2 × 2 go to black: three begin in each of the columns 0, 1 and 2, have 4, 2 and 0
 * pixels on the left, and take 0.4, 0.2 and 0 of the probability.
 */
function byHand(...columns: [number, number, number, number]): number {
  const isLeft = (i: number) => i % 4 < 2;
  const scoreOne = (pixels: Float32Array) => {
    const mean = pixels.reduce((sum, value, i) => sum + (isLeft(i) ? value : 0), 0) / 24;
    return Float32Array.of(mean, 1 - mean);
  };
  const of = enlarge({
    pixels: Float32Array.from({ length: 48 }, (_, i) => isLeft(i) ? 0.8 : 0.4),
    map: { width: 4, height: 4, values: Float32Array.from({ length: 16 }, (_, i) => columns[i % 4]!) },
    target: 0,
    probability: 0.8,
  });
  const probe = infidelityProbe(of, { cells: 28, lengths: [2], samples: 9, space: "unit" }, undefined, 0);
  const pictures = [...probe.images()];
  assertEquals(pictures.length, 9);
  return probe.read(pictures.map((each) => createOutcome(scoreOne(each), 0))).values["infidelity"]!;
}

Deno.test("infidelity by hand: what each pixel carries is foretold, in any unit", () => {
  assertAlmostEquals(byHand(1, 1, 0, 0), 0, 1e-10);
  assertAlmostEquals(byHand(0.3, 0.3, 0, 0), 0, 1e-10);
});

Deno.test("infidelity by hand: a flat map promises 4 for each square, so β is 0.05 and two of three are 0.2 off", () => {
  assertAlmostEquals(byHand(1, 1, 1, 1), 0.08 / 3, 1e-7);
  assertAlmostEquals(byHand(0.25, 0.25, 0.25, 0.25), 0.08 / 3, 1e-7);
});

Deno.test("infidelity by hand: the wrong half promises 0, 2, 4, so β is 1.2 / 60 and 0.4, 0.16, −0.08 are left", () => {
  assertAlmostEquals(byHand(0, 0, 1, 1), (0.16 + 0.0256 + 0.0064) / 3, 1e-7);
});

Deno.test("infidelity by hand: a map of zeros promises nothing, and what falls is left", () => {
  assertAlmostEquals(byHand(0, 0, 0, 0), (0.16 + 0.04) / 3, 1e-7);
});

Deno.test("scaledError() takes the scale that serves best, of either sign", () => {
  // β = (1 · 2 + 2 · 3) / 5 = 1.6, and 0.4 and 0.2 are left.
  assertAlmostEquals(scaledError([1, 2], [2, 3]), (0.16 + 0.04) / 2, 1e-12);
  assertAlmostEquals(scaledError([1, 2], [-2, -3]), (0.16 + 0.04) / 2, 1e-12);
  assertAlmostEquals(scaledError([1, 2], [-0.5, -1]), 0, 1e-12);
});

const nameOf = ({ left, top, right, bottom }: Square) => `${left} ${top} ${right} ${bottom}`;

Deno.test("removalSquares() takes the paper's 5605 squares of MNIST, and the same shares of a larger picture", () => {
  const small = removalSquares(square(28), ALL, 0);
  const large = removalSquares(square(224), ALL, 0);
  // 28² + 27² + … + 19².
  assertEquals(small.length, 5605);
  assertEquals(new Set(small.map(nameOf)).size, 5605);
  const times8 = small.map(({ left, top, right, bottom }) =>
    nameOf({ left: 8 * left, top: 8 * top, right: 8 * right, bottom: 8 * bottom })
  );
  assertEquals(large.map(nameOf), times8);
  for (const { left, top, right, bottom } of small) {
    assertEquals(right - left, bottom - top);
    assert(left >= 0 && top >= 0 && right <= 28 && bottom <= 28 && right - left >= 1 && right - left <= 10);
  }
});

Deno.test("removalSquares() stays inside a picture that the grid does not divide, and leaves no square empty", () => {
  for (const side of [5, 16, 30, 225]) {
    for (const { left, top, right, bottom } of removalSquares(square(side), ALL, 0)) {
      assert(
        left >= 0 && left < right && right <= side && top >= 0 && top < bottom && bottom <= side,
        `${side}`,
      );
    }
  }
});

Deno.test("removalSquares() draws the same squares for a seed, others for another, none twice", () => {
  const names = (seed: number) => removalSquares(square(224), PAPER, seed).map(nameOf);
  assertEquals(names(5), names(5));
  assert(names(5).join() !== names(6).join());
  assertEquals(new Set(names(5)).size, PAPER.samples);
});

Deno.test("removalSquares() draws all squares alike: a length as often as it has places", () => {
  const counts = new Array<number>(11).fill(0);
  for (let seed = 0; seed < 40; seed++) {
    for (const { left, right } of removalSquares(square(28), PAPER, seed)) counts[right - left]!++;
  }
  for (const length of PAPER.lengths) {
    const expected = 40 * PAPER.samples * (29 - length) ** 2 / 5605;
    // Four standard deviations of a count.
    assert(Math.abs(counts[length]! - expected) < 4 * Math.sqrt(expected), `${length}: ${counts[length]}`);
  }
});

Deno.test("infidelityProbe() removes one square of all three colours, whatever the map", () => {
  const of = sample(1);
  const pictures = [...infidelityProbe(of, PAPER, NORMALIZATION, 3).images()];
  const squares = removalSquares(square(SIDE), PAPER, 3);
  assertEquals(pictures.length, PAPER.samples);
  const other = [...infidelityProbe(sample(1, map(7)), PAPER, NORMALIZATION, 3).images()];
  assertEquals(pictures, other);
  for (const [index, { left, top, right, bottom }] of squares.entries()) {
    for (let i = 0; i < 3 * SIDE * SIDE; i++) {
      const [x, y, colour] = [i % SIDE, Math.floor(i / SIDE) % SIDE, Math.floor(i / SIDE / SIDE)];
      const gone = x >= left && x < right && y >= top && y < bottom;
      const expected = gone ? Math.fround(NORMALIZATION.mean[colour]!) : of.pixels[i]!;
      if (pictures[index]![i] !== expected) {
        assertEquals(pictures[index]![i], expected, `${index}: ${x}, ${y}`);
      }
    }
  }
});

Deno.test("infidelityProbe() reads the same number from the same seed, and about that from other squares", () => {
  const of = sample(0);
  const read = (protocol: InfidelityProtocol, seed: number) =>
    run(infidelityProbe(of, protocol, NORMALIZATION, seed), of.target).values["infidelity"]!;
  assertEquals(read(PAPER, 1), read(PAPER, 1));
  assert(read(PAPER, 1) !== read(PAPER, 2));
  const all = read(ALL, 0);
  const drawn = Array.from({ length: 20 }, (_, seed) => read(PAPER, seed) / all);
  const mean = drawn.reduce((sum, value) => sum + value, 0) / drawn.length;
  assertAlmostEquals(mean, 1, 0.05);
  for (const value of drawn) assertAlmostEquals(value, 1, 0.3);
});

Deno.test("infidelityProbe() does not take a colour for granted", () => {
  assertThrows(() => infidelityProbe(sample(0), PAPER, undefined, 0), TypeError, "no normalization");
});

Deno.test("infidelity is better when it is lower, and shown with the digits that it has", () => {
  const { meaning, ...shown } = describeValue("infidelity");
  assertEquals(shown, { title: "Infidelity", better: "lower", digits: 5 });
  assert(meaning.startsWith("Infidelity: "), meaning);
});
