/**
 * The report for a person: the five most probable classes of an image, and the paths of its results.
 *
 * @module
 */
import { type Explanation, isPtame } from "../../ptame/explanation.ts";
import type { Refinement } from "../../explanation/refinement.ts";
import { fitSentence } from "../../ptame/fit/fit_record.ts";
import type { MapExplainer } from "../../explanation/map_explanation.ts";
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
  { explanation, milliseconds, contrasts, outs, mapPath }: ExplainedFile,
  image: string,
  load: number,
): void {
  const { prediction, targets, device, threads } = explanation;
  const onThreads = device === "webgpu" ? "" : `, ${threads} thread${threads === 1 ? "" : "s"}`;
  const partly = explainer.session.partlyOnCpu ? " (partly on the CPU)" : "";
  terminal.say("");
  terminal.say(`${bold(printable(image))}  ${explanation.model} on ${device}${partly}${onThreads}`);
  for (const { index, label, probability } of prediction) {
    const mark = targets.some((target) => target.index === index) ? "→" : " ";
    const percent = (100 * probability).toFixed(1).padStart(6);
    terminal.say(` ${mark} ${percent} %  ${bar(probability, 20).padEnd(20)}  ${label}`);
  }
  for (const { index, label, probability } of targets) {
    if (prediction.some((score) => score.index === index)) continue;
    terminal.say(` → ${(100 * probability).toFixed(3).padStart(6)} %  ${"".padEnd(20)}  ${label}`);
  }
  if (isPtame(explanation)) sayOfHead(terminal, explanation);
  if (explanation.activation !== "none") {
    terminal.say(
      `   The network ends with a ${explanation.activation}: its scores are ${
        ACTIVATION_WORDS[explanation.activation]
      }`,
    );
  }
  targets.forEach(({ label }, which) => {
    const other = contrasts?.[which]?.against.label;
    const rather = other === undefined ? "" : ` rather than ${other}`;
    terminal.say(`   ${label}${rather}: ${printable(outs[which]!)}`);
  });
  for (const { label, refinement } of targets) {
    if (refinement !== undefined) terminal.say(`   ${label}: ${refinementText(refinement)}`);
  }
  if (mapPath !== undefined) terminal.say(`   map: ${printable(mapPath)}`);
  const { prepare, predict, explain } = milliseconds;
  terminal.say(
    `   load ${duration(load)}, image ${duration(prepare)}, predict ${duration(predict)}, explain ${
      duration(explain)
    }`,
  );
}

/** What refining did, in words. */
function refinementText({ way, why, steps, passes, loss, stopped }: Refinement): string {
  const [before, after] = [loss.before.toFixed(3), loss.after.toFixed(3)];
  const how = way === "gradient" ? "" : `, without gradients (${why})`;
  return `${
    stopped ? "stopped after" : "refined in"
  } ${steps} steps, ${passes} passes: loss ${before} → ${after}${how}`;
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
