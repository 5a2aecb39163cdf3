/**
 * Writes docs/third-party.md from what measure.ts found.
 *
 * @module
 */
import type { Cell, Measured } from "./types.ts";

const COLUMNS = ["explain", "gradcam", "integrated", "trained", "exported"] as const;

/** Notes under the table, each once. */
class Notes {
  readonly #texts: string[] = [];

  mark(text: string): string {
    const at = this.#texts.indexOf(text);
    if (at < 0) this.#texts.push(text);
    return `[${(at < 0 ? this.#texts.length : at + 1)}]`;
  }

  get lines(): string[] {
    return this.#texts.map((text, i) => `${i + 1}. ${text.replaceAll("|", "\\|").replaceAll("\n", " ")}`);
  }
}

function cellText(cell: Cell | undefined, notes: Notes): string {
  if (cell === undefined) return "";
  if (cell.refused !== undefined) return `no ${notes.mark(cell.refused)}`;
  if (cell.away !== undefined) return cell.away === 0 ? "0" : cell.away.toExponential(0);
  return "yes";
}

/** The largest of the differences in a column. */
function largest(all: readonly Measured[], column: typeof COLUMNS[number]): string {
  const found = all.flatMap((each) => each[column]?.away ?? []);
  return found.length === 0 ? "–" : `${Math.max(...found).toExponential(1)} of ${found.length}`;
}

/** Writes the page. */
export function writeTable(file: URL, all: readonly Measured[]): void {
  const notes = new Notes();
  const sorted = all.toSorted((a, b) => a.file < b.file ? -1 : 1);
  const isQuantised = ({ file }: Measured) => file.split(".").length > 3;
  const opened = sorted.filter(({ failed }) => failed === undefined);
  const works = (column: typeof COLUMNS[number]) =>
    opened.filter((each) => each[column] !== undefined && each[column].refused === undefined).length;
  const rows = sorted.map((each) => {
    const [library, network, ...kind] = each.file.split(".");
    const start = `| ${library} | ${network} | ${kind.join(", ")} |`;
    if (each.failed !== undefined) return `${start} not made ${notes.mark(each.failed)} | | | | | |`;
    const layer = each.gradcam?.layer?.replaceAll("|", "\\|") ?? "";
    const place = layer.match(/\((\d+ x \d+ x \d+)\)$/)?.[1] ?? "";
    const module = each.gradcam?.module ?? (place === "" ? "" : "no module");
    const cells = COLUMNS.map((column) => cellText(each[column], notes));
    return `${start} ${cells.join(" | ")} | ${place === "" ? "" : `${module}, ${place}`} |`;
  });
  const plain = opened.filter((each) => !isQuantised(each));
  const networks = new Set(opened.map(({ file }) => file.split(".").slice(0, 2).join(".")));
  const summary = COLUMNS.map((column) =>
    `| ${column} | ${works(column)} of ${opened.length} | ${largest(plain, column)} | ${
      largest(opened.filter(isQuantised), column)
    } |`
  );
  const page = `# Networks of other libraries

What works with ${networks.size} networks of torchvision, timm and transformers, in ${opened.length} files: random weights,
exported by torch's exporters (\`dynamo\`, \`script\`), some quantised by ONNX Runtime. Written by

    python3 bench/third_party/networks.py FOLDER
    deno task bench:third-party FOLDER

Each number is the largest difference over the largest magnitude:

- **explain**: scores, from those of ONNX Runtime for the same file;
- **gradcam**: the map at the layer that is found, from PyTorch's at the module with the same values (named on the
  right with channels, rows and columns; "no module" where the layer lies between modules: then the map is made, and
  compared with nothing);
- **integrated**: the gradients with respect to the image at four points of integrated gradients, from PyTorch's. The
  points keep off places where a unit lies within rounding of its bend, because there two programs take different sides.
  Batch normalisation is differentiated as a product and a sum: PyTorch 2.15's own has a wrong gradient on the CPU where
  the incoming gradient is transposed (for xcit_nano at 0.875 of the image, along sin(0.37 i), central differences of
  ONNX Runtime give -9.893, the product and sum -9.893, PyTorch's own -7.193);
- **trained**: three training steps of a head, with the network as its own auxiliary where it has square maps;
- **exported**: the map of the exported file in ONNX Runtime, from the explainer's own of the same pixels. Where the
  network and its auxiliary read images of different sizes, the file resizes the image once more; the explainer gets
  the pixels that this gives.

Gradients that differ by more than 1e-4 are those of networks with ReLU or maxima, where a unit lies at its bend. At three of
the four points of ghostnet_050, mobilenet_v2 and repvgg_a0 they agree to 2e-6, and at the fourth, pixels below one unit
differ. PyTorch in float64 decides: for hiera, which takes maxima of tokens, PyTorch in float32 is away from it by 4e-2, 3e-2,
3e-3 and 1e-2 at the four points, and ptame by 3e-2, 6e-2, 1e-2 and 7e-7. For maxvit_t, which has no bends, both are within
3e-6. inception_v3's map (4e-3) was not looked at. networks.py lists more networks and files than the table has: those were
not measured.

Quantised files (\`--dequantize\`) are computed on real numbers, so their scores differ by what rounding costs; PyTorch has
no gradients for them. In ONNX Runtime itself, these files are as far from the float ones: mobilenet_v2's by 0.3 to 0.7, swin's
qdq by 0.3.

| | works | largest difference | of quantised files |
| --- | --- | --- | --- |
${summary.join("\n")}

| library | network | file | ${COLUMNS.join(" | ")} | layer |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
${rows.join("\n")}

${notes.lines.join("\n")}
`;
  Deno.writeTextFileSync(file, page);
  // Columns in line, and lines no longer than in other pages.
  new Deno.Command(Deno.execPath(), { args: ["fmt", "--quiet", fromFileUrl(file)] }).outputSync();
}

function fromFileUrl(file: URL): string {
  return decodeURIComponent(file.pathname);
}
