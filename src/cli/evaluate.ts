/**
 * `evaluate`: measures how faithful maps are, over a folder of images.
 *
 * @module
 */
import { withoutUndefined } from "../text/without_undefined.ts";
import { evaluationCsv } from "../faithfulness/report/csv.ts";
import type { Evaluation, ImageRecord } from "../faithfulness/summary.ts";
import {
  documentStatistics,
  documentText,
  type EvaluationDocument,
  evaluationDocument,
} from "./evaluation/document.ts";
import { measure, type Measured } from "./evaluation/measure.ts";
import { createPlan, EVALUATE, type EVALUATE_OPTIONS, type Plan } from "./evaluation/plan.ts";
import { hasRecords, openRecordFile } from "./evaluation/record_file.ts";
import { loadRenderer, reportData, writeReport } from "./evaluation/report.ts";
import { type MeasuredValues, openValueWriter } from "./evaluation/values_file.ts";
import { resultLines } from "./evaluation/result_lines.ts";
import { explainerOptions } from "./explainer_options.ts";
import { checkWritable, makeFolder, writeFile } from "./files.ts";
import { type Call, command } from "./options/command.ts";
import { shardSuffix } from "./shards/shard.ts";
import { printable, type Terminal } from "./terminal.ts";
import { withLocalModels } from "./model_address.ts";

/** The file for records if no folder is named; removed when the run is complete. */
const RECORDS = "evaluation.jsonl";

/** A call of `evaluate`. */
type EvaluateCall = Omit<Call<typeof EVALUATE_OPTIONS>, "positional">;

/** Runs `evaluate` and gives its exit code. */
export const evaluateCommand = command(EVALUATE, async (call) => {
  const { document } = await runEvaluation(call);
  if (call.options.json) console.log(JSON.stringify(document, null, 2));
  return 0;
});

/**
 * Runs the evaluation that the options of `evaluate` describe: writes what they name, and prints tables for people.
 *
 * @param options `resumes` says that the caller's own command continues a stopped run, without `--resume`.
 * @returns The values, and the document that `--json` prints.
 */
export async function runEvaluation(
  { args, options, typed, terminal, signal }: EvaluateCall,
  { resumes = false }: { readonly resumes?: boolean } = {},
): Promise<{ readonly result: Evaluation; readonly document: EvaluationDocument }> {
  const plan = await createPlan(options, args, terminal, signal);
  const local = await withLocalModels(options, terminal, signal);
  const settings = await explainerOptions(local, typed, terminal);
  const { csv } = options;
  if (csv !== undefined) await checkWritable(csv);
  const writeValues = options.values === undefined ? undefined : await openValueWriter(options.values);
  if (options.values !== undefined) await checkWritable(options.values);
  const isPart = plan.shard.count > 1;
  if (plan.report !== undefined) {
    // The page is made of all parts together.
    if (!isPart) await loadRenderer();
    await makeFolder(plan.report);
  }

  const suffix = shardSuffix(plan.shard);
  const path = plan.report === undefined ? RECORDS : `${plan.report}/records${suffix}.jsonl`;
  // A scheduler starts a part that died by the same command.
  const file = await openRecordFile<ImageRecord>(path, isPart ? await hasRecords(path) : options.resume);
  let whole = false;
  try {
    terminal.doing("Loading");
    const measured = await measure(plan, {
      ...{ options: settings, typed, args, file, terminal, signal },
      local: withoutUndefined({ model: local.model, auxiliary: local.auxiliary }),
    });
    const document = resultDocument(measured, plan);
    if (csv !== undefined) await writeFile(csv, evaluationCsv(measured.result));
    await writeValues?.(runValues(measured, plan), signal);
    if (plan.report !== undefined) {
      terminal.doing("Drawing the report");
      await writeFile(`${plan.report}/results${suffix}.json`, documentText(document));
      if (!isPart) {
        await writeReport(
          `${plan.report}/report.html`,
          reportData(measured, plan, documentStatistics(document)),
        );
      }
    }
    signal.throwIfAborted();
    whole = true;
    showResult(measured, document, terminal, plan, csv);
    return { result: measured.result, document };
  } catch (error) {
    // Refused records cannot be resumed.
    if (file.appended > 0 || (signal.aborted && file.records.length > 0)) {
      terminal.say(
        `The run so far is in ${printable(path)}; ` +
          (isPart || resumes ? "the same command continues" : "continue it with --resume"),
      );
    }
    throw error;
  } finally {
    await file.close({ remove: whole && plan.report === undefined });
  }
}

/** All values, and what they depend on. */
function runValues({ result, subject, digests }: Measured, { seed, preset }: Plan): MeasuredValues {
  const { backbone, session } = subject;
  const { name: model, labels } = backbone;
  return {
    records: result.records,
    preset,
    facts: { labels, seed, device: session.device, model, ...digests() },
  };
}

/** The document that `--json` prints. */
function resultDocument(
  { result, subject, classes }: Measured,
  { seed, selection, against }: Plan,
): EvaluationDocument {
  const { backbone, auxiliary, session, head } = subject;
  return evaluationDocument(result, {
    model: backbone.name,
    ...withoutUndefined({ classifier: backbone.described }),
    ...(head && {
      auxiliary,
      head: { name: head.record.name, trained: head.record.trained, backbone: head.record.backbone },
    }),
    device: session.device,
    seed,
    ...(against && { against }),
    ...(selection && { heldOutClasses: { ...selection, classes } }),
    skipped: result.skipped,
  });
}

function showResult(
  { result, subject }: Measured,
  { statistics }: EvaluationDocument,
  terminal: Terminal,
  { report, seed, shard }: Plan,
  csv: string | undefined,
): void {
  const { skipped } = result;
  const { backbone, head } = subject;
  const part = shard.count === 1 ? "" : ` of part ${shard.index}/${shard.count}`;
  const remark = head?.record.trained === false
    ? `The head of ptame is not trained: ${head.record.name}`
    : undefined;
  if (skipped.length > 0) terminal.say(`${skipped.length} image(s) could not be read and were skipped`);
  const shown = { model: backbone.name, statistics, seed, part, remark };
  for (const line of resultLines(result, result.records, shown)) terminal.say(line);
  if (csv !== undefined) terminal.say(`table: ${printable(csv)}`);
  if (report === undefined) return;
  terminal.say(
    part === ""
      ? `report: ${printable(report)}/report.html`
      : `records: ${printable(report)}; when all parts are done: deno task merge ${printable(report)}`,
  );
}
