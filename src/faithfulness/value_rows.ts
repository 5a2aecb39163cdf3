/**
 * Records as a long table: one row for each value of each map, for statistics programs.
 *
 * @module
 */
import { inOrder } from "./report/labels.ts";
import { measureWithKey, presetForMeasure } from "./measures.ts";
import { presetNamed } from "./presets.ts";
import type { ImageRecord } from "./summary.ts";

/** One value of one map. */
export interface ValueRow {
  /** The image's name. */
  readonly image: string;
  /** Index of the explained class. */
  readonly class: number;
  /** Its probability on the clean image. */
  readonly probability: number;
  /** Name of the method. */
  readonly method: string;
  /** Key of the measure, such as "AD50"; "" if the map shows nothing. */
  readonly measure: string;
  /** The value; undefined if the map shows nothing. */
  readonly value: number | undefined;
  /** Name of the measure's preset; "" if the map shows nothing. */
  readonly preset: string;
  /** Mean of the used mask, or of the map if the measure has no mask. */
  readonly maskArea: number;
  /** Time for computing the map. */
  readonly milliseconds: number;
  /** Why the map shows nothing; "" if it tells something. */
  readonly blank: string;
}

/**
 * The rows of records, image by image, in the order of methods and measures. A map that shows nothing has one row without
 * a value.
 *
 * @param preset Name of the requested preset.
 */
export function* valueRows(records: Iterable<ImageRecord>, preset: string): Generator<ValueRow> {
  const asked = presetNamed(preset);
  // Nearly all maps have the same keys: their order and presets are found once.
  const known = new Map<string, readonly (readonly [key: string, preset: string])[]>();
  const keysWithPresets = (values: ImageRecord["methods"][string]["values"]) => {
    const keys = Object.keys(values);
    const found = known.get(keys.join()) ??
      inOrder(keys).map((key) => [key, presetForMeasure(asked, measureWithKey(key).name).name] as const);
    known.set(keys.join(), found);
    return found;
  };
  for (const { image, target, probability, methods } of records) {
    for (const [method, { values, areas, maskArea, milliseconds, blank = "" }] of Object.entries(methods)) {
      const map = { image, class: target, probability, method };
      if (blank !== "") {
        yield { ...map, measure: "", value: undefined, preset: "", maskArea, milliseconds, blank };
        continue;
      }
      for (const [key, preset] of keysWithPresets(values)) {
        const measured = { measure: key, value: values[key], preset };
        yield { ...map, ...measured, maskArea: areas?.[key] ?? maskArea, milliseconds, blank };
      }
    }
  }
}
