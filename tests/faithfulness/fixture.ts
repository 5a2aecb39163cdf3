/**
 * Reads the answers of tests/fixtures/faithfulness/ and makes the pictures, maps and the small classifier that they
 * belong to: softmax(W · normalised picture) with three classes.
 *
 * @module
 */
import { enlarge, type Enlarged, type PlainProbe, type Reading } from "../../src/faithfulness/probe.ts";
import { createOutcome, topClass } from "../../src/faithfulness/scoring.ts";
import type { Normalization, ScoreBatch } from "../../src/faithfulness/types.ts";
import type { MaskMap } from "../../src/explanation/blank_map.ts";
import type { ValueMap } from "../../src/image/types.ts";
import { seededImage, uniforms } from "../support/seeded_weights.ts";

/** Side of the small classifier's pictures. */
export const SIDE = 16;

/** What the small classifier normalises with. */
export const NORMALIZATION: Normalization = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

/** One picture's answers. */
export interface MeasureCase {
  readonly seed: number;
  readonly target: number;
  readonly clean: number[];
  readonly masked: Record<string, { readonly area: number; readonly probability: number }>;
  readonly normalized: number;
  readonly road: Record<string, { readonly probability: number; readonly correct: boolean }>;
  readonly curves: Record<"insertion" | "deletion", number[]>;
  readonly areas: Record<"insertion" | "deletion", number>;
}

/** measures.json. */
export interface Answers {
  readonly imputations: Record<
    string,
    { readonly missing: number; readonly places: number[]; readonly values: number[][] }
  >;
  readonly measures: MeasureCase[];
  readonly correlations: Record<string, number> & { readonly ranks: number[] };
  readonly kernel: number[];
  readonly kth: Record<string, number>;
}

/** A file of tests/fixtures/faithfulness/. */
export function answers<T = Answers>(name = "measures.json"): T {
  return JSON.parse(Deno.readTextFileSync(new URL(`../fixtures/faithfulness/${name}`, import.meta.url)));
}

const weights = uniforms("classifier", 3 * 3 * SIDE * SIDE, 0).map((u) => (u - 0.5) * 0.25);

/** The small classifier's weights of a class, for a normalised picture. */
export function classWeights(target: number): Float64Array {
  return weights.slice(target * 3 * SIDE * SIDE, (target + 1) * 3 * SIDE * SIDE);
}

function probabilities(picture: Float32Array): Float32Array {
  const scores = [0, 1, 2].map((row) => {
    let sum = 0;
    for (let i = 0; i < picture.length; i++) {
      const colour = Math.floor(i / (SIDE * SIDE));
      const { mean, std } = NORMALIZATION;
      sum += weights[row * picture.length + i]! * (picture[i]! - mean[colour]!) / std[colour]!;
    }
    return sum;
  });
  const highest = Math.max(...scores);
  const exponentials = scores.map((score) => Math.exp(score - highest));
  const total = exponentials.reduce((a, b) => a + b);
  return Float32Array.from(exponentials, (value) => value / total);
}

/** The small classifier. */
export const score: ScoreBatch = (pictures) => Promise.resolve(pictures.map(probabilities));

/** A small picture `[3, SIDE, SIDE]`. */
export function picture(seed: number): Float32Array {
  return seededImage(seed, [1, 3, SIDE, SIDE]);
}

/** A map of SIDE × SIDE values without ties. */
export function map(seed: number): ValueMap {
  return { width: SIDE, height: SIDE, values: Float32Array.from(uniforms("map", SIDE * SIDE, seed)) };
}

/** Picture, map and the classifier's answer, as measures take them. */
export function sample(seed: number, of: MaskMap = map(seed)): Enlarged {
  const pixels = picture(seed);
  const clean = probabilities(pixels);
  const target = topClass(clean);
  return enlarge({ pixels, map: of, target, probability: clean[target]! });
}

/** Runs a probe on the small classifier. */
export function run(probe: PlainProbe, target: number): Reading {
  return probe.read([...probe.images()].map((each) => createOutcome(probabilities(each), target)));
}
