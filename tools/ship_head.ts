/**
 * Makes a trained head ready to ship: the same tensors with matrices in float16, the same record.
 *
 *     deno run -A tools/ship_head.ts HEAD.safetensors models/heads/NAME.safetensors
 *
 * @module
 */
import { headParameters } from "../src/ptame/head.ts";
import { readHead, writeHead } from "../src/ptame/head_file.ts";
import { float32Of } from "../src/weights/tensor_table.ts";

const [from, to] = Deno.args;
if (from === undefined || to === undefined) {
  console.error("Usage: ship_head.ts HEAD.safetensors OUT.safetensors");
  Deno.exit(2);
}
const head = await readHead(await Deno.readFile(from), from);
const { content, table } = head.file;
const tensors = [...headParameters({ channels: head.channels, sizes: [], classes: head.classes })].map(
  ([name, shape]) => ({ name, shape, data: float32Of(content, table.tensors.get(name)!).slice() }),
);
const shipped = await writeHead(head.record, tensors, "float16");
await Deno.writeFile(to, shipped);
console.log(`${to}: ${shipped.length} bytes`);
