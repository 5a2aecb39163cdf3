/**
 * Writes the HTML report of an evaluation. The plotting library and its DOM are loaded only here, when needed; other
 * commands need neither.
 *
 * @module
 */
import { presetNamed } from "../../faithfulness/presets.ts";
import type { EvaluationStatistics } from "../../faithfulness/statistics/compare.ts";
import type { ReportOptions } from "../../faithfulness/report/page.ts";
import type { ReportData } from "../../faithfulness/report/types.ts";
import { withoutUndefined } from "../../text/without_undefined.ts";
import { layerText } from "../../explanation/map_explanation.ts";
import type { HeadRecord } from "../../ptame/head_file.ts";
import { program } from "../called.ts";
import { selectionText } from "../class_selection.ts";
import { quoted } from "../explainer_options.ts";
import { writeFile } from "../files.ts";
import type { Measured } from "./measure.ts";
import { isControl } from "./methods.ts";
import type { Plan } from "./plan.ts";

/** Not literals, because Deno would download them for every command. */
const REPORT = new URL("../../faithfulness/report/mod.ts", import.meta.url).href;
const LINKEDOM = ["npm:linkedom", "0.18.12"].join("@");

/** The exact command, quoted for a shell. */
export function commandLine(command: string, args: readonly string[]): string {
  return [program(), command, ...args.map(quoted)].join(" ");
}

interface Renderer {
  readonly renderReport: (data: ReportData, options: ReportOptions) => Promise<string>;
  readonly parseHTML: (html: string) => { document: Document };
}

/**
 * Loads what draws the report. Called before anything is measured, too, so that a missing library is an error at once
 * and not after hours.
 *
 * @throws {Error} When it cannot be loaded.
 */
export async function loadRenderer(): Promise<Renderer> {
  try {
    const [{ renderReport }, { parseHTML }] = await Promise.all([import(REPORT), import(LINKEDOM)]);
    return { renderReport, parseHTML };
  } catch (cause) {
    const said = (cause as Error).message.split("\n")[0];
    throw new Error(`Cannot draw the report: its plotting library cannot be loaded (${said})`, { cause });
  }
}

/** Renders the report and writes it to `path`. */
export async function writeReport(path: string, data: ReportData): Promise<void> {
  const { renderReport, parseHTML } = await loadRenderer();
  const { document } = parseHTML("<!DOCTYPE html><html><body></body></html>");
  await writeFile(path, await renderReport(data, { document }));
}

/** The data of the report: what was measured, and how to repeat it. */
export function reportData(
  { result, rows, subject, classes }: Measured,
  plan: Plan,
  statistics: EvaluationStatistics,
): ReportData {
  const { records, skipped, ...evaluation } = result;
  const { head, session, backbone, auxiliary } = subject;
  return {
    title: `How faithful are the maps of ${backbone.name}?`,
    command: plan.command,
    settings: [
      ["Images", `${evaluation.images} of ${plan.folder}`],
      ...(plan.selection === undefined
        ? []
        : [["Classes", `${classes} classes, ${selectionText(plan.selection)}`] as const]),
      ["Classifier", backbone.name],
      ...(head === undefined || auxiliary === undefined ? [] : [
        ["Auxiliary", auxiliary] as const,
        ["Head of ptame", `${head.record.name}, ${trainedFor(head.record)}`] as const,
      ]),
      ...(subject.layer === undefined ? [] : [["Layer of CAM methods", layerText(subject.layer)] as const]),
      ...Object.entries(plan.counts).map(([name, count]) =>
        [`${name[0]!.toUpperCase()}${name.slice(1)}`, String(count)] as const
      ),
      ["Preset", `${plan.preset} (${presetNamed(plan.preset).source})`],
      ["Seed", String(plan.seed)],
      ["Device", session.device === "webgpu" ? "webgpu" : `${session.device}, ${session.threads} thread(s)`],
      ["Date", new Date().toISOString().slice(0, 10)],
    ],
    ...withoutUndefined({ classifier: backbone.described }),
    evaluation,
    records,
    statistics,
    controls: plan.methods.filter(isControl),
    gallery: rows,
    skipped,
    seed: plan.seed,
  };
}

function trainedFor({ trained, backbone }: HeadRecord): string {
  return trained ? `trained for ${backbone}` : "not trained";
}
