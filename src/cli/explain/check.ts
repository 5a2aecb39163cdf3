/**
 * `explain --check`: compares the measures of an image's maps with those of the controls, and says in words which are
 * better.
 *
 * @module
 */
import { controls } from "../../baselines/controls.ts";
import { type CheckedMap, checkMap, checkSentence, type MapCheck } from "../../faithfulness/check.ts";
import { directionArrow, inOrder, keyTitle, shownValue } from "../../faithfulness/report/labels.ts";
import { cropImage } from "../../classifier/prepared_image.ts";
import { withoutUndefined } from "../../text/without_undefined.ts";
import type { MapExplainer } from "../../explanation/map_explanation.ts";
import type { Terminal } from "../terminal.ts";
import type { ExplainedFile } from "./image.ts";

/** A check as printed by `--json`. */
export interface TargetCheck extends MapCheck {
  /** The class whose map was checked. */
  readonly label: string;
  /** The verdict in words. */
  readonly sentence: string;
}

/** Checks the maps of all targets. */
export async function runChecks(
  explainer: MapExplainer,
  { explanation }: ExplainedFile,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<TargetCheck[]> {
  const { pixels, width } = cropImage(explanation.image, explainer.backbone.preprocessing);
  let asked = 0;
  const score = async (images: Float32Array[]) => {
    const all: Float32Array[] = [];
    for (const image of images) {
      terminal.doing(`Checking: ${asked++} images scored`);
      all.push(await explainer.probabilities(image, signal));
    }
    return all;
  };
  const checks: TargetCheck[] = [];
  for (const { index, label, probability, measured } of explanation.targets) {
    const check = await checkMap(
      { pixels, ...withoutUndefined({ width }), map: measured, target: index, probability },
      controls(),
      {
        score,
        normalization: explainer.backbone.preprocessing,
        signal,
      },
    );
    checks.push({ label, ...check, sentence: checkSentence(check) });
  }
  return checks;
}

/** Prints checks as tables with their verdicts. */
export function showChecks(terminal: Terminal, checks: readonly TargetCheck[]): void {
  for (const { label, map, controls, preset, sentence } of checks) {
    const rows: [string, CheckedMap][] = [["map", map], ...Object.entries(controls)];
    const title = `${label}, preset ${preset}`;
    const line = (first: string, cells: readonly string[]) =>
      terminal.say(
        `   ${first.padEnd(Math.max(14, title.length))}${cells.map((cell) => cell.padStart(10)).join("")}`,
      );
    terminal.say("");
    line(title, rows.map(([name]) => name));
    for (const key of inOrder(Object.keys(map.values))) {
      line(
        `${keyTitle(key)} ${directionArrow(key)}`,
        rows.map(([, { values }]) => shownValue(key, values[key]!)),
      );
    }
    line("map area", rows.map(([, { maskArea }]) => maskArea.toFixed(2)));
    terminal.say(`   ${sentence}`);
  }
}
