/**
 * Results as a plot: how many times longer (or shorter) each takes than what it is compared with, on a logarithmic axis.
 *
 *     deno task bench --json > bench.json
 *     deno task bench:peer --json > peer.json
 *     deno run -A tools/launch.ts deno run -A bench/plot.ts bench.json peer.json examples/bench.svg
 *
 * @module
 */
import * as Plot from "@observablehq/plot";
import type { Row } from "./measure.ts";

const paths = Deno.args.slice(0, -1);
const out = Deno.args.at(-1);
if (out === undefined || paths.length === 0 || !out.endsWith(".svg")) {
  console.error("Usage: plot.ts RESULTS.json… OUT.svg");
  Deno.exit(2);
}
// Not a literal: only this program needs it.
const { parseHTML } = await import(["npm:linkedom", "0.18.12"].join("@"));
const { document } = parseHTML("<!DOCTYPE html><html><body></body></html>");

/** What a reader wants to see: baselines against P-TAME, and ours against PyTorch. */
const SHOWN = /^(baselines|explanation|training step|process start)/;
const rows = paths.flatMap((path) => JSON.parse(Deno.readTextFileSync(path)) as Row[])
  .filter(({ name, unit, against }) => against !== "" && unit === "ms" && SHOWN.test(name))
  .map((row) => ({ ...row, label: labelOf(row) }));
function labelOf({ name, device, against }: Row): string {
  const what = name.replace(/^baselines: /, "").replace(": ptame", ", ptame").replace(/, wasm$/, "")
    .replace("process start to written PNG", "start to written PNG");
  return `${what}, ${device} : ${against}`;
}
const shown = (ratio: number) => (ratio < 10 ? `${ratio.toFixed(2)} ×` : `${Math.round(ratio)} ×`);
const svg = Plot.plot({
  document,
  width: 860,
  marginLeft: 440,
  marginBottom: 42,
  marginRight: 60,
  height: 26 * rows.length + 70,
  style: { fontSize: "12px", background: "white", color: "#222" },
  x: {
    type: "log",
    label: "times as long",
    labelOffset: 36,
    grid: true,
    tickFormat: (value: number) => String(value),
  },
  y: { label: null, domain: rows.map(({ label }) => label) },
  marks: [
    Plot.ruleX([1], { stroke: "#222" }),
    Plot.barX(rows, {
      y: "label",
      x1: 1,
      x2: "ratio",
      fill: ({ ratio }: Row) => (ratio > 1 ? "#c2571a" : "#2a7f9e"),
      insetTop: 4,
      insetBottom: 4,
    }),
    Plot.text(rows, {
      y: "label",
      x: ({ ratio }: Row) => Math.max(1, ratio),
      text: ({ ratio }: Row) => shown(ratio),
      dx: 6,
      textAnchor: "start",
    }),
  ],
} as Plot.PlotOptions);
svg.setAttribute("xmlns", "http://www.w3.org/2000/svg");
await Deno.writeTextFile(out, svg.outerHTML + "\n");
