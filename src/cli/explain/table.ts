/**
 * The report for a person: the five most probable classes of an image, and the paths of its results.
 *
 * @module
 */
import { type Explanation, isPtame } from "../../ptame/explanation.ts";
import type { Completeness, Settling } from "../../explanation/blank_map.ts";
import type { MapRegion } from "../../explanation/regions.ts";
import type { Refinement } from "../../explanation/refinement.ts";
import { fitSentence } from "../../ptame/fit/fit_record.ts";
import type { ClassifierFacts } from "../../classifier/types.ts";
import { layerText, type MapExplainer, type MapExplanation } from "../../explanation/map_explanation.ts";
import { STREAM } from "../streams.ts";
import { bar, bold, duration, printable, type Terminal } from "../terminal.ts";
import type { ExplainedFile } from "./image.ts";

/** Meaning of the scores, by the function that the network ends in. */
const ACTIVATION_WORDS = {
  "softmax": "probabilities already",
  "log-softmax": "logarithms of probabilities",
  "sigmoid": "independent probabilities of each class",
};

/** Shows the table of an image. `load` is how many milliseconds the networks took to open. */
export function showTable(
  terminal: Terminal,
  explainer: MapExplainer,
  { explanation, milliseconds, contrasts, outs, regions, mapPath }: ExplainedFile,
  image: string,
  load: number,
): void {
  const { prediction, targets, device, threads } = explanation;
  const onThreads = device === "webgpu" ? "" : `, ${threads} thread${threads === 1 ? "" : "s"}`;
  const partly = explainer.session.partlyOnCpu ? " (partly on the CPU)" : "";
  terminal.say("");
  terminal.say(`${bold(printable(image))}  ${explanation.model} on ${device}${partly}${onThreads}`);
  const number = (probability: number, digits: number) =>
    explanation.reading === "none"
      ? String(Number(probability.toPrecision(4))).padStart(8)
      : `${(100 * probability).toFixed(digits).padStart(6)} %`;
  const drawn = (probability: number) =>
    (explanation.reading === "none" ? "" : bar(probability, 20)).padEnd(20);
  for (const { index, label, probability } of prediction) {
    const mark = targets.some((target) => target.index === index) ? "→" : " ";
    terminal.say(` ${mark} ${number(probability, 1)}  ${drawn(probability)}  ${printable(label)}`);
  }
  for (const { index, label, probability } of targets) {
    if (prediction.some((score) => score.index === index)) continue;
    terminal.say(` → ${number(probability, 3)}  ${"".padEnd(20)}  ${printable(label)}`);
  }
  if (isPtame(explanation)) sayOfHead(terminal, explanation);
  if (explanation.layer !== undefined) {
    terminal.say(`   Layer ${printable(layerText(explanation.layer))}`);
  }
  for (const { label, blank } of targets) {
    if (blank !== undefined) terminal.say(`   The map of ${printable(label)} shows nothing: ${blank.note}`);
  }
  for (const { label, completeness, settling } of targets) {
    if (completeness !== undefined) {
      terminal.say(`   ${printable(label)}: ${completenessText(completeness)}`);
    }
    if (settling !== undefined) terminal.say(`   ${printable(label)}: ${settlingText(settling)}`);
  }
  for (const line of scoreLines(explainer.backbone, explanation)) terminal.say(`   ${line}`);
  targets.forEach(({ label }, which) => {
    const other = contrasts?.[which]?.against.label;
    const rather = other === undefined ? "" : ` rather than ${other}`;
    terminal.say(
      `   ${label}${rather}: ${outs[which] === STREAM ? "standard output" : printable(outs[which]!)}`,
    );
  });
  for (const { label, refinement } of targets) {
    if (refinement !== undefined) terminal.say(`   ${label}: ${refinementText(refinement)}`);
  }
  targets.forEach(({ label }, which) => {
    const found = regions?.[which];
    if (found !== undefined) terminal.say(`   ${label}: ${boxesText(found)}`);
  });
  if (mapPath !== undefined) terminal.say(`   map: ${printable(mapPath)}`);
  const { prepare, predict, explain } = milliseconds;
  terminal.say(
    `   load ${duration(load)}, image ${duration(prepare)}, predict ${duration(predict)}, explain ${
      duration(explain)
    }`,
  );
}

