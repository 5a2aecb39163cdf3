/**
 * The small chart of teaching: the loss over the steps.
 *
 * @module
 */

/** A chart's own units, as its viewBox has them. */
const [WIDTH, HEIGHT, EDGE] = [300, 100, 4];

/** Draws losses from the first step to the last, between their least and their greatest. */
export function drawLosses(chart: SVGSVGElement, losses: readonly number[], steps: number): void {
  const [low, high] = [Math.min(...losses), Math.max(...losses)];
  const across = Math.max(1, steps - 1);
  drawLine(chart, losses.map((loss, i) => [i / across, (loss - low) / Math.max(high - low, 1e-6)]));
}

function drawLine(chart: SVGSVGElement, points: readonly (readonly [x: number, y: number])[]): void {
  const placed = points.map(([x, y]) =>
    [EDGE + x * (WIDTH - 2 * EDGE), HEIGHT - EDGE - y * (HEIGHT - 2 * EDGE)] as const
  );
  chart.querySelector("polyline")!.setAttribute(
    "points",
    placed.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" "),
  );
  // A line without length, whose round end stays round however the chart is stretched.
  const last = placed.at(-1);
  chart.querySelector("path")!.setAttribute("d", last === undefined ? "" : `M${last.join(",")}h0`);
}
