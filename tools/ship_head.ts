/**
 * Makes a trained head ready to ship: the same tensors with matrices in float16, the same record, completed with texts
 * where the run was not given them.
 *
 *     deno run -A tools/ship_head.ts HEAD.safetensors models/heads/NAME.safetensors [--name T] [--licence T] [--data T]
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { headParameters } from "../src/ptame/head.ts";
import { readHead, writeHead } from "../src/ptame/head_file.ts";
import { readFloat32 } from "../src/weights/tensor_table.ts";

const given = parseArgs(Deno.args, { string: ["name", "licence", "data"] });
const [from, to] = given._.map(String);
if (from === undefined || to === undefined) {
  console.error("Usage: ship_head.ts HEAD.safetensors OUT.safetensors [--name T] [--licence T] [--data T]");
  Deno.exit(2);
}
const head = await readHead(await Deno.readFile(from), from);
const { content, table } = head.file;
const tensors = [...headParameters({ channels: head.channels, sizes: [], classes: head.classes })].map(
  ([name, shape]) => ({ name, shape, data: readFloat32(content, table.tensors.get(name)!).slice() }),
);
const record = {
  ...head.record,
  ...(given.name === undefined ? {} : { name: given.name }),
  ...(given.licence === undefined ? {} : { licence: given.licence }),
  training: { ...head.record.training, ...(given.data === undefined ? {} : { data: given.data }) },
};
const shipped = await writeHead(record, tensors, "float16");
await Deno.writeFile(to, shipped);
console.log(`${to}: ${shipped.length} bytes`);
