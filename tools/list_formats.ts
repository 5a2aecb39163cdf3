/**
 * Writes docs/formats.md: images in many formats, made by Pillow (make_formats.py), as this module reads them.
 *
 * Run it with `deno task formats`; it needs a python3 with Pillow, and for HEIC and JPEG XL its plugins.
 *
 * @module
 */
import { decodeImage } from "../src/image/decode.ts";

const PAGE = new URL("../docs/formats.md", import.meta.url);
const SCRIPT = new URL("make_formats.py", import.meta.url);

interface MadeFile {
  readonly file: string;
  readonly ending: string;
  readonly how: string;
  readonly width?: number;
  readonly height?: number;
}

/** What became of a file: the largest difference from Pillow, or the line that refused it. */
type Outcome = { readonly most: number } | { readonly refused: string };

async function compare(folder: string, { file, width, height }: MadeFile): Promise<Outcome> {
  let image;
  try {
    // A busy machine may take long.
    image = await decodeImage(`${folder}/${file}`, { seconds: 120 });
  } catch (error) {
    return { refused: (error as Error).message.replace(/^Cannot decode image \S+: /, "") };
  }
  if (width === undefined) return { refused: "" };
  if (image.width !== width || image.height !== height) {
    return { refused: `${image.width} x ${image.height} in place of ${width} x ${height}` };
  }
  const expected = await Deno.readFile(`${folder}/${file}.rgb`);
  let most = 0;
  image.data.forEach((value, i) => most = Math.max(most, Math.abs(value - expected[i]!)));
  return { most };
}

/** One row for each ending and outcome. */
function rowsOf(outcomes: readonly (readonly [MadeFile, Outcome])[]): string[] {
  const groups = Map.groupBy(outcomes, ([{ ending }]) => ending);
  return [...groups].sort(([a], [b]) => a < b ? -1 : 1).map(([ending, of]) => {
    const read = of.flatMap(([made, outcome]) => "most" in outcome ? [[made, outcome.most] as const] : []);
    const equal = read.filter(([, most]) => most === 0).length;
    const near = read.filter(([, most]) => most > 0).sort(([, a], [, b]) => b - a);
    const worst = near[0] === undefined ? "" : `${near.length}, within ${near[0][1]} (${near[0][0].how})`;
    const lines = new Map<string, string[]>();
    for (const [{ how }, outcome] of of) {
      if ("refused" in outcome) lines.set(outcome.refused, [...(lines.get(outcome.refused) ?? []), how]);
    }
    const refused = [...lines].map(([line, hows]) => `${hows.length} (such as ${hows[0]}): ${line}`).join(
      "<br>",
    );
    return `| ${ending} | ${of.length} | ${equal} | ${worst} | ${refused} |`;
  });
}

const folder = await Deno.makeTempDir();
try {
  const python = new Deno.Command("python3", { args: [SCRIPT.pathname, folder], stderr: "inherit" });
  if (!(await python.output()).success) throw new Error("Cannot make the images: see above");
  const made = JSON.parse(await Deno.readTextFile(`${folder}/list.json`));
  const outcomes: [MadeFile, Outcome][] = [];
  for (const file of made.files as MadeFile[]) outcomes.push([file, await compare(folder, file)]);
  const equal = outcomes.filter(([, outcome]) => "most" in outcome && outcome.most === 0).length;
  await Deno.writeTextFile(
    PAGE,
    `# Formats of images

What this module reads of ${outcomes.length} files that Pillow ${made.pillow} wrote (with ${
      made.plugins.join(" and ")
    }),
against what Pillow reads of them: upright, the first frame, over white, in sRGB. ${equal} are equal in every byte. Made by
\`deno task formats\`; src/image/codecs/decode_stored.ts says which codec reads what.

| ending | files | equal | near, of 255 | refused |
| --- | --- | --- | --- | --- |
${rowsOf(outcomes).join("\n")}
`,
  );
  console.log(`docs/formats.md: ${outcomes.length} files, ${equal} equal`);
} finally {
  await Deno.remove(folder, { recursive: true });
}
Deno.exit(0);
