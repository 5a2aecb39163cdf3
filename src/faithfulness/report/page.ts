/**
 * One self-contained HTML page over an evaluation: verdict, table, plots, images, and how to repeat it. It runs no
 * script and makes no network request; its content security policy forbids both.
 *
 * @module
 */
import { type Chart, curveCharts, intervalCharts, rankCharts, timeChart } from "./charts.ts";
import { loadPlot, type PlotLibrary } from "./plot.ts";
import { galleryHtml } from "./gallery.ts";
import { asMarkup, lines, type Markup, markup, pageStart, unbrokenPercents } from "./markup.ts";
import { type MethodStyle, seriesStyles } from "./palette.ts";
import { allStatistics } from "../statistics/compare.ts";
import { agreementTable, rankTables } from "./statistics.ts";
import { STYLE } from "./style.ts";
import { classifierTable, meaningList, presetTable, resultTable } from "./tables.ts";
import type { ReportData } from "./types.ts";
import { verdictOver, verdictText } from "./verdict.ts";

/** Options of {@linkcode renderReport}. */
export interface ReportOptions {
  /** Creates the elements of plots: the page's own document (the default in a page), or linkedom's elsewhere. */
  readonly document?: Document;
  /**
   * The module of `@observablehq/plot`; by default it is loaded, which needs it installed outside of Deno. A bundled page
   * gives it.
   */
  readonly plot?: PlotLibrary;
}

/** Number of images below which bootstrap intervals are unreliable. */
const FEW_IMAGES = 30;

function verdicts({ records, controls, evaluation, seed = 0 }: ReportData): Markup {
  const names = Object.keys(evaluation.methods);
  const present = controls.filter((name) => names.includes(name));
  const methods = names.filter((name) => !controls.includes(name));
  if (present.length === 0 || methods.length === 0) {
    return note(
      "No control was measured, so it is unknown whether these maps are better than chance: " +
        "add random, gaussian and edges to the methods.",
    );
  }
  const items = methods.map((name) => {
    const verdict = verdictOver(records, name, present, { seed });
    const text = unbrokenPercents(verdictText(verdict, name, "beyond noise"));
    const { ahead, notAhead } = verdict;
    if (notAhead.length === 0) return markup`<li>${text}</li>`;
    return markup`<li class="${ahead.length === 0 ? "fails" : "partly"}">${text}</li>`;
  });
  return markup`<ul class="verdicts">${items}</ul>`;
}

function legend(styles: ReadonlyMap<string, MethodStyle>): Markup {
  const items = [...styles].map(([name, { colour, dash }]) => [
    markup`<li><svg width="30" height="10" aria-hidden="true"><line x1="0" x2="30" y1="5" y2="5" stroke="${colour}" `,
    markup`stroke-width="2.5" stroke-dasharray="${dash}"/></svg>${name}</li>`,
  ]);
  return markup`<ul class="legend">${items}</ul>`;
}

function chartGrid(charts: readonly Chart[], kind?: Markup): Markup {
  const figures = charts.map(({ title, caption, svg }) =>
    markup`<figure${kind}><h3>${title}</h3>${asMarkup(svg)}<figcaption>${caption}</figcaption></figure>`
  );
  return markup`<div class="charts">${lines(figures)}</div>`;
}

/** A section; empty if it has no content. */
function section(title: string, ...content: readonly (Markup | undefined)[]): Markup | undefined {
  if (content.every((each) => each === undefined)) return undefined;
  return markup`<section><h2>${title}</h2>${content}</section>`;
}

function note(text: string): Markup {
  return markup`<p class="note">${text}</p>`;
}

/**
 * Renders a report as one HTML page.
 *
 * @throws {TypeError} When no document is given and the platform has none.
 * @throws {RangeError} When the evaluation has no method.
 *
 * @example In Deno, plots are drawn into a document of linkedom's
 * ```ts ignore
 * import { parseHTML } from "npm:linkedom@0.18.12";
 * import { renderReport } from "@ptame/ptame/report";
 *
 * const { document } = parseHTML("<!DOCTYPE html><html></html>");
 * await Deno.writeTextFile("report.html", await renderReport(data, { document }));
 * ```
 */
