/**
 * Joins the records of `evaluate`, and computes means and intervals of all of them.
 *
 * @module
 */
import { rankingDifference } from "../../faithfulness/record_settings.ts";
import { type Evaluation, type ImageRecord, summarize } from "../../faithfulness/summary.ts";
import {
  documentFacts,
  type EvaluationDocument,
  evaluationDocument,
  type EvaluationFacts,
} from "../evaluation/document.ts";
import { plannedImages } from "../evaluation/planned_images.ts";
import { readTextIfThere } from "../files.ts";
import { printable } from "../terminal.ts";
import { compareListed, type Joined, joinLines } from "./join.ts";
import { type Part, readParts } from "./parts.ts";

/** A record with 0 for all times. */
export function recordWithoutTimes(record: ImageRecord): ImageRecord {
  const methods = Object.entries(record.methods).map(([name, map]) => [name, { ...map, milliseconds: 0 }]);
  return { ...record, methods: Object.fromEntries(methods) };
}

/** A joined evaluation. */
export interface JoinedEvaluation extends Omit<Joined<ImageRecord>, "lines"> {
  readonly records: readonly ImageRecord[];
  readonly result: Evaluation;
  readonly document: EvaluationDocument;
  /** Parts that have records, but were not finished. */
  readonly unfinished: readonly string[];
}

/** What to join. */
export interface JoinOptions {
  /** Path of the joined records. */
  readonly written: string;
  /** The images of the run; by default those that the parts agreed on. */
  readonly images: readonly string[] | undefined;
  /** Whether to keep the times of maps. */
  readonly times: boolean;
}

/**
 * Joins the parts.
 *
 * @throws {Error} When records are of different settings, or when no part is finished.
 */
export async function joinEvaluated(
  parts: readonly Part[],
  { written, images, times }: JoinOptions,
): Promise<JoinedEvaluation> {
  const files = await readParts<ImageRecord>(parts, written);
  checkSettings(files.flatMap(({ path, lines }) => lines.map(({ settings }) => ({ path, settings }))));
  const documents: { readonly path: string; readonly document: EvaluationDocument }[] = [];
  const unfinished: string[] = [];
  let planned: string[] | undefined;
  for (const { part: { path, folder, suffix }, former } of files) {
    if (former) continue;
    planned ??= await plannedImages(folder);
    const document = await documentIn(`${folder}/results${suffix}.json`);
    if (document === undefined) unfinished.push(path);
    else documents.push({ path: `${folder}/results${suffix}.json`, document });
  }
  const expected = images ?? planned;
  const facts = joinFacts(documents, expected);
  const { lines, missing, ...joined } = joinLines(files, expected, {
    isFailure: () => false,
    compared: recordWithoutTimes,
  });
  const records = times ? lines : lines.map(recordWithoutTimes);
  const { preset } = documents[0]!.document;
  const result = summarize(records, preset, { seed: facts.seed });
  const skipped = new Set(facts.skipped.map(({ image }) => image));
  return {
    ...joined,
    missing: missing?.filter((image) => !skipped.has(image)),
    records,
    result,
    document: evaluationDocument({ ...result, records }, facts),
    unfinished,
  };
}

function checkSettings(all: readonly { readonly path: string; readonly settings: string }[]): void {
  const first = all[0];
  const other = all.find(({ settings }) => settings !== first!.settings);
  if (first === undefined || other === undefined) return;
  const ranking = rankingDifference(other.settings, first.settings);
  if (ranking !== undefined) {
    throw new Error(
      `Cannot merge: ${printable(other.path)} was made otherwise than ${
        printable(first.path)
      }, with ${ranking}`,
    );
  }
  throw new Error(
    `Cannot merge: ${printable(first.path)} was made with "${first.settings}", ${
      printable(other.path)
    } with "${other.settings}"`,
  );
}

async function documentIn(path: string): Promise<EvaluationDocument | undefined> {
  const text = await readTextIfThere(path, "results ");
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error(`Cannot read results ${printable(path)}: they are damaged; run its part again`, {
      cause,
    });
  }
}

/** What all parts say; devices may differ, and the images that could not be read are those of all. */
function joinFacts(
  documents: readonly { readonly path: string; readonly document: EvaluationDocument }[],
  expected: readonly string[] | undefined,
): EvaluationFacts {
  const first = documents[0];
  if (first === undefined) {
    throw new Error("Cannot merge: no part is finished; run one to its end, by the same command");
  }
  const same = ({ document }: typeof first) => {
    const { skipped: _, device: _device, ...facts } = documentFacts(document);
    return JSON.stringify([document.preset, facts]);
  };
  const other = documents.find((each) => same(each) !== same(first));
  if (other !== undefined) {
    throw new Error(
      `Cannot merge: ${printable(first.path)} and ${
        printable(other.path)
      } are of different classifiers or settings`,
    );
  }
  const places = new Map(expected?.map((image, i) => [image, i]));
  const skipped = new Map(
    documents.flatMap(({ document }) => document.skipped.map((each) => [each.image, each])),
  );
  const place = (image: string) => places.get(image) ?? places.size;
  return {
    ...documentFacts(first.document),
    device: [...new Set(documents.map(({ document }) => document.device))].sort().join(", "),
    skipped: [...skipped.values()].sort((a, b) =>
      place(a.image) - place(b.image) || compareListed(a.image, b.image)
    ),
  };
}