/** More boxes are counted; --json gives them all. */
const SHOWN_BOXES = 3;

/** The boxes around the strong regions, in words. */
function boxesText(regions: readonly MapRegion[]): string {
  const texts = regions.slice(0, SHOWN_BOXES).map(({ box: { x, y, width, height }, weight }) =>
    `${Math.round(width)} x ${Math.round(height)} at (${Math.round(x)}, ${Math.round(y)}), ` +
    `${(100 * weight).toFixed(0)} % of the map`
  );
  if (texts.length === 0) return "no region reaches the threshold";
  const more = regions.length - texts.length;
  return `box${regions.length === 1 ? "" : "es"} ${texts.join("; ")}${more > 0 ? `; ${more} smaller` : ""}`;
}

/** What refining did, in words. */
function refinementText({ way, why, steps, passes, loss, stopped }: Refinement): string {
  const [before, after] = [loss.before.toFixed(3), loss.after.toFixed(3)];
  const how = way === "gradient" ? "" : `, without gradients (${why})`;
  return `${
    stopped ? "stopped after" : "refined in"
  } ${steps} steps, ${passes} passes: loss ${before} → ${after}${how}`;
}

/** Facts about the scores: which output they are, and how they are read. */
function scoreLines(
  { output, otherOutputs = [], single, asked }: ClassifierFacts,
  { activation, reading }: MapExplanation,
): string[] {
  const lines: string[] = [];
  if (otherOutputs.length > 0) {
    const others = otherOutputs.map(printable).join(", ");
    lines.push(`The scores are the output ${printable(output ?? "")}; others, for --output: ${others}`);
  }
  if (single === "logit") {
    lines.push("The network gives one score: its sigmoid is the probability of the second class");
  } else if (single === "value") {
    lines.push("The network gives one number: what makes it higher or lower is shown");
  } else if (activation !== "none") {
    lines.push(`The network ends with a ${activation}: its scores are ${ACTIVATION_WORDS[activation]}`);
  } else if (reading === "recognised") {
    lines.push(
      "The scores look like probabilities (none is negative, their sum is 1) and are taken for them; " +
        "--activation softmax if they are not",
    );
  } else if (asked === "none") lines.push("The scores are shown as they are");
  return lines;
}

function sayOfHead(terminal: Terminal, { head, model, warning }: Explanation): void {
  if (head.trained && head.backbone !== model) {
    terminal.say(`   The head was trained for ${head.backbone}: its maps may be unreliable for ${model}`);
  }
  if (!head.trained && head.fit === undefined) {
    terminal.say(`   The head is not trained: the map is ${head.name}`);
  }
  if (head.fit !== undefined) {
    terminal.say(`   The head is fitted${head.trained ? " and trained" : ""}. ${fitSentence(head.fit)}`);
  }
  if (warning !== undefined) terminal.say(`   ${bold("Warning")}: ${warning}`);
}

/** How far the sum of a map is from the difference of scores that it should be. */
export function completenessText({ sum, difference }: Completeness): string {
  const away = difference === 0 ? Math.abs(sum) : 100 * Math.abs((sum - difference) / difference);
  const apart = `${Number(away.toPrecision(2))}${difference === 0 ? "" : " %"}`;
  return `the values add up to ${Number(sum.toPrecision(4))}; the score changes by ` +
    `${Number(difference.toPrecision(4))} from black to the image (${apart} apart; --steps N lowers it)`;
}

/** Whether a ranking has settled, and after how many masks. */
export function settlingText({ masks, agreement, settled }: Settling): string {
  return `the ranking has ${
    settled ? "" : "not "
  }settled after ${masks} masks (expected rank correlation with ` +
    `another run ${agreement.toFixed(3)})`;
}
