/**
 * The plots of a report as SVG text, drawn by Observable Plot when the report is made: the page needs no script.
 *
 * Plot draws into a `Document`: a page's own, or in Deno one of linkedom's.
 *
 * @module
 */
import { type Evaluation, type ImageRecord, type MeasureResult, warmTimes } from "../summary.ts";
import { curveAxis } from "../measures.ts";
import { presetNamed } from "../presets.ts";
import { directionArrow, keyTitle, listKeys } from "./labels.ts";
import type { MeasureStatistics } from "../statistics/compare.ts";
import type { MethodStyle } from "./palette.ts";
import type { PlotLibrary, PlotOptions } from "./plot.ts";

/** A plot with its words. */
export interface Chart {
  /** Heading. */
  readonly title: string;
  /** Explanation below it. */
  readonly caption: string;
  /** An `<svg>` element. */
  readonly svg: string;
}

/** What all charts share. */
export interface ChartContext {
  /** The library that draws. */
  readonly plot: PlotLibrary;
  /** Document that creates the elements. */
  readonly document: Document;
  /** Colours and markers of the methods. */
  readonly styles: ReadonlyMap<string, MethodStyle>;
}

/** Narrow enough for a phone at full size: scaled down, letters would be too small to read. */
const WIDTH = 340;

function draw(
  { plot, document }: ChartContext,
  label: string,
  options: Omit<PlotOptions, "document">,
): string {
  const svg = plot.plot({
    width: WIDTH,
    ...options,
    document,
    ariaLabel: label,
    style: { fontSize: "12px" },
  });
  svg.setAttribute("role", "img");
  // The image has one label; a label on a part without a role is a fault, and nobody hears it.
  for (const part of svg.querySelectorAll("[aria-label], [aria-description], [aria-hidden]")) {
    const label = part.getAttribute("aria-label");
    if (label !== null) part.setAttribute("data-part", label);
    for (const name of ["aria-label", "aria-description", "aria-hidden"]) part.removeAttribute(name);
  }
  return svg.outerHTML;
}

/** Meaning of a curve's height, for captions. */
const HEIGHTS = {
  accuracy: "Share of images whose class is still seen",
  change: "Change of the class's probability",
  probability: "Probability of the class",
} as const;

/** Mean curves over the pixels that are removed or kept: one chart per measure that has them. */
export function curveCharts(evaluation: Evaluation, context: ChartContext): Chart[] {
  return listKeys(evaluation).flatMap((key) => {
    const curves = Object.entries(evaluation.methods).flatMap(([method, { measures }]) => {
      const curve = measures[key]?.curve;
      return curve === undefined ? [] : [{ method, curve }];
    });
    const means = curves[0]?.curve.means;
    if (means === undefined) return [];
    const marks = curves.flatMap(({ method, curve }) => {
      const { colour, dash, symbol } = context.styles.get(method)!;
      const points = curve.percents.map((percent, i) => ({ percent, value: curve.values[i]! }));
      const at = { x: "percent", y: "value" } as const;
      return [
        context.plot.line(points, { ...at, stroke: colour, strokeDasharray: dash, strokeWidth: 2 }),
        // Markers show the percentages; hundreds of steps need none.
        ...(points.length > 20
          ? []
          : [context.plot.dot(points, { ...at, stroke: colour, fill: colour, symbol, r: 3.5 })]),
      ];
    });
    const values = curves.flatMap(({ curve }) => curve.values);
    const unit = Math.min(...values) >= 0 && Math.max(...values) <= 1;
    const title = `${keyTitle(key)} ${directionArrow(key)}`;
    const subject = HEIGHTS[curveAxis(key, presetNamed(evaluation.preset), 2).height];
    return [{
      title,
      caption: `${subject}, by the percentage of pixels ${means}.`,
      svg: draw(context, `${title}: ${subject} by percentage of pixels ${means}`, {
        height: 240,
        marginTop: 10,
        marginLeft: 42,
        marginBottom: 42,
        x: {
          domain: [0, 100],
          label: `pixels ${means} (%)`,
          labelAnchor: "center",
          labelArrow: "none",
          labelOffset: 38,
          ticks: 5,
        },
        y: { ...(unit ? { domain: [0, 1] } : {}), label: null, grid: true, ticks: 5 },
        marks: unit ? marks : [context.plot.ruleY([0], { strokeOpacity: 0.5 }), ...marks],
      }),
    }];
  });
}

