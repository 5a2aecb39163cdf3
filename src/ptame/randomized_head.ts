/**
 * A head that has forgotten what it was trained for: the control of the sanity checks. A trained head's maps must not
 * be like those of a randomised one.
 *
 * @module
 */
import { redrawn } from "../random/redraw.ts";
import { float32Of } from "../weights/tensor_table.ts";
import { FUSER, headParameters } from "./head.ts";
import { type Head, writeHead } from "./head_file.ts";

/** What of a head is randomised. */
export interface RandomizedHeadOptions {
  /** Of the numbers; 0 by default. */
  readonly seed?: number;
  /** Only the fuser, which alone tells the classes apart, or the convolutions of the taps too; "all" by default. */
  readonly part?: "all" | "fuser";
}

/**
 * The head's file with its convolutions drawn anew, of the same size; batch normalisations stay.
 *
 * @throws {TypeError} When a tensor does not hold floating-point numbers.
 */
export async function randomizedHead(
  head: Head,
  options: RandomizedHeadOptions = {},
): Promise<Uint8Array> {
  const { seed = 0, part = "all" } = options;
  const { channels, classes, file, record } = head;
  const tensors = [...headParameters({ channels, sizes: [], classes })].map(([name, shape]) => {
    const values = float32Of(file.content, file.table.tensors.get(name)!);
    const forgets = name === FUSER || (part === "all" && name.startsWith("convs."));
    return { name, shape, data: forgets ? redrawn(name, values, seed) : values };
  });
  const { name, auxiliary, backbone, taps } = record;
  const randomised = { name: `${name}, randomised`, auxiliary, backbone, trained: false };
  return await writeHead(taps === undefined ? randomised : { ...randomised, taps }, tensors);
}
