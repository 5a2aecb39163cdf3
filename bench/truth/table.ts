/**
 * The table of the benchmark with known truth, as Markdown.
 *
 * @module
 */
import { methodNamed } from "../../src/baselines/methods.ts";
import type { Interval } from "../../src/faithfulness/types.ts";
import { markdownTable } from "../../tools/markdown_table.ts";
import type { Results } from "./sums.ts";

const percent = (value: number) => (100 * value).toFixed(1);
const withInterval = ({ value, low, high }: Interval) =>
  `${percent(value)} [${percent(low)}, ${percent(high)}]`;

/** Bold where the difference to the best is within noise: such methods share the place. */
function marked(interval: Interval, behind: Interval): string {
  return behind.high >= 0 ? `**${withInterval(interval)}**` : withInterval(interval);
}

/** What the table and the sentences below it say. */
export function tableText({ scenes, rows, check }: Results): string {
  const lines = rows.map(({ method, mass, rank, distractor, massBehind, rankBehind }) => [
    methodNamed(method).title,
    marked(mass, massBehind),
    withInterval(massBehind),
    marked(rank, rankBehind),
    withInterval(rankBehind),
    withInterval(distractor),
  ]);
  const head = [
    "method",
    "mass on the parts ↑",
    "less the best",
    "rank accuracy ↑",
    "less the best",
    "on distractors ↓",
  ];
  return `${markdownTable([head, ...lines])}

In percent; ${scenes} scenes, 95 % intervals over scenes, differences paired. The classifier is right on ${
    percent(check.right)
  } % of the scenes. Of those, it gives ${
    percent(check.sameElsewhere)
  } % the same class with other surroundings; the
probability of the class falls from ${percent(check.whole)} % to ${
    percent(check.withoutHat)
  } % without the hat (the mark
is still told for ${percent(check.markStays)} %), and to ${
    percent(check.withoutMark)
  } % without the mark (the hat for ${percent(check.hatStays)} %).`;
}

/** The methods of the README's table: the best of each kind, P-TAME, and chance. */
const SHOWN = [
  "lrp-gamma",
  "occlusion",
  "lime",
  "integrated-gradients",
  "gradcam",
  "ptame",
  "rise",
  "random",
];

/** A short form of the table, for the README. */
export function shortTableText({ rows }: Results): string {
  const shown = rows.filter(({ method }) => SHOWN.includes(method));
  const head = ["method", "mass on the parts, % ↑", "rank accuracy, % ↑"];
  return markdownTable([
    head,
    ...shown.map(({ method, mass, rank, massBehind, rankBehind }) => [
      methodNamed(method).title,
      marked(mass, massBehind),
      marked(rank, rankBehind),
    ]),
  ]);
}