export async function renderReport(data: ReportData, options: ReportOptions = {}): Promise<string> {
  const document = options.document ?? (globalThis as { document?: Document }).document;
  if (document === undefined) throw new TypeError("Cannot draw a report: no document is given");
  const { evaluation, records, controls, skipped = [] } = data;
  const methods = Object.keys(evaluation.methods);
  if (methods.length === 0) throw new RangeError("Cannot draw a report: the evaluation has no method");
  const styles = seriesStyles(methods, controls);
  const context = { document, styles, plot: options.plot ?? await loadPlot() };
  const few = evaluation.images < FEW_IMAGES
    ? ` With fewer than ${FEW_IMAGES} images the intervals are rough.`
    : "";
  const plural = evaluation.images === 1 ? "image" : "images";
  const curves = curveCharts(evaluation, context);
  const settings = data.settings.map(([name, value]) => markup`<dt>${name}</dt><dd>${value}</dd>`);
  const reasons = skipped.map(({ image, reason }) => markup`<li>${image}: ${reason}</li>`);
  const { statistics, agreement } = data.statistics ?? allStatistics(evaluation, records);
  const agreements = agreementTable(agreement);
  const gallery = await galleryHtml(data.gallery, methods);
  const start = pageStart({
    title: data.title,
    policy: "default-src 'none'; img-src data:; style-src 'unsafe-inline'",
    style: STYLE,
  });
  const page = markup`${start}
<main>
<h1>${data.title}</h1>
<p class="lead">${methods.length} methods on ${evaluation.images} ${plural}, preset ${evaluation.preset}.${few}</p>
${verdicts(data)}
${
    section(
      "Results",
      note(
        "Mean and 95 % bootstrap interval over images; arrows show what is better. Underlined: the best of a column, and " +
          "all that it does not beat beyond noise; nothing where no method is ahead of another. A map of area 1 hides " +
          "nothing, so its drop is 0 without explaining anything. Times are medians without the first map of a method, " +
          "which waits for the runtime to warm up.",
      ),
      resultTable(evaluation, records, controls, data.seed ?? 0),
      markup`<h3>What the measures mean</h3>`,
      meaningList(evaluation),
    )
  }
${
    section(
      "Means and intervals",
      note("The same, to compare at a glance: means, and lines over their 95 % intervals."),
      chartGrid(intervalCharts(evaluation, context)),
    )
  }
${
    methods.length < 2 ? undefined : section(
      "Statistics",
      note(
        "Methods are ranked on each image, and the ranks averaged. Lines reach half the critical difference of Nemenyi's " +
          "test (level 0.05) to both sides: methods whose lines overlap do not differ by their ranks. The tables " +
          "compare each method with the first, image by image: how often it is better, equal or worse; the probability of " +
          "Wilcoxon's signed-rank test, by Holm's correction for all pairs; and how many images show a difference of one " +
          "point with a probability of 80 %.",
      ),
      chartGrid(rankCharts(statistics, context)),
      rankTables(statistics),
      agreements === undefined ? undefined : markup`<h3>Do the measures agree?</h3>${
        note(
          "Kendall's rank correlation of the methods' means: 1 if two measures order the methods alike, −1 if in reverse.",
        )
      }${agreements}`,
    )
  }
${
    curves.length === 0 ? undefined : section(
      "Curves",
      note(markup`What the classifier still sees as pixels are removed or restored in the map's order.`),
      legend(styles),
      chartGrid(curves),
    )
  }
${section("Time", chartGrid([timeChart(records, context)], markup` class="broad"`))}
${
    gallery === undefined ? undefined : section(
      "Images",
      note(
        "Each image as the classifier reads it: resized to its short side, then its centre. What lies beyond was cropped " +
          "away; it is neither seen nor measured.",
      ),
      gallery,
    )
  }
${
    data.classifier === undefined || data.classifier.length === 0 ? undefined : section(
      "What the classifier saw",
      note(
        "What is assumed, because neither the file nor the settings say it, may be wrong, and the maps with it.",
      ),
      classifierTable(data.classifier),
    )
  }
${
    section(
      "How this was measured",
      markup`<pre>${data.command}</pre><dl>${settings}</dl>`,
      note("Each measure with its preset, its images, and the mean area of its masks by method."),
      presetTable(evaluation),
      skipped.length === 0 ? undefined : markup`<h3>Images that could not be read</h3><ul>${reasons}</ul>`,
    )
  }
</main>
</body>
</html>
`;
  return String(page);
}
