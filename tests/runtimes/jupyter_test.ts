/**
 * The cell of docs/jupyter.md in a real kernel: an explanation at its end is shown as an image.
 *
 * With PTAME_HEAVY=1 alone, and where Python has jupyter_client.
 *
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { decodeImage } from "../../src/image/decode.ts";
import { heavyTests } from "../support/devices.ts";
import { docBlocks } from "../support/doc_blocks.ts";
import { inFolder } from "../support/folders.ts";
import { SAMPLE } from "../support/images.ts";
import { pythonWith } from "../support/python_torch.ts";
import { CONFIG } from "../support/run_deno.ts";

const ROOT = new URL("../../", import.meta.url);

const python = heavyTests()
  ? await pythonWith(["jupyter_client"], "Jupyter; pip install jupyter_client, into the python3 of the PATH")
  : undefined;

/** What a cell showed, and the kinds of the messages that came. */
interface Shown {
  readonly status: string;
  readonly said: readonly { readonly data: Record<string, string> }[];
  readonly messages: readonly unknown[];
}

/** A folder with a kernel, an image, and a configuration that leads to this checkout. */
function layOut(folder: string): void {
  const { imports } = JSON.parse(Deno.readTextFileSync(CONFIG)) as { imports: Record<string, string> };
  const absolute = Object.entries(imports).map(([name, target]) => [
    name,
    target.startsWith("./") ? new URL(target, ROOT).href : target,
  ]);
  const own = { "jsr:@ptame/ptame": new URL("mod.ts", ROOT).href };
  Deno.writeTextFileSync(
    `${folder}/deno.json`,
    JSON.stringify({ imports: { ...Object.fromEntries(absolute), ...own } }),
  );
  Deno.mkdirSync(`${folder}/data/kernels/deno`, { recursive: true });
  Deno.writeTextFileSync(
    `${folder}/data/kernels/deno/kernel.json`,
    JSON.stringify({
      argv: [Deno.execPath(), "jupyter", "--kernel", "--conn", "{connection_file}"],
      display_name: "Deno",
      language: "typescript",
    }),
  );
  Deno.writeFileSync(`${folder}/photo.jpg`, SAMPLE);
}

/** What the cell of docs/jupyter.md shows in a kernel of its own. */
async function runCell(folder: string): Promise<Shown> {
  const script = decodeURIComponent(new URL("./notebook.py", import.meta.url).pathname);
  const child = new Deno.Command(python!, {
    args: [script, `${folder}/data`],
    cwd: folder,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(docBlocks("jupyter.md", "ts", 1)[0]!));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

Deno.test({
  name: "a notebook shows an explanation as an image and as its classes",
  ignore: python === undefined,
  fn: () =>
    inFolder(async (folder) => {
      layOut(folder);
      let shown = await runCell(folder);
      // Once, on a busy machine, a cell ended without a result; the cause is not known. A fault of ours would repeat.
      if (shown.said.length === 0) {
        console.log(`no result came, a second kernel is tried: ${JSON.stringify(shown)}`);
        shown = await runCell(folder);
      }
      const { status, said, messages } = shown;
      assertEquals([status, said.length], ["ok", 1], JSON.stringify({ said, messages }).slice(0, 2000));
      const { "image/png": png, "text/plain": text } = said[0]!.data;
      const { width, height } = await decodeImage(
        Uint8Array.from(atob(png!), (letter) => letter.charCodeAt(0)),
      );
      assert(width >= 320 && height >= 320);
      assertStringIncludes(text!, "Egyptian cat 36.9 %");
    }),
});
