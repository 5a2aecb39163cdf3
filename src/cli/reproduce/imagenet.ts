/**
 * The validation split of ImageNet (ILSVRC 2012) on a disk, as it is unpacked or sorted into folders of classes.
 *
 * @module
 */
import { isFolder, readFile, reason } from "../files.ts";
import { withoutEndSlash } from "../paths.ts";
import { printable } from "../terminal.ts";

/** Number of images of the whole split. */
export const VALIDATION_IMAGES = 50_000;

/** Where the split lies below the folder that people name: as Kaggle packs it, as the archives are called, and sorted. */
const PLACES = [
  "ILSVRC/Data/CLS-LOC/val",
  "Data/CLS-LOC/val",
  "CLS-LOC/val",
  "ILSVRC2012_img_val",
  "val",
  "",
];

/** A class's folder is called by its WordNet number. */
const CLASS_FOLDER = /^n\d{8}$/;
/** Its images, of which some collections name the class, too. */
const VALIDATION = /^ILSVRC2012_val_\d{8}(_n\d{8})?\.jpe?g$/i;
const TRAINING = /^n\d{8}_\d+\.jpe?g$/i;

/** File name of a path. */
const nameOf = (path: string) => path.slice(path.lastIndexOf("/") + 1);
/** The name of an image in lists: `ILSVRC2012_val_00000001`. */
const stemOf = (name: string) => nameOf(name).replace(/(_n\d{8})?(\.jpe?g)?$/i, "");

/**
 * Paths of the validation images, in the order of their numbers, wherever they lie.
 *
 * @param folder ImageNet's folder, or that of the split.
 * @throws {Error} When it is missing, or is not laid out as ImageNet.
 */
export async function validationImages(folder: string): Promise<string[]> {
  const root = withoutEndSlash(folder);
  try {
    if (!(await Deno.stat(root)).isDirectory) throw new Error("it is not a folder");
  } catch (cause) {
    throw new Error(`Cannot read ImageNet ${printable(folder)}: ${reason(cause)}`, { cause });
  }
  let training: string | undefined;
  for (const place of PLACES) {
    const path = place === "" ? root : `${root}/${place}`;
    if (!await isFolder(path)) continue;
    const images = await jpegsIn(path);
    const found = images.filter((image) => VALIDATION.test(nameOf(image)));
    if (found.length > 0) return found.sort((a, b) => stemOf(a) < stemOf(b) ? -1 : 1);
    training ??= images.find((image) => TRAINING.test(nameOf(image)));
  }
  if (training !== undefined) {
    throw new Error(
      `Cannot use ${printable(folder)}: ${
        printable(nameOf(training))
      } is of ImageNet's training split, and the protocol needs the validation split`,
    );
  }
  throw new Error(
    `Cannot use ${
      printable(folder)
    } as ImageNet: it has no images ILSVRC2012_val_00000001.JPEG, neither in itself ` +
      "nor in val/ or ILSVRC/Data/CLS-LOC/val/, nor in folders of classes there (n01440764/)",
  );
}

/** JPEG files in a folder and in its folders of classes. */
async function jpegsIn(folder: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory, isSymlink } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    if (!CLASS_FOLDER.test(name)) {
      if (VALIDATION.test(name) || TRAINING.test(name)) found.push(path);
      continue;
    }
    if (!isDirectory && !(isSymlink && await isFolder(path))) continue;
    for await (const entry of Deno.readDir(path)) {
      if (VALIDATION.test(entry.name) || TRAINING.test(entry.name)) found.push(`${path}/${entry.name}`);
    }
  }
  return found;
}

/**
 * The images that a list names, in its order. Of each line the first word counts, so lists with labels serve, too.
 *
 * @param images The split.
 * @throws {Error} When the list cannot be read, is empty, or names an image that is missing.
 */
export async function listedImages(list: string, images: readonly string[]): Promise<string[]> {
  const text = new TextDecoder().decode(await readFile(list, "list"));
  const names = text.split(/\r?\n/).map((line) => line.trim().split(/\s+/)[0]!)
    .filter((name) => name !== "" && !name.startsWith("#"));
  if (names.length === 0) throw new Error(`Cannot use list ${printable(list)}: it names no images`);
  const known = new Map(images.map((image) => [stemOf(image), image]));
  return [...new Set(names.map(stemOf))].map((stem) => {
    const found = known.get(stem);
    if (found !== undefined) return found;
    throw new Error(
      `Cannot use list ${printable(list)}: ${
        printable(stem)
      } is not among the ${images.length} validation images`,
    );
  });
}
