/**
 * Every measure beside a published implementation: the largest difference over pictures of the fixtures. Read by a test
 * and by the page docs/measures.md.
 *
 * @module
 */
import { dropPercent, increasePercent, maskingProbe } from "../../src/faithfulness/average_drop.ts";
import { arccProbe } from "../../src/faithfulness/arcc.ts";
import { coherencyProbe } from "../../src/faithfulness/coherency.ts";
import { countingPercent, giniIndex, mapEntropy } from "../../src/faithfulness/concentration.ts";
import { infidelityProbe } from "../../src/faithfulness/infidelity.ts";
import { areaUnder, stepsProbe } from "../../src/faithfulness/insertion_deletion.ts";
import type { ProbeContext } from "../../src/faithfulness/measure.ts";
import type { MeasureName } from "../../src/faithfulness/measures.ts";
import { overlapProbe } from "../../src/faithfulness/overlap.ts";
import { estimateProbe, flippingProbe } from "../../src/faithfulness/pixel_flipping.ts";
import { regionProbe } from "../../src/faithfulness/pointing.ts";
import { presetNamed } from "../../src/faithfulness/presets.ts";
import { type Enlarged, meanValue, type PlainProbe, type Probe } from "../../src/faithfulness/probe.ts";
import { subsetsProbe } from "../../src/faithfulness/random_subsets.ts";
import { regionsProbe } from "../../src/faithfulness/region_perturbation.ts";
import { roadProbe } from "../../src/faithfulness/road.ts";
import { createOutcome } from "../../src/faithfulness/scoring.ts";
import { singleDeletionProbe } from "../../src/faithfulness/single_deletion.ts";
import { relativeChanges } from "../../src/faithfulness/stability.ts";
import type { MaskMap } from "../../src/explanation/blank_map.ts";
import { minMax } from "../../src/ptame/fuse.ts";
import { uniforms } from "../support/seeded_weights.ts";
import {
  answers,
  classWeights,
  map,
  type MeasureCase,
  NORMALIZATION,
  picture,
  run,
  sample,
  score,
  SIDE,
} from "./fixture.ts";

/** A measure beside a published implementation. */
export interface Compared {
  readonly measure: MeasureName;
  /** The implementation. */
  readonly against: string;
  /** Number of maps compared. */
  readonly maps: number;
  /** Largest difference of a value, in the measure's unit. */
  readonly largest: number;
}

/** Quantus' values of one map. */
interface QuantusValues {
  readonly "faithfulness-correlation": number;
  readonly "faithfulness-estimate": number;
  readonly "pixel-flipping": readonly number[];
  readonly "region-perturbation": readonly number[];
  readonly "selectivity": readonly number[];
  readonly "sparseness": number;
  readonly "complexity": number;
  readonly "effective-complexity": number;
}

/** A picture of quantus.json. */
interface QuantusCase {
  readonly seed: number;
  readonly target: number;
  readonly mask: QuantusValues;
  readonly signed: QuantusValues;
  readonly overlap: Readonly<Record<"relevance-rank" | "energy" | "top-k" | "miou", number>>;
  readonly stability: { readonly max: number; readonly mean: number };
  readonly adcc: {
    readonly coherency: number;
    readonly adcc: number;
    readonly least: number;
    readonly gain: number;
  };
}

const AREA = SIDE * SIDE;
const BLACK = [0, 0, 0] as const;
const REGION = { boxes: [{ x: 3, y: 2, width: 7, height: 9 }] };
const GRID = { cells: 4, regions: 16, space: "unit" } as const;
const FLIPPING = { steps: 16, space: "unit" } as const;

/** Normalised values of a picture. */
function normalized(pixels: Float32Array): Float64Array {
  const { mean, std } = NORMALIZATION;
  return Float64Array.from(pixels, (value, i) => {
    const colour = Math.floor(i / AREA);
    return (value - mean[colour]!) / std[colour]!;
  });
}

