/**
 * `reproduce`: the paper's tables by one command. Each backbone is an `evaluate` with the paper's preset and measures, with
 * records of its own, so a stopped run continues.
 *
 * @module
 */
import { PTAME } from "../../ptame/explanation.ts";
import { runEvaluation } from "../evaluate.ts";
import { EVALUATE } from "../evaluation/plan.ts";
import { hasRecords } from "../evaluation/record_file.ts";
import { commandLine } from "../evaluation/report.ts";
import { makeFolder, readTextIfThere, writeFile } from "../files.ts";
import { command, parseArguments, type Typed } from "../options/command.ts";
import { withoutEndSlash } from "../paths.ts";
import { printable } from "../terminal.ts";
import { VALIDATION_IMAGES } from "./imagenet.ts";
import { type BackboneFiles, readBackbones, readImages, readPublished } from "./inputs.ts";
import { MEASURES, PRESET, REPRODUCE, type ReproduceValues } from "./options.ts";
import { paperLines, type PaperTable, paperTable } from "./tables.ts";

/** Runs `reproduce` and gives its exit code. */
export const reproduceCommand = command(REPRODUCE, async ({ options, typed, terminal, signal }) => {
  const out = withoutEndSlash(options.out);
  const backbones = await readBackbones(options);
  const published = await readPublished(options.published);
  const images = await readImages(options);
  await makeFolder(out);
  await keepImages(`${out}/images.txt`, images);
  if (images.length < VALIDATION_IMAGES) {
    terminal.say(`${images.length} of the ${VALIDATION_IMAGES} images of ImageNet's validation split`);
  }
  const tables: PaperTable[] = [];
  for (const [index, files] of backbones.entries()) {
    const folder = `${out}/${files.backbone}`;
    const resume = await hasRecords(`${folder}/records.jsonl`);
    const args = evaluateArguments(files, { options, typed, folder, images: `${out}/images.txt`, resume });
    const given = parseArguments(EVALUATE, args);
    terminal.say(`\nTable ${index + 1} of ${backbones.length}: ${printable(commandLine("evaluate", args))}`);
    const { result, document } = await runEvaluation({ ...given, args, terminal, signal }, { resumes: true });
    const { methods } = options;
    const { backbone } = files;
    tables.push(paperTable(result, { backbone, device: document.device, methods, published }));
  }
  const lines = paperLines(tables);
  await writeFile(`${out}/tables.txt`, lines.slice(1).join("\n") + "\n");
  const document = { preset: PRESET, images: images.length, tables };
  await writeFile(`${out}/tables.json`, JSON.stringify(document, null, 2) + "\n");
  for (const line of lines) terminal.say(line);
  terminal.say(`tables: ${printable(out)}/tables.txt, tables.json; a report for each backbone beside them`);
  if (options.json) console.log(JSON.stringify(document, null, 2));
  return 0;
});

/** Writes the list of the images, or compares it with that of the run that is continued. */
async function keepImages(path: string, images: readonly string[]): Promise<void> {
  const text = images.join("\n") + "\n";
  const present = await readTextIfThere(path, "images ");
  if (present === undefined) return await writeFile(path, text);
  if (present === text) return;
  throw new Error(
    `Cannot continue: ${
      printable(path)
    } names other images than these ${images.length}; name another --out, or the ` +
      "--imagenet, --list and --limit of that run",
  );
}

/** The command that measures a backbone. */
function evaluateArguments(
  { backbone, head, weights, auxiliaryWeights }: BackboneFiles,
  { options, typed, folder, images, resume }: {
    readonly options: ReproduceValues;
    readonly typed: Typed;
    readonly folder: string;
    readonly images: string;
    readonly resume: boolean;
  },
): string[] {
  const named = Object.entries({
    ...{ images, model: backbone, weights, "auxiliary-weights": auxiliaryWeights },
    head: options.methods.includes(PTAME) ? head : undefined,
    ...{ methods: options.methods.join(","), measures: MEASURES.join(","), preset: PRESET },
    // Images of the report would be kept in a file of their own, which an interrupted first image leaves behind.
    ...{ report: folder, gallery: "0" },
    // All images, also in a task of a scheduler.
    shard: "1/1",
    ...Object.fromEntries(["device", "threads", "workers"].map((name) => [name, typed[name]])),
  }).flatMap(([name, value]) => value === undefined ? [] : [`--${name}`, String(value)]);
  return [...named, ...(options.offline ? ["--offline"] : []), ...(resume ? ["--resume"] : [])];
}
