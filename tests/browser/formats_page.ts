/**
 * Decodes the fixtures of tests/fixtures/image and compares them with Pillow's pixels, in a page or in Node. formats_test.ts
 * bundles it.
 *
 * @module
 */
import { configureImages, decodeImage } from "../../src/image/mod.ts";

/** Where an array lies in expected.bin. */
interface Entry {
  readonly file?: string;
  readonly frame?: number;
  readonly offset: number;
  readonly width: number;
  readonly height: number;
}

/** Reads a file below tests/fixtures/image. */
type Load = (name: string) => Promise<Uint8Array>;

/** Where fixtures lie, and the names of what Pillow reads of them. */
const SETS = [["", "decoded"], ["color/", "expected"], ["frames/", "expected"]] as const;

/** Largest difference from Pillow's pixels of each fixture, by its name; or the line that refused it. */
export async function compareFormats(
  load: Load,
  magickWasm: string,
): Promise<Record<string, number | string>> {
  configureImages({ magickWasm });
  const found: Record<string, number | string> = {};
  for (const [folder, name] of SETS) {
    const entries: Record<string, Entry> = JSON.parse(
      new TextDecoder().decode(await load(`${folder}${name}.json`)),
    );
    const all = await load(`${folder}${name}.bin`);
    for (const [key, { file = key, frame = 0, offset, width, height }] of Object.entries(entries)) {
      const expected = all.subarray(offset, offset + 3 * width * height);
      found[`${file} ${frame}`] = await compare(await load(`${folder}${file}`), frame, expected);
    }
  }
  return found;
}

async function compare(bytes: Uint8Array, frame: number, expected: Uint8Array): Promise<number | string> {
  try {
    const { data } = await decodeImage(bytes, { frame, seconds: 60 });
    if (data.length !== expected.length) return `${data.length} bytes in place of ${expected.length}`;
    return data.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i]!)), 0);
  } catch (error) {
    return String(error);
  }
}

Object.assign(globalThis, { compareFormats });