/** Sum over colours of a picture times weights. */
function summed(weigh: (i: number) => number, pixels: Float32Array): Float32Array {
  const values = normalized(pixels);
  return Float32Array.from(
    { length: AREA },
    (_, p) =>
      [0, 1, 2].reduce((sum, colour) => sum + weigh(colour * AREA + p) * values[colour * AREA + p]!, 0),
  );
}

const square = (values: Float32Array) => ({ width: SIDE, height: SIDE, values });

/** A map with evidence against the class: that of the fixtures less 0.4. */
export function signedMap(seed: number): MaskMap {
  const raw = map(seed).values.map((value) => value - Math.fround(0.4));
  return { ...square(raw.map((value) => Math.max(0, value))), raw, signed: true };
}

const farthest = (ours: readonly number[], theirs: readonly number[]) =>
  ours.length === theirs.length
    ? Math.max(...ours.map((value, i) => Math.abs(value - theirs[i]!)))
    : Infinity;

/** Compares a value of each map of quantus.json, both the masks and the signed maps. */
function againstQuantus(
  measure: MeasureName & keyof QuantusValues,
  ours: (of: Enlarged) => readonly number[],
  theirs: (values: QuantusValues) => readonly number[] = (values) => [values[measure]].flat() as number[],
): Compared {
  const { cases } = answers<{ cases: QuantusCase[] }>("quantus.json");
  const differences = cases.flatMap(({ seed, mask, signed }) => [
    farthest(ours(sample(seed)), theirs(mask)),
    farthest(ours(sample(seed, signedMap(seed))), theirs(signed)),
  ]);
  return { measure, against: "Quantus 0.6", maps: differences.length, largest: Math.max(...differences) };
}

const curveOf = (probe: PlainProbe, of: Enlarged, key: string) => [...run(probe, of.target).curves![key]!];

function quantusComparisons(): Compared[] {
  const { subsets } = answers<{ subsets: number[][] }>("quantus.json");
  const sets = [subsets.map((set) => Uint32Array.from(set))];
  return [
    againstQuantus(
      "pixel-flipping",
      (of) => [
        run(flippingProbe({ sample: of, protocol: FLIPPING, colour: BLACK }), of.target)
          .values["pixel-flipping"]!,
      ],
      (values) => [areaUnder(values["pixel-flipping"])],
    ),
    againstQuantus("region-perturbation", (of) =>
      curveOf(
        regionsProbe(of, { ...GRID, regions: 10 }, BLACK, (each) => ({
          values: {},
          curves: { drops: each.map((value) => of.probability - value) },
        })),
        of,
        "drops",
      )),
    againstQuantus(
      "selectivity",
      (of) =>
        curveOf(
          regionsProbe(of, GRID, BLACK, (each) => ({ values: {}, curves: { selectivity: each } })),
          of,
          "selectivity",
        ),
    ),
    againstQuantus("faithfulness-correlation", (of) => [
      run(subsetsProbe(of, "c", sets, BLACK), of.target).values["c"]!,
    ]),
    againstQuantus("faithfulness-estimate", (of) => [
      run(estimateProbe({ sample: of, protocol: FLIPPING, colour: BLACK }), of.target)
        .values["faithfulness-estimate"]!,
    ]),
    againstQuantus("sparseness", (of) => [giniIndex(of.contributions)]),
    againstQuantus("complexity", (of) => [mapEntropy(of.contributions)!]),
    againstQuantus(
      "effective-complexity",
      (of) => [countingPercent(of.contributions, 0.1)],
      (values) => [100 * values["effective-complexity"] / AREA],
    ),
  ];
}

/** Compares a value of each picture of quantus.json. */
async function againstPicture(
  measure: MeasureName,
  against: string,
  pair: (of: QuantusCase) => Promise<readonly [ours: number, theirs: number]> | readonly [number, number],
): Promise<Compared> {
  const { cases } = answers<{ cases: QuantusCase[] }>("quantus.json");
  const differences = [];
  for (const each of cases) {
    const [ours, theirs] = await pair(each);
    differences.push(Math.abs(ours - theirs));
  }
  return { measure, against, maps: differences.length, largest: Math.max(...differences) };
}

