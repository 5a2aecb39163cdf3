/**
 * `models import`: converts a head trained with the authors' program to a head file.
 *
 * @module
 */
import { UnknownBackboneError } from "../../ptame/errors.ts";
import { type ImportedHead, importHead } from "../../ptame/import_head.ts";
import type { ByteSource } from "../../bytes/byte_source.ts";
import { fileSource } from "../../weights/storage/file_source.ts";
import { checkWritable, reason, writeFile } from "../files.ts";
import { fileStem } from "../paths.ts";
import { withoutUndefined } from "../../text/without_undefined.ts";
import { command } from "../options/command.ts";
import { group, text } from "../options/kinds.ts";
import { JSON_OPTION } from "../output_options.ts";
import { openTerminal, printable } from "../terminal.ts";
import { UsageError } from "../usage.ts";
import { network } from "./named.ts";

/** Runs `models import` and gives its exit code. */
export const importModel = command({
  name: "models import",
  about: "Convert a checkpoint of the authors' P-TAME program (a .ckpt of PyTorch Lightning) to a head file",
  arguments: {
    usage: "FILE.ckpt",
    most: 1,
    missing: "Name a checkpoint: deno task models import FILE.ckpt",
  },
  options: {
    ...group("Head", {
      backbone: text("NAME", "Network that the head explains", {
        usual: "the network mentioned in the checkpoint's file name or hyper-parameters",
      }),
      auxiliary: text("NAME", "Network whose feature maps the head reads", {
        usual: "the network whose channels fit",
      }),
      out: text("FILE", "The head file", { usual: "FILE.safetensors in the working folder" }),
    }),
    ...JSON_OPTION,
  },
  notes: ["Nothing in the checkpoint is executed. Make sure that its licence permits your use."],
  examples: [
    "deno task models import ptame_resnet50.ckpt",
    "deno task explain photo.jpg --model resnet50 --head ptame_resnet50.safetensors",
  ],
}, async ({ options, positional }) => {
  const path = positional[0]!;
  const [backbone, auxiliary] = [options.backbone, options.auxiliary].map((name) =>
    name === undefined ? undefined : network(name).name
  );
  const { out = `${fileStem(path)}.safetensors` } = options;
  const content = opened(path);
  await checkWritable(out);
  const name = path.split(/[/\\]/).at(-1)!;
  const head = await imported(name, content, withoutUndefined({ backbone, auxiliary }));
  await writeFile(out, head.bytes);
  tell(head, out, options.json);
  return 0;
});

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
    throw new UsageError(`${error.message.replace(/; name the backbone .*/, "")}; name it with --backbone`);
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
