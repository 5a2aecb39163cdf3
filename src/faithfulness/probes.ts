/**
 * From the names of measures and a preset to the probes of one map.
 *
 * @module
 */
import { maskingProbe } from "./average_drop.ts";
import { stepsProbe } from "./insertion_deletion.ts";
import { regionProbe } from "./pointing.ts";
import { type Preset, presetFor } from "./presets.ts";
import type { Enlarged, Probe } from "./probe.ts";
import { roadProbe } from "./road.ts";
import type { MeasureName, Normalization, Region } from "./types.ts";

/** What probes need beside a map. */
export interface ProbeContext {
  /** What the classifier normalises with. */
  readonly normalization?: Normalization | undefined;
  /** Where the object is, where that is known. */
  readonly region?: Region | undefined;
  /** Of the noise of this picture. */
  readonly seed: number;
}

/** The probes of a map; AD and IC share theirs, as they need the same pictures. */
export function probesOf(
  sample: Enlarged,
  measures: readonly MeasureName[],
  preset: Preset,
  { normalization, region, seed }: ProbeContext,
): Probe[] {
  const probes: Probe[] = [];
  const masking = measures.filter((measure) => measure === "ad" || measure === "ic");
  if (masking.length > 0) {
    const wanted = new Set(masking.map((measure) => measure.toUpperCase()));
    const probe = maskingProbe(sample, presetFor(preset, "ad").masking!, normalization);
    const pick = <T>(of: Readonly<Record<string, T>>) =>
      Object.fromEntries(Object.entries(of).filter(([key]) => wanted.has(key.slice(0, 2))));
    probes.push({
      ...probe,
      read(outcomes) {
        const { values, areas } = probe.read(outcomes);
        return { values: pick(values), areas: pick(areas ?? {}) };
      },
    });
  }
  for (const measure of new Set(measures)) {
    const source = presetFor(preset, measure);
    switch (measure) {
      case "road":
        probes.push(roadProbe(sample, source.road!, normalization, seed));
        break;
      case "insertion":
      case "deletion":
        probes.push(stepsProbe(sample, measure, source.steps!, normalization));
        break;
      case "pointing":
      case "energy":
        probes.push(regionProbe(sample, measure, source.pointing!, region));
        break;
    }
  }
  return probes;
}

/** The measure that a key of a reading belongs to: "AD50" to "ad", "ROAD-MoRF" to "road". */
export function measureOf(key: string): MeasureName {
  if (/^AD\d/.test(key)) return "ad";
  if (/^IC\d/.test(key)) return "ic";
  if (/^ROAD/.test(key)) return "road";
  return key as MeasureName;
}

/** Which direction is good. */
export function betterOf(key: string): "higher" | "lower" {
  return measureOf(key) === "ad" || key === "ROAD-MoRF" || key === "deletion" ? "lower" : "higher";
}

/** The horizontal axis of a measure's curve, in percent of the pixels: positions and what they mean. */
export function axisOf(
  key: string,
  preset: Preset,
  points: number,
): { readonly percents: number[]; readonly means: "removed" | "kept" } {
  const source = presetFor(preset, measureOf(key));
  if (measureOf(key) === "road") {
    return {
      percents: [...source.road!.percents],
      means: key === "ROAD-MoRF" ? source.road!.morf : source.road!.lerf,
    };
  }
  const percents = Array.from({ length: points }, (_, i) => 100 * i / (points - 1));
  return { percents, means: key === "insertion" ? "kept" : "removed" };
}