/** The changes of a map that depends on the picture, with the noise of the fixtures. */
function seededChanges({ seed, target }: QuantusCase): number[] {
  const weights = classWeights(target);
  const explained = (pixels: Float32Array): MaskMap => {
    const values = summed((i) => weights[i]!, pixels);
    return { ...square(values), raw: values, signed: true };
  };
  const pixels = picture(seed);
  const noisy = [0, 1, 2, 3, 4].map((index) => {
    const noise = uniforms(`noise/${index}`, 3 * AREA, 0);
    return pixels.map((value, i) =>
      value + 0.02 * NORMALIZATION.std[Math.floor(i / AREA)]! * (2 * noise[i]! - 1)
    );
  });
  return relativeChanges(explained(pixels), noisy.map(explained));
}

/** Context of a mask whose method gives the picture times the mask. */
const explainedAgain = (of: Enlarged): ProbeContext => ({
  normalization: NORMALIZATION,
  seed: 0,
  explainAgain: (change) =>
    Promise.resolve(minMax(square(summed((i) => of.values[i % AREA]!, change(of.pixels))))),
});

/** Runs a probe that asks the method again. */
async function runPrepared(probe: Probe, target: number): Promise<Readonly<Record<string, number>>> {
  await probe.prepare!();
  const images = [...probe.images() as Iterable<Float32Array>];
  return probe.read((await score(images)).map((each) => createOutcome(each, target))).values;
}

/** Coherency and ADCC of a picture's mask. */
async function seededCoherency(
  { seed }: QuantusCase,
): Promise<{ readonly coherency: number; readonly adcc: number }> {
  const of = sample(seed);
  const probe = coherencyProbe(of, { space: "normalized" }, explainedAgain(of), ["coherency", "adcc"]);
  const values = await runPrepared(probe, of.target);
  return { coherency: values["coherency"]!, adcc: values["adcc"]! };
}

/** ARCC and single deletion: of the fixtures' map, and of the classifier's weights times the picture. */
async function deletionComparisons(): Promise<Compared[]> {
  const { cases } = answers<{ cases: { seed: number; arcc: number[]; single: number[] }[] }>("arcc.json");
  const road = { ...presetNamed("arcc-2026").arcc!.road, percents: [25, 50, 75], noise: 0 };
  const largest = { "arcc": 0, "single-deletion": 0 };
  for (const { seed, arcc, single } of cases) {
    const { pixels, target } = sample(seed);
    const weights = classWeights(target);
    const own = minMax(square(summed((i) => weights[i]!, pixels)));
    for (const [index, of] of [sample(seed), sample(seed, own)].entries()) {
      const probe = arccProbe(of, { space: "normalized", road }, explainedAgain(of));
      const values = {
        ...run(singleDeletionProbe(of, { cells: 4 }, NORMALIZATION.mean), target).values,
        ...await runPrepared(probe, target),
      };
      const theirs = { "arcc": arcc[index]!, "single-deletion": single[index]! };
      for (const key of ["arcc", "single-deletion"] as const) {
        largest[key] = Math.max(largest[key], Math.abs(values[key]! - theirs[key]));
      }
    }
  }
  const maps = 2 * cases.length;
  return [
    { measure: "arcc", against: "pytorch-grad-cam 1.5.7", maps, largest: largest["arcc"] },
    {
      measure: "single-deletion",
      against: "the authors' steps in torch",
      maps,
      largest: largest["single-deletion"],
    },
  ];
}

