/**
 * The tables of a report as HTML.
 *
 * @module
 */
import type { DescribedFact } from "../../classifier/types.ts";
import type { Evaluation, ImageRecord } from "../summary.ts";
import { bestMethods } from "./best.ts";
import {
  directionArrow,
  keyMeaning,
  keyTitle,
  listKeys,
  shownMilliseconds,
  shownSpread,
  shownValue,
} from "./labels.ts";
import { lines, type Markup, markup, unbrokenPercents } from "./markup.ts";

/** Means with intervals: methods down, measures across; those that are best beyond noise are marked. */
export function resultTable(
  evaluation: Evaluation,
  records: readonly ImageRecord[],
  controls: readonly string[],
  seed: number,
): Markup {
  const keys = listKeys(evaluation);
  const best = bestMethods(evaluation, records, { seed });
  const head = keys.map((key) => {
    const good = directionArrow(key) === "↑" ? "higher is better" : "lower is better";
    // A line may break only after the measure's name.
    const title = unbrokenPercents(keyTitle(key));
    return markup`<th scope="col">${title}&nbsp;<abbr title="${good}">${directionArrow(key)}</abbr></th>`;
  });
  const rows = Object.entries(evaluation.methods).map(
    ([name, { measures, maskArea, millisecondsPerImage }]) => {
      const cells = keys.map((key) => {
        const result = measures[key];
        if (result === undefined) return markup`<td>–</td>`;
        const value = shownValue(key, result.value);
        const shown = best.get(key)!.has(name) ? markup`<strong>${value}</strong>` : value;
        return markup`<td>${shown} <small>${shownSpread(key, result)}</small></td>`;
      });
      const kind = controls.includes(name) ? markup` <small>control</small>` : null;
      const [area, time] = [maskArea.value.toFixed(2), shownMilliseconds(millisecondsPerImage.value)];
      return markup`<tr><th scope="row">${name}${kind}</th>${cells}<td>${area}</td><td>${time}</td></tr>`;
    },
  );
  const blank = Object.entries(evaluation.methods).flatMap(([name, { blank }]) => {
    if (blank === undefined) return [];
    const reasons = Object.entries(blank).map(([reason, count]) => `${count} ${reason}`).join(", ");
    return [markup`<p>Left out of the means of ${name}: maps that show nothing (${reasons}).</p>`];
  });
  return markup`<div class="wide" role="region" aria-label="Results" tabindex="0"><table>
<thead><tr><th scope="col">Method</th>${head}<th scope="col">Map area</th><th scope="col">Per map</th></tr></thead>
<tbody>${lines(rows)}</tbody></table></div>${lines(blank)}`;
}

/** What the measures mean, in sentences. */
export function meaningList(evaluation: Evaluation): Markup {
  const items = listKeys(evaluation).map((key) =>
    markup`<dt>${unbrokenPercents(keyTitle(key))} ${directionArrow(key)}</dt><dd>${
      unbrokenPercents(keyMeaning(key))
    }</dd>`
  );
  return markup`<dl class="meanings">${lines(items)}</dl>`;
}

/** What the classifier sees and gives, and where each entry was found. */
export function classifierTable(facts: readonly DescribedFact[]): Markup {
  const rows = facts.map(({ name, value, from }) => {
    const shown = from === "assumed" ? markup`<strong>assumed</strong>` : from;
    return markup`<tr><th scope="row">${name}</th><td>${value}</td><td>${shown}</td></tr>`;
  });
  return markup`<div class="wide" role="region" aria-label="What the classifier saw" tabindex="0"><table>
<thead><tr><th scope="col">Entry</th><th scope="col">Value</th><th scope="col">Found in</th></tr></thead>
<tbody>${lines(rows)}</tbody></table></div>`;
}

/** Which preset each measure was taken with, over how many images, and how much of the image its masks show. */
export function presetTable(evaluation: Evaluation): Markup {
  const methods = Object.keys(evaluation.methods);
  const rows = listKeys(evaluation).map((key) => {
    const results = methods.map((name) => evaluation.methods[name]!.measures[key]);
    const first = results.find((result) => result !== undefined)!;
    const areas = results.map((result) =>
      markup`<td>${result === undefined ? "–" : result.maskArea.toFixed(2)}</td>`
    );
    const { preset, images } = first;
    return markup`<tr><th scope="row">${keyTitle(key)}</th><td>${preset}</td><td>${images}</td>${areas}</tr>`;
  });
  const head = methods.map((name) => markup`<th scope="col">${name}</th>`);
  return markup`<div class="wide" role="region" aria-label="Presets and mask areas" tabindex="0"><table>
<thead><tr><th scope="col">Measure</th><th scope="col">Preset</th><th scope="col">Images</th>${head}</tr></thead>
<tbody>${lines(rows)}</tbody></table></div>`;
}
