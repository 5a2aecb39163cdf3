/**
 * The chart of erasing: a class's probability over the share that is erased, by three orders, and the way of the person's
 * own brush. Lines differ by colour, dash and label.
 *
 * @module
 */
import { percent } from "./dom.ts";
import { type Curve, curveMean, type Order, ORDERS, STEPS } from "./orders.ts";

/** Probabilities of all classes when a share of the image was erased. */
export interface TrailPoint {
  readonly share: number;
  readonly probabilities: Float32Array;
}

/** What the lines are called. */
export const ORDER_WORDS: Readonly<Record<Order, string>> = {
  strongest: "strongest first",
  weakest: "weakest first",
  random: "at random",
};

/** The chart's own units: where its lines have room. */
const [LEFT, TOP, WIDTH, HEIGHT] = [46, 12, 256, 130] as const;
const SVG = "http://www.w3.org/2000/svg";

const across = (share: number) => LEFT + share * WIDTH;
const up = (probability: number, most: number) => TOP + (1 - probability / most) * HEIGHT;

/** Draws the chart anew. */
export function drawCurves(
  chart: SVGSVGElement,
  { curves, trail, index, label }: {
    readonly curves: readonly Curve[];
    readonly trail: readonly TrailPoint[];
    readonly index: number;
    readonly label: string;
  },
): void {
  const all = [
    ...curves.flatMap(({ probabilities }) => probabilities),
    ...trail.map(({ probabilities }) => probabilities[index]!),
  ];
  const most = roundMost(Math.max(0.01, ...all));
  const parts: SVGElement[] = [];
  for (const part of [0, 0.5, 1]) {
    const y = up(part * most, most);
    parts.push(node("line", { class: "grid", x1: LEFT, x2: LEFT + WIDTH, y1: y, y2: y }));
    parts.push(text(`${shortPercent(part * most)}`, { x: LEFT - 6, y: y + 4, "text-anchor": "end" }));
    parts.push(text(`${100 * part} %`, { x: across(part), y: TOP + HEIGHT + 16, "text-anchor": "middle" }));
  }
  parts.push(text("of it erased", { x: across(0.5), y: TOP + HEIGHT + 32, "text-anchor": "middle" }));
  for (const { order, probabilities } of curves) {
    const points = probabilities.map((value, step) =>
      `${across(step / STEPS)},${up(value, most).toFixed(1)}`
    );
    parts.push(node("polyline", { class: order, points: points.join(" ") }));
  }
  const own = trail.map(({ share, probabilities }) =>
    `${across(share).toFixed(1)},${up(probabilities[index]!, most).toFixed(1)}`
  );
  if (own.length > 0) {
    parts.push(node("polyline", { class: "own", points: own.join(" ") }));
    const [cx, cy] = own.at(-1)!.split(",");
    parts.push(node("circle", { class: "own", cx: cx!, cy: cy!, r: 4.5 }));
  }
  chart.replaceChildren(...parts);
  chart.setAttribute("aria-label", describe(curves, label));
}

/** What the lines say, in words. */
export function describe(curves: readonly Curve[], label: string): string {
  const said = ORDERS.flatMap((order) => {
    const curve = curves.find((each) => each.order === order);
    if (curve === undefined) return [];
    return [`${ORDER_WORDS[order]} ${percent(curve.probabilities[1]!)} after a tenth`];
  });
  const lines = said.length === 0 ? "being measured" : said.join(", ");
  return `Probability of ${label} over the share that is erased: ${lines}`;
}

/** What the lines show, as a sentence; undefined until all are there. */
export function verdict(curves: readonly Curve[]): string | undefined {
  const means = ORDERS.map((order) => curves.find((each) => each.order === order)).map((curve) =>
    curve && curveMean(curve)
  );
  const [strongest, weakest, random] = means;
  if (strongest === undefined || weakest === undefined || random === undefined) return undefined;
  const numbers = `mean ${percent(strongest)}, against ${percent(random)} at random and ${
    percent(weakest)
  } from the weak end`;
  return strongest < 0.9 * random && random < weakest
    ? `Erasing what the map marks hurts most: ${numbers}.`
    : strongest < random
    ? `Erasing what the map marks hurts more than chance: ${numbers}.`
    : `Here the map does not do better than chance: ${numbers}.`;
}

/** A round number that the values stay below. */
function roundMost(most: number): number {
  return [0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1].find((round) => most <= round) ?? 1;
}

function shortPercent(share: number): string {
  return `${Number((100 * share).toPrecision(2))} %`;
}

function node(name: string, attributes: Readonly<Record<string, string | number>>): SVGElement {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made;
}

function text(content: string, attributes: Readonly<Record<string, string | number>>): SVGElement {
  const made = node("text", attributes);
  made.textContent = content;
  return made;
}
