/**
 * Writes the page of a folder run beside its results.
 *
 * @module
 */
import type { OverlayLooks } from "../../../image/map_colours.ts";
import { commandLine } from "../../evaluation/report.ts";
import { writeFile } from "../../files.ts";
import { fileName } from "../../paths.ts";
import { galleryEntries, type ResultLine } from "./entries.ts";
import { galleryPage } from "./page.ts";

/** A run whose page is written. */
export interface GalleryRun {
  /** The folder or list of the images. */
  readonly source: string;
  /** The folder of the results. */
  readonly out: string;
  /** What was given on the command line. */
  readonly args: readonly string[];
  /** Colours and opacity of the overlays. */
  readonly looks?: OverlayLooks;
}

/**
 * Writes `gallery.html` into the folder of the results, also over that of an earlier run.
 *
 * @param lines All results of the run, of every shard so far.
 * @param images All images of the run.
 * @returns The path of the page.
 */
export async function writeGallery(
  lines: readonly ResultLine[],
  images: readonly string[],
  { source, out, args, looks = {} }: GalleryRun,
): Promise<string> {
  const first = lines.find((line) => "out" in line);
  const path = `${out}/gallery.html`;
  const page = await galleryPage(galleryEntries(lines, images, { source, out }), {
    title: `${fileName(source)}: what ${first?.model ?? "the classifier"} sees`,
    command: commandLine("explain", args),
    probabilities: first?.reading !== "none",
    looks,
  });
  await writeFile(path, page);
  return path;
}
