/**
 * The statistics of a report as HTML: ranks and tests of each measure, and how far measures agree.
 *
 * @module
 */
import type { MeasureAgreement, MeasureStatistics, PairStatistics } from "../statistics/compare.ts";
import { directionArrow, keyTitle } from "./labels.ts";
import { lines, type Markup, markup, unbrokenPercents } from "./markup.ts";

/** A probability with two significant digits. */
export function shownProbability(p: number): string {
  return p < 1e-4 ? "< 0.0001" : p.toPrecision(2);
}

/** What a difference of one point is, in words. */
function pointText(point: number): string {
  return point === 1 ? "1 percent" : String(point);
}

/** The pair of two methods, from the first one's side. */
function pairBetween(
  pairs: readonly PairStatistics[],
  first: string,
  second: string,
): PairStatistics | undefined {
  const pair = pairs.find(({ a, b }) => (a === first && b === second) || (a === second && b === first));
  if (pair === undefined || pair.a === first) return pair;
  return { ...pair, a: first, b: second, wins: pair.losses, losses: pair.wins };
}

/** One measure: methods by average rank, each beside the first. */
function rankTable({ key, images, ranks = {}, criticalDifference, point, pairs }: MeasureStatistics): Markup {
  const sorted = Object.entries(ranks).sort(([, a], [, b]) => a - b);
  const best = sorted[0]![0];
  const rows = sorted.map(([name, rank]) => {
    const pair = name === best ? undefined : pairBetween(pairs, name, best);
    const cells = pair === undefined ? ["", "", ""] : [
      `${pair.wins} / ${pair.ties} / ${pair.losses}`,
      shownProbability(pair.corrected),
      pair.imagesForPoint === undefined ? "unknown" : String(pair.imagesForPoint),
    ];
    return markup`<tr><th scope="row">${name}</th><td>${rank.toFixed(2)}</td>${
      cells.map((cell) => markup`<td>${cell}</td>`)
    }</tr>`;
  });
  const title = unbrokenPercents(`${keyTitle(key)} ${directionArrow(key)}`);
  const critical = criticalDifference === undefined
    ? ""
    : `, critical difference ${criticalDifference.toFixed(2)}`;
  return markup`<details><summary>${title}: ${best} ranks first (${images} images${critical})</summary>
<div class="wide" role="region" aria-label="Ranks in ${keyTitle(key)}" tabindex="0"><table>
<thead><tr><th scope="col">Method</th><th scope="col">Rank</th><th scope="col">Better / equal / worse than ${best}</th>
<th scope="col">p (Holm)</th><th scope="col">Images for ${pointText(point)}</th></tr></thead>
<tbody>${lines(rows)}</tbody></table></div></details>`;
}

/** Tables of ranks and tests, one below the other; undefined if there are no two methods to compare. */
export function rankTables(statistics: readonly MeasureStatistics[]): Markup | undefined {
  const ranked = statistics.filter(({ ranks }) => ranks !== undefined);
  return ranked.length === 0 ? undefined : lines(ranked.map(rankTable));
}

/** Agreement of measures as a table of all pairs; undefined without any. */
export function agreementTable(agreement: readonly MeasureAgreement[]): Markup | undefined {
  if (agreement.length === 0) return undefined;
  const keys = [...new Set(agreement.flatMap(({ a, b }) => [a, b]))];
  const taus = new Map(
    agreement.flatMap(({ a, b, tau }) => [[`${a} ${b}`, tau], [`${b} ${a}`, tau]] as const),
  );
  const rows = keys.map((row) =>
    markup`<tr><th scope="row">${unbrokenPercents(keyTitle(row))}</th>${
      keys.map((column) => {
        const tau = taus.get(`${row} ${column}`);
        return markup`<td>${
          row === column ? "" : tau === undefined ? "–" : tau.toFixed(2).replace("-", "−")
        }</td>`;
      })
    }</tr>`
  );
  return markup`<div class="wide" role="region" aria-label="Agreement of measures" tabindex="0"><table>
<thead><tr><th scope="col">Measure</th>${
    keys.map((key) => markup`<th scope="col">${unbrokenPercents(keyTitle(key))}</th>`)
  }</tr></thead>
<tbody>${lines(rows)}</tbody></table></div>`;
}
