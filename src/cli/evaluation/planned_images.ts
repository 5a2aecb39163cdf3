/**
 * The images of an evaluation in parts, in their order: means and intervals are of exactly these, so that every part must
 * mean the same, and merging knows which are missing.
 *
 * @module
 */
import { readTextIfThere, writeFile } from "../files.ts";
import { printable } from "../terminal.ts";

const NAME = "images.json";

/**
 * Writes the images into the folder of the records, or compares them with those of the part that did.
 *
 * @throws {Error} When they are others.
 */
export async function agreeOnImages(folder: string, images: readonly string[]): Promise<void> {
  const path = `${folder}/${NAME}`;
  const text = JSON.stringify(images, null, 0) + "\n";
  const present = await readTextIfThere(path, "images ");
  if (present === undefined) return await writeFile(path, text);
  if (present === text) return;
  throw new Error(
    `Cannot evaluate a part: ${
      printable(path)
    } names other images than these ${images.length}; name another ` +
      "--report, or the images of the other parts",
  );
}

/**
 * The images of an evaluation in parts; undefined if none was.
 *
 * @throws {Error} When the file is damaged.
 */
export async function plannedImages(folder: string): Promise<string[] | undefined> {
  const path = `${folder}/${NAME}`;
  const text = await readTextIfThere(path, "images ");
  if (text === undefined) return undefined;
  try {
    const images: unknown = JSON.parse(text);
    if (Array.isArray(images) && images.every((image) => typeof image === "string")) return images;
  } catch {
    // Said below.
  }
  throw new Error(
    `Cannot read images ${printable(path)}: it is damaged; remove it, or name them by --images`,
  );
}
