/**
 * `models import`: a head that the authors' program trained, as a head file of ours.
 *
 * @module
 */
import { UnknownBackboneError } from "../../ptame/errors.ts";
import { type ImportedHead, importHead } from "../../ptame/import_head.ts";
import type { ByteSource } from "../../weights/byte_source.ts";
import { fileSource } from "../../weights/storage/file_source.ts";
import { checkWritable, reason, stemOf, writeFile } from "../files.ts";
import { openTerminal, printable } from "../terminal.ts";
import { parseArguments, UsageError } from "../usage.ts";
import { network } from "./named.ts";

const HELP =
  `Makes a head file of a checkpoint of the authors' P-TAME program (PyTorch Lightning's .ckpt). Nothing in
the checkpoint is executed; its licence is yours to know.

Usage: deno task models import FILE.ckpt [--backbone NAME] [--auxiliary NAME] [--out FILE] [--json]

  --backbone NAME    the network that the head explains; by default the one that the checkpoint mentions in its file
                     name or its hyper-parameters
  --auxiliary NAME   the network that it reads; by default the one with its channels
  --out FILE         the head file; by default FILE.safetensors in the working folder
  --json             one document on standard output

Example:
  deno task models import ptame_resnet50.ckpt
  deno task explain photo.jpg --model resnet50 --head ptame_resnet50.safetensors`;

/** Runs `models import` and gives its exit code. */
export async function importModel(args: readonly string[]): Promise<number> {
  const given = parseArguments("models import", args, {
    flags: ["json", "help"],
    values: ["backbone", "auxiliary", "out"],
    lists: [],
  });
  if (given.flag("help")) {
    console.log(HELP);
    return 0;
  }
  const [path, another] = given.positional;
  if (path === undefined) throw new UsageError("A checkpoint is needed: deno task models import FILE.ckpt");
  if (another !== undefined) throw new UsageError(`Unexpected argument ${another} of models import`);
  const [backbone, auxiliary] = ["backbone", "auxiliary"].map((option) => {
    const name = given.value(option);
    return name === undefined ? undefined : network(name).name;
  });
  const out = given.value("out") ?? `${stemOf(path)}.safetensors`;
  const content = opened(path);
  await checkWritable(out);
  const name = path.split(/[/\\]/).at(-1)!;
  const head = await imported(name, content, {
    ...(backbone === undefined ? {} : { backbone }),
    ...(auxiliary === undefined ? {} : { auxiliary }),
  });
  await writeFile(out, head.bytes);
  tell(head, out, given.flag("json"));
  return 0;
}

function opened(path: string): ByteSource {
  try {
    if (Deno.statSync(path).isDirectory) throw new Deno.errors.IsADirectory();
    return fileSource(path);
  } catch (cause) {
    throw new Error(`Cannot read checkpoint ${path}: ${reason(cause)}`, { cause });
  }
}

async function imported(
  name: string,
  content: ByteSource,
  options: { backbone?: string; auxiliary?: string },
): Promise<ImportedHead> {
  try {
    return await importHead({ name, content }, options);
  } catch (error) {
    if (!(error instanceof UnknownBackboneError)) throw error;
    throw new UsageError(`${error.message.replace(/; say which.*/, "")}; name it with --backbone`);
  }
}

function tell({ record, backboneFrom, leftOut }: ImportedHead, out: string, json: boolean): void {
  if (json) {
    console.log(JSON.stringify({ out, ...record, backboneFrom, leftOut }, null, 2));
    return;
  }
  const terminal = openTerminal(false);
  const from = backboneFrom === "options" ? "" : ` (from the ${backboneFrom})`;
  terminal.say(`head: ${printable(out)}`);
  terminal.say(`   explains ${record.backbone}${from}, reads ${record.auxiliary}`);
  if (leftOut.length > 0) {
    const more = leftOut.length > 3 ? ` and ${leftOut.length - 3} more` : "";
    terminal.say(`   left out: ${leftOut.slice(0, 3).join(", ")}${more}`);
  }
}
