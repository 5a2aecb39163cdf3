/**
 * Draws curves of quality against passes: a panel for each measure, passes on a logarithmic axis, and the difference from
 * the head's own maps of the same images, with 95 % intervals.
 *
 *     deno run -A tools/launch.ts deno run -A bench/curves/plot.ts bench/results/efficientnet_lite0_curves.json OUT.svg
 *
 * @module
 */
import * as Plot from "@observablehq/plot";

const [from, out] = Deno.args;
if (from === undefined || out === undefined || !out.endsWith(".svg")) {
  console.error("Usage: curves/plot.ts CURVES.json OUT.svg");
  Deno.exit(2);
}
// Not a literal: only the programs that draw need it.
const { parseHTML } = await import(["npm:linkedom", "0.18.12"].join("@"));
const { document } = parseHTML("<!DOCTYPE html><html><body></body></html>");

interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}
interface Point {
  readonly curve: string;
  readonly passes: number;
  /** Differences from the head's maps; the head itself has none. */
  readonly fromHead?: Readonly<Record<string, Interval>>;
}
const { points } = JSON.parse(Deno.readTextFileSync(from)) as { points: Point[] };

const PANELS = [
  ["AD50", "AD 50 % − the head's, lower is better"],
  ["ROAD", "ROAD − the head's, higher is better"],
  ["insertion", "insertion − the head's, higher is better"],
  ["deletion", "deletion − the head's, lower is better"],
] as const;
const COLOURS: Readonly<Record<string, string>> = {
  "head": "#111111",
  "refined": "#c2571a",
  "refined without gradients": "#e0a100",
  "class activation": "#7a7a7a",
  "Score-CAM": "#2a7f9e",
  "RISE": "#5b8c2a",
  "extremal perturbations": "#8a4fa3",
};
const [WIDTH, HEIGHT, LEGEND] = [430, 300, 56];

function panel(measure: string, title: string): Element {
  const rows = points.filter(({ fromHead }) => fromHead?.[measure] !== undefined).map((point) => ({
    ...point,
    ...point.fromHead![measure]!,
  }));
  const head = points.filter(({ curve }) => curve === "head").map((point) => ({ ...point, value: 0 }));
  const colour = ({ curve }: Point) => COLOURS[curve]!;
  return Plot.plot({
    document,
    width: WIDTH,
    height: HEIGHT,
    marginLeft: 50,
    marginBottom: 40,
    marginTop: 30,
    style: { fontSize: "12px", background: "white", color: "#222" },
    x: { type: "log", domain: [0.8, 5000], ticks: [1, 10, 100, 1000], tickFormat: String, label: "passes" },
    y: { label: title, grid: true, nice: true },
    marks: [
      Plot.ruleY([0], { stroke: "#111111", strokeDasharray: "3,3" }),
      Plot.ruleX(rows, {
        x: "passes",
        y1: "low",
        y2: "high",
        stroke: colour,
        strokeOpacity: 0.35,
        strokeWidth: 2,
      }),
      Plot.line(rows, { x: "passes", y: "value", z: "curve", stroke: colour, strokeWidth: 2 }),
      Plot.dot([...head, ...rows], { x: "passes", y: "value", fill: colour, r: 3.5 }),
    ],
  } as Plot.PlotOptions) as unknown as Element;
}

/** Names and colours of the curves, in two rows. */
function legend(): string {
  const names = [...new Set(points.map(({ curve }) => curve))];
  return names.map((name, at) => {
    const [x, y] = [20 + (at % 4) * 210, 18 + Math.floor(at / 4) * 24];
    return `<circle cx="${x}" cy="${y}" r="5" fill="${COLOURS[name]}"/>` +
      `<text x="${x + 12}" y="${y + 4}">${name}</text>`;
  }).join("");
}

const panels = PANELS.map(([measure, title], at) => {
  const svg = panel(measure, title);
  svg.setAttribute("x", String((at % 2) * WIDTH));
  svg.setAttribute("y", String(LEGEND + Math.floor(at / 2) * HEIGHT));
  return svg.outerHTML;
});
const [width, height] = [2 * WIDTH, LEGEND + 2 * HEIGHT];
Deno.writeTextFileSync(
  out,
  `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ` +
    `font-family="system-ui, sans-serif" font-size="13" fill="#222"><rect width="100%" height="100%" fill="white"/>` +
    `${legend()}${panels.join("")}</svg>\n`,
);
