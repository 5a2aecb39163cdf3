/**
 * Observable Plot, loaded when a report is drawn: who imports the library does not install it and the 40 packages below
 * it.
 *
 * @module
 */
import type * as ObservablePlot from "@observablehq/plot";

/** What a report uses of Observable Plot: its module, or one with the same functions. */
export type PlotLibrary = Pick<typeof ObservablePlot, "plot" | "line" | "dot" | "ruleY" | "boxX">;

/** The options of a plot. */
export type PlotOptions = ObservablePlot.PlotOptions;

/** Version to load in Deno: the same as deno.json's. */
const VERSION = "0.6.17";

/**
 * Loads the library: in Deno from npm, elsewhere as the program has installed it.
 *
 * @throws {Error} When it is not installed.
 */
export async function loadPlot(): Promise<PlotLibrary> {
  const name = "@observablehq/plot";
  const specifier = "Deno" in globalThis ? `npm:${name}@${VERSION}` : name;
  try {
    return await import(/* @vite-ignore */ /* webpackIgnore: true */ /* turbopackIgnore: true */ specifier);
  } catch (cause) {
    throw new Error(
      `Cannot draw the report: ${name} cannot be loaded; install it (npm install ${name}), or give its module as the ` +
        "option plot",
      { cause },
    );
  }
}