/** Means with their intervals, side by side: one small chart per measure. */
export function intervalCharts(evaluation: Evaluation, context: ChartContext): Chart[] {
  const methods = Object.keys(evaluation.methods);
  return listKeys(evaluation).map((key) => {
    const rows = methods.flatMap((method) => {
      const result: MeasureResult | undefined = evaluation.methods[method]!.measures[key];
      return result === undefined ? [] : [{ method, ...result }];
    });
    const title = `${keyTitle(key)} ${directionArrow(key)}`;
    const colour = ({ method }: { method: string }) => context.styles.get(method)!.colour;
    return {
      title,
      caption: `${rows[0]!.images} images, preset ${rows[0]!.preset}`,
      svg: draw(context, `${title}: mean and 95 % interval of each method`, {
        height: 38 + 24 * methods.length,
        marginTop: 4,
        marginLeft: marginFor(methods),
        x: { domain: intervalDomain(rows), label: null, grid: true, ticks: 4, nice: true, inset: 6 },
        y: { domain: methods, label: null, tickSize: 0 },
        marks: [
          // An interval without width is a point.
          context.plot.ruleY(rows.filter(({ low, high }) => low < high), {
            y: "method",
            x1: "low",
            x2: "high",
            stroke: colour,
            strokeWidth: 3,
            strokeOpacity: 0.45,
          }),
          ...rows.map((row) =>
            context.plot.dot([row], {
              x: "value",
              y: "method",
              fill: colour(row),
              stroke: colour(row),
              symbol: context.styles.get(row.method)!.symbol,
              r: 4.5,
            })
          ),
        ],
      }),
    };
  });
}

/**
 * Average ranks with their critical difference, the best first: one small chart per measure. Lines reach half the
 * difference to both sides, so that methods whose lines overlap do not differ by this test.
 */
export function rankCharts(statistics: readonly MeasureStatistics[], context: ChartContext): Chart[] {
  return statistics.flatMap(({ key, images, ranks, criticalDifference }) => {
    if (ranks === undefined || criticalDifference === undefined) return [];
    const rows = Object.entries(ranks).sort(([, a], [, b]) => a - b).map(([method, rank]) => ({
      ...{ method, rank, colour: context.styles.get(method)!.colour },
      ...{ from: rank - criticalDifference / 2, to: rank + criticalDifference / 2 },
    }));
    const methods = rows.map(({ method }) => method);
    const title = `${keyTitle(key)} ${directionArrow(key)}`;
    return [{
      title,
      caption: `Average rank over ${images} images, 1 is best; critical difference ${
        criticalDifference.toFixed(2)
      }`,
      svg: draw(context, `${title}: average rank and critical difference of each method`, {
        height: 38 + 24 * methods.length,
        marginTop: 4,
        marginLeft: marginFor(methods),
        x: {
          domain: [1, methods.length],
          label: null,
          grid: true,
          ticks: 4,
          nice: true,
          inset: 6,
          clamp: true,
        },
        y: { domain: methods, label: null, tickSize: 0 },
        marks: rows.flatMap((row) => [
          context.plot.ruleY([row], {
            ...{ y: "method", x1: "from", x2: "to" },
            ...{ stroke: row.colour, strokeWidth: 3, strokeOpacity: 0.45 },
          }),
          context.plot.dot([row], {
            ...{ x: "rank", y: "method", fill: row.colour, stroke: row.colour, r: 4.5 },
            symbol: context.styles.get(row.method)!.symbol,
          }),
        ]),
      }),
    }];
  });
}

/** The range of means and intervals; some width around one that has none. */
function intervalDomain(rows: readonly MeasureResult[]): [low: number, high: number] {
  const [low, high] = [
    Math.min(...rows.map((row) => Math.min(row.low, row.value))),
    Math.max(...rows.map((row) => Math.max(row.high, row.value))),
  ];
  if (low < high) return [low, high];
  const around = Math.abs(low) / 2 || 0.5;
  return [low - around, high + around];
}

/** Time per map: box plots over a logarithmic axis, as methods differ by powers of ten. */
export function timeChart(records: readonly ImageRecord[], context: ChartContext): Chart {
  const methods = [...context.styles.keys()];
  const times = methods.flatMap((method) => {
    // The clock may show no elapsed time.
    return warmTimes(records, method).map((each) => ({ method, milliseconds: Math.max(each, 1e-3) }));
  });
  return {
    title: "Time per map",
    caption:
      "Milliseconds: quartiles and median; the line reaches 1.5 times the box beyond it, dots are outliers. " +
      "The first map of a method, which waits for the runtime to warm up, is left out where there are more.",
    svg: draw(context, "Time per map in milliseconds, box plots by method", {
      width: 2 * WIDTH,
      height: 50 + 30 * methods.length,
      marginTop: 4,
      marginLeft: marginFor(methods),
      marginBottom: 42,
      x: {
        type: "log",
        label: "milliseconds",
        labelAnchor: "center",
        labelArrow: "none",
        labelOffset: 38,
        grid: true,
        ticks: 5,
        // Labels only at powers of ten.
        tickFormat: (value: number) => Math.abs(Math.log10(value) % 1) < 1e-9 ? String(value) : "",
      },
      y: { domain: methods, label: null, tickSize: 0 },
      marks: methods.map((method) => {
        const { colour } = context.styles.get(method)!;
        return context.plot.boxX(times.filter((time) => time.method === method), {
          x: "milliseconds",
          y: "method",
          fill: colour,
          fillOpacity: 0.45,
          stroke: colour,
        });
      }),
    }),
  };
}

/** Room for the longest name. */
function marginFor(methods: readonly string[]): number {
  return 16 + 7.2 * Math.max(...methods.map((name) => name.length));
}
