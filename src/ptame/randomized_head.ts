/**
 * A head with randomised weights, the control of the sanity checks. A trained head's maps must not resemble those of a
 * randomised head.
 *
 * @module
 */
import { redrawn } from "../random/redraw.ts";
import { readFloat32 } from "../weights/tensor_table.ts";
import { FUSER, headParameters } from "./head.ts";
import { type Head, writeHead } from "./head_file.ts";

/** What to randomise in a head. */
export interface RandomizedHeadOptions {
  /** Seed of the random numbers; 0 by default. */
  readonly seed?: number;
  /**
   * "fuser" randomises only the fuser, the only class-specific part; "all", the default, also the convolutions of the
   * taps.
   */
  readonly part?: "all" | "fuser";
}

/**
 * The head's file with newly drawn convolutions of the same scale; batch normalisations are kept.
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
    const values = readFloat32(file.content, file.table.tensors.get(name)!);
    const forgets = name === FUSER || (part === "all" && name.startsWith("convs."));
    return { name, shape, data: forgets ? redrawn(name, values, seed) : values };
  });
  const { name, auxiliary, backbone, taps } = record;
  const randomised = { name: `${name}, randomised`, auxiliary, backbone, trained: false };
  return await writeHead(taps === undefined ? randomised : { ...randomised, taps }, tensors);
}