async function pictureComparisons(): Promise<Compared[]> {
  const overlap = (name: "relevance-rank" | "top-k" | "miou", against: string) =>
    againstPicture(name, against, ({ seed, target, overlap }) => {
      const probe = overlapProbe(sample(seed), name, { topShare: 30 / AREA }, REGION);
      return [run(probe, target).values[name]!, overlap[name]];
    });
  return [
    await againstPicture(
      "max-sensitivity",
      "Captum 0.7",
      (each) => [Math.max(...seededChanges(each)), each.stability.max],
    ),
    await againstPicture(
      "avg-sensitivity",
      "the formula in numpy",
      (each) => [meanValue(seededChanges(each)), each.stability.mean],
    ),
    await againstPicture("coherency", "the authors' program", async (each) => [
      (await seededCoherency(each)).coherency,
      each.adcc.coherency,
    ]),
    await againstPicture("adcc", "the authors' program", async (each) => [
      (await seededCoherency(each)).adcc,
      each.adcc.adcc,
    ]),
    await againstPicture("ag", "the formula in numpy", async ({ seed, adcc: { least, gain } }) => {
      const masking = { ...presetNamed("gradcam-lib").masking! };
      const [clean] = await score([picture(seed)]);
      const of = { ...sample(seed), target: least, probability: clean![least]! };
      return [run(maskingProbe(of, masking, NORMALIZATION), least).values["AG100"]!, gain];
    }),
    await againstPicture("energy", "Quantus 0.6 (relevance mass)", ({ seed, target, overlap }) => [
      run(regionProbe(sample(seed), "energy", { tolerance: 0 }, REGION), target).values["energy"]!,
      overlap.energy,
    ]),
    await overlap("relevance-rank", "Quantus 0.6"),
    await overlap("top-k", "Quantus 0.6"),
    await overlap("miou", "scikit-learn 1.3"),
  ];
}

/** What measures.json says of a picture beside what is here. */
interface EarlierCase extends MeasureCase {
  readonly infidelity: { readonly normalized: number };
}

function earlierComparisons(): Compared[] {
  const { measures } = answers<{ measures: EarlierCase[] }>();
  const compared = (
    measure: MeasureName,
    against: string,
    pair: (each: EarlierCase, of: Enlarged) => readonly [number, number],
  ): Compared => {
    const differences = measures.map((each) => {
      const [ours, theirs] = pair(each, sample(each.seed));
      return Math.abs(ours - theirs);
    });
    return { measure, against, maps: differences.length, largest: Math.max(...differences) };
  };
  const preset = presetNamed("ptame-2025");
  const masked = (of: Enlarged, key: string) =>
    run(maskingProbe(of, preset.masking!, undefined), of.target).values[key]!;
  const steps = { ...presetNamed("rise").steps!, pixelsPerStep: 16 };
  const road = { ...preset.road!, imputation: "linear", score: "difference", summary: "mean" } as const;
  const relative = { drop: "relative", epsilon: 0 } as const;
  return [
    compared("ad", "the paper's masks in torch", ({ clean, target, masked: theirs }, of) => [
      masked(of, "AD50"),
      dropPercent(clean[target]!, theirs["50"]!.probability, relative),
    ]),
    compared("ic", "the paper's masks in torch", ({ clean, target, masked: theirs }, of) => [
      masked(of, "IC50"),
      increasePercent(clean[target]!, theirs["50"]!.probability),
    ]),
    compared("road", "Rong et al.'s system solved by scipy", ({ clean, target, road: theirs }, of) => [
      run(roadProbe(of, road, undefined, 0), target).values["ROAD-MoRF"]!,
      meanValue(road.percents.map((percent) => theirs[`morf${percent}`]!.probability - clean[target]!)),
    ]),
    ...(["insertion", "deletion"] as const).map((kind) =>
      compared(kind, "RISE in numpy and torch", ({ areas }, of) => [
        run(stepsProbe(of, kind, steps, NORMALIZATION), of.target).values[kind]!,
        areas[kind],
      ])
    ),
    compared("infidelity", "Captum 0.9", ({ target, infidelity }, of) => [
      run(
        infidelityProbe(
          of,
          { ...presetNamed("infidelity-neurips19").infidelity!, samples: Infinity },
          NORMALIZATION,
          0,
        ),
        target,
      ).values["infidelity"]!,
      infidelity.normalized,
    ]),
  ];
}

/** All comparisons, by measure. */
export async function comparisons(): Promise<ReadonlyMap<MeasureName, Compared>> {
  const all = [
    ...earlierComparisons(),
    ...quantusComparisons(),
    ...await pictureComparisons(),
    ...await deletionComparisons(),
  ];
  return new Map(all.map((each) => [each.measure, each]));
}
